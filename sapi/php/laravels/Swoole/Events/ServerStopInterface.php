<?php

declare(strict_types=1);

namespace Hhxsv5\LaravelS\Swoole\Events;

use Swoole\Http\Server;

/** In the manager, when all other processes have ended. */
interface ServerStopInterface
{
    public function handle(Server $server);
}
