<?php

declare(strict_types=1);

namespace Hhxsv5\LaravelS\Swoole\Timer;

use Swoole\Timer;

/** A job of the timer process: one object for that process's life. */
abstract class CronJob implements CronJobInterface
{
    use GlobalTimer;

    /** Seconds. */
    public const GLOBAL_TIMER_LOCK_SECONDS = 60;

    /** @var int|null */
    protected $timerId;

    /** @var int|null milliseconds */
    protected $interval;

    /** @var bool|null */
    protected $isImmediate;

    /** Takes what the job was registered with: [interval, isImmediate]. */
    public function __construct(...$arguments)
    {
        $settings = $arguments[0] ?? null;
        if (is_array($settings)) {
            $this->interval = $settings[0] ?? null;
            $this->isImmediate = $settings[1] ?? null;
        }
    }

    public function interval()
    {
        return (int) $this->interval;
    }

    public function isImmediate()
    {
        return (bool) $this->isImmediate;
    }

    public function setTimerId($timerId)
    {
        $this->timerId = $timerId;
    }

    /** Until the next reload or restart. */
    public function stop()
    {
        if ($this->timerId) {
            Timer::clear($this->timerId);
        }
    }
}
