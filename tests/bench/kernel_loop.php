<?php

declare(strict_types=1);

/*
 * kernel_loop.php DIR PATH COUNT: boots the Laravel application in DIR once and handles COUNT requests for PATH in a loop,
 * with no server at all. Prints CPU microseconds per request (user and system) after a warm-up of a tenth.
 */

[, $dir, $path, $count] = $argv;
$_ENV['APP_RUNNING_IN_CONSOLE'] = $_SERVER['APP_RUNNING_IN_CONSOLE'] = 'false';
chdir($dir);
require $dir . '/vendor/autoload.php';
$app = require $dir . '/bootstrap/app.php';
$kernel = $app->make(Illuminate\Contracts\Http\Kernel::class);
$kernel->bootstrap();

$cpu = static function (): float {
    $u = getrusage();

    return $u['ru_utime.tv_sec'] * 1e6 + $u['ru_utime.tv_usec'] + $u['ru_stime.tv_sec'] * 1e6 + $u['ru_stime.tv_usec'];
};
$one = static function () use ($kernel, $path): void {
    $request = Illuminate\Http\Request::create($path);
    $response = $kernel->handle($request);
    if ($response->getStatusCode() !== 200) {
        fwrite(STDERR, $response->getContent());
        exit(1);
    }
    $kernel->terminate($request, $response);
};

for ($i = 0; $i < $count / 10; $i++) {
    $one();
}
$before = $cpu();
for ($i = 0; $i < $count; $i++) {
    $one();
}
printf("%.2f\n", ($cpu() - $before) / $count);
