<?php

declare(strict_types=1);

namespace App\Processes;

use Swoole\Http\Server;
use Swoole\Process;
use TypeError;

trait Throws
{
    public static function callback(Server $swoole, Process $process)
    {
        self::tell('start', $process);
        throw new TypeError('a process that throws');
    }
}
