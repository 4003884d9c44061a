<?php

declare(strict_types=1);

namespace App\Processes;

use Swoole\Http\Server;
use Swoole\Process;

/** Blocks in read(), and answers. */
trait AnswersPipe
{
    public static function callback(Server $swoole, Process $process)
    {
        self::tell('start', $process);
        while ($data = $process->read()) {
            $process->write(getmypid() . ': ' . $data);
        }
    }
}
