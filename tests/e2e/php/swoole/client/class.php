<?php
/* CL1, and the rules for all objects. */
require __DIR__ . '/peers.php';

use Swoole\Client;

same('alias', true, class_exists('swoole_client') && (new swoole_client(SWOOLE_SOCK_TCP)) instanceof Client);
same('constants', [1, 2, 64, 256, 0, 1, 2], [Client::MSG_OOB, Client::MSG_PEEK, Client::MSG_DONTWAIT, Client::MSG_WAITALL,
    Client::SHUT_RD, Client::SHUT_WR, Client::SHUT_RDWR]);
$c = new Client(SWOOLE_SOCK_TCP);
same('properties', [0, -1, false, 0, 1, null, null], [$c->errCode, $c->sock, $c->reuse, $c->reuseCount, $c->type, $c->id, $c->setting]);
foreach ([1, 2, 3, 4, 5, 6] as $type) {
    same("type $type", $type, (new Client($type))->type);
}
same('type with flags', SWOOLE_SOCK_TCP | SWOOLE_SSL | SWOOLE_KEEP, (new Client(SWOOLE_SOCK_TCP | SWOOLE_SSL | SWOOLE_KEEP))->type);
same('SYNC', SWOOLE_SOCK_TCP | SWOOLE_SYNC, (new Client(SWOOLE_SOCK_TCP | SWOOLE_SYNC, SWOOLE_SOCK_SYNC))->type);
foreach ([0, 7, -1, 511, PHP_INT_MAX, PHP_INT_MIN] as $type) {
    throws("type $type", TypeError::class, null, fn () => new Client($type));
}
throws('no type', ArgumentCountError::class, null, fn () => new Client());
throws('a type of text', TypeError::class, null, fn () => new Client('tcp'));
throws('TLS over datagrams', Swoole\Error::class, 507, fn () => new Client(SWOOLE_SOCK_UDP | SWOOLE_SSL));
throws('twice', Error::class, null, fn () => $c->__construct(SWOOLE_SOCK_TCP));

throws('clone', Error::class, null, fn () => clone $c);
throws('serialize', Exception::class, null, fn () => serialize($c));
foreach (['errCode', 'sock', 'reuse', 'reuseCount', 'type', 'id', 'setting'] as $name) {
    throws("unset $name", Error::class, null, function () use ($c, $name): void {
        unset($c->$name);
    });
}
silent('dynamic property', 5, fn () => $c->mine = 5);

class Mine extends Client
{
    public function __construct()
    {
    }
}
$mine = new Mine();
throws('without its constructor', Error::class, null, fn () => $mine->connect(HOST, at('echo')));
same('not connected', false, $mine->isConnected());
warns('without its constructor: send', 'Swoole\Client::send(): ', fn () => $mine->send('x'));
warns('without its constructor: sendto', 'Swoole\Client::sendto(): ', fn () => $mine->sendto(HOST, 1, 'x'));

/* What needs a connection. */
$calls = [
    'send' => fn ($c) => $c->send('x'), 'recv' => fn ($c) => $c->recv(), 'close' => fn ($c) => $c->close(),
    'sendfile' => fn ($c) => $c->sendfile(__FILE__), 'getsockname' => fn ($c) => $c->getsockname(),
    'getpeername' => fn ($c) => $c->getpeername(), 'shutdown' => fn ($c) => $c->shutdown(Client::SHUT_RDWR),
    'enableSSL' => fn ($c) => $c->enableSSL(), 'getPeerCert' => fn ($c) => $c->getPeerCert(),
    'verifyPeerCert' => fn ($c) => $c->verifyPeerCert(), 'getSocket' => fn ($c) => $c->getSocket(),
];
foreach ($calls as $method => $call) {
    $c = new Client(SWOOLE_SOCK_TCP);
    fails("$method before connect", SWOOLE_ERROR_CLIENT_NO_CONNECTION, $c, fn () => $call($c), $method);
    $c->connect(HOST, at('echo'), MUCH);
    $c->close();
    fails("$method after close", SWOOLE_ERROR_CLIENT_NO_CONNECTION, $c, fn () => $call($c), $method);
    warns("$method as an exception", "Swoole\\Client::$method(): ", fn () => $call($c));
}
echo "done\n";
