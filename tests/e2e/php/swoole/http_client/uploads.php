<?php
/* HC4: addFile(), addData(). */
require __DIR__ . '/web.php';

$file = at('folder') . '/upload "x".txt';
file_put_contents($file, "some\r\nbytes");

/** The parts of the multipart body the peer got: name => [filename, type, bytes]. */
function parts(Co\Http\Client $c): array
{
    preg_match('/^multipart\/form-data; boundary=(\S+)$/', field($c, 'content-type')[0] ?? '', $m);
    $all = explode('--' . ($m[1] ?? 'none'), asked($c)['body']);
    same('begins and ends', ['', "--\r\n"], [$all[0], end($all)]);
    $parts = [];
    foreach (array_slice($all, 1, -1) as $part) {
        [$head, $bytes] = explode("\r\n\r\n", $part, 2);
        preg_match('/name="([^"]*)"(?:; filename="([^"]*)")?(?:\r\nContent-Type: (.*))?$/D', $head, $m);
        $parts[$m[1]] = [$m[2] ?? '', $m[3] ?? '', substr($bytes, 0, -2)];
    }
    return $parts;
}

Co\run(function () use ($file): void {
    $c = web();
    same('addFile', true, $c->addFile($file, 'one'));
    same('with a type and a name', true, $c->addFile($file, 'two', 'image/png', "evil\"\r\n.png", 6, 3));
    same('addData', true, $c->addData('data', 'three', 'text/x', 'd.txt'));
    $c->addData('plain', 'four');
    same('post', true, $c->post('/echo', ['a' => 'b', 'list' => ['x', 'k' => ['y']], 'none' => null]));
    same('parts', [
        'a' => ['', '', 'b'],
        'list[0]' => ['', '', 'x'],
        'list[k][0]' => ['', '', 'y'],
        'one' => ['upload %22x%22.txt', 'text/plain', "some\r\nbytes"],
        'two' => ['evil%22%0D%0A.png', 'image/png', 'byt'],
        'three' => ['d.txt', 'text/x', 'data'],
        'four' => ['', 'application/octet-stream', 'plain'],
    ], parts($c));
    same('length', [(string)strlen(asked($c)['body'])], field($c, 'content-length'));
    $c->get('/echo');
    same('for one request only', '', asked($c)['body']);
    $c->addFile($file, 'one');
    $c->execute('/echo');
    same('a file makes it POST', 'POST', asked($c)['method']);
    $big = at('folder') . '/big';
    file_put_contents($big, $bytes = str_repeat(md5('x'), 60000));
    $c->addFile($big, 'big');
    same('big', true, $c->post('/echo', []));
    same('its bytes', true, (parts($c)['big'][2] ?? '') === $bytes);

    warns('missing', 'Swoole\Coroutine\Http\Client::addFile(): ', fn () => $c->addFile(at('folder') . '/none', 'x'));
    touch(at('folder') . '/empty');
    foreach ([[at('folder') . '/empty'], [at('folder')], [$file, 'x', null, null, 11], [$file, 'x', null, null, 5, 7], [$file, 'x', null, null, -1], [$file, ''], [$file, 'x', "a\r\nb"]] as $arguments) {
        refused('addFile ' . json_encode(array_slice($arguments, 1)), fn () => $c->addFile(...$arguments + [1 => 'x']));
    }
    $c->addData('x', 'y');
    refused('text beside files', fn () => $c->post('/echo', 'text'));
    same('forgotten', [true, ''], [$c->get('/echo'), asked($c)['body']]);
    $c->addFile($big, 'big');
    unlink($big);
    same('it has gone', [false, -4], [@$c->post('/echo', []), $c->statusCode]);

    // through our own eyes
    $tls = web(['timeout' => MUCH], 'web_tls', HOST, true);
    $tls->addFile($file, 'one');
    same('TLS', true, $tls->post('/echo', []));
    same('the same bytes', "some\r\nbytes", parts($tls)['one'][2] ?? '');
});
