<?php

declare(strict_types=1);

namespace App\Events;

use Hhxsv5\LaravelS\Swoole\Events\WorkerStartInterface;
use Swoole\Http\Server;
use TypeError;

/** What a handler throws is logged and hurts nobody. */
class ThrowingEvent implements WorkerStartInterface
{
    public function __construct()
    {
    }

    public function handle(Server $server, $workerId)
    {
        throw new TypeError("a handler that throws in $workerId");
    }
}
