<?php
/* HC3, HC5: answers of every kind, servers that misbehave, connections that were kept. */
require __DIR__ . '/web.php';

const OK = "HTTP/1.1 200 OK\r\n";

Co\run(function (): void {
    $c = web();
    foreach ([1, 3, 100000] as $step) {
        foreach ([
            'length' => [OK . "Content-Length: 5\r\n\r\nhello", 'keep', 'hello', true],
            'none' => [OK . "Content-Length: 0\r\n\r\n", 'keep', '', true],
            'chunked' => [OK . "Transfer-Encoding: chunked\r\n\r\n2;x=y\r\nhe\r\n3\r\nllo\r\n0\r\nX: y\r\n\r\n", 'keep', 'hello', true],
            'until close' => [OK . "\r\nhello", 'close', 'hello', false],
            '1.0' => ["HTTP/1.0 200 OK\r\n\r\nhello", 'close', 'hello', false],
            'close' => [OK . "Connection: close\r\nContent-Length: 5\r\n\r\nhello", 'keep', 'hello', false],
            'interim' => ["HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" . OK . "Content-Length: 5\r\n\r\nhello", 'keep', 'hello', true],
            '204' => ["HTTP/1.1 204 No Content\r\n\r\n", 'keep', '', true],
            '304' => ["HTTP/1.1 304 Not Modified\r\nContent-Length: 10\r\n\r\n", 'keep', '', true],
            'too much' => [OK . "Content-Length: 2\r\n\r\nhello", 'keep', 'he', false],
            '500' => ["HTTP/1.1 500 Oh\r\nContent-Length: 4\r\n\r\noops", 'keep', 'oops', true],
            'no reason' => ["HTTP/1.1 299\r\nContent-Length: 1\r\n\r\nx", 'keep', 'x', true],
        ] as $name => [$bytes, $end, $body, $kept]) {
            silent("$name by $step", true, fn () => $c->get(raw($bytes, $step, $end)));
            same("$name by $step: body", $body, $c->body);
            // One that is cut may be noticed when its rest comes.
            if ($name !== 'too much' || $step > 1000) {
                same("$name by $step: kept", $kept, $c->connected);
            }
            $c->close();
        }
    }
    $c->get(raw("HTTP/1.1 404 x\r\nX-Name:  v w \r\nx-name: last\r\nContent-Length: 0\r\n\r\n"));
    same('fields', [404, 'last'], [$c->getStatusCode(), $c->headers['x-name']]);
    $c->setMethod('HEAD');
    $c->execute(raw(OK . "Content-Length: 500\r\n\r\n"));
    same('HEAD', [200, '', '500', true], [$c->statusCode, $c->body, $c->headers['content-length'], $c->connected]);
    $c->set(['lowercase_header' => false]);
    $c->get(raw(OK . "X-Name: v\r\nContent-Length: 0\r\n\r\n"));
    same('as they were written', 'v', $c->headers['X-Name']);

    // what is no answer
    $c = web();
    foreach ([
        'garbage' => "SSH-2.0-x\r\n", 'bad status' => "HTTP/1.1 abc\r\n\r\n", '2.0' => "HTTP/2.0 200 OK\r\n\r\n", 'bare LF' => "HTTP/1.1 200 OK\n\n",
        'folded' => OK . "X: y\r\n z\r\n\r\n", 'name' => OK . "X : y\r\n\r\n", 'NUL' => OK . "X: \0\r\n\r\n",
        'length' => OK . "Content-Length: x\r\n\r\n", 'lengths' => OK . "Content-Length: 1\r\nContent-Length: 2\r\n\r\nxx",
        'both' => OK . "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 'coding' => OK . "Transfer-Encoding: gzip\r\n\r\n",
        'chunk' => OK . "Transfer-Encoding: chunked\r\n\r\nxyz\r\n", 'chunk end' => OK . "Transfer-Encoding: chunked\r\n\r\n2\r\nabcd",
        '101' => "HTTP/1.1 101 x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
        'interim without end' => str_repeat("HTTP/1.1 100 Continue\r\n\r\n", 20),
    ] as $name => $bytes) {
        foreach ([1, 100000] as $step) {
            unlucky("$name by $step", SWOOLE_HTTP_CLIENT_ESTATUS_SERVER_RESET, 7102, $c, fn () => $c->get(raw($bytes, $step)));
            same("$name by $step: closed", false, $c->connected);
        }
    }
    unlucky('head without end', -3, 7102, $c, fn () => $c->get('/flood'));
    $c = web([], 'banner');
    unlucky('another protocol', -3, 7102, $c, fn () => $c->get('/'));
    $c = web();
    foreach ([
        'nothing' => '', 'head' => "HTTP/1.1 200 OK\r\nX:", 'body' => OK . "Content-Length: 5\r\n\r\nhel",
        'chunk' => OK . "Transfer-Encoding: chunked\r\n\r\n5\r\nhel", 'chunks' => OK . "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
    ] as $name => $bytes) {
        foreach (['close', 'reset'] as $end) {
            unlucky("$name, $end", -3, SOCKET_ECONNRESET, $c, fn () => $c->get(raw($bytes, 100000, $end)));
        }
    }

    // limits
    $c = web(['timeout' => LITTLE]);
    unlucky('no answer', SWOOLE_HTTP_CLIENT_ESTATUS_REQUEST_TIMEOUT, SOCKET_ETIMEDOUT, $c, fn () => $c->get('/silence'));
    $c = web(['timeout' => 0.3]);
    unlucky('drops', -2, SOCKET_ETIMEDOUT, $c, fn () => $c->get('/drip'));
    $c = web([], 'refused');
    unlucky('refused', SWOOLE_HTTP_CLIENT_ESTATUS_CONNECT_FAILED, SOCKET_ECONNREFUSED, $c, fn () => $c->get('/'));
    $c = web(['timeout' => LITTLE], 'full');
    unlucky('connecting takes too long', -1, SOCKET_ETIMEDOUT, $c, fn () => $c->get('/'));
    $c = new Co\Http\Client('no.such.name.invalid');
    $c->set(['timeout' => MUCH]);
    unlucky('no such name', -1, 711, $c, fn () => $c->get('/'));
    $c = new Co\Http\Client('unix://' . at('folder') . '/none.sock');
    unlucky('no such path', -1, SOCKET_ENOENT, $c, fn () => $c->get('/'));
    $c = web(['timeout' => 0.3], 'deaf');
    unlucky('nobody reads', -2, SOCKET_ETIMEDOUT, $c, fn () => $c->post('/', str_repeat('x', 32 << 20)));
    $c = web(['package_max_length' => 100]);
    same('as long as allowed', true, $c->get(raw(OK . "Content-Length: 100\r\n\r\n" . str_repeat('x', 100))));
    unlucky('longer', -3, 1201, $c, fn () => $c->get(raw(OK . "Content-Length: 101\r\n\r\n")));
    unlucky('longer, as it turns out', -3, 1201, $c, fn () => $c->get(raw(OK . "Transfer-Encoding: chunked\r\n\r\n65\r\n" . str_repeat('x', 101))));
    ini_set('memory_limit', '64M');
    $c = web();
    unlucky('more than memory', -3, 1201, $c, fn () => $c->get(raw(OK . "Content-Length: 1000000000\r\n\r\n")));

    // codings
    foreach (['gzip', 'x-gzip', 'deflate', 'bare'] as $coding) {
        same($coding, [true, 'decoded'], [$c->get("/code/$coding"), $c->body]);
    }
    same('not known', [true, 'as it is'], [$c->get('/code/zstd'), $c->body]);
    foreach (['cut', 'wrong'] as $coding) {
        unlucky("gzip, $coding", -3, 7102, $c, fn () => $c->get("/code/$coding"));
    }
    unlucky('bomb', -3, 1201, $c, fn () => $c->get('/bomb'));
    same('memory', true, memory_get_peak_usage() < 60 << 20);
    $c->set(['body_decompression' => false]);
    same('left alone', [true, "\x1f\x8b"], [$c->get('/code/gzip'), substr($c->body, 0, 2)]);
    ini_set('memory_limit', '-1');

    // write_func
    $pieces = [];
    $c = web(['write_func' => function ($client, string $piece) use (&$pieces) { $pieces[] = $piece; }]);
    same('write_func', [true, ''], [$c->get(raw(OK . "Content-Length: 5\r\n\r\nhello")), $c->body]);
    same('its pieces', 'hello', implode($pieces));
    $c = web(['write_func' => fn () => false]);
    unlucky('enough', -3, 10017, $c, fn () => $c->get('/drip'));
    $c = web(['write_func' => fn () => throw new LogicException('mine')]);
    throws('throws', LogicException::class, 0, fn () => $c->get('/drip'));
    same('closed', false, $c->connected);

    // kept connections
    $c = web();
    for ($i = 0; $i < 3; $i++) {
        same("closed behind our back $i", [true, 'bye'], [$c->get('/last'), $c->body]);
    }
    $c->get('/count');
    $before = (int)$c->body;
    $c->get('/last');
    until(fn () => left($c));
    same('a POST after that', true, $c->post('/count', 'x'));
    same('came once', $before + 1, (int)$c->body);
    $c->get('/count');
    $before = (int)$c->body;
    same('a POST that is forgotten is not repeated', false, $c->post('/forget', 'x'));
    $c->get('/count');
    same('it came once', $before + 2, (int)$c->body);
    $before = (int)$c->body;
    same('a GET that is forgotten is, once', false, $c->get('/forget'));
    $c->get('/count');
    same('it came twice', $before + 3, (int)$c->body);
    $before = (int)$c->body;
    $c->set(['max_retries' => 0]);
    $c->get('/forget');
    $c->get('/count');
    same('not when told so', $before + 2, (int)$c->body);

    // an answer before the body has gone
    $c = web();
    same('early', true, $c->post('/early', str_repeat('x', 8 << 20)));
    same('is heard', 413, $c->statusCode);

    // files
    $file = at('folder') . '/download';
    $c = web();
    same('download', [true, 200, ''], [$c->download('/file', $file), $c->statusCode, $c->body]);
    same('its bytes', '0123456789', file_get_contents($file));
    file_put_contents($file, 'abcdefghijklmnop');
    same('from', [true, 206], [$c->download('/file', $file, 4), $c->statusCode]);
    same('the rest', 'abcd456789', file_get_contents($file));
    file_put_contents($file, 'abcdefghijklmnop');
    same('whole', [true, 200], [$c->download('/whole', $file, 4), $c->statusCode]);
    same('from the beginning', '0123456789', file_get_contents($file));
    same('no range', [true, 416, 'no such range'], [$c->download('/file', $file, 50), $c->statusCode, $c->body]);
    same('not found', [true, 404, 'no such page'], [$c->download('/none', $file), $c->statusCode, $c->body]);
    same('untouched', '0123456789', file_get_contents($file));
    same('compressed nowhere', [true, "\x1f\x8b"], [$c->download('/code/gzip', $file), substr(file_get_contents($file), 0, 2)]);
    refused('no such folder', fn () => $c->download('/file', at('folder') . '/none/x'));
    throws('offset', ValueError::class, null, fn () => $c->download('/file', $file, -1));
});
