<?php

declare(strict_types=1);

namespace Rserverd\Illuminate;

use Closure;
use Illuminate\Database\Connection;
use ReflectionMethod;
use ReflectionObject;

/**
 * Makes a database connection again in place, as the framework's factory has made it, whatever has been done to it since. The object
 * stays, for those who hold it, and so does what it talks through.
 */
final class ConnectionAsMade
{
    /** From the factory; all else is what the class declares, what the constructor sets, and what the manager adds. */
    private const GIVEN = ['pdo', 'readPdo', 'readPdoConfig', 'config'];

    /** @var Closure(Connection, string): bool whether somebody else makes connections of this name or driver */
    private readonly Closure $isMadeElsewhere;

    /** @var Closure(Connection, string): void */
    private readonly Closure $configure;

    /** @var Closure(Connection): void */
    private readonly Closure $construct;

    /** @param object $db the database manager */
    public function __construct(private readonly object $db)
    {
        $this->isMadeElsewhere = Closure::bind(fn (Connection $connection, string $name): bool => isset(
            $this->extensions[explode('::', $name)[0]]
        ) || isset($this->extensions[$connection->getDriverName()]), $db, $db::class);
        $this->configure = Closure::bind(function (Connection $connection, string $name): void {
            $this->configure($connection, $this->parseConnectionName($name)[1]);
        }, $db, $db::class);
        $this->construct = Closure::bind(static function (Connection $connection, array $values): void {
            foreach ($values as $property => $value) {
                $connection->$property = $value;
            }
            $config = $connection->config;
            $connection->__construct($connection->pdo, $config['database'], $config['prefix'] ?? '', $config);
        }, null, Connection::class);
    }

    /** false: the application makes it, and what it is like then is not known; or its framework has another manager. */
    public function again(Connection $connection, string $name): bool
    {
        $maker = new ReflectionMethod($connection, '__construct');
        if (!str_starts_with($maker->class, 'Illuminate\Database\\') || !isset($connection->getConfig()['database'])
            || Connection::getResolver($connection->getDriverName()) !== null
            || !method_exists($this->db, 'configure') || ($this->isMadeElsewhere)($connection, $name)) {
            return false;
        }
        ($this->construct)($connection, self::declared($connection));
        ($this->configure)($connection, $name);

        return true;
    }

    /** @return array<string, mixed> */
    private static function declared(Connection $connection): array
    {
        $values = [];
        foreach ((new ReflectionObject($connection))->getProperties() as $property) {
            if (!$property->isStatic() && !$property->isPrivate() && $property->hasDefaultValue()
                && !in_array($property->getName(), self::GIVEN, true)) {
                $values[$property->getName()] = $property->getDefaultValue();
            }
        }

        return $values;
    }
}
