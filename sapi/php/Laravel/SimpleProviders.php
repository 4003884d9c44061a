<?php

declare(strict_types=1);

namespace Rserverd\Laravel;

use Closure;
use Illuminate\Container\Container;
use Illuminate\Contracts\Foundation\Application;
use Illuminate\Foundation\Bootstrap\BootProviders;
use Illuminate\Foundation\Bootstrap\RegisterProviders;
use Illuminate\Foundation\PackageManifest;
use RuntimeException;
use Rserverd\Illuminate\ProviderClasses;

/**
 * isolation = simple with Laravel: the kernel's last two bootstrappers are made by the container, and it gets these two
 * steps instead. Deferred providers are across like all others, so that they are registered before the fork; those that are in
 * request stay deferred in every request.
 */
final class SimpleProviders
{
    /** @var array{eager: list<string>, deferred: array<string, string>} */
    private array $inRequest = ['eager' => [], 'deferred' => []];

    /** @var array<class-string, true> that have booted, once and for all */
    private array $booted = [];

    private readonly Closure $bootRest;

    private function __construct(private readonly Container&Application $app, private readonly ProviderClasses $classes)
    {
        // Application::boot() but for providers that have been booted: those must be found there all the same.
        $this->bootRest = Closure::bind(function (array $booted): void {
            $this->fireAppCallbacks($this->bootingCallbacks);
            array_walk($this->serviceProviders, function (object $provider) use ($booted): void {
                isset($booted[$provider::class]) || $this->bootProvider($provider);
            });
            $this->booted = true;
            $this->fireAppCallbacks($this->bootedCallbacks);
        }, $app, $app::class);
    }

    /** Before the kernel registers providers. */
    public static function replace(Container&Application $app, ProviderClasses $classes): self
    {
        $self = new self($app, $classes);
        $app->instance(RegisterProviders::class, new Bootstrapper($self->register(...)));
        $app->instance(BootProviders::class, new Bootstrapper($self->bootOnWorker(...)));

        return $self;
    }

    /** When the kernel has done all that it does. */
    public function settle(): void
    {
        if ($this->app->isBooted()) {
            throw new RuntimeException('isolation = simple: the console kernel of this application boots the providers in '
                . 'its own way; allowed: snapshot, fork, greedy');
        }
        $this->app->forgetInstance(RegisterProviders::class);
        $this->app->forgetInstance(BootProviders::class);
        $this->app->addDeferredServices($this->inRequest['deferred']);
    }

    /** In every request and event. */
    public function boot(): void
    {
        foreach ($this->inRequest['eager'] as $class) {
            $this->app->register($class);
        }
        ($this->bootRest)($this->booted);
    }

    private function register(): void
    {
        $listed = $this->listed();
        $providers = new UncachedProviders($this->app);
        $providers->load($this->classes->atBoot($listed));
        $this->inRequest = $providers->prepare($this->classes->inRequest($listed));
        foreach (array_unique($this->app->getDeferredServices()) as $class) {
            $this->app->register($class);
        }
        $this->app->setDeferredServices([]);
        $this->classes->complain($listed, fn (string $class): bool => $this->app->getProvider($class) !== null);
    }

    private function bootOnWorker(): void
    {
        $boot = Closure::bind(fn (object $provider) => $this->bootProvider($provider), $this->app, $this->app::class);
        foreach ($this->classes->named(ProviderClasses::ON_WORKER) as $class) {
            if (($provider = $this->app->getProvider($class)) !== null) {
                $this->booted[$provider::class] = true;
                $boot($provider);
            }
        }
    }

    /**
     * As Application::registerConfiguredProviders() puts it together: the framework's, those of packages, the others.
     *
     * @return list<string>
     */
    private function listed(): array
    {
        $app = $this->app;
        $registers = new RegisterProviders();
        if (method_exists($registers, 'mergeAdditionalProviders')
            && !($app->bound('config_loaded_from_cache') && $app->make('config_loaded_from_cache'))) {
            // From Laravel 11 on there are more than the configuration has.
            (fn () => $this->mergeAdditionalProviders($app))->call($registers);
        }
        [$frameworks, $others] = [[], []];
        foreach ((array) $app->make('config')->get('app.providers', []) as $class) {
            str_starts_with($class, 'Illuminate\\') ? $frameworks[] = $class : $others[] = $class;
        }
        $packages = $app->bound(PackageManifest::class) ? $app->make(PackageManifest::class)->providers() : [];

        return [...$frameworks, ...array_values($packages), ...$others];
    }
}
