<?php

declare(strict_types=1);

namespace Rserverd\Illuminate;

use Closure;
use Illuminate\Database\Connection;

/**
 * Database connections that requests have made and that stay open. Under php-fpm a connection leads where the configuration in force says
 * when a request needs it first. So when one begins they are taken out of the manager, which then asks its factory, in whose place this
 * stands: an open connection of that name is given back if it was made with just that configuration, else there is a new one.
 *
 * Between requests they are where the framework has them. Those made while booting stay there always, as they would under php-fpm.
 */
final class OpenConnections
{
    /** @var array<string, Connection> this request has not needed them yet */
    private array $waiting = [];

    /** The configuration that each was made with. */
    private readonly Notes $madeWith;

    /** @var Closure(): array<string, Connection> */
    private readonly Closure $connections;

    /** @var Closure(array<string, Connection>): void */
    private readonly Closure $set;

    private function __construct(object $db, private readonly object $factory)
    {
        $this->madeWith = new Notes();
        $this->connections = Closure::bind(fn (): array => $this->connections, $db, $db::class);
        $this->set = Closure::bind(function (array $connections): void {
            $this->connections = $connections;
        }, $db, $db::class);
    }

    /** @return self|null null: a manager of another kind */
    public static function of(object $db): ?self
    {
        if (!property_exists($db, 'factory') || !property_exists($db, 'connections')) {
            return null;
        }
        $factory = (fn (): object => $this->factory)->call($db);
        if ($factory instanceof self) {
            return $factory;
        }
        $open = new self($db, $factory);
        (function () use ($open): void {
            $this->factory = $open;
        })->call($db);

        return $open;
    }

    /**
     * As the framework's factory.
     *
     * @param array<array-key, mixed> $config
     */
    public function make(array $config, ?string $name = null): Connection
    {
        $open = $this->waiting[$name] ?? null;
        if ($open !== null && $this->madeWith->of($open) === $config) {
            unset($this->waiting[$name]);
            if (!self::isReconnect()) {
                return $open;
            }
            $open->disconnect();
        }
        $connection = $this->factory->make($config, $name);
        $this->madeWith->set($connection, $config);

        return $connection;
    }

    /** Is it asked for by who wants another one, as after "server has gone away"? */
    private static function isReconnect(): bool
    {
        foreach (debug_backtrace(DEBUG_BACKTRACE_IGNORE_ARGS, 6) as $frame) {
            if ($frame['function'] === 'reconnect') {
                return true;
            }
        }

        return false;
    }

    /** @param list<mixed> $arguments */
    public function __call(string $method, array $arguments): mixed
    {
        return $this->factory->$method(...$arguments);
    }

    /** A request begins. */
    public function takeOut(): void
    {
        $stay = $connections = ($this->connections)();
        foreach ($connections as $name => $connection) {
            // "name::read" is made of the whole, and was changed for it.
            if ($this->madeWith->has($connection) && !str_contains((string) $name, '::')) {
                $this->waiting[$name] = $connection;
                unset($stay[$name]);
            }
        }
        if ($stay !== $connections) {
            ($this->set)($stay);
        }
    }

    /**
     * It has ended: where no other stands in their place they go back.
     *
     * @return array<string, Connection> those that went back
     */
    public function putBack(): array
    {
        if ($this->waiting === []) {
            return [];
        }
        $connections = ($this->connections)();
        $back = array_diff_key($this->waiting, $connections);
        $this->waiting = array_diff_key($this->waiting, $back);
        ($this->set)($connections + $back);

        return $back;
    }

    /** What still waits has been replaced by one that leads to the same data, made with other options. */
    public function closeOthers(): void
    {
        foreach ($this->waiting as $connection) {
            $connection->disconnect();
        }
        $this->waiting = [];
    }
}
