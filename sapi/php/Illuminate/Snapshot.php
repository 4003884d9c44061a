<?php

declare(strict_types=1);

namespace Rserverd\Illuminate;

use Closure;
use Illuminate\Container\Container;
use ReflectionClass;
use Throwable;

/** The copy of the booted application that cleaners get: the container, and its services copied one level deep. */
final class Snapshot
{
    public static function of(Container $app): Container
    {
        $snapshot = clone $app;
        $instances = (fn (): array => $this->instances)->call($app);
        foreach ($instances as $name => $instance) {
            $instances[$name] = $instance === $app ? $snapshot : self::copy($instance);
        }
        (function () use ($instances): void {
            $this->instances = $instances;
        })->call($snapshot);

        return $snapshot;
    }

    private static function copy(mixed $instance): mixed
    {
        if (!is_object($instance) || $instance instanceof Closure || !(new ReflectionClass($instance))->isCloneable()) {
            return $instance;
        }
        try {
            return clone $instance;
        } catch (Throwable) {
            return $instance;
        }
    }
}
