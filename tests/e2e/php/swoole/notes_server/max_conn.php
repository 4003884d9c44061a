<?php
/* Notes, max_conn: "more than this number: new connections are refused". The least is (worker_num + task_worker_num) * 2 + 32. */
$serv = new swoole_server('127.0.0.1', getenv('RS_PORT'), SWOOLE_PROCESS);
$serv->set(array('worker_num' => 1, 'max_conn' => 40));
$serv->on('receive', function ($serv, $fd, $from_id, $data) {
    $serv->send($fd, $data);
});
$serv->start();
