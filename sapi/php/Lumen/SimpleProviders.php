<?php

declare(strict_types=1);

namespace Rserverd\Lumen;

use Closure;
use Illuminate\Container\Container;
use RuntimeException;
use Rserverd\Illuminate\ProviderClasses;
use UnexpectedValueException;

/**
 * isolation = simple with Lumen: bootstrap/app.php has registered the providers when we first see the application, so they
 * are on worker or across.
 */
final class SimpleProviders
{
    private readonly Closure $bootRest;

    /** @var array<class-string, true> that have booted, once and for all */
    private array $booted = [];

    public function __construct(Container $app, ProviderClasses $classes)
    {
        if (!method_exists($app, 'boot')) {
            throw new RuntimeException('isolation = simple: this version of Lumen boots a provider when it registers it; '
                . 'allowed: snapshot, fork, greedy');
        }
        foreach ([ProviderClasses::IN_REQUEST, ProviderClasses::IGNORED] as $option) {
            if (($names = $classes->named($option)) !== []) {
                throw new UnexpectedValueException("$option: $names[0]: in a Lumen application bootstrap/app.php itself "
                    . 'registers the providers; allowed: ' . ProviderClasses::ON_WORKER);
            }
        }
        $this->bootRest = Closure::bind(function (array $booted): void {
            foreach ($this->loadedProviders as $provider) {
                isset($booted[$provider::class]) || $this->bootProvider($provider);
            }
            $this->booted = true;
        }, $app, $app::class);
        $classes->complain([], $app->providerIsLoaded(...));
        $this->bootOnWorker($app, $classes->named(ProviderClasses::ON_WORKER));
    }

    /** In every request and event: Application::boot() but for providers that have been booted. */
    public function boot(): void
    {
        ($this->bootRest)($this->booted);
    }

    /** @param list<class-string> $classes */
    private function bootOnWorker(Container $app, array $classes): void
    {
        $boot = Closure::bind(fn (string $class) => $this->bootProvider($this->loadedProviders[$class]), $app, $app::class);
        foreach (array_filter($classes, $app->providerIsLoaded(...)) as $class) {
            $this->booted[$class] = true;
            $boot($class);
        }
    }
}
