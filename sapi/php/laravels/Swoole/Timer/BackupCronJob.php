<?php

declare(strict_types=1);

namespace Hhxsv5\LaravelS\Swoole\Timer;

/** Does nothing, and so keeps the timer process in place when all other jobs have stopped themselves. */
class BackupCronJob extends CronJob
{
    public function interval()
    {
        return 12 * 3600 * 1000;
    }

    public function isImmediate()
    {
        return false;
    }

    public function run()
    {
    }
}
