<?php

declare(strict_types=1);

namespace Hhxsv5\LaravelS\Swoole\Socket;

use Swoole\Server\Port;

/** WebSocket on a port of its own; upgrades go through the routes, as on the main port. */
abstract class WebSocket implements PortInterface, WebSocketInterface
{
    /** @var Port */
    protected $swoolePort;

    public function __construct(Port $port)
    {
        $this->swoolePort = $port;
    }
}
