<?php

namespace Swoole\Table;

/** @not-serializable */
class Row implements \ArrayAccess
{
    public $key = null;
    public $value = null;

    public function offsetExists(mixed $offset): bool {}
    public function offsetGet(mixed $offset): mixed {}
    public function offsetSet(mixed $offset, mixed $value): void {}
    public function offsetUnset(mixed $offset): void {}
}
