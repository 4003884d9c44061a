<?php

declare(strict_types=1);

namespace Rserverd\Mysql;

/** What became of a login or a query. */
final class Outcome
{
    public const MALFORMED = 2027;
    public const LOST = 2013;
    public const GONE = 2006;

    /**
     * @param list<array<string, mixed>>|bool $result
     * @param bool                            $fatal  the connection cannot be used any more
     */
    private function __construct(
        public readonly array|bool $result,
        public readonly int $affected = 0,
        public readonly int $insertId = 0,
        public readonly int $code = 0,
        public readonly string $text = '',
        public readonly bool $fatal = false,
    ) {
    }

    public static function done(int $affected, int $insertId): self
    {
        return new self(true, $affected, $insertId);
    }

    /** @param list<array<string, mixed>> $rows */
    public static function rows(array $rows): self
    {
        return new self($rows, count($rows));
    }

    public static function failed(int $code, string $text, bool $fatal): self
    {
        return new self(false, -1, 0, $code, $text, $fatal);
    }
}
