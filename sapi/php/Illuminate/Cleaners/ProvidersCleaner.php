<?php

declare(strict_types=1);

namespace Rserverd\Illuminate\Cleaners;

use Closure;
use Illuminate\Container\Container;
use Illuminate\Contracts\Pipeline\Hub;
use Illuminate\Support\ServiceProvider;
use Rserverd\Illuminate\HasStates;
use Rserverd\Illuminate\States;

/**
 * isolation = simple: providers boot again and again, so what a boot() adds to the provider itself, to static lists and
 * to services that other modes need not look at has to go, or it would pile up.
 */
final class ProvidersCleaner implements HasStates
{
    /** Where boot() methods append without a key; the view factory itself begins with the request. */
    private const CLASSES = [
        ServiceProvider::class,
        'Illuminate\Console\Application',
        'Illuminate\Foundation\Http\Middleware\ConvertEmptyStringsToNull',
        'Illuminate\Foundation\Http\Middleware\TrimStrings',
        'Illuminate\View\Factory',
    ];

    /** service => property with objects that are put back as well */
    private const SERVICES = [
        'hash' => 'drivers',
        'mail.manager' => 'mailers',
        'mailer' => null,
        'migrator' => null,
        'view.engine.resolver' => null,
        Hub::class => null,
        'Illuminate\Console\Scheduling\Schedule' => null,
        'Illuminate\Session\Middleware\StartSession' => null,
    ];

    private readonly States $states;

    public function __construct(Container $app)
    {
        $this->states = new States();
        // Laravel's name of them, and Lumen's.
        $names = property_exists($app, 'serviceProviders') ? 'serviceProviders' : 'loadedProviders';
        $providers = (fn (): array => $this->$names)->call($app);
        foreach ($providers as $provider) {
            $this->states->object($provider);
        }
        foreach (self::CLASSES as $class) {
            if (StaticsCleaner::exists($class)) {
                $this->states->class($class);
            }
        }
        foreach (self::SERVICES as $service => $parts) {
            if ($app->bound($service) && $app->resolved($service) && is_object($object = $app->make($service))) {
                $this->states->object($object);
                $parts !== null && $this->addParts($object, $parts);
            }
        }
    }

    public function states(): States
    {
        return $this->states;
    }

    private function addParts(object $object, string $property): void
    {
        $parts = Closure::bind(fn (): array => (array) ($this->$property ?? []), $object, $object::class)();
        foreach (array_filter($parts, is_object(...)) as $part) {
            $this->states->object($part);
        }
    }
}
