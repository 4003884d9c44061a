<?php

declare(strict_types=1);

namespace Rserverd\Illuminate;

use Illuminate\Container\Container;
use Rserverd\Log;
use Throwable;

/**
 * Connections that were opened while booting must not be shared by the workers: two processes that talk on one socket
 * read each other's answers. They are closed here; the framework opens them again when they are needed.
 */
final class BootConnections
{
    public static function close(Container $app): void
    {
        if ($app->resolved('db')) {
            $db = $app->make('db');
            foreach ($db->getConnections() as $name => $connection) {
                // The object stays, for those who hold it. A database in memory is no socket, and would be lost.
                if ($connection->getConfig('database') !== ':memory:') {
                    self::attempt("database $name", static fn () => $db->disconnect($name));
                }
            }
        }
        if ($app->resolved('redis')) {
            $redis = $app->make('redis');
            foreach (array_keys((array) $redis->connections()) as $name) {
                self::attempt("redis $name", static function () use ($redis, $name): void {
                    $connection = $redis->connection($name);
                    method_exists($redis, 'purge') ? $redis->purge($name) : $connection->disconnect();
                });
            }
        }
    }

    private static function attempt(string $what, \Closure $close): void
    {
        try {
            $close();
        } catch (Throwable $e) {
            Log::warning("the $what connection opened while booting cannot be closed: " . Log::describe($e));
        }
    }
}
