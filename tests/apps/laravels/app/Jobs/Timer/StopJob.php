<?php

declare(strict_types=1);

namespace App\Jobs\Timer;

use App\Testing\Report;
use Hhxsv5\LaravelS\Swoole\Timer\CronJob;

/** Runs three times. */
class StopJob extends CronJob
{
    private int $i = 0;

    public function interval()
    {
        return 100;
    }

    public function isImmediate()
    {
        return true;
    }

    public function run()
    {
        Report::add('stopping', ['i' => ++$this->i]);
        if ($this->i >= 3) {
            $this->stop();
        }
    }
}
