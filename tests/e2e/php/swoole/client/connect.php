<?php
/* CL2, CL5, CL6: connecting, and what it can fail with. */
require __DIR__ . '/peers.php';

use Swoole\Client;

$c = new Client(SWOOLE_SOCK_TCP);
same('not yet', false, $c->isConnected());
same('connect', true, $c->connect(HOST, at('echo'), MUCH));
same('is', true, $c->isConnected());
same('sock', true, $c->sock > 2 && str_starts_with(readlink("/proc/self/fd/$c->sock"), 'socket:'));
fails('again', 106, $c, fn () => $c->connect(HOST, at('echo')), 'connect');
same('and still', 'x', [$c->send('x'), $c->recv()][1]);
same('close', true, $c->close());
same('closed', [false, -1], [$c->isConnected(), $c->sock]);
same('anew', true, $c->connect(HOST, at('echo'), MUCH));
same('works', 'y', [$c->send('y'), $c->recv()][1]);
$fd = $c->sock;
unset($c);
same('gone with its object', false, file_exists("/proc/self/fd/$fd") && str_starts_with(readlink("/proc/self/fd/$fd"), 'socket:'));

$c = new Client(SWOOLE_SOCK_TCP);
same('by name', true, $c->connect('localhost', at('echo'), MUCH));
same('peer of the name', ['host' => '127.0.0.1', 'port' => at('echo')], $c->getpeername());
$c->close();
fails('refused', 111, $c, fn () => $c->connect(HOST, at('refused'), MUCH), 'connect');
same('closed by that', [false, -1], [$c->isConnected(), $c->sock]);
warns('refused', 'Swoole\Client::connect(): ', fn () => $c->connect(HOST, at('refused'), MUCH));
fails('refused, by name', 111, $c, fn () => $c->connect('localhost', at('refused'), MUCH), 'connect');
fails('no such name', SWOOLE_ERROR_DNSLOOKUP_RESOLVE_FAILED, $c, fn () => $c->connect("no\0name", 80, MUCH), 'connect');
fails('a name without end', SWOOLE_ERROR_DNSLOOKUP_RESOLVE_FAILED, $c, fn () => $c->connect(str_repeat('a', 70000), 80, MUCH), 'connect');
fails('of the other family', SWOOLE_ERROR_DNSLOOKUP_RESOLVE_FAILED, $c, fn () => $c->connect('::1', 80, MUCH), 'connect');
foreach (['' => 80] as $host => $port) {
    fails('no host', SWOOLE_ERROR_INVALID_PARAMS, $c, fn () => $c->connect($host, $port), 'connect');
}
foreach ([0, -1, 65536, PHP_INT_MAX] as $port) {
    fails("port $port", SWOOLE_ERROR_INVALID_PARAMS, $c, fn () => $c->connect(HOST, $port), 'connect');
}
same('usable after all that', true, $c->connect(HOST, at('echo'), MUCH));

/* Limits. */
$c = new Client(SWOOLE_SOCK_TCP);
$begin = microtime(true);
fails('nobody answers', 110, $c, fn () => $c->connect(HOST, at('full'), 0.2), 'connect');
same('after the limit', true, microtime(true) - $begin >= 0.19 && microtime(true) - $begin < 5);
$begin = microtime(true);
fails('nobody answers, the default', 110, $c, fn () => $c->connect(HOST, at('full')), 'connect');
same('half a second', true, microtime(true) - $begin >= 0.49 && microtime(true) - $begin < 5);
$c->set(['connect_timeout' => 0.1]);
$begin = microtime(true);
fails('nobody answers, connect_timeout', 110, $c, fn () => $c->connect(HOST, at('full')), 'connect');
same('a tenth', true, microtime(true) - $begin >= 0.09 && quick(0.45, fn () => @$c->connect(HOST, at('full'))));

/* At once. */
$c = new Client(SWOOLE_SOCK_TCP);
same('at once', true, $c->connect(HOST, at('echo'), MUCH, 1));
same('then it works', 'z', [$c->send('z'), $c->recv()][1]);
same('and is connected', true, $c->isConnected());
$c = new Client(SWOOLE_SOCK_TCP);
$begin = microtime(true);
same('at once, nobody answers', true, $c->connect(HOST, at('full'), 0.1, 1));
same('without waiting', true, microtime(true) - $begin < 5);
same('not connected', false, $c->isConnected());
fails('send waits and fails', 11, $c, fn () => $c->send('x'), 'send');
$c = new Client(SWOOLE_SOCK_TCP);
if (@$c->connect(HOST, at('refused'), MUCH, 1)) {
    until(fn () => !$c->isConnected() && $c->sock === -1);
}
same('at once, refused', -1, $c->sock);

/* IPv6, Unix. */
$c = new Client(SWOOLE_SOCK_TCP6);
same('IPv6', true, $c->connect('::1', at('echo6'), MUCH));
same('IPv6 echo', 'six', [$c->send('six'), $c->recv()][1]);
same('IPv6 peer', ['host' => '::1', 'port' => at('echo6')], $c->getpeername());
$c = new Client(SWOOLE_SOCK_UNIX_STREAM);
same('Unix', true, $c->connect(at('unix'), 0, MUCH));
same('Unix echo', 'path', [$c->send('path'), $c->recv()][1]);
same('Unix peer', ['host' => at('unix'), 'port' => 0], $c->getpeername());
$c = new Client(SWOOLE_SOCK_UNIX_STREAM);
fails('Unix, nobody there', 2, $c, fn () => $c->connect('/nonexistent/socket'), 'connect');
fails('Unix, a path too long', 36, $c, fn () => $c->connect('/' . str_repeat('x', 200)), 'connect');
fails('Unix, a path with NUL', 22, $c, fn () => $c->connect("/tmp/a\0b"), 'connect');

/* Our own address. */
$c = to('echo', ['bind_address' => '127.0.0.2', 'bind_port' => 0]);
same('own address', '127.0.0.2', $c->getsockname()['host']);
$own = $c->getsockname()['port'];
same('own port', true, $own > 0);
$c->close();
$c = new Client(SWOOLE_SOCK_TCP);
$c->set(['bind_address' => '192.0.2.1']);
fails('an address that is not ours', 99, $c, fn () => $c->connect(HOST, at('echo'), MUCH), 'connect');
$c->set(['bind_address' => 'no address']);
fails('no address', 22, $c, fn () => $c->connect(HOST, at('echo'), MUCH), 'connect');

/* Nothing stays behind. */
$count = fn () => count(scandir('/proc/self/fd'));
$before = $count();
for ($i = 0; $i < 50; $i++) {
    @(new Client(SWOOLE_SOCK_TCP))->connect(HOST, at('refused'), MUCH);
    @(new Client(SWOOLE_SOCK_TCP | SWOOLE_SSL))->connect(HOST, at('hello'), MUCH);
    (new Client(SWOOLE_SOCK_TCP))->connect('localhost', at('echo'), MUCH);
}
/* A thread of the resolver lets go of its own when it is scheduled. */
until(fn () => $count() <= $before);
echo "done\n";
