<?php

declare(strict_types=1);

namespace Rserverd\Illuminate;

use Illuminate\Container\Container;
use Rserverd\Log;
use Throwable;

/** For `rserverd doctor`: the paths that can be requested with GET as they are, without a parameter or a domain. */
final class PlainRoutes
{
    /** @return list<string> */
    public static function of(Container $app): array
    {
        try {
            $routes = $app->bound('router') ? $app->make('router')->getRoutes() : $app->getRoutes();
            $paths = [];
            foreach ($routes as $route) {
                $path = is_array($route) ? self::lumen($route) : self::laravel($route);
                if ($path !== null && strpbrk($path, '{[') === false) {
                    $paths['/' . ltrim($path, '/')] = true;
                }
            }

            return array_map(strval(...), array_keys($paths));
        } catch (Throwable $e) {
            Log::problem('the list of routes', $e);

            return [];
        }
    }

    private static function laravel(object $route): ?string
    {
        return in_array('GET', $route->methods(), true) && $route->getDomain() === null ? $route->uri() : null;
    }

    /** @param array<string, mixed> $route */
    private static function lumen(array $route): ?string
    {
        return ($route['method'] ?? '') === 'GET' ? (string) ($route['uri'] ?? '/') : null;
    }
}
