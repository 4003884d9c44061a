<?php

declare(strict_types=1);

namespace Rserverd\Server;

use Closure;
use Hhxsv5\LaravelS\Swoole\WebSocketHandlerInterface;
use Illuminate\Container\Container;
use Rserverd\Server\Timer\Timers;
use Swoole\Http\Server as HttpServer;
use Swoole\Server;
use Swoole\WebSocket\Server as WebSocketServer;

use function Rserverd\server;
use function Rserverd\settings;

/**
 * The server that the application finds as app('swoole'): made once per generation, in the manager, in two steps. What
 * providers may ask for is there before they boot; what needs the application's classes comes when it is booted.
 */
final class Hosting
{
    private const CONNECTIONS = 10000;

    private ?Server $server = null;

    private ServerEvents $events;

    public function __construct(private readonly Hosted $host)
    {
    }

    public function made(): bool
    {
        return $this->server !== null;
    }

    /** The configuration is in force. */
    public function make(): void
    {
        $s = settings();
        $webSocket = $s['websocket']['enable'] || array_filter($s['sockets'], Ports::isWebSocket(...)) !== [];
        // A WebSocket port of its own needs the class; the main port speaks it only if the configuration says so.
        $this->server = server(
            $webSocket ? WebSocketServer::class : HttpServer::class,
            ['open_websocket_protocol' => $s['websocket']['enable']] + $s['swoole'],
        );
        $this->server->inotifyProcess = false;
        $this->server->timerProcess = false;
        $this->server->customProcesses = [];
        $this->events = new ServerEvents($s['event_handlers']);
        Tables::attach($this->server, $s['swoole_tables']);
        $this->events->serverStart($this->server);
    }

    public function bind(Container $app): void
    {
        $app->instance('swoole', $this->server);
    }

    /** @param bool $booted the application is; else only its classes are there */
    public function complete(bool $booted): void
    {
        $s = settings();
        $this->events->attach($this->server, $this->host);
        Listeners::check($s['events'], $s['task_worker_num']);
        (new Tasks($this->host, new Listeners($s['events'])))->attach($this->server);
        $this->ports($s);
        $processes = new Processes($this->host, $this->server);
        $timer = Timers::make($this->host, $s['timer'], $booted);
        if ($timer !== null) {
            $this->server->timerProcess = $timer;
            $processes->add($timer, 'timer');
        }
        $processes->custom($s['processes']);
    }

    /** @param array<string, mixed> $s */
    private function ports(array $s): void
    {
        $webSockets = null;
        if ($this->server instanceof WebSocketServer) {
            $identities = Identities::make((int) ($s['swoole']['max_conn'] ?? self::CONNECTIONS) ?: self::CONNECTIONS);
            $protocol = (string) ($s['swoole']['websocket_subprotocol'] ?? '');
            $protocols = array_values(array_filter(array_map(trim(...), explode(',', $protocol))));
            $webSockets = fn (Closure $handler, string $name): WebSockets => new WebSockets($this->host, $this->server,
                $identities, $handler, $protocols, $s['websocket']['gate'], $name);
        }
        if ($s['websocket']['enable']) {
            $class = $s['websocket']['handler'];
            Check::implements('websocket.handler', $class, WebSocketHandlerInterface::class);
            $handler = static function () use ($class): object {
                static $made = null;

                return $made ??= new $class();
            };
            $webSockets($handler, 'main port')->attach($this->server);
        }
        (new Ports($this->host, $webSockets))->attach($this->server, $s['sockets']);
    }
}
