<?php

declare(strict_types=1);

namespace Hhxsv5\LaravelS\Swoole\Timer;

/** The instance that has the lock keeps it. */
class RenewGlobalTimerLockCronJob extends CronJob
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
        if (self::isCurrentTimerAlive()) {
            self::renewGlobalTimerLock(CronJob::GLOBAL_TIMER_LOCK_SECONDS);
        }
    }
}
