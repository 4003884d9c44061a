<?php

declare(strict_types=1);

namespace App\Providers;

use Illuminate\Support\ServiceProvider;

/** In register_providers: what it binds is new in every request. */
class ProvidesEachRequest extends ServiceProvider
{
    private static int $registered = 0;
    private static int $booted = 0;

    public function register(): void
    {
        self::$registered++;
        $this->app->instance('provided', ['path' => $this->app['request']->path(), 'registered' => self::$registered, 'booted' => self::$booted]);
    }

    public function boot(): void
    {
        self::$booted++;
        $this->app->instance('provided', ['booted' => self::$booted] + $this->app['provided']);
    }
}
