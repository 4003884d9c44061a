<?php

declare(strict_types=1);

namespace Rserverd\Server\Timer;

use Closure;
use Hhxsv5\LaravelS\Swoole\Timer\CheckGlobalTimerAliveCronJob;
use Hhxsv5\LaravelS\Swoole\Timer\CronJob;
use Rserverd\Log;
use Rserverd\Server\Calls;
use Rserverd\Server\Child;
use Rserverd\Server\Hosted;
use SplObjectStorage;
use Swoole\Coroutine;
use Swoole\Process;
use Swoole\Timer;

/**
 * The life of the timer process. Each run of a job is a coroutine; a job never runs twice at the same time. When no job
 * runs, nothing of those that ran is left. SIGUSR1 and SIGTERM: no job begins any more, those that run have until
 * max_wait_time.
 */
final class TimerProcess
{
    private const FIRST = 1; // ms

    /** @var SplObjectStorage<CronJob, true> */
    private readonly SplObjectStorage $running;

    private Process $process;

    private bool $leaving = false;

    /** @param list<Job> $jobs */
    public function __construct(
        private readonly Hosted $host,
        private readonly array $jobs,
        private readonly float $maxWaitTime,
        private readonly ?string $lockKey,
    ) {
        $this->running = new SplObjectStorage();
    }

    /** Returns; the timers go on. */
    public function run(Process $process): void
    {
        $this->process = $process;
        Process::signal(SIGUSR1, fn () => $this->leave(false));
        Process::signal(SIGTERM, fn () => $this->leave(true));
        Calls::guarded('start of the timer process', $this->start(...));
    }

    private function start(): void
    {
        $this->host->workerStart();
        $this->host->scope()->begin();
        if ($this->lockKey !== null) {
            CronJob::setGlobalTimerLockKey($this->lockKey);
            // Without an answer of Redis another instance may have it.
            CronJob::setEnable(false);
            Calls::guarded('the lock of the timer', CronJob::checkSetEnable(...));
        }
        foreach ($this->jobs as $job) {
            Calls::guarded("timer job $job->class", fn () => $this->schedule($job->make()));
        }
        $this->host->clean();
    }

    private function schedule(CronJob $job): void
    {
        if ($job instanceof OnTheMinute) {
            $this->onTheMinute($job);

            return;
        }
        $job->setTimerId(Timer::tick((int) $job->interval(), fn () => $this->due($job)));
        if ($job->isImmediate()) {
            Timer::after(self::FIRST, fn () => $this->due($job));
        }
    }

    private function onTheMinute(CronJob $job): void
    {
        $job->setTimerId(Timer::after(Minute::until(microtime(true)), function () use ($job): void {
            if (!$this->leaving) {
                $this->onTheMinute($job);
                $this->due($job);
            }
        }));
    }

    private function due(CronJob $job): void
    {
        if ($this->leaving || $this->lockKey !== null && !CronJob::isEnable() && !$job instanceof CheckGlobalTimerAliveCronJob) {
            return;
        }
        if ($this->running->contains($job)) {
            Log::notice('timer job ' . $job::class . ' still runs; this run is left out');

            return;
        }
        if ($this->running->count() === 0) {
            $this->host->scope()->begin();
        }
        $this->running->attach($job);
        $run = Closure::fromCallable(function () use ($job): void {
            Calls::inProcess('timer job ' . $job::class, $this->process, static fn () => $job->run());
            $this->running->detach($job);
            if ($this->running->count() === 0) {
                $this->host->clean();
                $this->leaving && $this->process->exit(0);
            }
        });
        Coroutine::getCid() > 0 ? $run() : Coroutine::create($run);
    }

    private function leave(bool $stop): void
    {
        if ($this->running->count() === 0 || $this->leaving && $stop) {
            $this->process->exit(0);
        }
        $this->leaving = true;
        Timer::clearAll();
        Timer::after(max(1, (int) ($this->maxWaitTime * 1000)), fn () => $this->process->exit(0));
        $stop && Child::endAll();
    }
}
