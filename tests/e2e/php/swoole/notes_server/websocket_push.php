<?php
/* Notes, push: to anybody, from anywhere, up to the limit. */
$server = new swoole_websocket_server('127.0.0.1', getenv('RS_PORT'), SWOOLE_PROCESS);
$server->set(array('worker_num' => 2, 'task_worker_num' => 1, 'buffer_output_size' => 2 << 20));
$server->on('message', function (swoole_server $ser, swoole_websocket_frame $frame) {
    if ($frame->data === 'all') {
        $ser->task($frame->fd);
    } else {
        $ser->push($frame->fd, json_encode(@$ser->push($frame->fd, str_repeat('x', (int) $frame->data))));
    }
});
$server->on('task', function ($ser, $task_id, $from_id, $data) { //a chat server's use of a task
    foreach ($ser->connections as $fd) {
        if ($ser->isEstablished($fd)) {
            $ser->push($fd, "from {$data}");
        }
    }
});
$server->on('request', fn ($request, $response) => $response->end('plain'));
$server->start();
