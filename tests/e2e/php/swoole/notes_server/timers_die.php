<?php
/* Notes 1.12: "when a worker process ends, all its timers are gone". */
$ser = new swoole_server('127.0.0.1', getenv('RS_PORT'), SWOOLE_PROCESS);
$ser->set(array('worker_num' => 1, 'max_wait_time' => 1));
$ser->on('receive', function ($ser, $fd, $from_id, $data) {
    if (trim($data) === 'reload') {
        $ser->reload();
    } elseif (trim($data) === 'pid') {
        $ser->send($fd, "pid {$ser->worker_pid}\n");
    } else {
        $ser->tick(10,function($id) use ($ser,$fd,$data){ //id for clearTimer($id);
            $ser->send($fd, "tick of {$ser->worker_pid}\n");
        });
    }
});
$ser->start();
