<?php

declare(strict_types=1);

namespace Rserverd\Server;

use UnexpectedValueException;

/** Classes that the configuration names: a mistake refuses the start, where the one who made it sees it. */
final class Check
{
    /** @param class-string $interface */
    public static function implements(string $where, string $class, string $interface): void
    {
        self::isA($where, $class, $interface, 'implement');
    }

    /** @param class-string $parent */
    public static function extends(string $where, string $class, string $parent): void
    {
        self::isA($where, $class, $parent, 'extend');
    }

    private static function isA(string $where, string $class, string $other, string $must): void
    {
        if ($class === '') {
            throw new UnexpectedValueException("$where: no class is given");
        }
        if (!class_exists($class)) {
            throw new UnexpectedValueException("$where: there is no class $class");
        }
        if (!is_subclass_of($class, $other)) {
            throw new UnexpectedValueException("$where: $class must $must $other");
        }
    }
}
