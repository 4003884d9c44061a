<?php

declare(strict_types=1);

namespace Hhxsv5\LaravelS\Swoole\Events;

use Swoole\Http\Server;

/** In every worker and task worker, before its first event. */
interface WorkerStartInterface
{
    public function handle(Server $server, $workerId);
}
