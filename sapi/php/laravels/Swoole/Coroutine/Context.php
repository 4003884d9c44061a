<?php

declare(strict_types=1);

namespace Hhxsv5\LaravelS\Swoole\Coroutine;

use Swoole\Coroutine;

/** Values of the running coroutine; gone when it ends. Outside of coroutines, values of the process. */
class Context
{
    /** @var array<string, mixed> */
    private static $process = [];

    public static function inCoroutine()
    {
        return class_exists(Coroutine::class) && Coroutine::getCid() > 0;
    }

    public static function get($key)
    {
        $context = self::inCoroutine() ? Coroutine::getContext() : self::$process;

        return $context[$key] ?? null;
    }

    public static function put($key, $value)
    {
        if (self::inCoroutine()) {
            Coroutine::getContext()[$key] = $value;
        } else {
            self::$process[$key] = $value;
        }
    }

    /** @param string|null $key null: all of them */
    public static function delete($key = null)
    {
        if (!self::inCoroutine()) {
            self::$process = $key === null ? [] : array_diff_key(self::$process, [$key => null]);

            return;
        }
        $context = Coroutine::getContext();
        if ($key === null) {
            $context->exchangeArray([]);
        } else {
            unset($context[$key]);
        }
    }
}
