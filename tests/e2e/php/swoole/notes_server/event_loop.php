<?php
/* Notes, EventLoop: a socket that PHP's stream functions have made, in the loop of a worker. */
$serv = new swoole_server('127.0.0.1', getenv('RS_PORT'), SWOOLE_PROCESS);
$serv->set(array('worker_num' => 1));
$serv->addListener('127.0.0.1', getenv('RS_PORT2'), SWOOLE_SOCK_TCP)->on('connect', fn ($serv, $fd) => $serv->send($fd, 'from the other port'));
$serv->on('receive', function ($serv, $fd, $from_id, $data) {
    $socket = stream_socket_client('tcp://127.0.0.1:' . getenv('RS_PORT2'));
    swoole_event_add($socket, function ($socket) use ($serv, $fd) {
        $serv->send($fd, fread($socket, 8192));
        swoole_event_del($socket);
        fclose($socket);
    });
});
$serv->start();
