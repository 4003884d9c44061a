<?php

declare(strict_types=1);

namespace Rserverd\Laravel;

use Closure;
use ReflectionClass;
use ReflectionProperty;

/**
 * The properties of one object as they were when this was made, and the way back to them.
 *
 * Arrays are copy-on-write, so keeping them costs nothing until somebody changes them, and restoring is one assignment
 * each: about 30 ns. Objects that a property refers to are put back as references; their own properties are not looked at.
 */
final class ObjectState
{
    /** @var list<array{Closure(object, array<string, mixed>): void, array<string, mixed>}> per class that may write */
    private array $parts = [];

    /**
     * @param list<string>         $except properties that keep what requests put there: caches
     * @param array<string, mixed> $with   values to go to instead of the present ones
     */
    public function __construct(private readonly object $object, array $except = [], array $with = [])
    {
        $values = [];
        foreach (self::properties($object) as $property) {
            $name = $property->getName();
            if (in_array($name, $except, true) || !$property->isInitialized($object)) {
                continue;
            }
            $scope = $property->isPrivate() ? $property->getDeclaringClass()->getName() : $object::class;
            $values[$scope][$name] = array_key_exists($name, $with) ? $with[$name] : $property->getValue($object);
        }
        foreach ($values as $scope => $of) {
            $this->parts[] = [self::writer($scope), $of];
        }
    }

    public function restore(): void
    {
        foreach ($this->parts as [$write, $values]) {
            $write($this->object, $values);
        }
    }

    /** @return list<ReflectionProperty> of user classes, with the private ones of parents; what cannot be written is left out */
    private static function properties(object $object): array
    {
        $found = [];
        for ($class = new ReflectionClass($object); $class && !$class->isInternal(); $class = $class->getParentClass()) {
            foreach ($class->getProperties() as $property) {
                $own = $property->getDeclaringClass()->getName() === $class->getName();
                if ($own && !$property->isStatic() && !$property->isReadOnly()
                    && !$property->getDeclaringClass()->isInternal()) {
                    $found[] = $property;
                }
            }
        }

        return $found;
    }

    private static function writer(string $scope): Closure
    {
        return Closure::bind(static function (object $object, array $values): void {
            foreach ($values as $name => $value) {
                $object->$name = $value;
            }
        }, null, $scope);
    }
}
