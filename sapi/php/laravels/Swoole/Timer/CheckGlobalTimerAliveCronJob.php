<?php

declare(strict_types=1);

namespace Hhxsv5\LaravelS\Swoole\Timer;

/** Takes the lock when its owner is gone. Runs in instances whose other jobs do not, too. */
class CheckGlobalTimerAliveCronJob extends CronJob
{
    public function interval()
    {
        return (CronJob::GLOBAL_TIMER_LOCK_SECONDS - 6) * 1000;
    }

    public function isImmediate()
    {
        return false;
    }

    public function run()
    {
        self::checkSetEnable();
    }
}
