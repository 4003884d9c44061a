<?php
/* One server, several ports, each with settings and callbacks of its own (B.2). Ports: TCP, TCP, UDP, TCP without a set() of its own. */
$path = getenv('RS_DIR');
$server = new Swoole\Server('127.0.0.1', (int)getenv('RS_PORT'), SWOOLE_PROCESS);
$server->set(['worker_num' => 2, 'enable_coroutine' => false, 'open_eof_split' => true, 'package_eof' => "\n"]);
$name = fn($server, $fd) => $server->getClientInfo($fd)['server_port'];
$server->on('receive', fn($server, $fd, $reactor, $data) => $server->send($fd, "main {$name($server, $fd)} [" . trim($data) . "]\n"));
$own = $server->listen('127.0.0.1', (int)getenv('RS_PORT2'), SWOOLE_SOCK_TCP);
$own->set(['open_length_check' => true, 'package_length_type' => 'n', 'package_length_offset' => 0, 'package_body_offset' => 2]);
$own->on('receive', fn($server, $fd, $reactor, $data) => $server->send($fd, 'own ' . strlen($data) . "\n"));
$udp = $server->addlistener('127.0.0.1', (int)getenv('RS_PORT3'), SWOOLE_SOCK_UDP);
$udp->on('packet', function ($server, $data, $info) {
    echo json_encode([$server->sendto('not an address', 9, 'x'), $server->sendto('300.1.1.1', 9, 'x')]) . "\n";
    $server->sendto($info['address'], $info['port'], json_encode([$data, array_keys($info), $info['server_port']]), $info['server_socket']);
});
$bare = $server->listen('127.0.0.1', (int)getenv('RS_PORT4'), SWOOLE_SOCK_TCP);
$unix = $server->listen("$path/stream.sock", 0, SWOOLE_SOCK_UNIX_STREAM);
$unix->set([]);
$unix->on('receive', fn($server, $fd, $reactor, $data) => $server->send($fd, "unix $data " . json_encode($server->getClientInfo($fd)['remote_ip'])));
$dgram = $server->listen("$path/dgram.sock", 0, SWOOLE_SOCK_UNIX_DGRAM);
$dgram->on('packet', fn($server, $data, $info) => $server->send($info['address'], "dgram $data"));
echo json_encode(array_map(fn($p) => [$p->host, $p->port, $p->type], $server->ports)) . "\n";
var_dump($server->start());
