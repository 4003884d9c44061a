<?php
/* CL7: socks5_*, http_proxy_*. */
require __DIR__ . '/peers.php';

use Swoole\Client;

$socks = ['socks5_host' => HOST, 'socks5_port' => at('socks5')];
$http = ['http_proxy_host' => HOST, 'http_proxy_port' => at('http_proxy'), 'http_proxy_user' => 'us', 'http_proxy_password' => 'secret'];
$login = ['socks5_username' => 'us', 'socks5_password' => 'secret'];
foreach (['socks5' => $socks, 'socks5 with a password' => $socks + $login, 'http' => $http] as $name => $proxy) {
    $c = to('echo', $proxy);
    $c->send('through');
    same("$name: echo", 'through', $c->recv());
    same("$name: the peer is the proxy", $proxy['socks5_port'] ?? $proxy['http_proxy_port'], $c->getpeername()['port']);
    $c = to('hello', $proxy);
    same("$name: who speaks first", 'hello', $c->recv(5, Client::MSG_WAITALL));
    $c = to('tls', $proxy + ['ssl_host_name' => 'ten.example', 'ssl_verify_peer' => true, 'ssl_cafile' => at('folder') . '/ca.pem'],
        SWOOLE_SOCK_TCP | SWOOLE_SSL);
    same("$name: TLS", "ten.example TLSv1.3 none\n", $c->recv());
}
$c = new Client(SWOOLE_SOCK_TCP);
$c->set($socks);
same('the proxy looks up the name', true, $c->connect('elsewhere.example', at('echo'), MUCH));
$c = new Client(SWOOLE_SOCK_TCP);
$c->set($socks + ['socks5_username' => 'us', 'socks5_password' => 'wrong']);
fails('wrong password', SWOOLE_ERROR_SOCKS5_AUTH_FAILED, $c, fn () => $c->connect(HOST, at('echo'), MUCH), 'connect');
$c = new Client(SWOOLE_SOCK_TCP);
$c->set($socks);
fails('refused behind it', SWOOLE_ERROR_SOCKS5_SERVER_ERROR, $c, fn () => $c->connect(HOST, at('refused'), MUCH), 'connect');
$c = new Client(SWOOLE_SOCK_TCP);
$c->set(['http_proxy_user' => 'nobody'] + $http);
fails('not allowed', SWOOLE_ERROR_HTTP_PROXY_HANDSHAKE_ERROR, $c, fn () => $c->connect(HOST, at('echo'), MUCH), 'connect');
fails('no request of two lines', 22, $c, fn () => $c->connect("x\r\nX: y", 80, MUCH), 'connect');
foreach (['socks5', 'http_proxy'] as $kind) {
    foreach (['refused' => 111, 'full' => 110, 'silent' => 110] as $name => $code) {
        $c = new Client(SWOOLE_SOCK_TCP);
        $c->set([$kind . '_host' => HOST, $kind . '_port' => at($name)]);
        fails("$kind $name", $code, $c, fn () => $c->connect(HOST, at('echo'), $name === 'refused' ? MUCH : 0.1), 'connect');
        same("$kind $name: closed", false, $c->isConnected());
    }
    $c = new Client(SWOOLE_SOCK_TCP);
    $c->set([$kind . '_host' => HOST, $kind . '_port' => at('hello')]);
    same("$kind, no proxy at all", false, @$c->connect(HOST, at('echo'), MUCH));
}
/* Datagrams and paths go their own way. */
$c = new Client(SWOOLE_SOCK_UNIX_STREAM);
$c->set($socks);
same('Unix', true, $c->connect(at('unix'), 0, MUCH));
echo "done\n";
