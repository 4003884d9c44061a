<?php

declare(strict_types=1);

require_once dirname(__DIR__) . '/vendor/autoload.php';

(new Laravel\Lumen\Bootstrap\LoadEnvironmentVariables(dirname(__DIR__)))->bootstrap();
date_default_timezone_set(env('APP_TIMEZONE', 'UTC'));

$app = new Laravel\Lumen\Application(dirname(__DIR__));

$app->withFacades();
$app->withEloquent();

$app->singleton(Illuminate\Contracts\Debug\ExceptionHandler::class, App\Exceptions\Handler::class);
$app->singleton(Illuminate\Contracts\Console\Kernel::class, App\Console\Kernel::class);

$app->configure('app');
$app->configure('shop');

$app->middleware([App\Http\Middleware\Terminable::class]);
$app->routeMiddleware([
    'auth' => App\Http\Middleware\Authenticate::class,
    'tag' => App\Http\Middleware\Tag::class,
]);

$app->register(App\Providers\AppServiceProvider::class);
$app->register(App\Providers\AuthServiceProvider::class);
$app->register(App\Providers\EventServiceProvider::class);
if (class_exists(Hhxsv5\LaravelS\Illuminate\LaravelSServiceProvider::class)) {
    $app->register(Hhxsv5\LaravelS\Illuminate\LaravelSServiceProvider::class);
}

$app->router->group(['namespace' => 'App\Http\Controllers'], static function (Laravel\Lumen\Routing\Router $router): void {
    require dirname(__DIR__) . '/routes/web.php';
});

return $app;
