<?php

namespace Swoole {

/** @not-serializable */
class Atomic
{
    public function __construct(int $v = 0) {}
    public function add(int $n = 1): int {}
    public function sub(int $n = 1): int {}
    public function get(): int {}
    public function set(int $v): void {}
    public function wait(float $timeout = 1.0): bool {}
    public function wakeup(int $n = 1): bool {}
    public function cmpset(int $cmp, int $new): bool {}
}

}

namespace Swoole\Atomic {

/** @not-serializable */
class Long
{
    public function __construct(int $v = 0) {}
    public function add(int $n = 1): int {}
    public function sub(int $n = 1): int {}
    public function get(): int {}
    public function set(int $v): void {}
    public function cmpset(int $cmp, int $new): bool {}
}

}
