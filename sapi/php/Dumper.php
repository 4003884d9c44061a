<?php

declare(strict_types=1);

namespace Rserverd;

use Symfony\Component\VarDumper\VarDumper;

/**
 * dump() and dd() print for browsers, though PHP_SAPI says cli. Symfony's VAR_DUMPER_FORMAT says so to whatever registers a handler
 * while booting, and keeps applications from setting one of their own; so afterwards a handler says it that anybody may replace.
 */
final class Dumper
{
    private const FORMAT = 'VAR_DUMPER_FORMAT';

    /** Before the application boots. */
    public static function begin(): void
    {
        $_SERVER[self::FORMAT] = 'html';
    }

    /** When it has. One whose dumper is not to be found yet may load it with a request: for that the variable stays. */
    public static function settle(): void
    {
        if (($_SERVER[self::FORMAT] ?? '') !== 'html' || !class_exists(VarDumper::class)) {
            return;
        }
        unset($_SERVER[self::FORMAT]);
        $set = VarDumper::setHandler(self::dump(...));
        $set === null || VarDumper::setHandler($set);
    }

    /** The first dump: registers what Symfony itself would for HTML. */
    private static function dump(mixed ...$arguments): mixed
    {
        VarDumper::setHandler(null);
        $_SERVER[self::FORMAT] = 'html';
        try {
            return VarDumper::dump(...$arguments);
        } finally {
            unset($_SERVER[self::FORMAT]);
        }
    }
}
