<?php

declare(strict_types=1);

namespace Rserverd\Laravel;

use Closure;
use Illuminate\Contracts\Foundation\Application;
use ReflectionMethod;
use Rserverd\Log;

/**
 * register_providers: registered, and so booted, again before every request. What they add to the container and to the
 * event dispatcher goes when the request does, so nothing piles up.
 */
final class Providers
{
    /** @param list<string> $classes */
    public static function registrar(Application $app, array $classes): ?Closure
    {
        $known = [];
        foreach ($classes as $class) {
            if (class_exists($class)) {
                $known[] = $class;
            } else {
                Log::warning("register_providers: there is no class $class");
            }
        }
        if ($known === []) {
            return null;
        }
        // register($provider, $force), but register($provider, $options, $force) up to Laravel 5.6.
        $arguments = (new ReflectionMethod($app, 'register'))->getNumberOfParameters() === 3 ? [[], true] : [true];

        return static function () use ($app, $known, $arguments): void {
            foreach ($known as $class) {
                $app->register($class, ...$arguments);
            }
        };
    }
}
