<?php
/* Notes, user: the main process stays root, the others run as this user. */
$serv = new swoole_server('127.0.0.1', getenv('RS_PORT'), SWOOLE_PROCESS);
$serv->set(array('worker_num' => 1, 'task_worker_num' => 1, 'user' => 'nobody'));
$serv->addProcess(new swoole_process(function () {
    echo "process " . posix_geteuid() . "\n";
    while (true) {
        sleep(1);
    }
}));
$serv->on('start', fn () => print("master " . posix_geteuid() . "\n"));
$serv->on('workerStart', fn ($serv) => print(($serv->taskworker ? "task " : "worker ") . posix_geteuid() . "\n"));
$serv->on('task', fn () => null);
$serv->on('finish', fn () => null);
$serv->on('receive', fn () => null);
$serv->start();
