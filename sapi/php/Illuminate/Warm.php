<?php

declare(strict_types=1);

namespace Rserverd\Illuminate;

use Closure;
use Illuminate\Container\Container;
use Illuminate\Support\Pluralizer;
use Illuminate\View\Compilers\Compiler;
use Rserverd\Log;
use Throwable;

/**
 * Makes before the fork what requests would make after it: memory is shared, and no request pays for it. None of these
 * services connects to anything when it is made.
 *
 * Not made are the translator, what holds it, and the cookie jar: they read the configuration when they are made, which middleware of
 * applications changes before that (app.locale, session.domain), and cost next to nothing.
 */
final class Warm
{
    private const SERVICES = [
        'config', 'events', 'files', 'filesystem', 'log', 'router', 'url', 'encrypter', 'hash', 'session', 'auth',
        'auth.password', 'cache', 'redis', 'db', 'db.factory', 'db.transactions', 'queue', 'mail.manager', 'view',
        'view.finder', 'view.engine.resolver', 'blade.compiler', 'pipeline',
        'Illuminate\Bus\Dispatcher',
        'Illuminate\Contracts\Auth\Access\Gate',
        'Illuminate\Contracts\Debug\ExceptionHandler',
        'Illuminate\Contracts\Pipeline\Hub',
        'Illuminate\Contracts\Validation\UncompromisedVerifier',
        'Illuminate\Contracts\Foundation\MaintenanceMode',
        'Illuminate\Broadcasting\BroadcastManager',
        'Illuminate\Notifications\ChannelManager',
        'Illuminate\Routing\Contracts\ControllerDispatcher',
        'Illuminate\Routing\Contracts\CallableDispatcher',
        'Illuminate\Session\Middleware\StartSession',
    ];

    /**
     * isolation = simple: what holds connections and caches, or is there anyway. All others begin with the request, so that
     * callbacks and extensions that a boot() adds are there before them, as under php-fpm.
     */
    private const LASTING = ['config', 'events', 'files', 'log', 'router', 'url', 'encrypter', 'cache', 'redis', 'db',
        'db.factory', 'db.transactions', 'queue'];

    /** @param bool $providersBoot in every request */
    public static function up(Framework $framework, bool $providersBoot): void
    {
        $app = $framework->app();
        foreach ($providersBoot ? self::LASTING : self::SERVICES as $service) {
            if ($framework->provides($service)) {
                self::attempt($service, static fn () => $app->make($service));
            }
        }
        if ($app->resolved('view.engine.resolver')) {
            self::attempt('Blade', static fn () => $app->make('view.engine.resolver')->resolve('blade'));
        }
        if ($app->resolved('blade.compiler')) {
            self::attempt('compiled views', static fn () => ViewFiles::give($app->make('blade.compiler')));
        } elseif ($providersBoot) {
            $app->resolving('blade.compiler', static fn (Compiler $compiler) => ViewFiles::give($compiler));
        }
        if (class_exists(Pluralizer::class)) {
            self::attempt('inflector', static fn () => Pluralizer::plural('word')); // names of tables
        }
        if ($app->resolved('router')) {
            self::attempt('routes', static fn () => self::compileRoutes($app));
        }
    }

    /** A route is compiled when it is first compared with a request. */
    private static function compileRoutes(Container $app): void
    {
        $routes = $app->make('router')->getRoutes();
        if (!is_object($routes) || $routes::class !== 'Illuminate\Routing\RouteCollection') {
            return; // cached ones are compiled already; Lumen's are an array
        }
        foreach ($routes->getRoutes() as $route) {
            if (method_exists($route, 'compileRoute')) {
                Closure::bind(static fn () => $route->compileRoute(), null, $route::class)();
            }
        }
    }

    /** What cannot be made here (no key, no driver) is the business of the request that needs it. */
    private static function attempt(string $what, Closure $make): void
    {
        try {
            $make();
        } catch (Throwable $e) {
            Log::debug("$what cannot be made before the fork: " . Log::describe($e));
        }
    }
}
