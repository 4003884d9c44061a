<?php

namespace Swoole;

/** @not-serializable */
class Lock
{
    public const RWLOCK = 1;
    public const FILELOCK = 2;
    public const MUTEX = 3;
    public const SEM = 4;
    public const SPINLOCK = 5;

    public int $errCode = 0;

    public function __construct(int $type = self::MUTEX, string $file = '') {}
    public function lock(): bool {}
    public function trylock(): bool {}
    public function lockwait(float $sec = 1.0): bool {}
    public function lock_read(): bool {}
    public function trylock_read(): bool {}
    public function unlock(): bool {}
    public function destroy(): void {}
}
