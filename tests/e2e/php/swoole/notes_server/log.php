<?php
/* Notes, log_file and log_level: what is below the level is not written. An unknown setting makes a NOTICE line (3). */
$serv = new swoole_server('127.0.0.1', getenv('RS_PORT'), SWOOLE_PROCESS);
$serv->set(array('worker_num' => 1, 'log_file' => getenv('RS_DIR') . '/log', 'log_level' => (int) getenv('RS_LEVEL')));
$serv->set(array('no_such_setting' => 1));
$serv->on('receive', fn () => null);
$serv->on('start', fn () => print("to the terminal\n"));
$serv->start();
