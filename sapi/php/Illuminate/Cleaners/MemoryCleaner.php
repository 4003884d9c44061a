<?php

declare(strict_types=1);

namespace Rserverd\Illuminate\Cleaners;

use Closure;
use Illuminate\Foundation\Bootstrap\HandleExceptions;
use Illuminate\Support\Str;

/** What concerns memory: a reserve that must be there, caches that must not grow without end, and cycles. */
final class MemoryCleaner
{
    /** The framework gives it free to have room for handling a memory error; it does so at the end of every request. */
    private const RESERVE = 32768;

    /** Str remembers every word it converts; with words that users choose there is no end to them. */
    private const MOST_WORDS = 5000;

    private const EVERY = 256;

    private readonly bool $reserves;

    private readonly Closure $trimWords;

    private int $requests = 0;

    /** @param bool $collects services that begin with every request leave cycles behind, more than PHP expects */
    public function __construct(private readonly bool $collects)
    {
        $this->reserves = property_exists(HandleExceptions::class, 'reservedMemory');
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
        if ($this->reserves) {
            HandleExceptions::$reservedMemory ??= str_repeat('x', self::RESERVE);
        }
        if (++$this->requests % self::EVERY === 0) {
            ($this->trimWords)(self::MOST_WORDS);
            $this->collects && gc_collect_cycles();
        }
    }
}
