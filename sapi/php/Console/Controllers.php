<?php

declare(strict_types=1);

namespace Rserverd\Console;

use Illuminate\Container\Container;
use ReflectionClass;
use ReflectionProperty;

/** The controllers that routes lead to, and their properties. */
final class Controllers
{
    /** @return list<class-string> sorted; those that exist */
    public static function ofRoutes(Container $app): array
    {
        $classes = [];
        // Up to Lumen 5.4 the application is the router, and Lumen's routes are arrays.
        foreach (($app->bound('router') || isset($app->router) ? $app->make('router') : $app)->getRoutes() as $route) {
            $uses = is_array($route) ? $route['action']['uses'] ?? null : $route->getAction()['uses'] ?? null;
            // Closures lead nowhere, and cached routes hold them as text.
            if (is_string($uses) && class_exists($class = ltrim(explode('@', $uses)[0], '\\'))) {
                $classes[(new ReflectionClass($class))->getName()] = true;
            }
        }
        ksort($classes);

        return array_keys($classes);
    }

    /**
     * Its own and those of its parents, private ones too.
     *
     * @param class-string $class
     *
     * @return list<array{string, string}> name, modifiers
     */
    public static function properties(string $class): array
    {
        $rows = [];
        for ($from = new ReflectionClass($class); $from; $from = $from->getParentClass()) {
            foreach ($from->getProperties() as $property) {
                if ($property->getDeclaringClass()->getName() === $from->getName()) {
                    $rows["{$from->getName()}::{$property->getName()}"] = [$property->getName(), self::modifiers($property)];
                }
            }
        }

        return array_values($rows);
    }

    private static function modifiers(ReflectionProperty $property): string
    {
        return implode(' ', \Reflection::getModifierNames($property->getModifiers()));
    }
}
