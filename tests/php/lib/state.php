<?php

declare(strict_types=1);

/*
 * Rserverd\state_*() of the engine (sapi/php_state.c) in PHP, for tests on the command line: slower, with the same effect.
 */

namespace Rserverd;

use Closure;
use ReflectionClass;
use ReflectionProperty;

final class ShimStates
{
    /** @var list<list<Closure(): void>> per set */
    public static array $sets = [];

    /** @return list<ReflectionProperty> */
    public static function properties(object|string $of): array
    {
        $found = [];
        for ($class = new ReflectionClass($of); $class; $class = is_object($of) ? $class->getParentClass() : false) {
            foreach ($class->getProperties() as $property) {
                if ($property->getDeclaringClass()->getName() === $class->getName() && !$property->isReadOnly()
                    && $property->isStatic() === is_string($of)) {
                    $found[] = $property;
                }
            }
        }

        return $found;
    }
}

function state_new(): int
{
    ShimStates::$sets[] = [];

    return count(ShimStates::$sets) - 1;
}

/**
 * @param list<string>         $except
 * @param array<string, mixed> $with
 */
function state_keep(int $set, object|string $target, array $except = [], array $with = []): void
{
    $object = is_object($target) ? $target : null;
    foreach (ShimStates::properties($target) as $property) {
        $name = $property->getName();
        if (in_array($name, $except, true) || !$property->isInitialized($object)) {
            continue;
        }
        $value = array_key_exists($name, $with) ? $with[$name] : $property->getValue($object);
        ShimStates::$sets[$set][] = $object === null
            ? static fn () => $property->setValue(null, $value)
            : static fn () => $property->setValue($object, $value);
    }
}

/** The command line cannot: the first value stays. */
function state_constant(string $name, mixed $value): void
{
    defined($name) || define($name, $value);
}

/** Always says that something had changed: the slower way must be right too. */
function state_restore(int ...$sets): bool
{
    foreach ($sets as $set) {
        foreach (ShimStates::$sets[$set] as $restore) {
            $restore();
        }
    }

    return true;
}
