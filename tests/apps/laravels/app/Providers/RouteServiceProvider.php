<?php

declare(strict_types=1);

namespace App\Providers;

use Illuminate\Foundation\Support\Providers\RouteServiceProvider as BaseProvider;
use Illuminate\Support\Facades\Route;

class RouteServiceProvider extends BaseProvider
{
    public function boot(): void
    {
        $this->routes(static function (): void {
            Route::prefix('api')->middleware('api')->group(base_path('routes/api.php'));
            Route::middleware('web')->group(base_path('routes/web.php'));
            if (config('app.test_routes')) {
                Route::prefix('test')->group(base_path('routes/testing.php'));
                Route::group([], base_path('routes/hosted.php'));
            }
        });
    }
}
