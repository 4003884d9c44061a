<?php

declare(strict_types=1);

namespace Hhxsv5\LaravelS\Swoole\Events;

use Swoole\Http\Server;

/** When a worker or task worker has ended abnormally; in a process of its own. */
interface WorkerErrorInterface
{
    public function handle(Server $server, $workerId, $workerPid, $exitCode, $signal);
}
