<?php

declare(strict_types=1);

namespace Rserverd\Illuminate;

use Closure;
use Illuminate\Support\ServiceProvider;
use Rserverd\Log;
use Rserverd\Server\Check;

/**
 * register_providers: registered, and so booted, again before every request. What they add to the container and to the
 * event dispatcher goes when the request does, so nothing piles up.
 */
final class Providers
{
    /** Refuses a class that is no provider: it would fail every request. One that is not there is left out, as LaravelS does. */
    public static function check(string $class): void
    {
        if (class_exists($class)) {
            Check::extends('register_providers', $class, ServiceProvider::class);
        } else {
            Log::warning("register_providers: there is no class $class, it is left out");
        }
    }

    /** @param list<string> $classes */
    public static function registrar(Framework $framework, array $classes): ?Closure
    {
        $known = [];
        foreach ($classes as $class) {
            if (class_exists($class)) {
                $known[] = ltrim($class, '\\');
            }
        }

        return $known === [] ? null : $framework->registrar($known);
    }
}
