<?php

declare(strict_types=1);

/* Declared while a request runs (corners.php). */

class Late
{
    public static int $n = 0;

    public static array $list = [Suit::Hearts->value];

    public static function next(): int
    {
        static $n = 0;

        return ++$n;
    }
}

final class LateChild extends Late
{
    public static string $own = 'clean';
}

function late_function(): int
{
    static $n = 0;

    return ++$n;
}
