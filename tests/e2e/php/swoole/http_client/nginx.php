<?php
/* Against nginx: compression, chunks, parts of files, connections it closes after three requests. */
require __DIR__ . '/web.php';

Co\run(function (): void {
    $c = new Co\Http\Client(HOST, at('nginx'));
    $c->set(['timeout' => MUCH]);
    for ($i = 0; $i < 10; $i++) {
        same("request $i", [true, 200, str_repeat('nginx ', 200)], [$c->get('/text'), $c->statusCode, $c->body]);
        same("compressed $i", 'gzip', $c->headers['content-encoding'] ?? '');
    }
    same('file', [true, true], [$c->get('/file'), $c->body === str_repeat('0123456789', 100000)]);
    $file = at('folder') . '/nginx';
    file_put_contents($file, '01234');
    same('its rest', [true, 206], [$c->download('/file', $file, 5), $c->statusCode]);
    same('whole', true, file_get_contents($file) === str_repeat('0123456789', 100000));
    same('404', [true, 404], [$c->get('/none'), $c->statusCode]);
    $c->set(['http_compression' => false]);
    $c->setMethod('HEAD');
    same('HEAD', [true, '1000000', ''], [$c->execute('/file'), $c->headers['content-length'] ?? '', $c->body]);
    $c->setMethod('PUT');
    $c->setData('x');
    same('405', [true, 405], [$c->execute('/file'), $c->statusCode]);
    $got = [];
    $all = new Co\WaitGroup();
    for ($i = 0; $i < 20; $i++) {
        $all->add();
        go(function () use (&$got, $all): void {
            $c = new Co\Http\Client(HOST, at('nginx'));
            $c->set(['timeout' => MUCH]);
            $got[] = $c->get('/file') && strlen($c->body) === 1000000;
            $all->done();
        });
    }
    $all->wait(MUCH);
    same('many at a time', array_fill(0, 20, true), $got);
});
