<?php

declare(strict_types=1);

namespace Hhxsv5\LaravelS\Swoole\Timer;

interface CronJobInterface
{
    /** @return int milliseconds */
    public function interval();

    /** @return bool run() for the first time at once, and not one interval later */
    public function isImmediate();

    public function run();

    public function stop();
}
