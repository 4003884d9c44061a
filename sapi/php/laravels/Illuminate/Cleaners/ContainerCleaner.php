<?php

declare(strict_types=1);

namespace Hhxsv5\LaravelS\Illuminate\Cleaners;

use Illuminate\Container\Container;
use Illuminate\Contracts\Routing\ResponseFactory;
use Rserverd\Illuminate\HasStates;
use Rserverd\Illuminate\States;

/**
 * Puts the container itself back to what it was after boot: bindings, aliases, instances, callbacks, providers, and
 * what an exit() in the middle of a resolution left on its stacks.
 *
 * So a singleton made during a request ends with it, as under php-fpm; one made while booting lives on. Callbacks that
 * providers registered at boot stay: the one that gives each request its user among them.
 */
class ContainerCleaner extends BaseCleaner implements HasStates
{
    /** Made at boot they would hold the session, the user or the redirector of one request for ever. */
    private const OF_A_REQUEST = ['session.store', 'auth.driver', 'redirect', ResponseFactory::class];

    /** @var States */
    private $states;

    public function __construct(Container $currentApp, Container $snapshotApp)
    {
        parent::__construct($currentApp, $snapshotApp);
        $this->states = (new States())->object($currentApp, with: [
            'instances' => array_diff_key(
                $this->read('instances'),
                array_flip(self::OF_A_REQUEST),
                array_flip($this->read('scopedInstances'))
            ),
            'buildStack' => [],
            'with' => [],
        ]);
    }

    public function clean()
    {
        $this->states->restore();
    }

    public function states(): States
    {
        return $this->states;
    }

    private function read(string $property): array
    {
        return (fn (): array => $this->$property ?? [])->call($this->currentApp);
    }
}
