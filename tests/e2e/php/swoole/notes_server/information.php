<?php
/* Notes 1.15, 1.16 and the list of properties. */
$server = new swoole_server('127.0.0.1', getenv('RS_PORT'), SWOOLE_PROCESS);
$server->set(array('worker_num' => 2, 'task_worker_num' => 2));
$server->on('start', fn ($s) => print(json_encode(['start', $s->master_pid, $s->manager_pid, $s->worker_id, getmypid()]) . "\n"));
$server->on('managerStart', fn ($s) => print(json_encode(['manager', $s->master_pid, $s->manager_pid, $s->worker_id, getmypid()]) . "\n"));
$server->on('workerStart', function ($s, $worker_id) {
    echo json_encode(['worker', $s->master_pid, $s->manager_pid, $s->worker_id, $s->worker_pid, $s->taskworker, $worker_id, posix_getpid()]) . "\n";
});
$server->on('task', fn () => null);
$server->on('finish', fn () => null);
$server->on('receive', function ($s, $fd, $from_id, $data) {
    switch (trim($data)) {
        case 'info':
            return $s->send($fd, json_encode([$s->connection_info($fd, $from_id), $s->connection_info($fd, $from_id, true) !== false,
                $s->connection_info(9999, $from_id)]) . "\n");
        case 'stats':
            return $s->send($fd, json_encode($s->stats()) . "\n");
        case 'fd':
            return $s->send($fd, "{$fd}\n");
        case 'connections':
            $all = [];
            foreach ($s->connections as $conn) {
                $all[] = $conn;
            }
            return $s->send($fd, json_encode([$all, is_array($s->connections), count($s->connections), $s->connection_list(), $s->connection_list(end($all))]) . "\n");
        case 'setting':
            return $s->send($fd, $s->setting['worker_num'] . "\n");
    }
});
$server->start();
