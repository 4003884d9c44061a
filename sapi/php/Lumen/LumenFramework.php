<?php

declare(strict_types=1);

namespace Rserverd\Lumen;

use Closure;
use Dotenv\Dotenv;
use Illuminate\Container\Container;
use Illuminate\Http\Request;
use Illuminate\Http\Response as IlluminateResponse;
use ReflectionClass;
use Rserverd\Illuminate\Framework;
use Symfony\Component\HttpFoundation\Response;
use Throwable;

/**
 * Lumen: an application without kernels that loads configuration and services when they are first asked for.
 *
 * Here all configuration is loaded at boot, and so is what requests would load (see provides()): what a request loads
 * goes when the request does, and would be made again by every one.
 */
final class LumenFramework implements Framework
{
    /** A name, so that it can be asked for where there is no Lumen. */
    public const APPLICATION = 'Laravel\Lumen\Application';

    private const REQUEST = 'Laravel\Lumen\Http\Request';

    private readonly Closure $runTerminable;

    private ?SimpleProviders $providers = null;

    public function __construct(private readonly Container $app)
    {
        $this->runTerminable = Closure::bind(function (Response $response): void {
            if (count($this->middleware) > 0) {
                $this->callTerminableMiddleware($response);
            }
        }, $app, $app::class);
    }

    /**
     * -e NAME: the values of .env.NAME. Lumen itself reads .env only, later, and never overrides what is there: this has
     * to be a repository of its own, for Lumen's would take its own values for ones that it may replace.
     */
    public static function environment(string $basePath, string $name): void
    {
        if (is_file("$basePath/.env.$name") && class_exists(Dotenv::class)) {
            $make = method_exists(Dotenv::class, 'createImmutable') ? 'createImmutable' : 'create';
            Dotenv::$make($basePath, ".env.$name")->safeLoad();
        }
    }

    public function name(): string
    {
        return 'Lumen';
    }

    public function app(): Container
    {
        return $this->app;
    }

    public function boot(Closure $configured): void
    {
        Failures::register($this->app);
        foreach ($this->configurations() as $name) {
            $this->app->configure($name);
        }
        $this->app->instance(Request::class, $this->bootRequest());
        $classes = $configured();
        if ($classes !== null) {
            $this->providers = new SimpleProviders($this->app, $classes);
        } elseif (method_exists($this->app, 'boot')) {
            $this->app->boot();
        }
        Routes::prepare($this->app);
    }

    public function booter(): ?Closure
    {
        return $this->providers === null ? null : $this->providers->boot(...);
    }

    public function provides(string $service): bool
    {
        return $this->app->bound($service) || isset($this->app->availableBindings[$this->app->getAlias($service)]);
    }

    public function requestClass(): string
    {
        return class_exists(self::REQUEST) ? self::REQUEST : Request::class;
    }

    public function bind(Request $request): void
    {
        // 'request' is an alias here, which an instance of that name would break.
        $this->app->instance(Request::class, $request);
    }

    public function registrar(array $classes): ?Closure
    {
        // Lumen's register() takes no second argument to force it: a provider that it knows it skips.
        $forget = Closure::bind(function () use ($classes): void {
            foreach ($classes as $class) {
                unset($this->loadedProviders[$class]);
            }
        }, $this->app, $this->app::class);

        return function () use ($classes, $forget): void {
            $forget();
            foreach ($classes as $class) {
                $this->app->register($class);
            }
        };
    }

    public function respond(Request $request): Response
    {
        $response = $this->app->dispatch($request);

        // Old versions return what the route returned.
        return $response instanceof Response ? $response : new IlluminateResponse($response);
    }

    public function failed(Request $request, Throwable $e): Response
    {
        return Failures::answer($this->app, $request, $e);
    }

    public function terminate(Request $request, Response $response): void
    {
        ($this->runTerminable)($response);
    }

    public function route(Request $request): ?string
    {
        $found = $request->route();
        if (!is_array($found) || !is_array($found[2] ?? null)) {
            return null;
        }
        // The pattern itself is not kept: it is the path, with names where the parameters stand, the last one first.
        $pattern = '';
        $rest = '/' . $request->decodedPath();
        foreach (array_reverse($found[2]) as $name => $value) {
            $at = is_string($value) && $value !== '' ? strrpos($rest, "/$value") : false;
            if ($at !== false) {
                $pattern = "/{{$name}}" . substr($rest, $at + 1 + strlen($value)) . $pattern;
                $rest = substr($rest, 0, $at);
            }
        }

        return $rest . $pattern;
    }

    /** @return list<string> the framework's configuration files, then the application's, which win over those */
    private function configurations(): array
    {
        $class = new ReflectionClass(self::APPLICATION);
        $names = [];
        foreach ([dirname((string) $class->getFileName(), 2) . '/config', $this->app->basePath('config')] as $folder) {
            foreach (glob("$folder/*.php") ?: [] as $file) {
                $names[] = basename($file, '.php');
            }
        }

        return array_values(array_unique($names));
    }

    /** For providers that ask for a request: as the console would have one. */
    private function bootRequest(): Request
    {
        $url = $this->app->make('config')->get('app.url');

        return $this->requestClass()::create(is_string($url) && $url !== '' ? $url : 'http://localhost', 'GET', [], [], [],
            $_SERVER);
    }
}
