<?php

declare(strict_types=1);

namespace Rserverd\Mysql;

/** Rows of a result as they come. Values are strings, as the server sends them; with types: numbers are int and float. */
final class Result
{
    private const UNSIGNED = 0x20;

    /** TINY, SHORT, LONG, INT24, YEAR */
    private const INTEGERS = [1 => true, 2 => true, 3 => true, 9 => true, 13 => true];
    private const LONGLONG = 8;

    /** FLOAT, DOUBLE */
    private const FLOATS = [4 => true, 5 => true];

    /** @var list<array<string, mixed>> */
    public array $rows = [];

    /** @var list<array{string, string}> name; type: '' as it is, 'int', 'float', 'big': an int if it is one */
    private array $columns = [];

    public function __construct(private readonly int $expected, private readonly bool $typed)
    {
    }

    public function described(): bool
    {
        return count($this->columns) === $this->expected;
    }

    public function column(Payload $p): void
    {
        if ($this->described()) {
            throw new ProtocolError('there are more columns than there should be');
        }
        // catalog, schema, table as it is called and as it is
        for ($i = 0; $i < 4; $i++) {
            $p->text();
        }
        $name = (string) $p->text();
        $p->text();
        $p->take(7); // length of what follows, character set, width
        $type = $p->number(1);
        $flags = $p->number(2);
        $this->columns[] = [$name, match (true) {
            !$this->typed => '',
            isset(self::INTEGERS[$type]) => 'int',
            isset(self::FLOATS[$type]) => 'float',
            $type === self::LONGLONG => $flags & self::UNSIGNED ? 'big' : 'int',
            default => '',
        }];
    }

    public function row(Payload $p): void
    {
        $row = [];
        foreach ($this->columns as [$name, $type]) {
            $value = $p->text();
            $row[$name] = $value === null || $type === '' ? $value : match ($type) {
                'int' => (int) $value,
                'float' => (float) $value,
                'big' => (string) (int) $value === $value ? (int) $value : $value,
            };
        }
        $this->rows[] = $row;
    }
}
