<?php

declare(strict_types=1);

namespace Rserverd\Server\Timer;

use Hhxsv5\LaravelS\Swoole\Timer\CronJob;
use Rserverd\Server\Check;
use UnexpectedValueException;

/** One of timer.jobs: a class, or [class, [interval, immediate]]. */
final class Job
{
    /** @param list<mixed> $arguments of its constructor */
    private function __construct(public readonly string $class, private readonly array $arguments)
    {
    }

    public static function of(mixed $job): self
    {
        if (is_string($job)) {
            return new self($job, []);
        }
        if (!is_array($job) || !is_string($job[0] ?? null) || !is_array($job[1] ?? [])) {
            throw new UnexpectedValueException('timer.jobs: ' . json_encode($job)
                . ' is neither a class nor [class, [interval, isImmediate]]');
        }

        return new self($job[0], isset($job[1]) ? [$job[1]] : []);
    }

    /** Refuses what could not run. Its interval may be the application's to say, so that it has to be booted. */
    public function check(bool $booted): void
    {
        Check::extends('timer.jobs', $this->class, CronJob::class);
        if (!$booted) {
            return;
        }
        $job = $this->make();
        if (!$job instanceof OnTheMinute && (!is_numeric($job->interval()) || $job->interval() < 1)) {
            throw new UnexpectedValueException("timer.jobs: $this->class has no interval: interval() must return "
                . 'milliseconds, or it is registered as [class, [milliseconds, isImmediate]]');
        }
    }

    public function make(): CronJob
    {
        return new $this->class(...$this->arguments);
    }
}
