<?php

declare(strict_types=1);

namespace Rserverd\Server\Timer;

/** When the next minute begins. */
final class Minute
{
    /** A timer that fires early must not run the minute that is over. */
    private const LATE = 20;

    /** @return int milliseconds from now until shortly after the next minute has begun */
    public static function until(float $now): int
    {
        $into = fmod($now, 60.0);

        return (int) round((60.0 - $into) * 1000) + self::LATE;
    }
}
