<?php

declare(strict_types=1);

namespace App\Cleaners;

use App\Services\Remembers;
use Hhxsv5\LaravelS\Illuminate\Cleaners\CleanerInterface;
use Illuminate\Container\Container;

class RemembersCleaner implements CleanerInterface
{
    public function clean(Container $app, Container $snapshot)
    {
        if ($app !== $snapshot && $snapshot->bound('config')) {
            $app->make(Remembers::class)->requests = 0;
        }
    }
}
