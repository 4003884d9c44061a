<?php

declare(strict_types=1);

namespace Hhxsv5\LaravelS\Swoole;

use Hhxsv5\LaravelS\Swoole\Socket\WebSocketInterface;

/** Handler of the main port's WebSocket connections: one object per worker, made when its first event comes. */
interface WebSocketHandlerInterface extends WebSocketInterface
{
}
