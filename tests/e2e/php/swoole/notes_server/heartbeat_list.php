<?php
/* Notes 1.19: heartbeat() looks at all connections and finds those that were silent for too long; true: and closes them. */
$serv = new swoole_server('127.0.0.1', getenv('RS_PORT'), SWOOLE_PROCESS);
$serv->set(array('worker_num' => 1, 'heartbeat_idle_time' => 5, 'heartbeat_check_interval' => 600));
$serv->on('receive', function ($serv, $fd, $from_id, $data) {
    switch (trim($data)) {
        case 'fd':
            return $serv->send($fd, "{$fd}\n");
        case 'list':
            return $serv->send($fd, json_encode($serv->heartbeat(false)) . "\n");
        case 'close':
            return $serv->send($fd, json_encode($serv->heartbeat(true)) . "\n");
    }
});
$serv->start();
