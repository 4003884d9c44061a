<?php
/* Notes 1.4, 1.11: a process of the server that reads its pipe and sends to all connections. $pro is the process's parameter:
   the notes' closure does not have it. */
$ser = new swoole_server('127.0.0.1', getenv('RS_PORT'), SWOOLE_PROCESS);
$ser->set(array('worker_num' => 2));
$pro = new swoole_process(function($pro) use ($ser){
        while(true){
            $msg = $pro->read();
            foreach($ser->connections as $conn){
                   $ser->send($conn,$msg);
            }
        }
    });
var_dump($ser->addProcess($pro) > 0);
$ser->on('receive', function ($ser, $fd, $from_id, $data) use ($pro) {
    $pro->write($data);
});
$ser->start();
