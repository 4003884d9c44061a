<?php

declare(strict_types=1);

/* check(), same(), throws(): one line for what failed, silence for what holds; the counts come last. */

final class Checks
{
    public static int $passed = 0;

    public static int $failed = 0;

    public static function count(bool $holds, string $what, string $instead): void
    {
        if ($holds) {
            self::$passed++;

            return;
        }
        self::$failed++;
        $at = null;
        foreach (debug_backtrace(DEBUG_BACKTRACE_IGNORE_ARGS) as $frame) {
            if (isset($frame['file']) && $frame['file'] !== __FILE__) {
                $at = basename($frame['file']) . ':' . $frame['line'];
                break;
            }
        }
        fwrite(STDOUT, "FAILED $at: $what$instead\n");
    }
}

function check(bool $holds, string $what): void
{
    Checks::count($holds, $what, '');
}

function same(mixed $want, mixed $got, string $what): void
{
    $show = static fn (mixed $v): string => (string) json_encode($v, JSON_UNESCAPED_SLASHES | JSON_PARTIAL_OUTPUT_ON_ERROR);
    Checks::count($want === $got, $what, "\n  want " . $show($want) . "\n  got  " . $show($got));
}

/** The throwable's message has to contain the text. */
function throws(string $text, callable $do, string $what): void
{
    try {
        $do();
        Checks::count(false, $what, ': nothing was thrown');
    } catch (Throwable $e) {
        Checks::count(str_contains($e->getMessage(), $text), $what, ': ' . $e->getMessage());
    }
}

function done(): never
{
    fwrite(STDOUT, Checks::$passed . ' passed, ' . Checks::$failed . " failed\n");
    exit(Checks::$failed === 0 ? 0 : 1);
}

/** A scaffolded copy of tests/apps/NAME, removed at the end. */
function scaffold(string $name, string ...$dotenv): string
{
    $dir = sys_get_temp_dir() . '/rs-php-' . getmypid();
    exec(implode(' ', array_map('escapeshellarg', [dirname(__DIR__, 3) . '/bin/app-scaffold', $dir, $name, ...$dotenv])), $out, $status);
    if ($status !== 0) {
        throw new RuntimeException("app-scaffold failed: " . implode("\n", $out));
    }
    register_shutdown_function(static function () use ($dir): void {
        exec('rm -rf ' . escapeshellarg($dir));
    });

    return $dir;
}
