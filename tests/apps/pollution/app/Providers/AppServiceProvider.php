<?php

declare(strict_types=1);

namespace App\Providers;

use App\Pollution\Counter;
use App\Pollution\Greeting;
use App\Pollution\LazyShelf;
use App\Pollution\Shelf;
use App\Services\RequestHolder;
use Illuminate\Cookie\Middleware\EncryptCookies;
use Illuminate\Support\Facades\Log;
use Illuminate\Support\Facades\Route;
use Illuminate\Support\ServiceProvider;

class AppServiceProvider extends ServiceProvider
{
    /** What a monkeyed provider answers. */
    public string $answer = 'clean';

    public function register(): void
    {
        $this->app->singleton(RequestHolder::class);
        $this->app->singleton(Greeting::class);
        $this->app->singleton(Shelf::class);
        $this->app->singleton(LazyShelf::class);
        $this->app->singleton(EncryptCookies::class);
        $this->app->singleton('counter', static function (): \Closure {
            $count = 0;

            return static function () use (&$count): int {
                return ++$count;
            };
        });
        $this->app->singleton('counter.static', static fn (): \Closure => Counter::next(...));
    }

    public function boot(): void
    {
        ini_set('user_agent', 'clean');
        $GLOBALS['boot_global'] = 'clean';
        defined('BOOT_OBJECT') || define('BOOT_OBJECT', new Greeting('clean'));
        // There before the first request, as in an application that was warmed up.
        foreach ([Greeting::class, Shelf::class, 'counter', 'counter.static', 'hash', 'auth', 'session', 'mail.manager'] as $made) {
            $this->app->make($made);
        }
        Log::channel();
        Route::middleware('web')->group(base_path('routes/pollution.php'));
    }
}
