<?php

declare(strict_types=1);

namespace App\Processes;

use App\Testing\Report;
use Swoole\Http\Server;
use Swoole\Process;

/** Reports what it takes from its message queue. */
class QueueProcess extends Base
{
    protected const WAITS = true;

    public static function callback(Server $swoole, Process $process)
    {
        self::tell('start', $process);
        while (($data = $process->pop()) !== false) {
            Report::add('popped', ['data' => $data]);
        }
    }
}
