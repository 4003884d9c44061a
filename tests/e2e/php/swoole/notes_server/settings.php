<?php
/* Notes 1.3, all in one call: quotes as PHP has them, the missing comma added, numbers where the notes leave a gap. */
$serv = new swoole_server('127.0.0.1', getenv('RS_PORT'), SWOOLE_PROCESS);
var_dump($serv->set(array(
   'max_conn'=>2000, //how many connections at most
   'reactor_num' => 2, //reactor thread num
   'worker_num' => 4,    //worker processes
   'max_request'=>0,
   'backlog' => 128,   //listen backlog
   'max_request' => 50,
   'dispatch_mode' => 1,
   'task_worker_num'=>1,
   'log_file'=>getenv('RS_DIR') . '/log',
   'log_level'=>0,
   'heartbeat_check_interval'=>60,
   'heartbeat_idle_time'=>600,
   'daemonize'=>0,
   'open_eof_check'=>true,
   'package_eof' => "\r\n",
   'user'=>'root',
)));
$serv->on('task', fn () => null);
$serv->on('finish', fn () => null);
$serv->on('workerStart', function ($serv, $id) {
    if ($id === 0) {
        echo json_encode($serv->setting) . "\n";
        echo "from 1.3: {$serv->setting['worker_num']}\n";
        var_dump(@$serv->set(array('worker_num' => 1)));
    }
});
$serv->on('receive', function ($serv, $fd, $from_id, $data) {
    $serv->send($fd, $data);
});
$serv->start();
