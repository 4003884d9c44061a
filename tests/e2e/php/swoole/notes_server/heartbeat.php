<?php
/* Notes, heartbeat_check_interval: who sends nothing for so long is closed; the server sends no probes. */
$serv = new swoole_server('127.0.0.1', getenv('RS_PORT'), SWOOLE_PROCESS);
$serv->set(array(
    'worker_num' => 1,
    'heartbeat_check_interval' => 1,
    'heartbeat_idle_time' => 2,
));
$serv->on('receive', function ($serv, $fd, $from_id, $data) {
    $serv->send($fd, $data);
});
$serv->on('close', fn ($serv, $fd, $from_id) => print("close {$fd} " . ($from_id >= 0 ? "reactor" : "server") . "\n"));
$serv->start();
