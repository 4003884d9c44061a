<?php

declare(strict_types=1);

/*
 * run.php [NAME...]: tests of the PHP glue on the command line, without the server. Each test_NAME.php is a process of its
 * own, for an application can be booted only once. Ends with "N passed, N failed"; exit status 1 when one failed.
 */

$names = array_slice($argv, 1);
$files = $names === [] ? glob(__DIR__ . '/test_*.php') : array_map(static fn (string $n): string => __DIR__ . "/test_$n.php", $names);
[$passed, $failed] = [0, 0];
foreach ($files as $file) {
    $process = proc_open([PHP_BINARY, '-d', 'memory_limit=256M', '-d', 'display_errors=stderr', $file], [1 => ['pipe', 'w']], $pipes);
    $out = stream_get_contents($pipes[1]);
    $status = proc_close($process);
    $counted = preg_match('/^(\d+) passed, (\d+) failed\n\z/m', $out, $m) === 1;
    echo $counted ? substr($out, 0, -strlen($m[0])) : $out;
    $passed += $counted ? (int) $m[1] : 0;
    $failed += $counted ? (int) $m[2] : 1;
    if (!$counted) {
        echo basename($file), ": ended with status $status before its last check\n";
    }
}
echo "$passed passed, $failed failed\n";
exit($failed === 0 && $passed > 0 ? 0 : 1);
