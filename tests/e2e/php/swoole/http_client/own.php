<?php
/* Against a server of ours: what it reads is what was meant. */
require __DIR__ . '/web.php';

$file = at('folder') . '/own.txt';
file_put_contents($file, 'of a file');

Co\run(function () use ($file): void {
    $c = new Co\Http\Client(HOST, at('own'));
    $c->set(['timeout' => MUCH]);
    same('get', [true, 200], [$c->get('/?a[]=b&c=d'), $c->statusCode]);
    same('seen', ['a' => ['b'], 'c' => 'd'], json_decode($c->body, true)['get']);
    same('cookie', ['seen' => 'ä;b'], $c->cookies);
    $c->post('/', ['x' => 'y z', 'l' => [1, ['m' => 2]]]);
    same('form', ['x' => 'y z', 'l' => ['1', ['m' => '2']]], json_decode($c->body, true)['post']);
    same('cookie is sent', ['seen' => 'ä;b'], json_decode($c->headers['x-seen'], true)[1]);
    $c->addFile($file, 'f');
    $c->addData('bytes', 'g', 'text/x', 'g.txt');
    $c->post('/', ['x' => ['y' => 'z']]);
    $seen = json_decode($c->body, true);
    same('fields', ['x' => ['y' => 'z']], $seen['post']);
    same('files', ['f' => ['own.txt', 'text/plain', 'of a file'], 'g' => ['g.txt', 'text/x', 'bytes']], $seen['files']);
    $c->setMethod('PUT');
    $c->setData(random_bytes(1 << 20));
    $c->execute('/');
    same('body', 1 << 20, json_decode($c->body, true)['raw']);
    $c->setMethod('HEAD');
    same('HEAD', [true, ''], [$c->execute('/'), $c->body]);
    for ($i = 0; $i < 100; $i++) {
        $c->get("/?i=$i") && json_decode($c->body, true)['get'] === ['i' => (string)$i] ?: same("request $i", true, false);
    }
    same('a hundred', true, $c->connected);
});
