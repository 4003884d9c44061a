<?php

declare(strict_types=1);

namespace App\Processes;

use Swoole\Http\Server;
use Swoole\Process;

/** A program that knows nothing of events: it sleeps, and looks at $quit when it wakes. */
trait Blocks
{
    public static function callback(Server $swoole, Process $process)
    {
        self::tell('start', $process);
        while (!self::$quit) {
            sleep(1);
        }
        self::tell('end', $process);
    }
}
