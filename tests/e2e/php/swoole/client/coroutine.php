<?php
/* CS4: Coroutine\Client. */
require __DIR__ . '/peers.php';

use Swoole\Coroutine;
use Swoole\Coroutine\Client as CoClient;

/** false without a word, and errCode. */
function quiet(string $name, int $code, CoClient $c, callable $call): void
{
    silent($name, false, $call);
    same("$name: errCode", [$code, true], [$c->errCode, $c->errMsg !== '']);
}

same('the short name', true, is_a('Co\Client', CoClient::class, true));
$outside = new CoClient(SWOOLE_SOCK_TCP);
throws('connect() outside', Swoole\Error::class, null, fn () => $outside->connect(HOST, at('echo'), MUCH));
throws('recv() outside', Swoole\Error::class, null, fn () => $outside->recv());
throws('a type that is none', TypeError::class, null, fn () => new CoClient(77));

Co\run(function (): void {
    $c = new CoClient(SWOOLE_SOCK_TCP);
    quiet('send before connect', 5001, $c, fn () => $c->send('x'));
    same('connect', true, $c->connect(HOST, at('echo'), MUCH));
    same('properties', [true, true, SWOOLE_SOCK_TCP], [$c->connected, $c->fd > 2, $c->type]);
    quiet('connect again', 106, $c, fn () => $c->connect(HOST, at('echo'), MUCH));
    same('send and recv', [5, 'hello'], [$c->send('hello'), $c->recv(MUCH)]);
    quiet('send nothing', 505, $c, fn () => $c->send(''));
    $turns = 0;
    Coroutine::create(function () use (&$turns): void {
        while ($turns++ < 5) {
            Coroutine::sleep(0.001);
        }
    });
    quiet('a limit', 110, $c, fn () => $c->recv(LITTLE));
    same('the others went on', true, $turns >= 5);
    $c->send('abcdef');
    same('exportSocket', 'abcdef', $c->exportSocket()->recv(100, MUCH));
    same('isConnected', true, $c->isConnected());
    same('getpeername', ['host' => HOST, 'port' => at('echo')], $c->getpeername());

    $c->set(['open_length_check' => true, 'package_length_type' => 'N', 'package_length_offset' => 0, 'package_body_offset' => 4]);
    $c->send(pack('N', 3) . 'one' . pack('N', 4) . 'four');
    same('packages', [pack('N', 3) . 'one', pack('N', 4) . 'four'], [$c->recv(MUCH), $c->recv(MUCH)]);

    $seen = [];
    Coroutine::create(function () use ($c, &$seen): void {
        $seen[] = $c->recv();
        $seen[] = $c->connected;
    });
    throws('two readers', Swoole\Error::class, 10002, fn () => $c->recv());
    same('close', true, $c->close());
    Coroutine::sleep(0.01);
    same('wakes who waits', [false, false], $seen);
    quiet('close again', 5001, $c, fn () => $c->close());
    same('and again connected', [true, 2, 'ok'], [$c->connect(HOST, at('echo'), MUCH) && $c->set(['open_length_check' => false]), $c->send('ok'), $c->recv(MUCH)]);
    $c->close();

    $c = new CoClient(SWOOLE_SOCK_TCP);
    $c->connect(HOST, at('hello'), MUCH);
    same('to the end', true, $c->recv(MUCH) !== '' && $c->recv(MUCH) === '');
    $c = new CoClient(SWOOLE_SOCK_TCP);
    quiet('refused', 111, $c, fn () => $c->connect(HOST, at('refused'), MUCH));
    same('not connected', [false, -1], [$c->connected, $c->fd]);
    $c->set(['timeout' => LITTLE]);
    same('the peer is silent', true, $c->connect(HOST, at('silent'), MUCH));
    quiet('the limit of set()', 110, $c, fn () => $c->recv());

    $udp = new CoClient(SWOOLE_SOCK_UDP);
    same('udp', [true, 4, 'data'], [$udp->connect(HOST, at('udp'), MUCH), $udp->send('data'), $udp->recv(MUCH)]);
    $udp = new CoClient(SWOOLE_SOCK_UDP);
    same('sendto and recvfrom', [true, 'more', HOST, at('udp')], [$udp->sendto(HOST, at('udp'), 'more'), $udp->recvfrom(100, $address, $port), $address, $port]);

    $tls = new CoClient(SWOOLE_SOCK_TCP | SWOOLE_SSL);
    same('tls', [true, "None TLSv1.3 none\n", 2, 'ok'], [$tls->connect(HOST, at('tls'), MUCH), $tls->recv(MUCH), $tls->send('ok'), $tls->recv(MUCH)]);
    same('its certificate', true, str_contains($tls->getPeerCert(), 'BEGIN CERTIFICATE'));
    quiet('export of one with SSL', 507, $tls, fn () => $tls->exportSocket());
});
