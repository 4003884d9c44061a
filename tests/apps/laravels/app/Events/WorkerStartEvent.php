<?php

declare(strict_types=1);

namespace App\Events;

use App\Testing\Report;
use Hhxsv5\LaravelS\Swoole\Events\WorkerStartInterface;
use Swoole\Http\Server;

class WorkerStartEvent implements WorkerStartInterface
{
    public function __construct()
    {
    }

    public function handle(Server $server, $workerId)
    {
        Report::add('WorkerStart', ['id' => $workerId, 'taskworker' => $server->taskworker, 'app' => config('app.name'), 'same' => app('swoole') === $server]);
    }
}
