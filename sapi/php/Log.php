<?php

declare(strict_types=1);

namespace Rserverd;

use ParseError;
use Throwable;

/** Lines for the server's own log; an application's log is its own. */
final class Log
{
    private const DEBUG = 0;
    private const NOTICE = 2;
    private const WARNING = 3;
    private const ERROR = 4;

    public static function debug(string $text): void
    {
        log(self::DEBUG, $text);
    }

    public static function notice(string $text): void
    {
        log(self::NOTICE, $text);
    }

    public static function warning(string $text): void
    {
        log(self::WARNING, $text);
    }

    public static function error(string $text): void
    {
        log(self::ERROR, $text);
    }

    /** What somebody must look at, with the way that led there. */
    public static function problem(string $during, Throwable $e): void
    {
        log(self::ERROR, "$during: " . self::describe($e) . "\n" . $e->getTraceAsString());
    }

    /** A throwable as one line. */
    public static function describe(Throwable $e): string
    {
        // PHP says "syntax error" only of some of them.
        $kind = $e instanceof ParseError && !str_starts_with($e->getMessage(), 'syntax error') ? 'syntax error, ' : '';

        return sprintf('%s: %s%s in %s:%d', $e::class, $kind, $e->getMessage(), $e->getFile(), $e->getLine());
    }
}
