<?php

/* What exists only with swoole.use_shortname. */

namespace Co {

    /** @alias Swoole\Coroutine\run */
    function run(callable $fn, mixed ...$args): bool {}
    /** @alias Swoole\Coroutine::create */
    function go(callable $func, mixed ...$param): int|false {}
    /** @alias Swoole\Coroutine::defer */
    function defer(callable $callback): void {}
    /** @alias Swoole\Coroutine\batch */
    function batch(array $tasks, float $timeout = -1): array {}
    /** @alias Swoole\Coroutine\parallel */
    function parallel(int $n, callable $fn): void {}
    /** @alias Swoole\Coroutine\map */
    function map(array $list, callable $fn, float $timeout = -1): array {}
}

namespace {

    /** @alias Swoole\Coroutine::create */
    function go(callable $func, mixed ...$param): int|false {}
    /** @alias Swoole\Coroutine::defer */
    function defer(callable $callback): void {}
}
