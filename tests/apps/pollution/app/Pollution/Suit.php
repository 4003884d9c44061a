<?php

declare(strict_types=1);

namespace App\Pollution;

/** An enum has no properties, but its methods have statics. */
enum Suit: string
{
    case Hearts = 'h';
    case Spades = 's';

    public static function asked(): int
    {
        static $asked = 0;

        return ++$asked;
    }

    public function label(?string $set = null): string
    {
        static $labels = [];
        if ($set !== null) {
            $labels[$this->value] = $set;
        }

        return $labels[$this->value] ?? $this->name;
    }
}
