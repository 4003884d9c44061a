<?php

declare(strict_types=1);

namespace App\Testing;

/** What happened, for tests that wait for it: one line of JSON each in storage/report.jsonl. Needs no framework. */
final class Report
{
    /** @param array<string, mixed> $facts */
    public static function add(string $what, array $facts = []): void
    {
        $facts = ['what' => $what, 'pid' => getmypid(), 'at' => microtime(true)] + $facts;
        $line = json_encode($facts, JSON_INVALID_UTF8_SUBSTITUTE | JSON_UNESCAPED_SLASHES | JSON_PARTIAL_OUTPUT_ON_ERROR);
        file_put_contents(self::file('report.jsonl'), $line . "\n", FILE_APPEND | LOCK_EX);
    }

    /** A file of storage/. */
    public static function file(string $name): string
    {
        return dirname(__DIR__, 2) . '/storage/' . $name;
    }

    /** Which process this is, as an application can tell. @return array<string, mixed> */
    public static function where(): array
    {
        $server = app('swoole');

        return ['worker_id' => $server->worker_id, 'taskworker' => $server->taskworker];
    }
}
