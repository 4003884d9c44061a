<?php

declare(strict_types=1);

namespace Hhxsv5\LaravelS\Illuminate;

use Hhxsv5\LaravelS\Swoole\Timer\CronJob;
use Rserverd\Server\Child;
use Rserverd\Server\Timer\OnTheMinute;

/** The framework's scheduler, as from cron: `artisan schedule:run` each minute on the minute, in a process of its own. */
class LaravelScheduleJob extends CronJob implements OnTheMinute
{
    public function interval()
    {
        return 60 * 1000;
    }

    public function isImmediate()
    {
        return false;
    }

    /** Until the scheduler has ended: the next minute's is left out while this one's runs. */
    public function run()
    {
        $base = \Rserverd\settings()['base_path'];
        $status = Child::artisan($base, ['schedule:run'])->wait();
        if ($status !== 0) {
            \Rserverd\Log::warning("artisan schedule:run ended with status $status");
        }
    }
}
