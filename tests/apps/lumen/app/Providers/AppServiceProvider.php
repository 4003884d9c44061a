<?php

declare(strict_types=1);

namespace App\Providers;

use App\Services\Greeter;
use App\Services\Holder;
use Illuminate\Support\ServiceProvider;

class AppServiceProvider extends ServiceProvider
{
    public function register()
    {
        $this->app->singleton(Greeter::class);
        $this->app->singleton(Holder::class, static fn ($app) => new Holder($app->make('request')));
    }

    public function boot()
    {
        // Made at boot: it must see the request that runs all the same.
        $this->app->make(Holder::class);
    }
}
