<?php

declare(strict_types=1);

/* A WebSocket server on RS_PORT that says back what it hears. RS_SETTINGS: more settings, as JSON. */

$server = new Swoole\WebSocket\Server('127.0.0.1', (int)getenv('RS_PORT'));
$server->set((array)json_decode((string)getenv('RS_SETTINGS'), true));
$server->on('message', static function (Swoole\WebSocket\Server $server, Swoole\WebSocket\Frame $frame): void {
    $server->push($frame->fd, $frame->data);
});
$server->start();
