<?php

declare(strict_types=1);

namespace Rserverd\Illuminate;

use Closure;
use Rserverd\Log;

/**
 * register_providers: registered, and so booted, again before every request. What they add to the container and to the
 * event dispatcher goes when the request does, so nothing piles up.
 */
final class Providers
{
    /** @param list<string> $classes */
    public static function registrar(Framework $framework, array $classes): ?Closure
    {
        $known = [];
        foreach ($classes as $class) {
            if (class_exists($class)) {
                $known[] = ltrim($class, '\\');
            } else {
                Log::warning("register_providers: there is no class $class");
            }
        }

        return $known === [] ? null : $framework->registrar($known);
    }
}
