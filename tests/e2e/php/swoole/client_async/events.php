<?php
/* AC1 to AC5: what happens, in order. */
require __DIR__ . '/log.php';

use Swoole\Client;
use Swoole\Event;

/* An echo, as in the notes. */
$log = [];
$c = client($log, ['connect' => fn ($c) => $c->send('hello'), 'receive' => fn ($c) => $c->close()]);
same('before', [false, false], [$c->isConnected(), $c->close()]);
fails('send before', SWOOLE_ERROR_CLIENT_NO_CONNECTION, $c, fn () => $c->send('x'), 'send');
same('connect', true, $c->connect(HOST, at('echo'), MUCH));
same('not yet', [false, []], [$c->isConnected(), $log]);
fails('second connect', 106, $c, fn () => $c->connect(HOST, at('echo'), MUCH), 'connect');
fails('send while it connects', SWOOLE_ERROR_CLIENT_NO_CONNECTION, $c, fn () => $c->send('x'), 'send');
Event::wait();
same('echo', ['connect', 'receive hello', 'close'], $log);
same('closed', [false, false, -1], [$c->isConnected(), $c->close(), $c->sock]);

/* The other names of it. */
$log = [];
same('names', [Swoole\Async\Client::class, Client::class], [Swoole\Async\Client::class, get_parent_class(Swoole\Async\Client::class)]);
$c = new Swoole\Async\Client(SWOOLE_SOCK_TCP);
foreach (['CONNECT' => fn ($c) => $c->close(), 'Receive' => 'strlen', 'erRor' => 'var_dump', 'close' => function () use (&$log): void {
    $log[] = 'closed';
}] as $event => $call) {
    same("on $event", true, $c->on($event, $call));
}
$c->connect(HOST, at('echo'), MUCH);
Event::wait();
same('Async\Client', ['closed'], $log);
warns('on what', 'Swoole\Client::on(): ', fn () => $c->on('message', 'strlen'));
throws('on without a callback', TypeError::class, null, fn () => $c->on('close', 'no_such_function'));

/* What it cannot reach. */
foreach (['refused' => 111, 'full' => 110] as $name => $code) {
    $log = [];
    $c = client($log, ['error' => function ($c) use (&$log): void {
        $log[] = [$c->errCode, $c->isConnected()];
    }]);
    $c->connect(HOST, at($name), $name === 'full' ? 0.1 : MUCH);
    Event::wait();
    same($name, ['error', [$code, false]], $log);
}
$log = [];
$c = client($log, ['error' => function ($c) use (&$log): void {
    $log[] = $c->errCode;
}]);
same('no such name', true, $c->connect("no\0name", 80, MUCH));
Event::wait();
same('no such name: error', ['error', SWOOLE_ERROR_DNSLOOKUP_RESOLVE_FAILED], $log);
$log = [];
$c = client($log, ['connect' => fn ($c) => $c->close()]);
$c->connect('localhost', at('echo'), MUCH);
Event::wait();
same('by name', ['connect', 'close'], $log);
$log = [];
$c = client($log, [], SWOOLE_SOCK_UNIX_STREAM);
silent('the kernel refuses at once', false, fn () => $c->connect('/nonexistent/socket', 0, MUCH));
Event::wait();
same('no event then', [[], 2], [$log, $c->errCode]);
fails('no port', SWOOLE_ERROR_INVALID_PARAMS, $c = client($log), fn () => $c->connect(HOST, 0), 'connect');

/* Ends. */
$log = [];
$c = client($log);
$c->connect(HOST, at('hello'), MUCH);
Event::wait();
same('the peer ends', ['connect', 'receive hello', 'close'], $log);
$log = [];
$c = client($log, ['connect' => fn ($c) => $c->send('x')]);
$c->connect(HOST, at('resets'), MUCH);
Event::wait();
same('the peer resets', [['connect', 'close'], 104], [$log, $c->errCode]);
$log = [];
$c = client($log);
$c->connect(HOST, at('echo'), MUCH);
same('close while it connects', [true, ['close'], false], [$c->close(), $log, $c->close()]);
Event::wait();
same('nothing after that', ['close'], $log);
$log = [];
$c = client($log, ['connect' => function ($c) use (&$log): void {
    $log[] = $c->close();
    $log[] = $c->close();
}]);
$c->connect(HOST, at('echo'), MUCH);
Event::wait();
same('close fires before close() returns, once', ['connect', 'close', true, false], $log);

/* Again, from close and from error. */
$log = [];
$turns = 0;
$c = client($log, ['receive' => fn ($c) => $c->close(), 'close' => function ($c) use (&$turns): void {
    if (++$turns < 3) {
        $c->connect(HOST, at('hello'), MUCH);
    }
}, 'error' => fn ($c) => $c->connect(HOST, at('hello'), MUCH)]);
$c->connect(HOST, at('refused'), MUCH);
Event::wait();
same('again', ['error', ...array_merge(...array_fill(0, 3, ['connect', 'receive hello', 'close']))], $log);

/* Nobody keeps it but the loop. */
$log = [];
(function () use (&$log): void {
    client($log, ['receive' => fn ($c) => $c->close()])->connect(HOST, at('hello'), MUCH);
})();
gc_collect_cycles();
Event::wait();
same('held by the loop', ['connect', 'receive hello', 'close'], $log);
$fds = count(scandir('/proc/self/fd'));
for ($i = 0; $i < 10; $i++) {
    $log = [];
    $c = client($log, ['connect' => function ($c): void {
        $c->self = $c;
        $c->close();
    }]);
    $c->connect(HOST, at('echo'), MUCH);
    Event::wait();
}
unset($c);
same('collected', true, gc_collect_cycles() > 0);
same('no descriptor is left', $fds, count(scandir('/proc/self/fd')));

/* Much: what does not go at once is queued, above the limit it says so. */
$log = [];
$big = random_bytes(4 << 20);
$c = client($log, ['connect' => function ($c) use ($big, &$log): void {
    $log[] = $c->send($big);
    $log[] = $c->send($big);
    $log[] = $c->send(str_repeat('x', (8 << 20) + 1));
    $log[] = $c->errCode;
}, 'bufferEmpty' => fn ($c) => $c->shutdown(Client::SHUT_WR), 'receive' => fn ($c, $data) => $c->close()],
    SWOOLE_SOCK_TCP, ['socket_buffer_size' => 8 << 20]);
$c->connect(HOST, at('sinks'), MUCH);
Event::wait();
same('order', ['connect', 4 << 20, 4 << 20, 'bufferFull', false, SWOOLE_ERROR_OUTPUT_BUFFER_OVERFLOW, 'bufferEmpty'], array_slice($log, 0, 7));
same('all that was taken arrives', 'receive ' . (8 << 20) . ' ' . md5($big . $big), $log[7] ?? null);
$log = [];
$c = client($log, ['connect' => fn ($c) => $c->send('too much'), 'bufferEmpty' => fn ($c) => $c->close()], SWOOLE_SOCK_TCP,
    ['socket_buffer_size' => 7]);
$c->connect(HOST, at('echo'), MUCH);
Event::wait();
same('too much at once: empty comes all the same', ['connect', 'bufferFull', 'bufferEmpty', 'close'], $log);

$log = [];
$c = client($log, ['connect' => function ($c): void {
    fails('send nothing', SWOOLE_ERROR_INVALID_PARAMS, $c, fn () => $c->send(''), 'send');
    fails('recv is not for it', SWOOLE_ERROR_OPERATION_NOT_SUPPORT, $c, fn () => $c->recv(), 'recv');
    same('peer', ['host' => HOST, 'port' => at('echo')], $c->getpeername());
    same('own', HOST, $c->getsockname()['host']);
    $c->close();
}]);
$c->connect(HOST, at('echo'), MUCH);
Event::wait();

/* UDP: at once. */
$log = [];
$c = client($log, ['receive' => fn ($c) => $c->close()], SWOOLE_SOCK_UDP);
same('UDP', true, $c->connect(HOST, at('udp'), MUCH));
same('is connected', [['connect'], true, 4], [$log, $c->isConnected(), $c->send('gram')]);
Event::wait();
same('UDP echo', ['connect', 'receive gram', 'close'], $log);
$c = client($log, [], SWOOLE_SOCK_UDP);
fails('sendto before connect', SWOOLE_ERROR_CLIENT_NO_CONNECTION, $c, fn () => $c->sendto(HOST, at('udp'), 'x'), 'sendto');
echo "done\n";
