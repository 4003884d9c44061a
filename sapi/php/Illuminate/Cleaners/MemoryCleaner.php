<?php

declare(strict_types=1);

namespace Rserverd\Illuminate\Cleaners;

use Closure;
use Illuminate\Support\Str;

/** What concerns memory: caches that must not grow without end, and cycles. */
final class MemoryCleaner
{
    /** Str remembers every word it converts; with words that users choose there is no end to them. */
    private const MOST_WORDS = 5000;

    private const EVERY = 256;

    private readonly Closure $trimWords;

    private int $requests = 0;

    /** @param bool $collects services that begin with every request leave cycles behind, more than PHP expects */
    public function __construct(private readonly bool $collects)
    {
        $this->trimWords = Closure::bind(static function (int $most): void {
            foreach (['snakeCache', 'camelCache', 'studlyCache'] as $cache) {
                if (count(self::$$cache) > $most) {
                    self::$$cache = [];
                }
            }
        }, null, Str::class);
    }

    public function clean(): void
    {
        if (++$this->requests % self::EVERY === 0) {
            ($this->trimWords)(self::MOST_WORDS);
            $this->collects && gc_collect_cycles();
        }
    }
}
