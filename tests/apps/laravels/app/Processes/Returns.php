<?php

declare(strict_types=1);

namespace App\Processes;

use Swoole\Http\Server;
use Swoole\Process;

/** Does its work and is done, again and again. */
trait Returns
{
    public static function callback(Server $swoole, Process $process)
    {
        self::tell('start', $process);
    }
}
