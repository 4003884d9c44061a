<?php

declare(strict_types=1);

namespace App\Processes;

use App\Testing\Code;
use App\Testing\Report;
use Swoole\Coroutine;
use Swoole\Http\Server;
use Swoole\Process;

/** Runs what a test leaves for it, as a program does that never blocks for long. */
trait RunsInbox
{
    public static function callback(Server $swoole, Process $process)
    {
        self::tell('start', $process);
        while (!self::$quit) {
            if (($code = Code::inbox('process')) !== null) {
                Report::add('inbox', ['of' => 'process'] + Code::answer($code, ['server' => $swoole, 'process' => $process]));
            }
            Coroutine::sleep(0.025);
        }
        self::tell('end', $process);
    }
}
