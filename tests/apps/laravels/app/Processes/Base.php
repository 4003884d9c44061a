<?php

declare(strict_types=1);

namespace App\Processes;

use App\Testing\Report;
use Hhxsv5\LaravelS\Swoole\Process\CustomProcessInterface;
use Swoole\Http\Server;
use Swoole\Process;

/** Reports the life of a process; what it does is for those who extend it. */
abstract class Base implements CustomProcessInterface
{
    protected const WAITS = false;
    protected static bool $quit = false;

    public static function onReload(Server $swoole, Process $process)
    {
        self::tell('reload', $process);
        self::leave($process);
    }

    public static function onStop(Server $swoole, Process $process)
    {
        self::tell('stop', $process);
        self::leave($process);
    }

    /** Those that wait in read() or pop() do not look at $quit. */
    private static function leave(Process $process): void
    {
        self::$quit = true;
        if (static::WAITS) {
            $process->exit(0);
        }
    }

    protected static function tell(string $what, Process $process): void
    {
        Report::add("process.$what", ['class' => class_basename(static::class), 'same_pid' => $process->pid === getmypid(), 'worker_id' => app('swoole')->worker_id]);
    }
}
