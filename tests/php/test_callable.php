<?php

declare(strict_types=1);

/* framework = callable: a file that returns what is run per request. */

require __DIR__ . '/lib/worker.php';

$dir = scaffold('callable');
$worker = new Worker($dir, ['framework' => 'callable', 'entry' => "$dir/app.php"]);
same([1, 2, 3], array_map(static fn (): int => $worker->get('/')->json()['served'], [1, 2, 3]), 'the callable lives on');
same(['a' => '1'], $worker->get('/dump?a=1')->json()['get'], 'superglobals are set');
try {
    $worker->get('/throw');
    check(false, 'what it throws is the engine\'s to report');
} catch (RuntimeException $e) {
    same('nobody catches this', $e->getMessage(), 'what it throws is the engine\'s to report');
}
$one = $worker->get('/traces')->json();
$two = $worker->get('/traces')->json();
// The command line has no request to end: ini settings, putenv() and the last error are the engine's.
foreach ([0 => 'time zone', 1 => 'locale', 2 => 'encoding', 3 => 'directory', 4 => 'umask', 7 => 'buffers'] as $i => $what) {
    same($one[$i], $two[$i], "$what after a request that changed it");
}
same(realpath($dir), $one[3], 'it runs in its own directory, as under php-fpm');
done();
