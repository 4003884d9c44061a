<?php

declare(strict_types=1);

namespace App\Sockets;

use App\Testing\Report;
use Hhxsv5\LaravelS\Swoole\Socket\WebSocket;
use Swoole\Http\Request;
use Swoole\Http\Response;
use Swoole\WebSocket\Frame;
use Swoole\WebSocket\Server;

/** Shakes hands itself; the upgrade has gone through the router before. */
class ChatSocket extends WebSocket
{
    public function onHandShake(Request $request, Response $response)
    {
        $key = base64_encode(sha1($request->header['sec-websocket-key'] . '258EAFA5-E914-47DA-95CA-C5AB0DC85B11', true));
        $response->header('Upgrade', 'websocket');
        $response->header('Connection', 'Upgrade');
        $response->header('Sec-WebSocket-Accept', $key);
        $response->header('X-Shaken', 'by hand');
        $response->status(101);
        $response->end();
    }

    public function onOpen(Server $server, Request $request)
    {
        Report::add('chat', ['fd' => $request->fd, 'path' => request()->path(), 'user' => auth()->user()?->email]);
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
