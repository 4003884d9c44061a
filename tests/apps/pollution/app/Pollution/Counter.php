<?php

declare(strict_types=1);

namespace App\Pollution;

/** Statics of all kinds. */
class Counter
{
    /** @var list<string> */
    public static array $seen = [];

    public static string $text = 'clean';

    public static mixed $reference = null;

    public static function next(): int
    {
        static $count = 0;

        return ++$count;
    }

    public function nextOfMine(): int
    {
        static $count = 0;

        return ++$count;
    }
}
