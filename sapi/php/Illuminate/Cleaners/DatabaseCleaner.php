<?php

declare(strict_types=1);

namespace Rserverd\Illuminate\Cleaners;

use Closure;
use Illuminate\Database\Connection;
use PDO;
use ReflectionClass;
use Rserverd\Illuminate\BootConnections;
use Rserverd\Illuminate\ConnectionAsMade;
use Rserverd\Illuminate\Notes;
use Rserverd\Illuminate\OpenConnections;
use Rserverd\Log;
use Throwable;
use WeakMap;

use function Rserverd\doctor_on;
use function Rserverd\spoilt;

/**
 * Database connections stay open from request to request; what a request did to them does not stay: transactions it
 * left open, the query log, callbacks; and whatever the one that first needed a connection did to it. A connection that
 * was made from a configuration other than the booted one, as applications with a database per tenant do, is closed: it
 * would show one tenant's data to the next.
 */
final class DatabaseCleaner
{
    /** Properties of a connection that belong to a request; what they are in this framework's version is looked up. */
    private const OF_A_REQUEST = ['queryLog', 'loggingQueries', 'recordsModified', 'pretending', 'readOnWriteConnection',
        'beforeExecutingCallbacks', 'beforeStartingTransaction', 'queryDurationHandlers', 'totalQueryDuration'];

    /** What makes a connection lead to other data. */
    private const DECIDING = ['driver', 'host', 'port', 'unix_socket', 'database', 'username', 'prefix', 'schema',
        'search_path', 'dsn'];

    /** Those made from the booted configuration. */
    private readonly Notes $checked;

    /** @var WeakMap<Connection, array<string, mixed>> what providers set on a connection while booting */
    private readonly WeakMap $booted;

    /** @var WeakMap<PDO, true> whatever they talked through then */
    private readonly WeakMap $ofBoot;

    /** @var array<string, mixed> */
    private readonly array $defaults;

    private readonly Closure $write;

    private readonly Closure $configuration;

    private readonly ConnectionAsMade $asMade;

    private readonly ?OpenConnections $open;

    public function __construct(private readonly object $db)
    {
        $this->checked = new Notes();
        $this->booted = new WeakMap();
        $this->ofBoot = new WeakMap();
        $this->asMade = new ConnectionAsMade($db);
        $this->open = OpenConnections::of($db);
        $defaults = (new ReflectionClass(Connection::class))->getDefaultProperties();
        $this->defaults = array_intersect_key($defaults, array_flip(self::OF_A_REQUEST));
        $this->write = Closure::bind(static function (Connection $connection, array $values): void {
            foreach ($values as $name => $value) {
                $connection->$name = $value;
            }
        }, null, Connection::class);
        $this->configuration = Closure::bind(fn (string $name): array => $this->configuration($name), $db, $db::class);
        $read = Closure::bind(static fn (Connection $connection, array $names): array => array_map(
            static fn (string $name): mixed => $connection->$name,
            $names
        ), null, Connection::class);
        $names = array_combine(array_keys($this->defaults), array_keys($this->defaults));
        foreach ($db->getConnections() as $connection) {
            if ($connection instanceof Connection) {
                $this->booted[$connection] = $read($connection, $names);
                $this->ofBoot($connection);
            }
        }
    }

    private function ofBoot(Connection $connection): void
    {
        foreach (method_exists($connection, 'getRawPdo') ? [$connection->getRawPdo(), $connection->getRawReadPdo()] : [] as $pdo) {
            if ($pdo instanceof PDO) {
                $this->ofBoot[$pdo] = true;
            }
        }
    }

    /** A request begins. */
    public function begin(): void
    {
        $this->open?->takeOut();
    }

    public function clean(): void
    {
        $this->open?->putBack();
        $this->cleanAll($this->db->getConnections());
        // Where one that was made from another configuration has just been closed.
        $this->cleanAll($this->open?->putBack() ?? []);
        $this->open?->closeOthers();
    }

    /** @param array<array-key, object> $connections */
    private function cleanAll(array $connections): void
    {
        foreach ($connections as $name => $connection) {
            if ($connection->transactionLevel() > 0) {
                $this->rollBack($name, $connection);
            }
            if (!$connection instanceof Connection) {
                continue;
            }
            ($this->write)($connection, $this->booted[$connection] ?? $this->defaults);
            if ($this->isSpoilt($connection)) {
                isset($this->booted[$connection]) ? BootConnections::again($this->db, $connection, (string) $name) : $this->db->purge($name);
                continue;
            }
            if (!$this->checked->has($connection)) {
                if ($this->isAsBooted($name, $connection)) {
                    $this->checked->set($connection, true);
                    $this->settle((string) $name, $connection);
                } else {
                    $this->db->purge($name);
                }
            }
        }
    }

    /**
     * The first time after it was made: what follows remembers it as it is now. Not made again under the doctor, who would report that.
     */
    private function settle(string $name, Connection $connection): void
    {
        if (isset($this->booted[$connection]) || doctor_on() || !$this->asMade->again($connection, $name)) {
            $connection->setTablePrefix((string) $connection->getConfig('prefix'));
        }
    }

    /** It talks through a PDO object of a request's own, or a request has given functions to SQLite: neither is for others. */
    private function isSpoilt(Connection $connection): bool
    {
        if (!method_exists($connection, 'getRawPdo') || $connection->getConfig('database') === ':memory:') {
            return false;
        }
        foreach ([$connection->getRawPdo(), $connection->getRawReadPdo()] as $pdo) {
            if ($pdo instanceof PDO && !isset($this->ofBoot[$pdo]) && spoilt($pdo)) {
                return true;
            }
        }

        return false;
    }

    private function rollBack(string $name, object $connection): void
    {
        Log::warning(sprintf('%s %s left a transaction open on the database connection %s; it is rolled back',
            $_SERVER['REQUEST_METHOD'] ?? '-', $_SERVER['REQUEST_URI'] ?? '-', $name));
        try {
            $connection->rollBack(0);
        } catch (Throwable $e) {
            Log::warning("the rollback failed, connection $name is closed: " . Log::describe($e));
            $this->db->purge($name);
        }
    }

    /** Compares with the configuration as ConfigCleaner has restored it. */
    private function isAsBooted(string $name, Connection $connection): bool
    {
        try {
            $booted = ($this->configuration)(explode('::', $name)[0]);
        } catch (Throwable) {
            return false; // the booted configuration does not know this connection
        }

        return self::leadsTo($connection, $booted);
    }

    /**
     * Whether one that is made from this configuration would lead to the same data.
     *
     * @param array<string, mixed> $configuration
     */
    public static function leadsTo(Connection $connection, array $configuration): bool
    {
        $actual = $connection->getConfig();
        foreach (self::DECIDING as $key) {
            // Read and write hosts are chosen from lists: only a plain value can be compared.
            if (is_scalar($configuration[$key] ?? null) && is_scalar($actual[$key] ?? null)
                && (string) $configuration[$key] !== (string) $actual[$key]) {
                return false;
            }
        }

        return true;
    }
}
