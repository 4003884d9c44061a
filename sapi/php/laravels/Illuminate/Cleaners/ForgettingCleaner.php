<?php

declare(strict_types=1);

namespace Hhxsv5\LaravelS\Illuminate\Cleaners;

use Illuminate\Support\Facades\Facade;

/** Drops services of a package, also those made while booting, so that the next request makes them anew. */
abstract class ForgettingCleaner extends BaseCleaner
{
    /** @var list<string> */
    protected $services = [];

    public function clean()
    {
        foreach ($this->services as $service) {
            $this->currentApp->forgetInstance($service);
            Facade::clearResolvedInstance($service);
        }
    }
}
