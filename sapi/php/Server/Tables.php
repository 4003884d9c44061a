<?php

declare(strict_types=1);

namespace Rserverd\Server;

use Swoole\Server;
use Swoole\Table;
use UnexpectedValueException;

use function Rserverd\kept;

/** swoole_tables: $server->{NAME}Table, shared by all processes, kept over reloads while its columns stay the same. */
final class Tables
{
    /** @param array<string, array{size: int, column: list<array{name: string, type: int, size: int}>}> $tables */
    public static function attach(Server $server, array $tables): void
    {
        foreach ($tables as $name => $definition) {
            if ($definition['column'] === []) {
                throw new UnexpectedValueException("swoole_tables.$name: a table needs columns");
            }
            $server->{"{$name}Table"} = kept("table.$name", static fn (): Table => self::make($definition));
        }
    }

    /** @param array{size: int, column: list<array{name: string, type: int, size: int}>} $definition */
    private static function make(array $definition): Table
    {
        $table = new Table($definition['size']);
        foreach ($definition['column'] as ['name' => $name, 'type' => $type, 'size' => $size]) {
            $table->column($name, $type, $size);
        }
        $table->create();

        return $table;
    }
}
