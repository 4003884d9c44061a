<?php
/* Notes, task_worker_num: "onTask must be registered, or the server does not start". */
$serv = new swoole_server('127.0.0.1', getenv('RS_PORT'));
$serv->set(array('task_worker_num' => 1));
$serv->on('receive', fn () => null);
$serv->start();
echo "started\n";
