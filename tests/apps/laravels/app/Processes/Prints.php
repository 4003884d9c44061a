<?php

declare(strict_types=1);

namespace App\Processes;

use Swoole\Coroutine;
use Swoole\Http\Server;
use Swoole\Process;

/** Its standard output goes into its pipe, and its pipe is its standard input. */
trait Prints
{
    public static function callback(Server $swoole, Process $process)
    {
        self::tell('start', $process);
        echo 'printed by ' . getmypid();
        while (!self::$quit) {
            Coroutine::sleep(0.05);
        }
    }
}
