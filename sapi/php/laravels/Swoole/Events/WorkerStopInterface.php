<?php

declare(strict_types=1);

namespace Hhxsv5\LaravelS\Swoole\Events;

use Swoole\Http\Server;

/** In every worker and task worker that ends normally. */
interface WorkerStopInterface
{
    public function handle(Server $server, $workerId);
}
