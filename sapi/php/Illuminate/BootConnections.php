<?php

declare(strict_types=1);

namespace Rserverd\Illuminate;

use Closure;
use Illuminate\Container\Container;
use Illuminate\Database\Connection;
use PDO;
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
                if ($connection->getConfig('database') !== ':memory:' && self::isOpen($connection)) {
                    self::attempt("database $name", static fn () => self::again($db, $connection, $name));
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

    /** Closes a database connection; the object stays, and who needs it opens it. */
    public static function again(object $db, object $connection, string $name): void
    {
        $reads = self::readsElsewhere($connection);
        $db->disconnect($name);
        self::openLater($db, $connection, $name, $reads);
    }

    /** As the framework makes connections: who asks for the PDO opens it. Without this only queries would. */
    private static function openLater(object $db, object $connection, string $name, bool $reads): void
    {
        if (!$connection instanceof Connection || !method_exists($db, 'makeConnection')) {
            return;
        }
        $again = Closure::bind(function () use ($name): Connection {
            [$database, $type] = $this->parseConnectionName($name);

            return $this->configure($this->makeConnection($database), $type);
        }, $db, $db::class);
        $connection->setPdo(static fn (): ?PDO => $again()->getPdo());
        $reads && $connection->setReadPdo(static fn (): ?PDO => $again()->getReadPdo());
    }

    private static function readsElsewhere(object $connection): bool
    {
        return method_exists($connection, 'getRawReadPdo') && $connection->getRawReadPdo() !== null;
    }

    private static function isOpen(object $connection): bool
    {
        if (!method_exists($connection, 'getRawPdo')) {
            return true; // of another kind, or too old to tell
        }

        return $connection->getRawPdo() instanceof PDO || $connection->getRawReadPdo() instanceof PDO;
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
