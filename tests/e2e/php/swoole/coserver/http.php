<?php

declare(strict_types=1);

/*
 * A Coroutine\Http\Server for tests/e2e/test_swoole_coroutine_server.py. RS_SET: settings as JSON; RS_TLS: 1 with TLS. SIGTERM shuts
 * it down; "end" is its last line.
 */

use Swoole\Coroutine;
use Swoole\Coroutine\Http\Server;
use Swoole\Http\Request;
use Swoole\Http\Response;
use Swoole\WebSocket\CloseFrame;

$handlers = [
    '/' => function (Request $request, Response $response): void {
        $body = $request->rawContent();
        $response->header('Content-Type', 'application/json');
        $response->end(json_encode([
            'handler' => '/', 'server' => $request->server, 'header' => $request->header, 'get' => $request->get,
            'post' => $request->post, 'cookie' => $request->cookie, 'files' => $request->files, 'method' => $request->getMethod(),
            'length' => strlen($body), 'md5' => md5($body), 'fd' => $request->fd, 'complete' => $request->isCompleted(),
            'content' => array_map(fn (array $file): string => md5_file($file['tmp_name']), $request->files ?? []),
        ]));
    },
    '/api' => fn (Request $request, Response $response) => $response->end('api'),
    '/api/users' => fn (Request $request, Response $response) => $response->end('users'),
    '/set' => function (Request $request, Response $response): void {
        $response->status(201, 'Made');
        $response->header('x-one', ['1', '2']);
        $response->cookie('name', 'a b', 0, '/', '', true, true, 'Lax');
        $response->rawcookie('raw', 'a%20b');
        echo json_encode([get_class($response->socket), $response->fd === $request->fd, $response->isWritable()]), "\n";
        $response->end('made');
        echo json_encode([$response->end('again'), $response->header('a', 'b'), $response->write('x'), $response->isWritable()]), "\n";
    },
    '/redirect' => fn (Request $request, Response $response) => $response->redirect('/elsewhere', 301),
    '/pieces' => function (Request $request, Response $response): void {
        $response->trailer('X-Sum', '6');
        foreach (['one ', 'two ', 'three '] as $piece) {
            $response->write($piece);
            Coroutine::sleep(0.002);
        }
        $response->end('last');
    },
    '/file' => function (Request $request, Response $response): void {
        $range = array_map('intval', explode(',', $request->get['range'] ?? '0,0'));
        if (!@$response->sendfile(getenv('RS_DIR') . '/' . $request->get['name'], ...$range)) {
            $response->status(404);
            $response->end('no file');
        }
    },
    '/big' => fn (Request $request, Response $response) => $response->end(str_repeat('x', (int)$request->get['n'])),
    '/throw' => fn (Request $request, Response $response) => throw new LogicException('thrown in a handler'),
    '/begun' => function (Request $request, Response $response): void {
        $response->write('begun');
        throw new LogicException('thrown in an answer');
    },
    '/exit' => function (Request $request, Response $response): void {
        exit(7);
    },
    '/nothing' => function (Request $request, Response $response): void {
    },
    '/unended' => fn (Request $request, Response $response) => $response->write('unended'),
    '/later' => function (Request $request, Response $response): void {
        go(function () use ($response): void {
            Coroutine::sleep(0.02);
            $response->end('later');
        });
    },
    '/dropped' => function (Request $request, Response $response): void {
        go(function () use ($response): void {
            Coroutine::sleep(0.02);
        });
    },
    '/sleep' => function (Request $request, Response $response): void {
        Coroutine::sleep((float)$request->get['s']);
        $response->end('slept');
    },
    '/bad-status' => function (Request $request, Response $response): void {
        $response->status(101);
        $response->end();
    },
    '/bad-length' => function (Request $request, Response $response): void {
        $response->header('Content-Length', '100');
        $response->header('Transfer-Encoding', 'gzip');
        $response->header('X-Bad', "a\r\nX-Injected: 1");
        $response->end('short');
    },
    '/close' => function (Request $request, Response $response): void {
        $response->close();
        echo json_encode([$response->isWritable(), $response->end('x')]), "\n";
    },
    '/detach' => function (Request $request, Response $response): void {
        $response->detach();
        $response->socket->sendAll("HTTP/1.1 101 Switching Protocols\r\nUpgrade: shout\r\nConnection: Upgrade\r\n\r\n");
        while (($line = $response->socket->recvLine()) !== '') {
            $response->socket->sendAll(strtoupper($line));
        }
    },
    '/gone' => function (Request $request, Response $response): void {
        for ($n = 0; $response->write(str_repeat('x', 65536)) && $n < 10000; $n++) {
        }
        echo 'gone ', json_encode([$n < 10000, $response->write('y'), $response->end()]), "\n";
    },
    '/ws' => function (Request $request, Response $response): void {
        if (!$response->upgrade()) {
            return;
        }
        echo 'upgraded ', json_encode([$response->end('x'), $response->isWritable()]), "\n";
        while (true) {
            $frame = $response->recv();
            if ($frame === '' || $frame === false) {
                echo 'over ', json_encode($frame), "\n";
                break;
            }
            if ($frame instanceof CloseFrame) {
                echo "closed {$frame->code} {$frame->reason}\n";
                break;
            }
            switch ($frame->data) {
                case 'close':
                    $response->close();
                    break;
                case 'disconnect':
                    $response->disconnect(4001, 'enough');
                    break;
                case 'ping':
                    $response->ping('are you there');
                    break;
                case 'throw':
                    throw new LogicException('thrown in a websocket');
                case 'return':
                    return;
                case 'timeout':
                    $response->push(json_encode([$response->recv(0.01), swoole_last_error()]));
                    break;
                case 'both':
                    foreach ([1, 2, 3] as $i) {
                        go(fn () => $response->push(str_repeat((string)$i, 200000)));
                    }
                    break;
                default:
                    $response->push($frame->data, $frame->opcode, SWOOLE_WEBSOCKET_FLAG_FIN | SWOOLE_WEBSOCKET_FLAG_COMPRESS);
            }
        }
    },
];

Coroutine\run(function () use ($handlers): void {
    $server = new Server('127.0.0.1', (int)getenv('RS_PORT'), (bool)getenv('RS_TLS'));
    $server->set(['upload_tmp_dir' => getenv('RS_DIR')] + json_decode(getenv('RS_SET') ?: '[]', true));
    foreach ($handlers as $pattern => $handler) {
        $server->handle($pattern, $handler);
    }
    Swoole\Process::signal(SIGTERM, function () use ($server): void {
        Swoole\Process::signal(SIGTERM, null);
        $server->shutdown();
    });
    echo json_encode([$server->host, $server->port, $server->ssl, $server->fd > 2, $server->errCode]), "\n";
    echo 'start ' . json_encode($server->start()) . "\n";
});
echo "end\n";
