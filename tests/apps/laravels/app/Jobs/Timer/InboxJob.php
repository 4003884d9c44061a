<?php

declare(strict_types=1);

namespace App\Jobs\Timer;

use App\Testing\Code;
use App\Testing\Report;
use Hhxsv5\LaravelS\Swoole\Timer\CronJob;

/** Runs what a test leaves for the timer process. */
class InboxJob extends CronJob
{
    public function interval()
    {
        return 25;
    }

    public function isImmediate()
    {
        return false;
    }

    public function run()
    {
        if (($code = Code::inbox('timer')) !== null) {
            Report::add('inbox', ['of' => 'timer'] + Code::answer($code, ['server' => app('swoole')]));
        }
    }
}
