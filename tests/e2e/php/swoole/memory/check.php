<?php
/*
 * For the scripts beside it: each check prints "ok NAME" or "not ok NAME: what was". The last line of a script that got to
 * its end is "done"; test_swoole_memory.py wants it and no "not ok".
 */
error_reporting(E_ALL);
ini_set('display_errors', 'stderr');

function same(string $name, mixed $expected, mixed $actual): void
{
    echo $expected === $actual ? "ok $name\n" : "not ok $name: " . var_export($actual, true) . "\n";
}

/** warn+false: one E_WARNING that begins with $prefix, and false; an ErrorException where warnings become exceptions. */
function warns(string $name, string $prefix, callable $call): void
{
    $seen = [];
    set_error_handler(function (int $level, string $text) use (&$seen): bool {
        $seen[] = [$level, strip_tags($text)];
        return true;
    });
    $result = $call();
    restore_error_handler();
    same("$name: result", false, $result);
    same("$name: one warning", [E_WARNING], array_column($seen, 0));
    $text = $seen[0][1] ?? '';
    same("$name: text", $prefix, substr($text, 0, strlen($prefix)));
    throws("$name, as an exception", ErrorException::class, 0, function () use ($call): void {
        set_error_handler(fn (int $level, string $text) => throw new ErrorException($text, 0, $level));
        try {
            $call();
        } finally {
            restore_error_handler();
        }
    });
}

/** Not a word from PHP, and this result. */
function silent(string $name, mixed $expected, callable $call): void
{
    $seen = [];
    set_error_handler(function (int $level, string $text) use (&$seen): bool {
        $seen[] = $text;
        return true;
    });
    $result = $call();
    restore_error_handler();
    same($name, $expected, $result);
    same("$name: silent", [], $seen);
}

/** Of exactly this class; $code null: any. */
function throws(string $name, string $class, ?int $code, callable $call): void
{
    try {
        $call();
        echo "not ok $name: nothing was thrown\n";
    } catch (Throwable $e) {
        same($name, $class, $e::class);
        if ($code !== null) {
            same("$name: code", $code, $e->getCode());
        }
    }
}

/** Runs in a child; its exit status is what $work returns. */
function child(callable $work): int
{
    $pid = pcntl_fork();
    if ($pid === 0) {
        $status = (int)$work();
        // Without destructors and output of the parent's.
        posix_kill(getmypid(), $status === 0 ? SIGKILL : SIGABRT);
    }
    return $pid;
}

/** How a child ended: true when it came to its end, or was killed. */
function joined(int $pid): bool
{
    pcntl_waitpid($pid, $status);
    return pcntl_wifsignaled($status) && pcntl_wtermsig($status) === SIGKILL;
}

/** Waits for a condition; the test's own time limit ends what never comes. */
function until(callable $condition): void
{
    while (!$condition()) {
        usleep(500);
    }
}

/** Sleeping in the kernel. */
function asleep(int $pid): bool
{
    return (bool)preg_match('/\) S /', (string)@file_get_contents("/proc/$pid/stat"));
}

/** Has ended, and nobody has asked how. */
function dead(int $pid): bool
{
    return (bool)preg_match('/\) Z /', (string)@file_get_contents("/proc/$pid/stat"));
}

register_shutdown_function(function (): void {
    $fatal = E_ERROR | E_PARSE | E_CORE_ERROR | E_COMPILE_ERROR | E_USER_ERROR | E_RECOVERABLE_ERROR;
    if (((error_get_last()['type'] ?? 0) & $fatal) === 0) {
        echo "done\n";
    }
});
