<?php
/* Notes, [WebSocket]: "onMessage must be set, or the server does not start". */
$server = new swoole_websocket_server('127.0.0.1', getenv('RS_PORT'));
$server->on('open', fn () => null);
$server->start();
echo "started\n";
