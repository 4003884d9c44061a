<?php
/* Notes 1.2, 1.5: more ports, IPv4 and IPv6, TCP, UDP and Unix; connection_info tells the port of a connection. */
$serv = new swoole_server('127.0.0.1', getenv('RS_PORT'), SWOOLE_PROCESS, SWOOLE_SOCK_TCP);
$serv->set(array('worker_num' => 2));
$serv->addlistener("127.0.0.1", getenv('RS_PORT2'), SWOOLE_SOCK_TCP);
$serv->addListener("::1", getenv('RS_PORT3'), SWOOLE_SOCK_TCP6);
$serv->listen("127.0.0.1", getenv('RS_PORT4'), SWOOLE_SOCK_UDP);
$serv->listen(getenv('RS_DIR') . '/server.sock', 0, SWOOLE_UNIX_STREAM);
$serv->listen("::", getenv('RS_PORT5'), SWOOLE_SOCK_UDP6);
foreach ($serv->ports as $port) {
    echo get_class($port) . " {$port->type} {$port->host} {$port->port}\n";
}
$serv->on('receive', function (swoole_server $serv, $fd, $from_id, $data) {
    $info = $serv->connection_info($fd, $from_id);
    $serv->send($fd, "{$info['server_port']} {$info['socket_type']} {$data}", $from_id);
});
$serv->on('packet', function (swoole_server $serv, $data, $info) {
    $serv->sendto($info['address'], $info['port'], "{$info['server_port']} {$info['address']} {$data}", $info['server_socket']);
});
$serv->start();
