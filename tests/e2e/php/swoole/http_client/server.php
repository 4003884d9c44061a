<?php
/* A server of ours: HTTP that tells what it was asked, WebSocket that says every message back. */
$server = new Swoole\WebSocket\Server('127.0.0.1', (int)getenv('RS_PORT'));
$server->set(['worker_num' => 2, 'websocket_compression' => true, 'package_max_length' => 8 << 20, 'log_level' => SWOOLE_LOG_NONE]);
$server->on('message', function ($server, $frame): void {
    if ($frame->data === 'close') {
        $server->disconnect($frame->fd, 4001, 'because');
    } elseif ($frame->data === 'ping') {
        $server->push($frame->fd, 'are you there', WEBSOCKET_OPCODE_PING);
    } elseif (str_starts_with($frame->data, 'many ')) {
        for ($i = 0; $i < (int)substr($frame->data, 5); $i++) {
            $server->push($frame->fd, (string)$i);
        }
    } else {
        $server->push($frame->fd, $frame->data, $frame->opcode, SWOOLE_WEBSOCKET_FLAG_FIN | SWOOLE_WEBSOCKET_FLAG_COMPRESS);
    }
});
$server->on('request', function ($request, $response): void {
    $files = array_map(fn ($f) => [$f['name'], $f['type'], file_get_contents($f['tmp_name'])], $request->files ?? []);
    $response->header('X-Seen', json_encode([$request->header, $request->cookie]));
    $response->cookie('seen', 'ä;b', time() + 100);
    $response->end(json_encode(['get' => $request->get, 'post' => $request->post, 'files' => $files, 'raw' => strlen($request->getContent())]));
});
$server->start();
