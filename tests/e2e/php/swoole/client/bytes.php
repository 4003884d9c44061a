<?php
/* CL3, CL4: sending and receiving; shutdown. */
require __DIR__ . '/peers.php';

use Swoole\Client;

$c = to('echo');
same('send', 5, $c->send('hello'));
same('recv', 'hello', $c->recv());
$bytes = implode('', array_map('chr', range(0, 255)));
$c->send($bytes);
same('every byte', $bytes, $c->recv(256, Client::MSG_WAITALL));
fails('send nothing', SWOOLE_ERROR_INVALID_PARAMS, $c, fn () => $c->send(''), 'send');
throws('send an array', TypeError::class, null, fn () => $c->send([]));

$c->send('abcdefgh');
same('peek', 'abc', $c->recv(3, Client::MSG_PEEK));
same('size', 'abcd', $c->recv(4, Client::MSG_WAITALL));
same('the rest', 'efgh', $c->recv(4, Client::MSG_WAITALL));
fails('dontwait', 11, $c, fn () => $c->recv(10, Client::MSG_DONTWAIT), 'recv');
$c->send('12');
$begin = microtime(true);
$c->set(['read_timeout' => LITTLE]);
same('waitall gets what came until the limit', '12', $c->recv(3, Client::MSG_WAITALL));
fails('limit', 11, $c, fn () => $c->recv(), 'recv');
same('limit as set', true, microtime(true) - $begin >= 2 * LITTLE - 0.01 && microtime(true) - $begin < 5);
same('connected still', true, $c->isConnected());
$c->send('late');
$c->set(['read_timeout' => MUCH]);
same('and it works on', 'late', $c->recv());

/* The limit of connect() is that of reading, unless set() said another. */
$c = to('silent', [], SWOOLE_SOCK_TCP, LITTLE);
fails('limit of connect', 11, $c, fn () => $c->recv(), 'recv');
$c->set(['open_tcp_nodelay' => true]);
same('still, after other settings: not half a second', true, quick(0.45, fn () => @$c->recv()));
fails('and the same error', 11, $c, fn () => $c->recv(), 'recv');
$c = new Client(SWOOLE_SOCK_TCP);
$c->set(['timeout' => LITTLE]);
$c->connect(HOST, at('silent'), MUCH);
$begin = microtime(true);
fails('timeout of set', 11, $c, fn () => $c->recv(), 'recv');
same('that, not of connect', true, microtime(true) - $begin < 5);
$c = new Client(SWOOLE_SOCK_TCP);
$c->connect(HOST, at('silent'));
$begin = microtime(true);
fails('the default', 11, $c, fn () => $c->recv(), 'recv');
same('is half a second', true, microtime(true) - $begin >= 0.49 && microtime(true) - $begin < 5);

/* Sizes that are no sizes. */
$c = to('echo');
foreach ([0, -1, PHP_INT_MIN] as $size) {
    $c->send('x');
    same("size $size", 'x', $c->recv($size));
}
fails('size beyond everything', SWOOLE_ERROR_INVALID_PARAMS, $c, fn () => $c->recv(PHP_INT_MAX), 'recv');
$c->send('y');
same('a large size allocates what is sensible', 'y', $c->recv(2147483647));
same('little memory', true, memory_get_peak_usage() < 16 << 20);
$c->send('0123456789');
same('MSG_TRUNC is not for PHP', '0123', $c->recv(4, 0x20));
same('so nothing is lost', '456789', $c->recv(6, Client::MSG_WAITALL));

/* The peer ends. */
$c = to('hello');
same('last words', 'hello', $c->recv(5, Client::MSG_WAITALL));
same('the end', '', $c->recv());
same('again', '', $c->recv());
same('application level', true, $c->isConnected());
same('close', true, $c->close());
$c = to('closes');
same('at once', '', $c->recv());
until(function () use ($c) {
    return @$c->send('x') === false;
});
fails('send to nobody', 32, $c, fn () => $c->send('x'), 'send');
$c = to('resets');
$c->send('x');
fails('reset', 104, $c, fn () => $c->recv(), 'recv');

/* Much: the socket takes it in pieces, send() all of it. */
$big = str_repeat(random_bytes(1024), 6 * 1024);
$c = to('sinks', ['socket_buffer_size' => 8192]);
same('much', strlen($big), $c->send($big));
same('shutdown', true, $c->shutdown(Client::SHUT_WR));
same('arrived', strlen($big) . ' ' . md5($big), rest($c));
fails('send after shutdown', 32, $c, fn () => $c->send('x'), 'send');
fails('shutdown how', SWOOLE_ERROR_INVALID_PARAMS, $c, fn () => $c->shutdown(3), 'shutdown');
same('close', true, $c->close());
$c = to('echo');
same('shutdown both', true, $c->shutdown(Client::SHUT_RDWR));
same('connected, as far as the application goes', true, $c->isConnected());
$c = to('echo');
same('shutdown of reading', true, $c->shutdown(Client::SHUT_RD));
same('is the end', '', $c->recv());

/* Nobody reads: with DONTWAIT it says what went, else the limit passes. */
$c = to('deaf', ['socket_buffer_size' => 8192, 'write_timeout' => LITTLE]);
$went = $c->send($big, Client::MSG_DONTWAIT);
same('part of it', true, $went > 0 && $went < strlen($big));
while (($went = @$c->send($big, Client::MSG_DONTWAIT)) > 0);
fails('nothing goes', 11, $c, fn () => $c->send('x', Client::MSG_DONTWAIT), 'send');
fails('limit of writing', 11, $c, fn () => $c->send($big), 'send');

/* Urgent bytes. */
$c = to('says');
$c->send("oob 21\n1 6162\n");
until(fn () => @$c->recv(1, Client::MSG_OOB) === '!');
same('beside the others', 'ab', $c->recv(2, Client::MSG_WAITALL));
fails('no more of them', 22, $c, fn () => $c->recv(1, Client::MSG_OOB), 'recv');
echo "done\n";
