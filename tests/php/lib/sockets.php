<?php

declare(strict_types=1);

/* Handlers of ports, as an application has them. */

namespace App\Testing;

use Closure;
use Hhxsv5\LaravelS\Swoole\Socket\Http;
use Hhxsv5\LaravelS\Swoole\Socket\TcpSocket;
use Hhxsv5\LaravelS\Swoole\Socket\UdpSocket;
use Hhxsv5\LaravelS\Swoole\Socket\WebSocket;
use Hhxsv5\LaravelS\Swoole\WebSocketHandlerInterface;
use Swoole\Http\Request;
use Swoole\Http\Response;
use Swoole\WebSocket\Frame;
use Swoole\WebSocket\Server;
use TypeError;

trait Tells
{
    private function who(): array
    {
        return ['user' => auth()->user()?->email, 'id' => auth()->id(), 'tag' => session('tag'), 'path' => request()->path(),
            'query' => request()->query('x'), 'agent' => request()->header('user-agent'), 'facade' => \Auth::check(),
            'request' => request()->user()?->email];
    }

    public function onOpen(Server $server, Request $request)
    {
        Chat::$seen[] = ['open', $request->fd] + $this->who();
        Chat::$during !== null && (Chat::$during)($server, $request);
    }

    public function onMessage(Server $server, Frame $frame)
    {
        Chat::$seen[] = ['message', $frame->fd] + $this->who();
        Chat::$during !== null && (Chat::$during)($server, $frame);
    }

    public function onClose(Server $server, $fd, $reactorId)
    {
        Chat::$seen[] = ['close', $fd] + $this->who();
    }
}

class Chat implements WebSocketHandlerInterface
{
    use Tells;

    /** @var list<array<array-key, mixed>> */
    public static array $seen = [];

    public static ?Closure $during = null;

    public static int $made = 0;

    public function __construct()
    {
        self::$made++;
    }
}

class OwnHandshake extends WebSocket
{
    use Tells;

    public function onHandShake(Request $request, Response $response)
    {
        if (($request->header['x-refuse'] ?? '') !== '') {
            $response->status(403);
        } else {
            $response->header('Sec-WebSocket-Accept', 'mine');
            $response->status(101);
        }
        $response->end();
    }
}

class Tcp extends TcpSocket
{
    /** @var list<array{string, int}> */
    public static array $seen = [];

    public function onReceive(\Swoole\Server $server, $fd, $reactorId, $data)
    {
        self::$seen[] = [$data, $this->swoolePort->port];
        if ($data === 'throw') {
            throw new TypeError('in a port');
        }
    }
}

class Plain extends Http
{
    public function onRequest(Request $request, Response $response)
    {
        if ($request->fd === 9) {
            throw new TypeError('in onRequest');
        }
        $response->end('plain');
    }
}

class Udp extends UdpSocket
{
    public function onPacket(\Swoole\Server $server, $data, array $clientInfo)
    {
    }
}
