<?php

declare(strict_types=1);

namespace App\Events;

use App\Testing\Report;
use Hhxsv5\LaravelS\Swoole\Events\WorkerErrorInterface;
use Swoole\Http\Server;

class WorkerErrorEvent implements WorkerErrorInterface
{
    public function __construct()
    {
    }

    public function handle(Server $server, $workerId, $workerPid, $exitCode, $signal)
    {
        Report::add('WorkerError', ['id' => $workerId, 'of' => $workerPid, 'code' => $exitCode, 'signal' => $signal]);
    }
}
