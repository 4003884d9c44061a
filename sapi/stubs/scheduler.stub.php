<?php

namespace Swoole\Coroutine;

/** @not-serializable */
class Scheduler
{
    public function add(callable $func, mixed ...$param): bool {}
    public function parallel(int $n, callable $func, mixed ...$param): bool {}
    public function set(array $settings): void {}
    public function getOptions(): ?array {}
    public function start(): bool {}
}

function run(callable $fn, mixed ...$args): bool {}
function batch(array $tasks, float $timeout = -1): array {}
function parallel(int $n, callable $fn): void {}
function map(array $list, callable $fn, float $timeout = -1): array {}
