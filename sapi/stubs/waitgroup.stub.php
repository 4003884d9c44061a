<?php

namespace Swoole\Coroutine;

/** @not-serializable */
class WaitGroup
{
    public function __construct(int $delta = 0) {}
    public function add(int $delta = 1): void {}
    public function done(): void {}
    public function wait(float $timeout = -1): bool {}
    public function count(): int {}
}

/** @not-serializable */
class Barrier
{
    public static function make(): self {}
    public static function wait(self &$barrier, float $timeout = -1): void {}
}
