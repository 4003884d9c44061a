<?php

declare(strict_types=1);
declare(ticks=1);

namespace App\Pollution;

/** How many ticks somebody hears: 0 unless there is a tick function. */
final class Ticking
{
    public static int $heard = 0;

    public static function hear(): void
    {
        self::$heard++;
    }

    public static function work(): int
    {
        self::$heard = 0;
        $a = 1;
        $a++;

        return min(1, self::$heard);
    }
}
