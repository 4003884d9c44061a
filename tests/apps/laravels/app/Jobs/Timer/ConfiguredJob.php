<?php

declare(strict_types=1);

namespace App\Jobs\Timer;

use App\Testing\Report;
use Hhxsv5\LaravelS\Swoole\Timer\CronJob;

/** When it runs is said where it is registered. */
class ConfiguredJob extends CronJob
{
    public function run()
    {
        Report::add('configured', ['interval' => $this->interval(), 'immediate' => $this->isImmediate(), 'worker_id' => app('swoole')->worker_id]);
    }
}
