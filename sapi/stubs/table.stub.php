<?php

namespace Swoole;

/** @not-serializable */
#[\AllowDynamicProperties]
class Table implements \Iterator, \Countable
{
    public const TYPE_INT = 1;
    public const TYPE_FLOAT = 2;
    public const TYPE_STRING = 3;

    public $size = null;
    public $memorySize = null;

    public function __construct(int $size, float $conflict = 0.2) {}
    public function column(string $name, int $type, int $size = 0): bool {}
    public function create(): bool {}
    public function destroy(): bool {}
    public function set(string $key, array $row): bool {}
    public function get(string $key, ?string $field = null): array|string|int|float|false {}
    public function count(): int {}
    public function del(string $key): bool {}
    /** @alias Swoole\Table::del */
    public function delete(string $key): bool {}
    public function exists(string $key): bool {}
    /** @alias Swoole\Table::exists */
    public function exist(string $key): bool {}
    public function incr(string $key, string $col, int|float $by = 1): int|float|false {}
    public function decr(string $key, string $col, int|float $by = 1): int|float|false {}
    public function getSize(): int {}
    public function getMemorySize(): int {}
    public function stats(): array|false {}
    public function rewind(): void {}
    public function valid(): bool {}
    public function next(): void {}
    public function current(): mixed {}
    public function key(): mixed {}
}
