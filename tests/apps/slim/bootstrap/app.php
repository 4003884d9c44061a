<?php

declare(strict_types=1);

/*
 * In the style of Laravel 11: the application, its routing, its middleware and its exception handling are all
 * configured here. No App\Http\Kernel, no App\Console\Kernel, no App\Exceptions\Handler.
 */

use Illuminate\Contracts\Console\Kernel as ConsoleKernel;
use Illuminate\Contracts\Debug\ExceptionHandler;
use Illuminate\Contracts\Http\Kernel as HttpKernel;
use Illuminate\Foundation\Application;
use Illuminate\Foundation\Console\Kernel as FoundationConsoleKernel;
use Illuminate\Foundation\Exceptions\Handler;
use Illuminate\Foundation\Http\Kernel as FoundationHttpKernel;
use Illuminate\Foundation\Http\Middleware\ConvertEmptyStringsToNull;

$app = new Application(dirname(__DIR__));

$app->singleton(HttpKernel::class, FoundationHttpKernel::class);
$app->singleton(ConsoleKernel::class, FoundationConsoleKernel::class);
$app->singleton(ExceptionHandler::class, Handler::class);

$app->afterResolving(HttpKernel::class, static function (FoundationHttpKernel $kernel): void {
    $kernel->pushMiddleware(ConvertEmptyStringsToNull::class);
});
$app->afterResolving(ExceptionHandler::class, static function (Handler $handler): void {
    $handler->renderable(static fn (DomainException $e) => response()->json(['error' => $e->getMessage()], 422));
});
$app->booted(static function (Application $app): void {
    $app['router']->middlewareGroup('web', [
        Illuminate\Cookie\Middleware\EncryptCookies::class,
        Illuminate\Cookie\Middleware\AddQueuedCookiesToResponse::class,
        Illuminate\Session\Middleware\StartSession::class,
    ]);
    $app['router']->group([], $app->basePath('routes/web.php'));
});

return $app;
