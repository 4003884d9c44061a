<?php

declare(strict_types=1);

namespace Hhxsv5\LaravelS\Illuminate;

use Throwable;

/** Lines for the server's log. */
trait LogTrait
{
    public function log($message, $level = 'INFO')
    {
        // Not echo: that may be a response.
        fwrite(STDOUT, sprintf("[%s] [%s] %s\n", date('Y-m-d H:i:s'), $level, $message));
    }

    public function trace($message)
    {
        $this->log($message, 'TRACE');
    }

    public function info($message)
    {
        $this->log($message, 'INFO');
    }

    public function warning($message)
    {
        $this->log($message, 'WARNING');
    }

    public function error($message)
    {
        $this->log($message, 'ERROR');
    }

    public function logException(Throwable $e)
    {
        $this->log(sprintf("Uncaught exception '%s': [%s]%s called in %s:%d\n%s", get_class($e), $e->getCode(), $e->getMessage(),
            $e->getFile(), $e->getLine(), $e->getTraceAsString()), 'ERROR');
    }

    /** @return mixed what the callback returned; false: it threw in each of its tries, the last one is logged */
    public function callWithCatchException(callable $callback, array $args = [], $tries = 1)
    {
        for ($try = 1;; $try++) {
            try {
                return $callback(...$args);
            } catch (Throwable $e) {
                if ($try >= $tries) {
                    $this->logException($e);

                    return false;
                }
            }
        }
    }
}
