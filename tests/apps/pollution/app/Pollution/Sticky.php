<?php

declare(strict_types=1);

namespace App\Pollution;

/** Statics that every class which uses it has for its own. */
trait Sticky
{
    public static string $stuck = 'clean';

    public static function stuck(): int
    {
        static $times = 0;

        return ++$times;
    }
}
