<?php

declare(strict_types=1);

namespace App\Sockets;

use App\Testing\Report;
use Hhxsv5\LaravelS\Swoole\Socket\WebSocket;
use Swoole\Http\Request;
use Swoole\WebSocket\Frame;
use Swoole\WebSocket\Server;

class ChatSocket extends WebSocket
{
    public function onOpen(Server $server, Request $request)
    {
        Report::add('chat', ['fd' => $request->fd]);
        $server->push($request->fd, 'chat on ' . $this->swoolePort->port);
    }

    public function onMessage(Server $server, Frame $frame)
    {
        $server->push($frame->fd, 'chat: ' . $frame->data);
    }

    public function onClose(Server $server, $fd, $reactorId)
    {
        Report::add('chatted', ['fd' => $fd]);
    }
}
