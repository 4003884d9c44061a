<?php

declare(strict_types=1);

namespace Rserverd\Console;

use Hhxsv5\LaravelS\Illuminate\LaravelSServiceProvider;
use Illuminate\Container\Container;
use Illuminate\Contracts\Foundation\Application;
use Rserverd\Lumen\LumenFramework;

/**
 * An application in a process that is none of the server's, seen by a class that it loads when it begins: it gets
 * app('swoole'), and in the console our provider with its commands, whether it lists that or not.
 */
final class Arrival
{
    /** Laravel is about to register its providers; Lumen has a console, or a request. The class itself is not loaded yet. */
    public static function of(string $sign): void
    {
        if (!class_exists(Container::class, false) || !Outside::isHere()) {
            return;
        }
        $app = Container::getInstance();
        if (is_a($app, LumenFramework::APPLICATION)) {
            Outside::bind($app);
            $sign === 'Laravel\Lumen\Console\Kernel' && $app->register(LaravelSServiceProvider::class);
        } elseif ($app instanceof Application) {
            // The application's own providers come first; one that is listed there is not registered twice.
            $app->afterBootstrapping($sign, static function (Application $app): void {
                Outside::bind($app);
                $app->runningInConsole() && $app->register(LaravelSServiceProvider::class);
            });
        }
    }
}
