<?php

declare(strict_types=1);

namespace App\Jobs\Timer;

use App\Testing\Report;
use Hhxsv5\LaravelS\Swoole\Timer\CronJob;
use RuntimeException;

/** Fails in every way that can be caught, each twice, and then stops. */
class ThrowingJob extends CronJob
{
    private int $i = 0;

    public function interval()
    {
        return 100;
    }

    public function isImmediate()
    {
        return false;
    }

    public function run()
    {
        Report::add('throwing', ['i' => ++$this->i]);
        if ($this->i >= 5) {
            $this->stop();
        } elseif ($this->i % 2) {
            throw new RuntimeException('a job that throws');
        } else {
            strlen();
        }
    }
}
