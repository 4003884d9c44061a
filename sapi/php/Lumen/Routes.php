<?php

declare(strict_types=1);

namespace Rserverd\Lumen;

use Closure;
use FastRoute\Dispatcher;
use Illuminate\Container\Container;

use function FastRoute\simpleDispatcher;

/**
 * The routes, compiled once. Lumen compiles them for every request that is not for a route without parameters; here only
 * a request that has added routes of its own does.
 */
final class Routes implements Dispatcher
{
    /** @param array<string, array<string, mixed>> $compiled the routes that $dispatcher knows */
    private function __construct(
        private readonly object $router,
        private readonly array $compiled,
        private readonly Dispatcher $dispatcher,
    ) {
    }

    public static function prepare(Container $app): void
    {
        if (!isset($app->router)) {
            return; // up to Lumen 5.4 the application is the router
        }
        $router = $app->make('router');
        // One that the application has set itself stays.
        $free = Closure::bind(fn (): bool => $this->dispatcher === null, $app, $app::class)();
        if ($free) {
            $routes = $router->getRoutes();
            $app->setDispatcher(new self($router, $routes, self::compile($routes)));
        }
    }

    public function dispatch($httpMethod, $uri)
    {
        $routes = $this->router->getRoutes();

        // The same array, as nearly always, is recognised by its address.
        return ($routes === $this->compiled ? $this->dispatcher : self::compile($routes))->dispatch($httpMethod, $uri);
    }

    /** @param array<string, array<string, mixed>> $routes */
    private static function compile(array $routes): Dispatcher
    {
        return simpleDispatcher(static function (object $collector) use ($routes): void {
            foreach ($routes as $route) {
                $collector->addRoute($route['method'], $route['uri'], $route['action']);
            }
        });
    }
}
