<?php

declare(strict_types=1);

namespace Rserverd\Mysql;

/** One packet of the MySQL protocol, read from its beginning to its end. What it does not hold is a ProtocolError. */
final class Payload
{
    private int $at = 0;

    public function __construct(private readonly string $bytes)
    {
    }

    /** The first byte, which tells what a packet is; -1: it is empty. */
    public function kind(): int
    {
        return $this->bytes === '' ? -1 : ord($this->bytes[0]);
    }

    public function length(): int
    {
        return strlen($this->bytes);
    }

    public function take(int $n): string
    {
        if ($n > strlen($this->bytes) - $this->at) {
            throw new ProtocolError('a packet is too short');
        }
        $this->at += $n;

        return substr($this->bytes, $this->at - $n, $n);
    }

    public function rest(): string
    {
        return $this->take(strlen($this->bytes) - $this->at);
    }

    /** An unsigned number of 1 to 8 bytes, the lowest first. */
    public function number(int $bytes): int
    {
        return unpack('P', str_pad($this->take($bytes), 8, "\0"))[1];
    }

    /** Up to a zero byte, which is passed over, or to the end. */
    public function zeroTerminated(): string
    {
        $end = strpos($this->bytes, "\0", $this->at);
        if ($end === false) {
            return $this->rest();
        }
        $text = $this->take($end - $this->at);
        $this->take(1);

        return $text;
    }

    /** A number with its own length in front; null: SQL's NULL. */
    public function count(): ?int
    {
        $first = $this->number(1);

        return match ($first) {
            0xfb => null,
            0xfc => $this->number(2),
            0xfd => $this->number(3),
            0xfe => $this->number(8),
            0xff => throw new ProtocolError('a length is none'),
            default => $first,
        };
    }

    /** A string with its length in front; null: SQL's NULL. */
    public function text(): ?string
    {
        $n = $this->count();
        if ($n !== null && $n < 0) {
            throw new ProtocolError('a length is none');
        }

        return $n === null ? null : $this->take($n);
    }
}
