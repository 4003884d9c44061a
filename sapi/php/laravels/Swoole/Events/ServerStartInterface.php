<?php

declare(strict_types=1);

namespace Hhxsv5\LaravelS\Swoole\Events;

use Swoole\Http\Server;

/**
 * In the manager before anything is forked, once per generation. The providers are not there yet. Tables and
 * atomics made here live on over reloads.
 */
interface ServerStartInterface
{
    public function handle(Server $server);
}
