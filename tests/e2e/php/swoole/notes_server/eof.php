<?php
/* Notes, open_eof_check: given to a worker only when the end is the mark. RS_MAX: what never ends is closed at the limit. */
$serv = new swoole_server('127.0.0.1', getenv('RS_PORT'), SWOOLE_PROCESS);
$serv->set(array(
    'open_eof_check' => true, //look for EOF
    'package_eof' => "\r\n", //the EOF
    ));
$serv->set(array('worker_num' => 1, 'package_max_length' => 100000));
$serv->on('receive', function ($serv, $fd, $from_id, $data) {
    $serv->send($fd, json_encode($data));
});
$serv->on('close', fn ($serv, $fd) => print("close {$fd}\n"));
$serv->start();
