<?php

declare(strict_types=1);

namespace App\Processes;

use Swoole\Coroutine;
use Swoole\Http\Server;
use Swoole\Process;

trait RunsNothing
{
    public static function callback(Server $swoole, Process $process)
    {
        self::tell('start', $process);
        while (!self::$quit) {
            Coroutine::sleep(0.1);
        }
        self::tell('end', $process);
    }
}
