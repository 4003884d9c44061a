<?php

namespace Swoole {

    class Coroutine
    {
        public static function create(callable $func, mixed ...$param): int|false {}
        public static function defer(callable $callback): void {}
        public static function set(array $options): void {}
        public static function getOptions(): ?array {}
        public static function exists(int $cid): bool {}
        public static function yield(): bool {}
        /** @alias Swoole\Coroutine::yield */
        public static function suspend(): bool {}
        public static function resume(int $cid): bool {}
        public static function cancel(int $cid): bool {}
        public static function join(array $cid_array, float $timeout = -1): bool {}
        public static function isCanceled(): bool {}
        public static function stats(): array {}
        public static function getCid(): int {}
        /** @alias Swoole\Coroutine::getCid */
        public static function getuid(): int {}
        public static function getPcid(int $cid = 0): int|false {}
        public static function getContext(int $cid = 0): ?Coroutine\Context {}
        public static function getBackTrace(int $cid = 0, int $options = DEBUG_BACKTRACE_PROVIDE_OBJECT, int $limit = 0): array|false {}
        public static function printBackTrace(int $cid = 0, int $options = 0, int $limit = 0): ?false {}
        public static function getElapsed(int $cid = 0): int|false {}
        public static function getStackUsage(int $cid = 0): int|false {}
        public static function list(): Coroutine\Iterator {}
        /** @alias Swoole\Coroutine::list */
        public static function listCoroutines(): Coroutine\Iterator {}
        public static function enableScheduler(): bool {}
        public static function disableScheduler(): bool {}

        /** @alias Swoole\Coroutine\System::sleep */
        public static function sleep(float $seconds): bool {}
        /** @alias Swoole\Coroutine\System::exec */
        public static function exec(string $command, bool $get_error_stream = false): array|false {}
        /** @alias Swoole\Coroutine\System::gethostbyname */
        public static function gethostbyname(string $domain_name, int $type = 2, float $timeout = -1): string|false {}
        /** @alias Swoole\Coroutine\System::dnsLookup */
        public static function dnsLookup(string $domain_name, float $timeout = 60, int $type = 2): string|false {}
        /** @alias Swoole\Coroutine\System::getaddrinfo */
        public static function getaddrinfo(string $domain, int $family = 2, int $socktype = 1, int $protocol = 6, ?string $service = null, float $timeout = -1): array|false {}
        /** @alias Swoole\Coroutine\System::statvfs */
        public static function statvfs(string $path): array|false {}
        /** @alias Swoole\Coroutine\System::readFile */
        public static function readFile(string $filename, int $flag = 0): string|false {}
        /** @alias Swoole\Coroutine\System::writeFile */
        public static function writeFile(string $filename, string $fileContent, int $flags = 0): int|false {}
        /** @alias Swoole\Coroutine\System::wait */
        public static function wait(float $timeout = -1): array|false {}
        /** @alias Swoole\Coroutine\System::waitPid */
        public static function waitPid(int $pid, float $timeout = -1): array|false {}
        /** @alias Swoole\Coroutine\System::waitSignal */
        public static function waitSignal(int $signo, float $timeout = -1): bool {}
        /** @alias Swoole\Coroutine\System::waitEvent */
        public static function waitEvent(mixed $socket, int $events = 512, float $timeout = -1): int|false {}
        /** @alias Swoole\Coroutine\System::fread */
        public static function fread($handle, int $length = 0): string|false {}
        /** @alias Swoole\Coroutine\System::fgets */
        public static function fgets($handle): string|false {}
        /** @alias Swoole\Coroutine\System::fwrite */
        public static function fwrite($handle, string $data, int $length = 0): int|false {}
    }
}

namespace Swoole\Coroutine {

    #[\AllowDynamicProperties]
    class Context extends \ArrayObject
    {
    }

    class Iterator extends \ArrayIterator
    {
    }

    /** @alias Swoole\Coroutine::create */
    function go(callable $func, mixed ...$param): int|false {}
    /** @alias Swoole\Coroutine::defer */
    function defer(callable $callback): void {}
}

namespace {

    /** @alias Swoole\Coroutine::create */
    function swoole_coroutine_create(callable $func, mixed ...$param): int|false {}
    /** @alias Swoole\Coroutine::defer */
    function swoole_coroutine_defer(callable $callback): void {}
}
