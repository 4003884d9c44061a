<?php
/* Notes, max_request: a worker ends after so many requests, and another one with the same number follows. */
$serv = new swoole_server('127.0.0.1', getenv('RS_PORT'), SWOOLE_PROCESS);
$serv->set(array('worker_num' => 1, 'max_request' => 5, 'task_worker_num' => 1, 'task_max_request' => 3));
$serv->on('workerStart', function ($serv, $id) {
    echo ($serv->taskworker ? "task " : "") . "worker {$id}\n";
});
$serv->on('receive', function ($serv, $fd, $from_id, $data) {
    if (trim($data) === 'task') {
        $serv->send($fd, $serv->taskwait('pid', 10) . "\n");
    } else {
        $serv->send($fd, $serv->worker_pid . "\n");
    }
});
$serv->on('task', fn ($serv, $id, $from, $data) => $serv->worker_pid);
$serv->on('finish', fn () => null);
$serv->start();
