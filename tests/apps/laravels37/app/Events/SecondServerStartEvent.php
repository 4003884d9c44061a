<?php

declare(strict_types=1);

namespace App\Events;

use App\Testing\Report;
use Hhxsv5\LaravelS\Swoole\Events\ServerStartInterface;
use Swoole\Http\Server;

/** Runs after the first one, and sees what that did. */
class SecondServerStartEvent implements ServerStartInterface
{
    public function __construct()
    {
    }

    public function handle(Server $server)
    {
        $server->atomicCount->cmpset(2233, 2234);
        Report::add('SecondServerStart', ['count' => $server->atomicCount->get()]);
    }
}
