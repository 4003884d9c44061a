<?php
/* Notes, the modes a server can run in: RS_MODE. */
$server = new swoole_server('127.0.0.1', getenv('RS_PORT'), constant(getenv('RS_MODE')));
$server->set(array('worker_num' => 2));
$server->on('receive', function ($server, $fd, $from_id, $data) {
    $server->send($fd, json_encode([$server->mode, $data]));
});
$server->start();
