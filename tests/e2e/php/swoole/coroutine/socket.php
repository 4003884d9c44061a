<?php
/* CS3: Coroutine\Socket; PR17: Process::exportSocket(). */
require __DIR__ . '/../memory/check.php';

use Swoole\Coroutine;
use Swoole\Coroutine\Socket;
use Swoole\Process;

const MUCH = 30.0;

/** A listener on loopback and its port. */
function listener(): array
{
    $server = new Socket(AF_INET, SOCK_STREAM, 0);
    same('bind', true, $server->bind('127.0.0.1', 0));
    same('listen', true, $server->listen(64));
    return [$server, $server->getsockname()['port']];
}

/** Two ends of one connection. */
function pair(Socket $server, int $port): array
{
    $client = new Socket(AF_INET, SOCK_STREAM, 0);
    $connected = $client->connect('127.0.0.1', $port, MUCH);
    $accepted = $server->accept(MUCH);
    same('connected and accepted', [true, true], [$connected, $accepted instanceof Socket]);
    return [$client, $accepted];
}

throws('a family that is none', Socket\Exception::class, 97, fn () => new Socket(12345, SOCK_STREAM));
throws('accept() outside', Swoole\Error::class, null, fn () => (new Socket(AF_INET, SOCK_STREAM))->accept());
throws('recv() outside', Swoole\Error::class, null, fn () => (new Socket(AF_INET, SOCK_STREAM))->recv());
throws('clone', Error::class, null, fn () => clone new Socket(AF_INET, SOCK_STREAM));
same('the short name', true, is_a('Co\Socket', Socket::class, true));

Co\run(function (): void {
    [$server, $port] = listener();
    [$client, $peer] = pair($server, $port);
    same('properties', [AF_INET, SOCK_STREAM, true, 0], [$client->domain, $client->type, $client->fd > 2, $client->errCode]);
    same('getpeername', ['address' => '127.0.0.1', 'port' => $port], $client->getpeername());
    same('both know it', $client->getsockname(), $peer->getpeername());

    /* ---- bytes */
    same('send', 5, $client->send('hello'));
    same('peek', 'hell', $peer->peek(4));
    same('recv', 'hello', $peer->recv());
    same('recv in parts', [3, 'ab', 'c'], [$client->sendAll('abc'), $peer->recv(2), $peer->recv(2)]);
    $big = random_bytes(3 << 20);
    Coroutine::create(fn () => same('sendAll', strlen($big), $client->sendAll($big)));
    same('recvAll', md5($big), md5($peer->recvAll(strlen($big))));

    /* ---- limits */
    same('a limit', [false, 110], [$peer->recv(10, 0.01), $peer->errCode]);
    same('of the option', true, $peer->setOption(SOL_SOCKET, SO_RCVTIMEO, ['sec' => 0, 'usec' => 20000]));
    same('is told', ['sec' => 0, 'usec' => 20000], $peer->getOption(SOL_SOCKET, SO_RCVTIMEO));
    same('and holds', [false, 110], [$peer->recv(), $peer->errCode]);
    same('accept', [false, 110], [$server->accept(0.01), $server->errCode]);
    $peer->setOption(SOL_SOCKET, SO_RCVTIMEO, ['sec' => 30, 'usec' => 0]);

    /* ---- lines, packages, what was read too much */
    $client->send("one\ntwo\nthree");
    same('recvLine', ["one\n", "two\n"], [$peer->recvLine(), $peer->recvLine()]);
    same('an unfinished one', [false, 110], [$peer->recvLine(100, 0.01), $peer->errCode]);
    same('is not lost', 'three', $peer->recv());
    $client->send('12345678');
    same('a long line', ['1234', '5678'], [$peer->recvLine(4), $peer->recv()]);
    same('setProtocol', true, $peer->setProtocol(['open_length_check' => true, 'package_length_type' => 'n', 'package_body_offset' => 2]));
    $client->send(pack('n', 3) . 'abc' . pack('n', 2) . 'de' . pack('n', 9));
    same('recvPacket', [pack('n', 3) . 'abc', pack('n', 2) . 'de'], [$peer->recvPacket(), $peer->recvPacket()]);
    same('half of one', [false, 110], [$peer->recvPacket(0.01), $peer->errCode]);
    same('as bytes', pack('n', 9), $peer->recv());
    same('a setting that is wrong', [false, 22], [$peer->setProtocol(['open_length_check' => true, 'package_length_type' => '?']), $peer->errCode]);
    $peer->setProtocol(['open_eof_check' => true, 'package_eof' => '|']);
    $client->send('a|b|');
    same('with an end', ['a|', 'b|'], [$peer->recvPacket(), $peer->recvPacket()]);
    $peer->setProtocol(['package_length_func' => fn (string $data) => $data === '' ? 0 : (int)$data[0], 'open_length_check' => true]);
    $client->send('2a3bc');
    same('with a function', ['2a', '3bc'], [$peer->recvPacket(), $peer->recvPacket()]);
    $peer->setProtocol(['package_length_func' => fn (string $data) => throw new LogicException('mine', 7), 'open_length_check' => true]);
    $client->send('x');
    throws('that throws', LogicException::class, 7, fn () => $peer->recvPacket());
    same('the byte is there', 'x', $peer->recv());

    /* ---- options */
    same('setOption', true, $client->setOption(SOL_SOCKET, SO_KEEPALIVE, 1));
    same('getOption', 1, $client->getOption(SOL_SOCKET, SO_KEEPALIVE));
    $client->setOption(SOL_SOCKET, SO_LINGER, ['l_onoff' => 1, 'l_linger' => 5]);
    same('linger', ['l_onoff' => 1, 'l_linger' => 5], $client->getOption(SOL_SOCKET, SO_LINGER));
    same('an unknown one', [false, 92], [$client->setOption(SOL_SOCKET, 99999, 1), $client->errCode]);
    same('an array where none fits', [false, 22], [$client->setOption(SOL_SOCKET, SO_KEEPALIVE, []), $client->errCode]);

    /* ---- two at a time, cancel(), close() */
    $ended = [];
    $cid = Coroutine::create(function () use ($peer, &$ended): void {
        $ended[] = $peer->recv(10, MUCH);
        $ended[] = $peer->errCode;
    });
    throws('two readers', Swoole\Error::class, 10002, fn () => $peer->recv());
    same('reading and writing', 1, $peer->send('w'));
    same('framing while it is read', false, $peer->setProtocol([]));
    same('nobody writes', false, $peer->cancel(SWOOLE_EVENT_WRITE));
    same('cancel', [true, false, 10017], [$peer->cancel(), ...$ended]);
    $ended = [];
    Coroutine::create(function () use ($peer, &$ended): void {
        $ended[] = $peer->recv(10, MUCH);
        $ended[] = $peer->errCode;
        $ended[] = $peer->isClosed();
    });
    same('close', [true, true], [$peer->close(), $peer->isClosed()]);
    Coroutine::sleep(0.01);
    same('wakes who waits', [false, 6001, true], $ended);
    same('closed', [false, 9, -1], [$peer->send('x'), $peer->errCode, $peer->fd]);
    same('twice', false, $peer->close());
    same('what was sent before', 'w', $client->recv());
    same('the end of the stream', '', $client->recv());
    same('checkLiveness', false, $client->checkLiveness());

    /* ---- the end in the middle */
    [$client, $peer] = pair($server, $port);
    $client->send('part');
    same('shutdown', true, $client->shutdown(Swoole\Client::SHUT_WR));
    same('recvAll at the end', 'part', $peer->recvAll(100));
    same('recvLine at the end', '', $peer->recvLine());
    same('recvPacket at the end', '', $peer->recvPacket());
    same('the other direction', [2, 'ok'], [$peer->send('ok'), $client->recv()]);

    /* ---- refused, names, other families */
    $server->close();
    $nobody = new Socket(AF_INET, SOCK_STREAM);
    same('refused', [false, 111], [$nobody->connect('127.0.0.1', $port, MUCH), $nobody->errCode]);
    same('a name that is none', false, (new Socket(AF_INET, SOCK_STREAM))->connect('no.such.name.invalid', 80, MUCH));
    throws('a port that is none', ValueError::class, null, fn () => (new Socket(AF_INET, SOCK_STREAM))->connect('127.0.0.1', 0));
    same('an address of another family', [false, 22], [($s = new Socket(AF_INET, SOCK_STREAM))->bind('::1'), $s->errCode]);

    $a = new Socket(AF_INET, SOCK_DGRAM);
    $b = new Socket(AF_INET, SOCK_DGRAM);
    $a->bind('127.0.0.1');
    $b->bind('127.0.0.1');
    same('sendto', 4, $a->sendto('127.0.0.1', $b->getsockname()['port'], 'data'));
    same('recvfrom', 'data', $b->recvfrom($from, MUCH));
    same('from whom', ['address' => '127.0.0.1', 'port' => $a->getsockname()['port']], $from);
    same('recvfrom with a limit', [false, 110], [$b->recvfrom($from, 0.01), $b->errCode]);

    $path = sys_get_temp_dir() . '/rs-socket-' . getmypid();
    $server = new Socket(AF_UNIX, SOCK_STREAM);
    same('a path', [true, true], [$server->bind($path), $server->listen()]);
    $client = new Socket(AF_UNIX, SOCK_STREAM);
    same('connect to it', true, $client->connect($path));
    $peer = $server->accept(MUCH);
    same('through it', [2, 'hi'], [$client->send('hi'), $peer->recv()]);
    unlink($path);

    /* ---- import() */
    [$one, $two] = stream_socket_pair(STREAM_PF_UNIX, STREAM_SOCK_STREAM, 0);
    $imported = Socket::import($one);
    fwrite($two, 'from a stream');
    same('import', 'from a stream', $imported->recv());
    fclose($one);
    same('is a copy', 4, $imported->send('back'));
    same('that works', 'back', fread($two, 4));
    warns('import of what is none', 'Swoole\Coroutine\Socket::import(): cannot import', fn () => Socket::import(fopen('/dev/null', 'r')));
});

/* ---- PR17 */
foreach ([1 => 'a stream', 2 => 'datagrams'] as $type => $name) {
    $process = new Process(function (Process $p): void {
        $socket = $p->exportSocket();
        while (($got = $socket->recv()) !== 'end') {
            $socket->send(strrev($got));
        }
    }, false, $type, true);
    $process->start();
    Co\run(function () use ($process, $name): void {
        $socket = $process->exportSocket();
        same("$name: the same object", true, $socket === $process->exportSocket());
        $turns = 0;
        $other = Coroutine::create(function () use (&$turns): void {
            while ($turns >= 0) {
                $turns++;
                Coroutine::sleep(0.001);
            }
        });
        same("$name: there and back", [3, 'cba'], [$socket->send('abc'), $socket->recv(100, MUCH)]);
        same("$name: without blocking the others", [false, true], [$socket->recv(100, 0.05), $turns > 2]);
        $turns = -1;
        $socket->send('end');
    });
    $end = Process::wait();
    same("$name: its end", 0, $end['code']);
}
same('no pipe', false, (new Process(fn () => 0, false, 0))->exportSocket());
