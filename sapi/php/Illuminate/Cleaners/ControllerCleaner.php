<?php

declare(strict_types=1);

namespace Rserverd\Illuminate\Cleaners;

use Closure;
use Illuminate\Container\Container;
use Illuminate\Routing\Route;

/**
 * destroy_controllers: a route keeps its controller, and with it the request, the user and the session that were given
 * to its constructor. Parameters go as well: they may be models of somebody. Not needed with cached routes, for there a
 * route object lives as long as its request.
 */
final class ControllerCleaner
{
    private readonly Closure $destroy;

    private readonly object $router;

    /** @param list<string> $kept controller classes that stay */
    public function __construct(Container $app, array $kept)
    {
        $this->router = $app->make('router');
        $kept = array_map(static fn (string $class): string => ltrim($class, '\\'), $kept);
        $this->destroy = Closure::bind(static function (Route $route) use ($kept): void {
            $controller = $route->controller ?? null;
            if ($controller !== null && !in_array($controller::class, $kept, true)) {
                $route->controller = null;
                // Middleware that a controller's constructor made from closures is bound to that controller.
                foreach ($route->computedMiddleware ?? [] as $middleware) {
                    if (!is_string($middleware)) {
                        $route->computedMiddleware = null;
                        break;
                    }
                }
            }
            $route->parameters = $route->originalParameters = null;
        }, null, Route::class);
    }

    public function clean(): void
    {
        if (($route = $this->router->getCurrentRoute()) instanceof Route) {
            ($this->destroy)($route);
        }
    }
}
