<?php
namespace Swoole {
    class Timer
    {
        public static function set(array $settings): bool {}

        public static function tick(int $ms, callable $callback, mixed ...$params): int|false {}

        public static function after(int $ms, callable $callback, mixed ...$params): int|false {}

        public static function exists(int $timer_id): bool {}

        public static function info(int $timer_id): ?array {}

        public static function stats(): array {}

        public static function list(): \Swoole\Timer\Iterator {}

        public static function clear(int $timer_id): bool {}

        public static function clearAll(): bool {}
    }
}

namespace Swoole\Timer {
    class Iterator extends \ArrayIterator
    {
    }
}

namespace {
    /** @alias Swoole\Timer::set */
    function swoole_timer_set(array $settings): bool {}

    /** @alias Swoole\Timer::tick */
    function swoole_timer_tick(int $ms, callable $callback, mixed ...$params): int|false {}

    /** @alias Swoole\Timer::after */
    function swoole_timer_after(int $ms, callable $callback, mixed ...$params): int|false {}

    /** @alias Swoole\Timer::exists */
    function swoole_timer_exists(int $timer_id): bool {}

    /** @alias Swoole\Timer::info */
    function swoole_timer_info(int $timer_id): ?array {}

    /** @alias Swoole\Timer::stats */
    function swoole_timer_stats(): array {}

    /** @alias Swoole\Timer::list */
    function swoole_timer_list(): \Swoole\Timer\Iterator {}

    /** @alias Swoole\Timer::clear */
    function swoole_timer_clear(int $timer_id): bool {}

    /** @alias Swoole\Timer::clearAll */
    function swoole_timer_clear_all(): bool {}
}
