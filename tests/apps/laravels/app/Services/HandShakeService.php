<?php

declare(strict_types=1);

namespace App\Services;

use App\Testing\Report;
use Hhxsv5\LaravelS\Swoole\WebSocketHandlerInterface;
use Swoole\Http\Request;
use Swoole\Http\Response;
use Swoole\WebSocket\Frame;
use Swoole\WebSocket\Server;

/** A handshake of its own: who has no token is answered 401, the others get a sub-protocol and a header. */
class HandShakeService implements WebSocketHandlerInterface
{
    public function __construct()
    {
    }

    public function onHandShake(Request $request, Response $response)
    {
        if (($request->get['token'] ?? '') !== 'secret') {
            $response->status(401);
            $response->end('no token');

            return;
        }
        $key = base64_encode(sha1($request->header['sec-websocket-key'] . '258EAFA5-E914-47DA-95CA-C5AB0DC85B11', true));
        foreach (['Upgrade' => 'websocket', 'Connection' => 'Upgrade', 'Sec-WebSocket-Accept' => $key, 'Sec-WebSocket-Version' => '13', 'X-Shaken' => 'by hand'] as $name => $value) {
            $response->header($name, $value);
        }
        if (isset($request->header['sec-websocket-protocol'])) {
            $response->header('Sec-WebSocket-Protocol', 'chosen');
        }
        $response->status(101);
        $response->end();
    }

    public function onOpen(Server $server, Request $request)
    {
        Report::add('shaken', ['fd' => $request->fd, 'path' => request()->path()]);
        $server->push($request->fd, 'opened ' . request()->path());
    }

    public function onMessage(Server $server, Frame $frame)
    {
        $server->push($frame->fd, 'by hand: ' . $frame->data);
    }

    public function onClose(Server $server, $fd, $reactorId)
    {
        Report::add('unshaken', ['fd' => $fd]);
    }
}
