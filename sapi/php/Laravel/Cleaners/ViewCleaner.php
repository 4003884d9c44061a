<?php

declare(strict_types=1);

namespace Rserverd\Laravel\Cleaners;

use Closure;
use Illuminate\Container\Container;
use Rserverd\Laravel\States;

/**
 * Views: shared data, sections and stacks that an exit() left half rendered, directives, engines, and where views are
 * looked for. The finder keeps what it has found, unless the request changed where to look.
 */
final class ViewCleaner
{
    /** Properties of the finder that say where views are. */
    private const PLACES = ['paths', 'hints', 'extensions'];

    private readonly States $states;

    private ?States $finder = null;

    private ?Closure $places = null;

    /** @var array<string, mixed> */
    private array $booted = [];

    public function __construct(Container $app)
    {
        $this->states = new States();
        foreach (['view', 'blade.compiler'] as $service) {
            if ($app->bound($service) && $app->resolved($service)) {
                $this->states->object($app->make($service));
            }
        }
        if ($app->resolved('view.engine.resolver')) {
            $resolver = $app->make('view.engine.resolver');
            foreach ((fn (): array => $this->resolved ?? [])->call($resolver) as $engine) {
                // What is known to be compiled is asked again: a view may have been edited since.
                $this->states->object($engine, with: ['lastCompiled' => [], 'compiledOrNotExpired' => []]);
            }
        }
        if ($app->resolved('view')) {
            $finder = $app->make('view')->getFinder();
            $this->finder = (new States())->object($finder);
            $this->places = $this->reader($finder);
            $this->booted = ($this->places)();
        }
    }

    public function clean(): void
    {
        $this->states->restore();
        if ($this->places !== null && ($this->places)() !== $this->booted) {
            $this->finder->restore();
        }
    }

    private function reader(object $finder): Closure
    {
        $names = self::PLACES;

        return Closure::bind(function () use ($names): array {
            $places = [];
            foreach ($names as $name) {
                $places[] = $this->$name ?? null;
            }

            return $places;
        }, $finder, $finder::class);
    }
}
