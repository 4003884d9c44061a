<?php
namespace Swoole {
    class Event
    {
        public static function add(mixed $fd, ?callable $read_callback = null, ?callable $write_callback = null, int $events = SWOOLE_EVENT_READ): int|false {}

        public static function del(mixed $fd): bool {}

        public static function set(mixed $fd, ?callable $read_callback = null, ?callable $write_callback = null, int $events = 0): bool {}

        public static function isset(mixed $fd, int $events = SWOOLE_EVENT_READ | SWOOLE_EVENT_WRITE): bool {}

        public static function dispatch(): bool {}

        public static function defer(callable $callback): bool {}

        public static function cycle(?callable $callback, bool $before = false): bool {}

        public static function write(mixed $fd, string $data): bool {}

        public static function wait(): void {}

        public static function rshutdown(): void {}

        public static function exit(): void {}
    }
}

namespace {
    /** @alias Swoole\Event::add */
    function swoole_event_add(mixed $fd, ?callable $read_callback = null, ?callable $write_callback = null, int $events = SWOOLE_EVENT_READ): int|false {}

    /** @alias Swoole\Event::del */
    function swoole_event_del(mixed $fd): bool {}

    /** @alias Swoole\Event::set */
    function swoole_event_set(mixed $fd, ?callable $read_callback = null, ?callable $write_callback = null, int $events = 0): bool {}

    /** @alias Swoole\Event::isset */
    function swoole_event_isset(mixed $fd, int $events = SWOOLE_EVENT_READ | SWOOLE_EVENT_WRITE): bool {}

    /** @alias Swoole\Event::dispatch */
    function swoole_event_dispatch(): bool {}

    /** @alias Swoole\Event::defer */
    function swoole_event_defer(callable $callback): bool {}

    /** @alias Swoole\Event::cycle */
    function swoole_event_cycle(?callable $callback, bool $before = false): bool {}

    /** @alias Swoole\Event::write */
    function swoole_event_write(mixed $fd, string $data): bool {}

    /** @alias Swoole\Event::wait */
    function swoole_event_wait(): void {}

    /** @alias Swoole\Event::exit */
    function swoole_event_exit(): void {}
}
