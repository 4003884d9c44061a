<?php

declare(strict_types=1);

namespace Rserverd\Server;

use Closure;
use Illuminate\Http\Request as LaravelRequest;
use Swoole\Http\Request;
use Swoole\Http\Response;
use Swoole\WebSocket\Frame;
use Swoole\WebSocket\Server;

/**
 * WebSocket connections of one port. An upgrade goes through the routes; what they bind is still bound in onOpen, and
 * comes back as the connection's identity in onMessage and onClose.
 */
final class WebSockets
{
    /**
     * @param Closure(): object $handler
     * @param list<string>      $protocols that we want; empty: all
     */
    public function __construct(
        private readonly Hosted $host,
        private readonly Server $server,
        private readonly Identities $identities,
        private readonly Closure $handler,
        private readonly array $protocols,
        private readonly bool $gate,
        private readonly string $name,
    ) {
    }

    public function attach(object $port): void
    {
        $port->on('handshake', $this->handshake(...));
        $port->on('message', $this->message(...));
        $port->on('close', $this->close(...));
    }

    private function handshake(Request $request, Response $response): void
    {
        $scope = $this->host->scope();
        $scope->request();
        [$left, $printed] = [true, ''];
        $scope->atEnd(function () use ($request, $response, &$left, &$printed): void {
            $left && $response->isWritable() && $this->afterExit($request, $response, $printed);
        });
        $done = Calls::guarded("a WebSocket upgrade of the $this->name", function () use ($request, $response, &$printed): void {
            $this->upgrade($request, $response, $printed);
        });
        $left = false;
        if (!$done && $response->isWritable()) {
            $response->status(500);
            $response->end();
        }
    }

    private function upgrade(Request $request, Response $response, string &$printed): void
    {
        [$routed, $answer] = $this->host->route($printed);
        if ($this->gate && $answer->getStatusCode() >= 300) {
            Refusal::send($answer, $response);

            return;
        }
        Refusal::cookies($answer, $response);
        $this->shake($request, $response, $routed);
    }

    /** The routes did not answer. With a gate, what they printed is the answer. */
    private function afterExit(Request $request, Response $response, string $printed): void
    {
        if ($this->gate) {
            $response->status((int) (http_response_code() ?: 200));
            $response->end($printed);
        } else {
            $this->shake($request, $response, $this->host->app()->make('request'));
        }
    }

    private function shake(Request $request, Response $response, LaravelRequest $routed): void
    {
        $server = \Rserverd\settings()['server'];
        if ($server !== '') {
            $response->header('Server', $server);
        }
        $handler = ($this->handler)();
        if (method_exists($handler, 'onHandShake')) {
            $handler->onHandShake($request, $response);
        } else {
            Handshake::answer($request, $response, $this->protocols);
        }
        if (isset($response->header['Sec-Websocket-Accept'])) {
            $this->opened($handler, $request, $routed);
        }
    }

    private function opened(object $handler, Request $request, LaravelRequest $routed): void
    {
        $session = $routed->hasSession() ? new OpenSession($routed->session()) : null;
        $this->host->scope()->atEnd(function () use ($request, $routed, $session): void {
            $session?->save();
            if ($this->server->exist($request->fd)) {
                $this->identities->put($this->server, $request->fd, Identity::current($this->host->app(), $routed));
            }
        });
        Calls::guarded('onOpen of ' . $handler::class, fn () => $handler->onOpen($this->server, $request));
    }

    private function message(Server $server, Frame $frame): void
    {
        $this->host->scope()->begin();
        $this->as($frame->fd, 'onMessage', fn (object $handler) => $handler->onMessage($server, $frame));
    }

    private function close(Server $server, int $fd, int $reactor): void
    {
        $this->host->scope()->closing(function () use ($server, $fd, $reactor): void {
            $this->host->scope()->atEnd(fn () => $this->identities->drop($fd));
            $this->as($fd, 'onClose', static fn (object $handler) => $handler->onClose($server, $fd, $reactor));
        });
    }

    /** @param Closure(object): mixed $call */
    private function as(int $fd, string $what, Closure $call): void
    {
        Calls::guarded("$what of the $this->name", function () use ($fd, $call): void {
            $this->identities->of($fd)?->restore($this->host);
            $call(($this->handler)());
        });
    }
}
