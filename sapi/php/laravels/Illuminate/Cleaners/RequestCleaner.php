<?php

declare(strict_types=1);

namespace Hhxsv5\LaravelS\Illuminate\Cleaners;

use Illuminate\Container\Container;
use Rserverd\Illuminate\HasStates;
use Rserverd\Illuminate\States;
use Symfony\Component\HttpFoundation\Request;

/**
 * What outlives a request object: settings that are the class's own (trusted proxies, formats), and the URL generator
 * with its root, scheme and default parameters. The request in the container is ContainerCleaner's.
 */
class RequestCleaner extends BaseCleaner implements HasStates
{
    /** @var States */
    private $states;

    public function __construct(Container $currentApp, Container $snapshotApp)
    {
        parent::__construct($currentApp, $snapshotApp);
        $this->states = (new States())->class(Request::class);
        if ($url = $this->existing('url')) {
            $this->states->object($url);
            // Default parameters live in an object of its own, made when it is first needed.
            $generator = (fn () => $this->routeGenerator ?? null)->call($url);
            if ($generator) {
                $this->states->object($generator);
            }
        }
    }

    public function clean()
    {
        $this->states->restore();
    }

    public function states(): States
    {
        return $this->states;
    }
}
