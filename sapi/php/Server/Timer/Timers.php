<?php

declare(strict_types=1);

namespace Rserverd\Server\Timer;

use Hhxsv5\LaravelS\Swoole\Timer\BackupCronJob;
use Hhxsv5\LaravelS\Swoole\Timer\CheckGlobalTimerAliveCronJob;
use Hhxsv5\LaravelS\Swoole\Timer\RenewGlobalTimerLockCronJob;
use Rserverd\Server\Hosted;
use Swoole\Process;
use UnexpectedValueException;

/** The timer process that the configuration asks for. */
final class Timers
{
    /**
     * @param array{enable: bool, jobs: list<mixed>, max_wait_time: float, global_lock: bool, global_lock_key: string} $timer
     *
     * @return Process|null null: there is nothing to do
     */
    public static function make(Hosted $host, array $timer, bool $booted): ?Process
    {
        if (!$timer['enable'] || $timer['jobs'] === []) {
            return null;
        }
        $lines = [...$timer['jobs'], BackupCronJob::class];
        if ($timer['global_lock']) {
            if ($booted && !$host->app()->bound('redis')) {
                throw new UnexpectedValueException("timer.global_lock needs app('redis'), which this application has not");
            }
            $lines = [CheckGlobalTimerAliveCronJob::class, RenewGlobalTimerLockCronJob::class, ...$lines];
        }
        $jobs = array_map(Job::of(...), $lines);
        array_map(static fn (Job $job) => $job->check($booted), $jobs);
        $key = $timer['global_lock'] ? self::lockKey($host, $timer['global_lock_key'], $booted) : null;
        $process = new TimerProcess($host, $jobs, (float) $timer['max_wait_time'], $key);

        return new Process($process->run(...), false, 0, true);
    }

    /** Of one application, unless it says otherwise: its name. */
    private static function lockKey(Hosted $host, string $key, bool $booted): string
    {
        return $key === '' && $booted ? (string) $host->app()->make('config')->get('app.name', 'Laravel') : $key;
    }
}
