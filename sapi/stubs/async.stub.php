<?php
/* Files, names and commands with callbacks: contract L.4. */
namespace {
    function swoole_async_readfile(string $filename, callable $callback): bool {}

    function swoole_async_writefile(string $filename, string $content, ?callable $callback = null, int $flags = 0): bool {}

    function swoole_async_read(string $filename, callable $callback, int $size = 65536, int $offset = 0): bool {}

    function swoole_async_write(string $filename, string $content, int $offset = -1, ?callable $callback = null): bool {}

    function swoole_async_dns_lookup(string $domain, callable $callback): bool {}

    function swoole_clear_dns_cache(): void {}
}

namespace Swoole {
    class Async
    {
        /** @alias swoole_async_readfile */
        public static function readFile(string $filename, callable $callback): bool {}

        /** @alias swoole_async_writefile */
        public static function writeFile(string $filename, string $content, ?callable $callback = null, int $flags = 0): bool {}

        /** @alias swoole_async_read */
        public static function read(string $filename, callable $callback, int $size = 65536, int $offset = 0): bool {}

        /** @alias swoole_async_write */
        public static function write(string $filename, string $content, int $offset = -1, ?callable $callback = null): bool {}

        /** @alias swoole_async_dns_lookup */
        public static function dnsLookup(string $domain, callable $callback): bool {}

        /** @alias swoole_async_set */
        public static function set(array $settings): bool {}

        public static function exec(string $command, callable $callback): int|false {}
    }
}
