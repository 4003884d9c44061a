<?php

declare(strict_types=1);

namespace App\Providers;

use App\Services\RequestHolder;
use Illuminate\Support\ServiceProvider;

class AppServiceProvider extends ServiceProvider
{
    public function register(): void
    {
        // The classic mistake in a resident application: a singleton that keeps the request it was made with.
        $this->app->singleton(RequestHolder::class);
        $this->app->instance('booted', sprintf('%.6F', microtime(true)));
    }
}
