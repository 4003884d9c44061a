<?php

declare(strict_types=1);

namespace App\Events;

use App\Testing\Report;
use Hhxsv5\LaravelS\Swoole\Events\ServerStopInterface;
use Swoole\Http\Server;

class ServerStopEvent implements ServerStopInterface
{
    public function __construct()
    {
    }

    public function handle(Server $server)
    {
        Report::add('ServerStop', ['class' => $server::class, 'master_pid' => $server->master_pid, 'booted' => function_exists('app') && app()->bound('config')]);
    }
}
