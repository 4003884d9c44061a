<?php
/* A word from one process of the server to another, and its end from inside. */
$serv = new swoole_server('127.0.0.1', getenv('RS_PORT'), SWOOLE_PROCESS);
$serv->set(array('worker_num' => 2, 'task_worker_num' => 1));
$serv->on('pipeMessage', function ($serv, $src, $message) {
    echo json_encode([$serv->worker_id, $src, $message]) . "\n";
});
$serv->on('receive', function ($serv, $fd, $from_id, $data) {
    switch (trim($data)) {
        case 'message':
            $out = [];
            foreach ([0, 1, 2] as $id) {
                $out[] = $id === $serv->worker_id ? @$serv->sendMessage('self', $id) : $serv->sendMessage(['to' => $id], $id);
            }
            return $serv->send($fd, json_encode([$serv->worker_id, $out]) . "\n");
        case 'shutdown':
            return $serv->shutdown();
    }
});
$serv->on('task', fn () => null);
$serv->on('workerStop', fn ($serv, $id) => print("stop {$id}\n"));
$serv->on('managerStop', fn () => print("manager stop\n"));
$serv->on('shutdown', fn () => print("shutdown\n"));
var_dump($serv->start());
