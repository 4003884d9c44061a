<?php

declare(strict_types=1);

namespace Rserverd;

use Throwable;

/** A throwable as a line for people. */
final class Problem
{
    public static function describe(Throwable $e): string
    {
        return sprintf('%s: %s in %s:%d', $e::class, $e->getMessage(), $e->getFile(), $e->getLine());
    }
}
