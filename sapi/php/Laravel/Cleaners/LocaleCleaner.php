<?php

declare(strict_types=1);

namespace Rserverd\Laravel\Cleaners;

use Carbon\Carbon;
use Carbon\CarbonImmutable;

/** Carbon has a locale and a pretended present of its own, per class. */
final class LocaleCleaner
{
    /** @var array<class-string, string> */
    private array $locales = [];

    /** @var array<class-string, mixed> */
    private array $present = [];

    public function __construct()
    {
        foreach ([Carbon::class, CarbonImmutable::class] as $class) {
            if (class_exists($class)) {
                $this->locales[$class] = $class::getLocale();
                $this->present[$class] = $class::getTestNow();
            }
        }
    }

    public function clean(): void
    {
        foreach ($this->locales as $class => $locale) {
            if ($class::getLocale() !== $locale) {
                $class::setLocale($locale);
            }
            if ($class::getTestNow() !== $this->present[$class]) {
                $class::setTestNow($this->present[$class]);
            }
        }
    }
}
