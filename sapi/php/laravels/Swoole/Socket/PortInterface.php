<?php

declare(strict_types=1);

namespace Hhxsv5\LaravelS\Swoole\Socket;

use Swoole\Server\Port;

/** A handler of an extra port: one object per port and worker, made when its first event comes. */
interface PortInterface
{
    public function __construct(Port $port);
}
