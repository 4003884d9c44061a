<?php

declare(strict_types=1);

namespace Hhxsv5\LaravelS\Illuminate\Cleaners;

use Illuminate\Container\Container;

/**
 * Made once per worker. Methods of these classes declare no return types: applications extend them.
 */
abstract class BaseCleaner implements CleanerInterface
{
    /** @var Container the application that serves requests */
    protected $currentApp;

    /** @var Container a copy of it as it was after boot, its services copied one level deep */
    protected $snapshotApp;

    public function __construct(Container $currentApp, Container $snapshotApp)
    {
        $this->currentApp = $currentApp;
        $this->snapshotApp = $snapshotApp;
    }

    abstract public function clean();

    /** The object of a service that exists already; null when nobody has asked for it yet. */
    protected function existing(string $service): ?object
    {
        if (!$this->currentApp->bound($service) || !$this->currentApp->resolved($service)) {
            return null;
        }
        $object = $this->currentApp->make($service);

        return is_object($object) ? $object : null;
    }
}
