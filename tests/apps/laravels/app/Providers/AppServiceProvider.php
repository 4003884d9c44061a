<?php

declare(strict_types=1);

namespace App\Providers;

use App\Services\Remembers;
use App\Services\RequestHolder;
use Illuminate\Foundation\AliasLoader;
use Illuminate\Support\Facades;
use Illuminate\Support\ServiceProvider;

class AppServiceProvider extends ServiceProvider
{
    public function register(): void
    {
        AliasLoader::getInstance()->alias('Log', Facades\Log::class);
        AliasLoader::getInstance()->alias('Event', Facades\Event::class);
        $this->app->singleton(RequestHolder::class);
        $this->app->singleton(Remembers::class);
    }
}
