<?php

declare(strict_types=1);

namespace App\Events;

use App\Testing\Report;
use Hhxsv5\LaravelS\Swoole\Events\WorkerStopInterface;
use Swoole\Http\Server;

class WorkerStopEvent implements WorkerStopInterface
{
    public function __construct()
    {
    }

    public function handle(Server $server, $workerId)
    {
        Report::add('WorkerStop', ['id' => $workerId, 'taskworker' => $server->taskworker, 'app' => config('app.name'), 'same' => app('swoole') === $server]);
    }
}
