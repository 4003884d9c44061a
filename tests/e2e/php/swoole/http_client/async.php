<?php
/* L.6: AH1 to AH3, AH5. */
require __DIR__ . '/web.php';

use Swoole\Event;

function client(string $peer = 'web', bool $ssl = false): swoole_http_client
{
    $c = new swoole_http_client(HOST, at($peer), $ssl);
    $c->set(['timeout' => MUCH]);
    return $c;
}

$log = [];
$note = function (string $word) use (&$log): callable {
    return function ($c) use ($word, &$log): void {
        $log[] = $word . ' ' . ($c instanceof Swoole\Http\Client ? $c->statusCode : 'not a client');
    };
};

same('class', Swoole\Http\Client::class, (new ReflectionClass('swoole_http_client'))->getName());
throws('empty host', Swoole\Coroutine\Http\Client\Exception::class, 22, fn () => new swoole_http_client('', 80));
throws('not callable', TypeError::class, null, fn () => client()->get('/', 'no such function'));

$c = client();
foreach (['connect', 'close', 'error'] as $event) {
    same("on $event", true, $c->on($event, $note($event)));
}
refused('unknown event', fn () => $c->on('receive', 'strlen'));
same('get', true, $c->get('/echo', $note('got')));
same('begins, and tells later', [], $log);
refused('one at a time', fn () => $c->get('/echo', $note('never')));
Event::wait();
same('order', 'got 200', end($log));
same('connected', [2, true], [count($log), $c->isConnected()]);
same('what it was', ['GET', '/echo'], [asked($c)['method'], asked($c)['target']]);

$log = [];
$c->setHeaders(['X-One' => 'a']);
$c->setCookies(['k' => 'v']);
$c->setData(['a' => 'b']);
$c->setMethod('PUT');
$c->execute('/echo', function ($c) use ($note, &$log): void {
    $log[] = [asked($c)['method'], asked($c)['body'], field($c, 'x-one'), field($c, 'cookie')];
    same('another from within', true, $c->post('/echo?2', 'text', function ($c) use (&$log): void {
        $log[] = [asked($c)['target'], asked($c)['body']];
    }));
});
Event::wait();
same('both', [['PUT', 'a=b', ['a'], ['k=v']], ['/echo?2', 'text']], $log);

$log = [];
same('close', true, $c->close());
same('its event has come', ['close 200'], $log);
same('closed', [false, false], [$c->isConnected(), $c->close()]);
$c->get('/last', $note('got'));
Event::wait();
$c->get('/echo', $note('got'));
Event::wait();
same('again', ['connect', 'got', 'connect', 'got'], array_map(fn ($w) => strtok($w, ' '), array_values(array_filter($log, fn ($w) => $w !== 'close 200' && !str_starts_with($w, 'close')))));

foreach (['refused' => ['refused', '/', -1, 111], 'silent' => ['web', '/silence', -2, 110], 'cut' => ['web', raw("HTTP/1.1 200 OK\r\n", 100, 'close'), -3, 104]] as $name => [$peer, $path, $status, $code]) {
    $log = [];
    $c = client($peer);
    $c->set(['timeout' => $name === 'silent' ? LITTLE : MUCH]);
    $c->on('error', $note('error'));
    $c->get($path, function ($c) use (&$log): void {
        $log[] = [$c->statusCode, $c->errCode, $c->body];
    });
    Event::wait();
    same($name, $status === -1 ? ['error -1', [$status, $code, '']] : [[$status, $code, '']], $log);
}
$file = at('folder') . '/async';
$log = [];
client()->download('/file', $file, $note('down'));
Event::wait();
same('download', ['down 200', '0123456789'], [$log[0] ?? '', file_get_contents($file)]);
$c = client();
$c->addFile($file, 'f');
$c->post('/echo', ['a' => 'b'], $note('up'));
Event::wait();
same('upload', true, str_contains(asked($c)['body'], '0123456789'));
$c = client('web_tls', true);
$c->get('/echo', $note('tls'));
Event::wait();
same('TLS', 'tls 200', end($log));
refused('path', fn () => client()->get("/\r\n", 'strlen'));

$many = 0;
for ($i = 0; $i < 50; $i++) {
    client()->get("/echo?$i", function ($c) use (&$many, $i): void {
        $many += asked($c)['target'] === "/echo?$i";
    });
}
Event::wait();
same('fifty, which nobody else holds', 50, $many);
$c = client();
$c->set(['timeout' => MUCH]);
$c->get('/silence', function ($c) use (&$log): void {
    $log[] = "closed $c->statusCode";
});
Swoole\Timer::after(20, fn () => $c->close());
Event::wait();
same('close while it runs', 'closed -3', end($log));
