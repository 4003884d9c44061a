<?php
/* Notes 1.6: what is for before start and what for after it. */
$serv = new swoole_server('127.0.0.1', getenv('RS_PORT'), SWOOLE_PROCESS);
$serv->set(array('worker_num' => 3, 'task_worker_num' => 1));
set_error_handler(function ($level, $text) {
    echo "E{$level} {$text}\n";
    return true;
});
var_dump($serv->send(1, 'x'), $serv->task('x'), $serv->reload(), $serv->shutdown());
$serv->on('receive', function ($serv, $fd) {
    $serv->on('close', fn () => null);
    $serv->set(array());
    $serv->listen('127.0.0.1', 0, SWOOLE_SOCK_TCP);
    $serv->addProcess(new swoole_process(fn () => null));
    $serv->start();
    $serv->send($fd, "done\n");
});
$serv->on('task', fn () => null);
$serv->start();
