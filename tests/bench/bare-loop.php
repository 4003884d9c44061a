<?php

// bare-loop.php APP ROUTE N: CPU microseconds per request of the HTTP kernel alone, booted once, in this process.

declare(strict_types=1);

[, $base, $route, $n] = $argv;
require $base . '/vendor/autoload.php';
$app = require $base . '/bootstrap/app.php';
$kernel = $app->make(Illuminate\Contracts\Http\Kernel::class);

$one = static function () use ($kernel, $route): void {
    $request = Illuminate\Http\Request::create($route, 'GET', [], [], [], ['HTTP_HOST' => '127.0.0.1']);
    $response = $kernel->handle($request);
    $kernel->terminate($request, $response);
    if ($response->getStatusCode() !== 200) {
        fwrite(STDERR, $response->getContent());
        exit(1);
    }
};
$cpu = static function (): float {
    $r = getrusage();

    return ($r['ru_utime.tv_sec'] + $r['ru_stime.tv_sec']) * 1e6 + $r['ru_utime.tv_usec'] + $r['ru_stime.tv_usec'];
};
for ($i = 0; $i < 1000; $i++) {
    $one();
}
$before = $cpu();
for ($i = 0; $i < $n; $i++) {
    $one();
}
printf("%.3f\n", ($cpu() - $before) / $n);
