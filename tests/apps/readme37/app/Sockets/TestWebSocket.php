<?php

namespace App\Sockets;

use Hhxsv5\LaravelS\Swoole\Socket\WebSocket;
use Swoole\Http\Request;
use Swoole\WebSocket\Frame;
use Swoole\WebSocket\Server;

/** Registered in the README, which does not show it. */
class TestWebSocket extends WebSocket
{
    public function onOpen(Server $server, Request $request)
    {
        $server->push($request->fd, 'Welcome to LaravelS');
    }

    public function onMessage(Server $server, Frame $frame)
    {
        $server->push($frame->fd, 'LaravelS: ' . $frame->data);
    }

    public function onClose(Server $server, $fd, $reactorId)
    {
    }
}
