<?php

declare(strict_types=1);

namespace Rserverd\Illuminate\Cleaners;

use Closure;
use Illuminate\Log\Logger;
use Monolog\ResettableInterface;
use WeakMap;

/** Log channels stay open; context that a request added goes, and what handlers have buffered is written. */
final class LogCleaner
{
    private readonly Closure $channels;

    private readonly Closure $forget;

    /** @var WeakMap<Logger, array<string, mixed>> context that providers set while booting */
    private readonly WeakMap $booted;

    public function __construct(object $log)
    {
        $this->channels = Closure::bind(fn (): array => $this->channels, $log, $log::class);
        $this->forget = Closure::bind(static function (Logger $logger, array $context): void {
            $logger->context = $context;
        }, null, Logger::class);
        $this->booted = new WeakMap();
        foreach (($this->channels)() as $logger) {
            if ($logger instanceof Logger) {
                $this->booted[$logger] = (fn (): array => $this->context ?? [])->call($logger);
            }
        }
    }

    public function clean(): void
    {
        foreach (($this->channels)() as $logger) {
            if (!$logger instanceof Logger) {
                continue;
            }
            ($this->forget)($logger, $this->booted[$logger] ?? []);
            $inner = $logger->getLogger();
            if ($inner instanceof ResettableInterface) {
                $inner->reset();
            }
        }
    }
}
