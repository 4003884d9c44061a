<?php
/* CL8: sendfile, names, getSocket. */
require __DIR__ . '/peers.php';

use Swoole\Client;

$path = tempnam(sys_get_temp_dir(), 'rs-client');
$bytes = random_bytes(3 << 20);
file_put_contents($path, $bytes);
foreach (['sinks' => SWOOLE_SOCK_TCP] as $name => $type) {
    foreach ([[], [5], [5, 10], [0, 3 << 20], [(3 << 20) - 1, 1]] as $i => $range) {
        $c = to($name, [], $type);
        $part = substr($bytes, $range[0] ?? 0, ($range[1] ?? 0) ?: null);
        same("sendfile $i", true, $c->sendfile($path, ...$range));
        $c->shutdown(Client::SHUT_WR);
        same("arrived $i", strlen($part) . ' ' . md5($part), rest($c));
    }
}
$c = to('tls', [], SWOOLE_SOCK_TCP | SWOOLE_SSL);
$c->recv();
file_put_contents("$path.small", $small = random_bytes(100000));
same('by TLS', true, $c->sendfile("$path.small", 10));
same('arrived by TLS', true, substr($small, 10) === $c->recv(99990, Client::MSG_WAITALL));
$c = to('echo');
file_put_contents("$path.empty", '');
$wrong = [
    'none' => [2, ['/nonexistent/file']], 'a folder' => [22, [sys_get_temp_dir()]], 'empty' => [22, ["$path.empty"]],
    'beyond' => [22, [$path, 3 << 20]], 'too long' => [22, [$path, 1, 3 << 20]], 'far too long' => [22, [$path, 1, PHP_INT_MAX]],
    'negative' => [SWOOLE_ERROR_INVALID_PARAMS, [$path, -1]], 'negative length' => [SWOOLE_ERROR_INVALID_PARAMS, [$path, 0, -1]],
    'a device' => [22, ['/dev/zero']],
];
foreach ($wrong as $name => [$code, $arguments]) {
    fails("sendfile $name", $code, $c, fn () => $c->sendfile(...$arguments), 'sendfile');
}
posix_mkfifo("$path.fifo", 0600);
fails('sendfile a FIFO', 22, $c, fn () => $c->sendfile("$path.fifo"), 'sendfile');
throws('a path with NUL', ValueError::class, null, fn () => $c->sendfile("a\0b"));
same('nothing went', false, [$c->set(['timeout' => LITTLE]), @$c->recv()][1]);
array_map('unlink', [$path, "$path.small", "$path.empty", "$path.fifo"]);

/* Names. */
$c = to('echo');
$own = $c->getsockname();
same('own name', [HOST, true], [$own['host'], $own['port'] > 0]);
same('keys', ['host', 'port'], array_keys($own));
same('peer', ['host' => HOST, 'port' => at('echo')], $c->getpeername());
$c = to('hello');
same('hello', 'hello', $c->recv());
same('the end', '', $c->recv());

/* A socket of ext-sockets, where that is loaded. */
$c = to('echo');
if (extension_loaded('sockets')) {
    $socket = $c->getSocket();
    same('getSocket', 'Socket', $socket::class);
    socket_getpeername($socket, $host, $port);
    same('of the same connection', [HOST, at('echo')], [$host, $port]);
    same('an option', true, socket_set_option($socket, SOL_SOCKET, SO_KEEPALIVE, 1));
    socket_set_block($socket);
    $c->set(['timeout' => LITTLE]);
    fails('made to block, the limit is kept', 11, $c, fn () => $c->recv(), 'recv');
    socket_close($socket);
} else {
    fails('no ext-sockets', SWOOLE_ERROR_OPERATION_NOT_SUPPORT, $c, fn () => $c->getSocket(), 'getSocket');
}
$c->send('x');
$c->set(['timeout' => MUCH]);
same('ours is still there', 'x', $c->recv());
echo "done\n";
