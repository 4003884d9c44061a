<?php

declare(strict_types=1);

namespace Rserverd\Console;

use Illuminate\Container\Container;
use RuntimeException;

/** app('swoole') in a process that is none of the server's: Artisan, queue workers, php-fpm. */
final class Outside
{
    private const VARIABLE = 'RSERVERD_APP_SOCKET';

    /** Tasks are delivered by it too, when nobody else holds it. */
    private static ?object $server = null;

    /** Bound so that each use asks again: when the server has been restarted, the old connection is no good. */
    public static function bind(Container $app): void
    {
        if (!$app->bound('swoole') && self::isHere()) {
            $app->bind('swoole', static fn (): object => self::server($app));
        }
    }

    /** This process is none of the server's. */
    public static function isHere(): bool
    {
        return !function_exists('Rserverd\where') || in_array(\Rserverd\where(), ['none', 'outside'], true);
    }

    /** Where the server's socket is: named by the environment, or beside the pid file. */
    public static function path(Container $app): string
    {
        $named = getenv(self::VARIABLE) ?: ($_SERVER[self::VARIABLE] ?? '');
        if (is_string($named) && $named !== '') {
            return $named;
        }
        if (method_exists($app, 'configure')) {
            $app->configure('laravels'); // Lumen loads a file only when it is asked to
        }
        $pidFile = $app->make('config')->get('laravels.swoole.pid_file');

        return (is_string($pidFile) && $pidFile !== '' ? dirname($pidFile) : self::storage($app)) . '/app.sock';
    }

    public static function storage(Container $app): string
    {
        $given = getenv('APP_STORAGE_PATH') ?: ($_SERVER['APP_STORAGE_PATH'] ?? '');

        return is_string($given) && $given !== '' ? $given : $app->storagePath();
    }

    private static function server(Container $app): object
    {
        if (!function_exists('Rserverd\outside')) {
            throw new RuntimeException("app('swoole'): this PHP does not have rserverd's module. Use `rserverd artisan` "
                . 'instead of `php artisan`, or load the module as an extension in php.ini');
        }
        $path = self::path($app);
        try {
            return self::$server = \Rserverd\outside($path);
        } catch (RuntimeException $e) {
            throw new RuntimeException("app('swoole'): {$e->getMessage()}. Does the server run (rserverd "
                . 'status)? Another place is named by ' . self::VARIABLE . ', or by laravels.swoole.pid_file', 0, $e);
        }
    }
}
