<?php

declare(strict_types=1);

namespace Rserverd\Server;

use Closure;
use Rserverd\Log;
use Swoole\ExitException;
use Swoole\Process;
use Throwable;

/** Calls of the application's code that nobody above waits for: what they throw is logged, and life goes on. */
final class Calls
{
    /** @return bool it came back */
    public static function guarded(string $what, Closure $call): bool
    {
        try {
            $call();

            return true;
        } catch (Throwable $e) {
            Log::problem($what, $e);

            return false;
        }
    }

    /** As above, in a coroutine of a process of its own: there exit() is thrown, and ends the process. */
    public static function inProcess(string $what, Process $process, Closure $call): void
    {
        try {
            $call();
        } catch (ExitException $e) {
            $status = $e->getStatus();
            echo is_string($status) ? $status : '';
            $process->exit(is_int($status) ? $status & 0xff : 0);
        } catch (Throwable $e) {
            Log::problem($what, $e);
        }
    }

    /** As guarded(), up to so many times until it comes back; the last failure is logged. */
    public static function tried(string $what, int $tries, Closure $call): bool
    {
        for ($try = 1; $try < $tries; $try++) {
            try {
                $call();

                return true;
            } catch (Throwable $e) {
                Log::debug("$what, try $try of $tries: " . Log::describe($e));
            }
        }

        return self::guarded($tries > 1 ? "$what, the last of $tries tries" : $what, $call);
    }
}
