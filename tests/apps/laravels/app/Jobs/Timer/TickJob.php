<?php

declare(strict_types=1);

namespace App\Jobs\Timer;

use App\Testing\Report;
use Hhxsv5\LaravelS\Swoole\Timer\CronJob;

/** Says itself when it runs. */
class TickJob extends CronJob
{
    private int $i = 0;

    public function interval()
    {
        return 250;
    }

    public function isImmediate()
    {
        return false;
    }

    public function run()
    {
        Report::add('tick', ['i' => ++$this->i]);
    }
}
