<?php

declare(strict_types=1);

namespace Rserverd\Illuminate\Cleaners;

use Closure;
use Illuminate\Container\Container;
use Illuminate\Contracts\Debug\ExceptionHandler;
use Illuminate\Contracts\Http\Kernel;
use Rserverd\Illuminate\HasStates;
use Rserverd\Illuminate\States;

/**
 * Services that are made while booting and stay: each one's properties go back to what they were. Listeners, routes,
 * composers, rules and callbacks that a request added are gone with that; so are the current route and the locale.
 */
final class ServicesCleaner implements HasStates
{
    /** service => properties that keep what requests put there: drivers (see DriversCleaner) and caches */
    private const KEPT = [
        'events' => [],
        'router' => [],
        Kernel::class => [],
        ExceptionHandler::class => [],
        'translator' => ['loaded', 'parsed'],
        'translation.loader' => [],
        'validator' => [],
        'db' => ['connections'],
        'db.transactions' => [],
        'cache' => ['stores'],
        'Illuminate\Cache\RateLimiter' => [],
        'filesystem' => ['disks'],
        'queue' => ['connections'],
        'log' => ['channels'],
        'redis' => ['connections'],
        'mail.manager' => [],
        'auth.password' => [],
        'hash' => [],
        'Illuminate\Bus\Dispatcher' => [],
        'Illuminate\Broadcasting\BroadcastManager' => [],
        'Illuminate\Notifications\ChannelManager' => [],
        'Illuminate\Foundation\Vite' => [],
        'Illuminate\Foundation\Mix' => [],
        'Illuminate\Concurrency\ConcurrencyManager' => [],
        'Inertia\ResponseFactory' => [],
        'Livewire\LivewireManager' => [],
        'Laravel\Socialite\Contracts\Factory' => [],
        'Laravel\Scout\EngineManager' => [],
    ];

    /** Services that keep what they know in objects of their own: pending transactions, the command in the pipeline. */
    private const WITH_PARTS = ['db.transactions', 'Illuminate\Bus\Dispatcher'];

    private readonly States $states;

    public function __construct(Container $app)
    {
        $this->states = new States();
        foreach (self::KEPT as $service => $except) {
            if ($app->bound($service) && $app->resolved($service) && is_object($object = $app->make($service))) {
                $this->states->object($object, $except);
                if (in_array($service, self::WITH_PARTS, true)) {
                    $this->addParts($object);
                }
            }
        }
        if ($app->resolved('router')) {
            $this->addRoutes($app->make('router'));
        }
    }

    public function states(): States
    {
        return $this->states;
    }

    private function addParts(object $object): void
    {
        foreach ((array) $object as $part) {
            if (is_object($part) && !$part instanceof Container && !$part instanceof Closure) {
                $this->states->object($part);
            }
        }
    }

    /** The collection of cached routes has another one inside, for routes that are added later. */
    private function addRoutes(object $router): void
    {
        $routes = $router->getRoutes();
        if (!is_object($routes)) {
            return; // Lumen's are a property of the router
        }
        $this->states->object($routes);
        $inner = (fn () => $this->routes ?? null)->call($routes);
        if (is_object($inner)) {
            $this->states->object($inner);
        }
    }
}
