<?php
/* UDP and Unix datagrams: CL2 with flag, CL3, CL4, CL8. */
require __DIR__ . '/peers.php';

use Swoole\Client;

foreach ([[SWOOLE_SOCK_UDP, HOST, at('udp')], [SWOOLE_SOCK_UDP6, '::1', at('udp6')], [SWOOLE_SOCK_UNIX_DGRAM, at('unixgram'), 0]] as [$type, $host, $port]) {
    $c = new Client($type);
    same("$type: connect", true, $c->connect($host, $port, MUCH));
    same("$type: send", 5, $c->send('hello'));
    same("$type: recv", 'hello', $c->recv());
    same("$type: peer", ['host' => $host, 'port' => $port], $c->getpeername());
    $c->send('big 20000');
    same("$type: big", 20000, strlen($c->recv()));
    $c->send('big 100');
    same("$type: cut", 10, strlen($c->recv(10)));
    $c->send('big 100');
    same("$type: cut, MSG_TRUNC", 10, strlen($c->recv(10, 0x20)));
    $c->send('peek');
    same("$type: peek", 'peek', $c->recv(100, Client::MSG_PEEK));
    same("$type: and take", 'peek', $c->recv());
    $c->send('empty');
    same("$type: empty", '', $c->recv());
    $c->set(['timeout' => LITTLE]);
    $c->send('silence');
    fails("$type: limit", 11, $c, fn () => $c->recv(), 'recv');
    fails("$type: too large", 90, $c, fn () => $c->send(str_repeat('x', 300000)), 'send');
    fails("$type: nothing", SWOOLE_ERROR_INVALID_PARAMS, $c, fn () => $c->send(''), 'send');
    fails("$type: sendfile", SWOOLE_ERROR_OPERATION_NOT_SUPPORT, $c, fn () => $c->sendfile(__FILE__), 'sendfile');
    fails("$type: enableSSL", SWOOLE_ERROR_OPERATION_NOT_SUPPORT, $c, fn () => $c->enableSSL(), 'enableSSL');
    fails("$type: connect again", 106, $c, fn () => $c->connect($host, $port), 'connect');
    same("$type: close", true, $c->close());
    same("$type: closed", false, $c->isConnected());
    fails("$type: send after close", SWOOLE_ERROR_CLIENT_NO_CONNECTION, $c, fn () => $c->send('x'), 'send');
}

/* By name, and without connect(). */
$c = new Client(SWOOLE_SOCK_UDP);
same('by name', true, $c->connect('localhost', at('udp'), MUCH));
same('peer before anything came', ['host' => HOST, 'port' => at('udp')], $c->getpeername());
$c->send('name');
same('answer', 'name', $c->recv());
$c = new Client(SWOOLE_SOCK_UDP);
same('sendto', true, $c->sendto(HOST, at('udp'), 'to'));
same('its answer', 'to', $c->recv());
same('who said it', ['host' => HOST, 'port' => at('udp')], $c->getpeername());
same('own name', '0.0.0.0', $c->getsockname()['host']);
fails('send to whom', 89, $c, fn () => $c->send('x'), 'send');
same('sendto by name', true, $c->sendto('localhost', at('udp'), 'name'));
same('its answer', 'name', $c->recv());
fails('sendto nothing', SWOOLE_ERROR_INVALID_PARAMS, $c, fn () => $c->sendto(HOST, at('udp'), ''), 'sendto');
fails('sendto no port', SWOOLE_ERROR_INVALID_PARAMS, $c, fn () => $c->sendto(HOST, 0, 'x'), 'sendto');
fails('sendto no host', SWOOLE_ERROR_INVALID_PARAMS, $c, fn () => $c->sendto('', 1, 'x'), 'sendto');
fails('sendto a name of nobody', SWOOLE_ERROR_DNSLOOKUP_RESOLVE_FAILED, $c, fn () => $c->sendto("no\0name", 1, 'x'), 'sendto');
fails('sendto too much', 90, $c, fn () => $c->sendto(HOST, at('udp'), str_repeat('x', 70000)), 'sendto');
same('connect afterwards', true, $c->connect(HOST, at('udp'), MUCH));
$c->send('x');
same('works', 'x', $c->recv());
$c = to('echo');
fails('sendto of a stream', SWOOLE_ERROR_OPERATION_NOT_SUPPORT, $c, fn () => $c->sendto(HOST, at('udp'), 'x'), 'sendto');
$c = new Client(SWOOLE_SOCK_UNIX_DGRAM);
same('sendto a path', true, $c->sendto(at('unixgram'), 0, 'path'));
same('answered', 'path', $c->recv());
fails('sendto nobody', 2, $c, fn () => $c->sendto('/nonexistent/socket', 0, 'x'), 'sendto');

/* flag 1: it hears its peer alone, and that nobody is there. */
$c = new Client(SWOOLE_SOCK_UDP);
$c->connect(HOST, at('udp'), MUCH);
$c->send('twice x');
same('everybody is heard', 'stranger', $c->recv());
same('and known', ['host' => HOST, 'port' => at('udp_stranger')], $c->getpeername());
same('then the peer', 'twice x', $c->recv());
$c = new Client(SWOOLE_SOCK_UDP);
same('connected for real', true, $c->connect(HOST, at('udp'), MUCH, 1));
$c->send('twice x');
same('only the peer is heard', 'twice x', $c->recv());
$c = new Client(SWOOLE_SOCK_UDP);
same('nobody there', true, $c->connect(HOST, at('udp_refused'), MUCH, 1));
same('send', 1, $c->send('x'));
fails('is told', 111, $c, fn () => $c->recv(), 'recv');

/* Framing is of streams. */
$c = new Client(SWOOLE_SOCK_UDP);
$c->set(['open_eof_check' => true, 'package_eof' => '#']);
$c->connect(HOST, at('udp'), MUCH);
$c->send('no end');
same('a datagram is a package', 'no end', $c->recv());
$c = new Client(SWOOLE_SOCK_UDP);
$c->set(['bind_address' => '127.0.0.3', 'bind_port' => 0]);
$c->connect(HOST, at('udp'), MUCH);
same('own address', '127.0.0.3', $c->getsockname()['host']);
echo "done\n";
