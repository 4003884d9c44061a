<?php

declare(strict_types=1);

namespace Hhxsv5\LaravelS\Swoole\Process;

use Swoole\Http\Server;
use Swoole\Process;

/**
 * A process of the application's own. Optional: onStop(Server, Process), called when the server stops, and getName(),
 * isRedirectStdinStdout(), getPipeType() of LaravelS 3.5, for a process that is listed by its class alone.
 */
interface CustomProcessInterface
{
    /** The process's life. When it returns, the process ends and is started again. */
    public static function callback(Server $swoole, Process $process);

    /** A reload wants this process to end: callback() should return. */
    public static function onReload(Server $swoole, Process $process);
}
