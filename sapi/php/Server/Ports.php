<?php

declare(strict_types=1);

namespace Rserverd\Server;

use Closure;
use Hhxsv5\LaravelS\Swoole\Socket\HttpInterface;
use Hhxsv5\LaravelS\Swoole\Socket\PortInterface;
use Hhxsv5\LaravelS\Swoole\Socket\TcpInterface;
use Hhxsv5\LaravelS\Swoole\Socket\WebSocketInterface;
use Swoole\Http\Request;
use Swoole\Http\Response;
use Swoole\Server;
use Swoole\Server\Port;
use UnexpectedValueException;

/** sockets: extra ports, each with a handler object of its own, made in the worker when its first event comes. */
final class Ports
{
    /** Swoole\Server's name of an event => the handler's method; those of WebSocket are WebSockets'. */
    private const EVENTS = ['connect' => 'onConnect', 'receive' => 'onReceive', 'packet' => 'onPacket', 'close' => 'onClose',
        'bufferFull' => 'onBufferFull', 'bufferEmpty' => 'onBufferEmpty'];

    /** What the handler's kind says of the port, where the port's settings say nothing. */
    private const PROTOCOLS = [
        WebSocketInterface::class => ['open_http_protocol' => true, 'open_websocket_protocol' => true],
        HttpInterface::class => ['open_http_protocol' => true, 'open_websocket_protocol' => false],
        TcpInterface::class => ['open_http_protocol' => false, 'open_websocket_protocol' => false],
    ];

    /** SWOOLE_SOCK_* of datagrams, and what SWOOLE_SSL adds */
    private const DATAGRAMS = [2, 4, 6];

    private const SSL = 512;

    /** @param (Closure(Closure(): object, string): WebSockets)|null $webSockets handler, name of the port; null: there are none */
    public function __construct(private readonly Hosted $host, private readonly ?Closure $webSockets)
    {
    }

    /** @param array<string, mixed> $socket one of sockets */
    public static function isWebSocket(array $socket): bool
    {
        return $socket['enable'] && (($socket['settings']['open_websocket_protocol'] ?? false)
            || is_subclass_of($socket['handler'], WebSocketInterface::class));
    }

    /** @param array<string, array<string, mixed>> $sockets */
    public function attach(Server $server, array $sockets): void
    {
        foreach ($sockets as $name => $socket) {
            if ($socket['enable']) {
                Check::implements("sockets.$name.handler", $socket['handler'], PortInterface::class);
                $socket['settings'] = self::settings($socket);
                self::checkKind("sockets.$name.handler", $socket);
                $port = $server->listen($socket['host'], $socket['port'], $socket['type']);
                if ($port === false) {
                    throw new UnexpectedValueException("sockets.$name: {$socket['host']}:{$socket['port']} is no address");
                }
                $this->listen($port, "port $name", $socket);
            }
        }
    }

    /** @param array<string, mixed> $socket */
    private function listen(Port $port, string $name, array $socket): void
    {
        $class = $socket['handler'];
        $settings = $socket['settings'];
        $port->set($settings);
        $handler = static function () use ($port, $class): object {
            static $made = null;

            return $made ??= new $class($port);
        };
        if ($settings['open_websocket_protocol'] ?? false) {
            ($this->webSockets)($handler, $name)->attach($port);
        } else {
            $this->forward($port, $name, $class, $handler);
        }
        if (method_exists($class, 'onRequest')) {
            $port->on('request', fn (Request $request, Response $response) => $this->request($name, $handler, $request, $response));
        }
    }

    /**
     * What the handler's kind implies is added.
     *
     * @param array<string, mixed> $socket
     *
     * @return array<string, mixed>
     */
    private static function settings(array $socket): array
    {
        $settings = $socket['settings'];
        foreach (self::PROTOCOLS as $kind => $implied) {
            if (is_subclass_of($socket['handler'], $kind)) {
                $settings += $implied;
            }
        }

        return $settings;
    }

    /**
     * Does the handler have what such a port calls?
     *
     * @param array<string, mixed> $socket
     */
    private static function checkKind(string $where, array $socket): void
    {
        [$method, $kind, $base] = match (true) {
            in_array($socket['type'] & ~self::SSL, self::DATAGRAMS, true) => ['onPacket', 'datagram', 'UdpSocket'],
            (bool) ($socket['settings']['open_websocket_protocol'] ?? false) => ['onMessage', 'WebSocket', 'WebSocket'],
            (bool) ($socket['settings']['open_http_protocol'] ?? false) => ['onRequest', 'HTTP', 'Http'],
            default => ['onReceive', 'stream', 'TcpSocket'],
        };
        if (!method_exists($socket['handler'], $method)) {
            throw new UnexpectedValueException("$where: {$socket['handler']} has no $method(), which a $kind port calls; allowed: a class that "
                . "extends Hhxsv5\\LaravelS\\Swoole\\Socket\\$base");
        }
    }

    /** @param Closure(): object $handler */
    private function forward(Port $port, string $name, string $class, Closure $handler): void
    {
        $scope = $this->host->scope();
        foreach (self::EVENTS as $event => $method) {
            if (!method_exists($class, $method)) {
                continue;
            }
            $call = static fn (array $arguments) => Calls::guarded("$method of the $name",
                static fn () => $handler()->$method(...$arguments));
            $port->on($event, $event === 'close'
                ? static fn (mixed ...$arguments) => $scope->closing(static fn () => $call($arguments))
                : static function (mixed ...$arguments) use ($scope, $call): void {
                    $scope->begin();
                    $call($arguments);
                });
        }
    }

    /** @param Closure(): object $handler */
    private function request(string $name, Closure $handler, Request $request, Response $response): void
    {
        $this->host->scope()->begin();
        $server = \Rserverd\settings()['server'];
        if ($server !== '') {
            $response->header('Server', $server);
        }
        $done = Calls::guarded("onRequest of the $name", static fn () => $handler()->onRequest($request, $response));
        if (!$done && $response->isWritable()) {
            $response->status(500);
            $response->end();
        }
    }
}
