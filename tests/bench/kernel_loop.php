<?php

declare(strict_types=1);

/*
 * kernel_loop.php DIR PATH COUNT [ask]: boots the Laravel application in DIR once and handles COUNT requests for PATH in a loop,
 * with no server at all. Prints CPU microseconds per request (user and system) after a warm-up of a tenth. With `ask` each is
 * followed by one byte to another process and one from it, which is the least that a served request has to do with others; the
 * other process is not counted, and what such a byte costs without a request is printed behind.
 */

[, $dir, $path, $count] = $argv;
$ask = null;
if (($argv[4] ?? '') === 'ask') {
    [$ask, $other] = stream_socket_pair(STREAM_PF_UNIX, STREAM_SOCK_STREAM, 0);
    if (pcntl_fork() === 0) {
        fclose($ask);
        while (fread($other, 1) === '?') {
            fwrite($other, '!');
        }
        exit;
    }
    fclose($other);
}
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

$round = static function () use ($ask): void {
    if ($ask !== null) {
        fwrite($ask, '?');
        fread($ask, 1);
    }
};
$measure = static function (Closure ...$what) use ($cpu, $count): float {
    $before = $cpu();
    for ($i = 0; $i < $count; $i++) {
        foreach ($what as $each) {
            $each();
        }
    }

    return ($cpu() - $before) / $count;
};

for ($i = 0; $i < $count / 10; $i++) {
    $one();
    $round();
}
if ($ask === null) {
    printf("%.2f\n", $measure($one));
} else {
    printf("%.2f %.2f\n", $measure($one, $round), $measure($round));
}
