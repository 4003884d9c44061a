<?php

namespace Acme;

/** Loaded by the request that needs it. */
class Late
{
    private static array $kept = [];

    public static function remember(string $what): void
    {
        static $calls = [];

        self::$kept[] = $what;
        $calls[] = $what;
    }
}
