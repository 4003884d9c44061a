<?php

declare(strict_types=1);

/*
 * The server of ws_load.c's broadcast, on RS_PORT: "fill" pushes binary messages to the client until bytes wait for it in the
 * server; "filled" is answered when all fillings are done; "broadcast" pushes a text to every connection, then tells the sender
 * as JSON how long that took this process and to how many it went.
 */

$server = new Swoole\WebSocket\Server('127.0.0.1', (int)getenv('RS_PORT'));
$server->set((array)json_decode((string)getenv('RS_SETTINGS'), true) + ['worker_num' => 1]);

$commands = [
    'fill' => static function (Swoole\WebSocket\Server $server, int $fd): void {
        $piece = str_repeat('f', 65536);
        for ($i = 0; $i < 1000 && $server->getClientInfo($fd)['send_queued_bytes'] < 65536; $i++) {
            $server->push($fd, $piece, WEBSOCKET_OPCODE_BINARY);
            usleep(100); // the reactor has to see it, and the board to show it
        }
    },
    'filled' => static function (Swoole\WebSocket\Server $server, int $fd): void {
        $server->push($fd, '"filled"', WEBSOCKET_OPCODE_BINARY);
    },
    'broadcast' => static function (Swoole\WebSocket\Server $server, int $fd): void {
        $text = str_repeat('b', (int)(getenv('RS_BYTES') ?: 64));
        $began = hrtime(true);
        $pushed = 0;
        foreach ($server->connections as $each) {
            $pushed += (int)$server->push($each, $text);
        }
        $report = ['pushed' => $pushed, 'ms' => (hrtime(true) - $began) / 1e6];
        $server->push($fd, json_encode($report), WEBSOCKET_OPCODE_BINARY);
    },
];
$server->on('message', static function (Swoole\WebSocket\Server $server, Swoole\WebSocket\Frame $frame) use ($commands): void {
    $commands[$frame->data]($server, $frame->fd);
});
$server->start();
