<?php
// Ports that speak HTTP/2; test_server_http2.py asks. The main port, and with RS_TLS (a folder with certificate and key) a second with TLS.
@mkdir(getenv('RS_DIR') . '/public/static', 0777, true);
file_put_contents(getenv('RS_DIR') . '/public/static/file.txt', str_repeat('file', 100000));
$server = new Swoole\WebSocket\Server('127.0.0.1', (int) getenv('RS_PORT'), SWOOLE_PROCESS);
$server->set(array_merge([
    'open_http2_protocol' => true,
    'worker_num' => 2,
    'task_worker_num' => 1,
    'document_root' => getenv('RS_DIR') . '/public',
    'enable_static_handler' => true,
    'static_handler_locations' => ['/static/'],
], json_decode(getenv('RS_SET') ?: '[]', true)));
if (getenv('RS_TLS')) {
    $port = $server->listen('127.0.0.1', (int) getenv('RS_PORT2'), SWOOLE_SOCK_TCP | SWOOLE_SSL);
    $port->set(array_merge(['open_http_protocol' => true, 'open_http2_protocol' => true, 'ssl_cert_file' => getenv('RS_TLS') . '/cert.pem',
        'ssl_key_file' => getenv('RS_TLS') . '/key.pem'], json_decode(getenv('RS_SET2') ?: '[]', true)));
}

$kept = [];
$routes = [
    '/request' => function ($q, $r) use ($server) {
        $r->header('Content-Type', 'application/json');
        $r->end(json_encode(['header' => $q->header, 'server' => $q->server, 'get' => $q->get, 'post' => $q->post, 'cookie' => $q->cookie,
            'fd' => $q->fd, 'stream' => $q->streamId, 'raw' => base64_encode($q->rawContent()), 'data' => strtok($q->getData(), "\r"),
            'connections' => count(iterator_to_array($server->connections)), 'port' => $server->getClientInfo($q->fd)['server_port']]));
    },
    '/answer' => function ($q, $r) {
        $r->status(418, 'Teapot');
        $r->header('X-Mixed-Case', 'v');
        $r->header('X-Several', ['1', '2']);
        $r->header('Connection', 'close');
        $r->cookie('a', 'b c');
        $r->cookie('d', 'e');
        $r->end('tea');
    },
    '/write' => function ($q, $r) {
        for ($i = 0; $i < 3; $i++) {
            $r->write("piece $i\n");
            usleep(20000);
        }
        $r->end("end\n");
    },
    '/trailers' => function ($q, $r) {
        $r->header('trailer', 'grpc-status, grpc-message');
        $r->trailer('grpc-status', '0');
        $r->trailer('grpc-message', 'fine');
        if (isset($q->get['write'])) {
            $r->write('piece');
        }
        $r->end($q->get['body'] ?? '');
    },
    '/file' => fn ($q, $r) => $r->sendfile(__FILE__, (int) ($q->get['o'] ?? 0), (int) ($q->get['n'] ?? 0)),
    '/redirect' => fn ($q, $r) => $r->redirect('/to', 301),
    '/big' => fn ($q, $r) => $r->end(str_repeat('b', (int) $q->get['n'])),
    '/pieces' => function ($q, $r) {
        for ($i = 0; $i < (int) $q->get['n']; $i++) {
            if (!$r->write(str_repeat('p', 65536))) {
                file_put_contents(getenv('RS_DIR') . '/refused', $i);
                return;
            }
        }
        $r->end();
    },
    '/none' => fn ($q, $r) => null,
    '/throw' => fn ($q, $r) => throw new RuntimeException('route fails'),
    '/frames' => fn ($q, $r) => $r->end(json_encode([@$r->ping(), @$r->goaway(), @$r->push('x')])),
    '/raw' => fn ($q, $r) => [$server->send($q->fd, 'nonsense'), $r->end('unharmed')],
    '/keep' => function ($q, $r) use (&$kept) {
        $kept[] = $r;
        if (count($kept) === 3) {
            foreach (array_reverse($kept) as $i => $old) {
                $old->end("kept $i");
            }
            $kept = [];
        }
    },
    '/task' => function ($q, $r) use ($server) {
        $r->detach();
        $server->task([$q->fd, $q->streamId]);
        Swoole\Http\Response::create([$server, $q])->end("stream $q->streamId");
    },
    '/close' => fn ($q, $r) => [$r->end(str_repeat('c', 100000)), $server->close($q->fd)],
    '/cut' => fn ($q, $r) => $server->close($q->fd, true),
    '/slow' => fn ($q, $r) => [usleep(300000), $r->end('slow')],
];
$server->on('request', function ($q, $r) use ($routes) {
    ($routes[$q->server['path_info']] ?? fn ($q, $r) => [$r->status(404), $r->end('no route')])($q, $r);
});
$server->on('task', fn () => null);
$server->on('message', fn ($s, $frame) => $s->push($frame->fd, $frame->data));
$server->on('open', fn () => null);
$server->on('connect', fn ($s, $fd) => print("connect $fd\n"));
$server->on('close', fn ($s, $fd) => print("close $fd\n"));
$server->start();
