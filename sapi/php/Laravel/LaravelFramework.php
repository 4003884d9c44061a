<?php

declare(strict_types=1);

namespace Rserverd\Laravel;

use Closure;
use Illuminate\Container\Container;
use Illuminate\Contracts\Console\Kernel as ConsoleKernel;
use Illuminate\Contracts\Debug\ExceptionHandler;
use Illuminate\Contracts\Foundation\Application;
use Illuminate\Contracts\Http\Kernel;
use Illuminate\Foundation\Bootstrap\LoadConfiguration;
use Illuminate\Http\Request;
use Illuminate\Routing\Route;
use ReflectionMethod;
use ReflectionProperty;
use Rserverd\Illuminate\Framework;
use Symfony\Component\HttpFoundation\Response;
use Throwable;

/**
 * Laravel, through its contracts only.
 *
 * The console kernel boots it: unlike the HTTP kernel it loads the deferred providers too, so that no request has to,
 * and binds a request made from app.url for providers that ask for one. Nevertheless the application does not run in
 * the console: runningInConsole() is false from the start.
 */
final class LaravelFramework implements Framework
{
    private Kernel $kernel;

    private ?SimpleProviders $providers = null;

    public function __construct(private readonly Container&Application $app)
    {
        // Asked once and remembered; APP_RUNNING_IN_CONSOLE says the same where nobody looks at this property.
        if (property_exists($app, 'isRunningInConsole')) {
            (new ReflectionProperty($app, 'isRunningInConsole'))->setValue($app, false);
        }
    }

    public function name(): string
    {
        return 'Laravel';
    }

    public function app(): Container
    {
        return $this->app;
    }

    public function boot(Closure $configured): void
    {
        $this->kernel = $this->app->make(Kernel::class);
        $told = false;
        $tell = function () use ($configured, &$told): void {
            $told = true;
            $classes = $configured();
            $this->providers = $classes === null ? null : SimpleProviders::replace($this->app, $classes);
        };
        $this->app->afterBootstrapping(LoadConfiguration::class, $tell);
        $this->app->make(ConsoleKernel::class)->bootstrap();
        // A kernel of the application's own may load its configuration otherwise.
        $told || $tell();
        $this->providers?->settle();
    }

    public function booter(): ?Closure
    {
        return $this->providers === null ? null : $this->providers->boot(...);
    }

    public function provides(string $service): bool
    {
        return $this->app->bound($service);
    }

    public function requestClass(): string
    {
        return Request::class;
    }

    public function bind(Request $request): void
    {
        $this->app->instance('request', $request);
    }

    public function registrar(array $classes): ?Closure
    {
        // register($provider, $force), but register($provider, $options, $force) up to Laravel 5.6.
        $arguments = (new ReflectionMethod($this->app, 'register'))->getNumberOfParameters() === 3 ? [[], true] : [true];

        return function () use ($classes, $arguments): void {
            foreach ($classes as $class) {
                $this->app->register($class, ...$arguments);
            }
        };
    }

    public function respond(Request $request): Response
    {
        return $this->kernel->handle($request);
    }

    public function failed(Request $request, Throwable $e): Response
    {
        $handler = $this->app->make(ExceptionHandler::class);
        $handler->report($e);

        return $handler->render($request, $e);
    }

    public function route(Request $request): ?string
    {
        $route = $request->route();

        // Packages with a router of their own may have put something else there.
        return $route instanceof Route ? $route->uri() : null;
    }

    public function terminate(Request $request, Response $response): void
    {
        $this->kernel->terminate($request, $response);
    }
}
