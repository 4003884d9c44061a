<?php

declare(strict_types=1);

namespace Rserverd\Illuminate\Cleaners;

use Illuminate\Container\Container;
use Rserverd\Illuminate\HasStates;
use Rserverd\Illuminate\States;

/**
 * Views: shared data, sections and stacks that an exit() left half rendered, directives, engines. Where views are
 * looked for is FinderCleaner's.
 */
final class ViewCleaner implements HasStates
{
    private readonly States $states;

    public function __construct(Container $app)
    {
        $this->states = new States();
        foreach (['view', 'blade.compiler'] as $service) {
            if ($app->bound($service) && $app->resolved($service)) {
                $this->states->object($app->make($service));
            }
        }
        if ($app->bound('view.engine.resolver') && $app->resolved('view.engine.resolver')) {
            $resolver = $app->make('view.engine.resolver');
            foreach ((fn (): array => $this->resolved ?? [])->call($resolver) as $engine) {
                // What is known to be compiled is asked again: a view may have been edited since.
                $this->states->object($engine, with: ['lastCompiled' => [], 'compiledOrNotExpired' => []]);
            }
        }
    }

    public function states(): States
    {
        return $this->states;
    }
}
