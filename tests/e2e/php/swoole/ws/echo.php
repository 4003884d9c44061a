<?php
/* Says every message back as it came. */
$server = new Swoole\WebSocket\Server('127.0.0.1', (int) getenv('RS_PORT'));
$server->set([
    'worker_num' => 2,
    'enable_coroutine' => false,
    'package_max_length' => 32 << 20,
    'socket_buffer_size' => 128 << 20,
    'log_level' => SWOOLE_LOG_NONE,
]);
$server->on('message', function ($server, $frame) {
    $server->push($frame->fd, $frame->data, $frame->opcode);
});
$server->start();
