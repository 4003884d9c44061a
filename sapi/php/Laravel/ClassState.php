<?php

declare(strict_types=1);

namespace Rserverd\Laravel;

use Closure;
use ReflectionClass;
use ReflectionProperty;

/** The static properties of one class as they were when this was made, and the way back to them. */
final class ClassState
{
    private readonly Closure $write;

    /** @var array<string, mixed> */
    private array $values = [];

    /**
     * @param class-string         $class
     * @param list<string>         $except properties that keep what requests put there: caches
     * @param array<string, mixed> $with   values to go to instead of the present ones
     */
    public function __construct(string $class, array $except = [], array $with = [])
    {
        foreach ((new ReflectionClass($class))->getProperties(ReflectionProperty::IS_STATIC) as $property) {
            $name = $property->getName();
            if ($property->getDeclaringClass()->getName() === $class && !in_array($name, $except, true)
                && $property->isInitialized()) {
                $this->values[$name] = array_key_exists($name, $with) ? $with[$name] : $property->getValue();
            }
        }
        $this->write = Closure::bind(static function (array $values): void {
            foreach ($values as $name => $value) {
                self::$$name = $value;
            }
        }, null, $class);
    }

    public function restore(): void
    {
        ($this->write)($this->values);
    }
}
