<?php

declare(strict_types=1);

namespace Rserverd;

use Closure;
use ReflectionFunction;

/**
 * Finds the classes of the glue and of LaravelS.
 *
 * It stands in front of the application's own autoloaders: an application that still has the hhxsv5/laravel-s package
 * in vendor/ gets our classes. What we do not have falls through to the application's.
 */
final class Autoload
{
    private const ROOTS = [
        'Rserverd\\' => __DIR__ . '/',
        'Hhxsv5\\LaravelS\\' => __DIR__ . '/laravels/',
        'Swoole\\MySQL' => __DIR__ . '/Swoole/MySQL',
    ];

    /** Names that applications write otherwise: to PHP it is the same, or the file of a class gives it both. */
    private const SPELLINGS = [
        'Hhxsv5\LaravelS\Swoole\WebsocketHandlerInterface' => 'Hhxsv5\LaravelS\Swoole\WebSocketHandlerInterface',
        'swoole_mysql' => 'Swoole\MySQL',
        'swoole_mysql_exception' => 'Swoole\MySQL\Exception',
    ];

    /** Classes by which an application shows that it begins; see Arrival. sapi/php_autoload.c has them too. */
    private const SIGNS = [
        'Illuminate\Foundation\Bootstrap\RegisterProviders' => true,
        'Laravel\Lumen\Console\Kernel' => true,
        'Laravel\Lumen\Http\Request' => true,
    ];

    public static function register(): void
    {
        spl_autoload_register(self::load(...), true, true);
    }

    /** Composer puts itself in front too: to be called again once the application's autoloader is registered. */
    public static function toFront(): void
    {
        foreach (spl_autoload_functions() as $loader) {
            $scope = $loader instanceof Closure ? (new ReflectionFunction($loader))->getClosureScopeClass() : null;
            if ($scope?->name === self::class) {
                spl_autoload_unregister($loader);
            }
        }
        self::register();
    }

    private static function load(string $class): void
    {
        if (isset(self::SIGNS[$class])) {
            Console\Arrival::of($class);

            return;
        }
        $class = self::SPELLINGS[$class] ?? $class;
        foreach (self::ROOTS as $prefix => $folder) {
            if (str_starts_with($class, $prefix)) {
                $file = $folder . strtr(substr($class, strlen($prefix)), '\\', '/') . '.php';
                if (is_file($file)) {
                    require $file;
                }

                return;
            }
        }
    }
}
