<?php
/* L.4, AF1 to AF7: files, names and commands with callbacks. Each step begins when the one before has been answered. */
require __DIR__ . '/../memory/check.php';

use Swoole\Event;

$folder = sys_get_temp_dir() . '/rs-async-' . getmypid();
mkdir($folder);
register_shutdown_function(fn () => array_map('unlink', glob("$folder/*")) && rmdir($folder));
$file = "$folder/file";

/* ---- what is refused at once */
foreach (['readfile' => [], 'read' => []] as $name => $_) {
    warns("$name of what is missing", "swoole_async_$name(): open($folder/none) failed", fn () => "swoole_async_$name"("$folder/none", 'strlen'));
    warns("$name of a folder", "swoole_async_$name(): open($folder) failed", fn () => "swoole_async_$name"($folder, 'strlen'));
}
touch($file);
warns('readfile of an empty file', "swoole_async_readfile(): $file: the file is empty", fn () => swoole_async_readfile($file, 'strlen'));
warns('read behind the end', 'swoole_async_read(): offset must be less than', fn () => swoole_async_read($file, 'strlen', 10, 0));
silent('writefile of nothing', false, fn () => swoole_async_writefile($file, ''));
warns('writefile of too much', 'swoole_async_writefile(): the content is larger', fn () => swoole_async_writefile($file, str_repeat('x', (4 << 20) + 1)));
warns('write where nobody may', 'swoole_async_write(): open(/no/such/folder) failed', fn () => swoole_async_write('/no/such/folder', 'x'));
posix_mkfifo("$folder/fifo", 0600);
warns('a pipe without a reader', 'swoole_async_write(): open(', fn () => swoole_async_write("$folder/fifo", 'x'));
warns('a pipe without a writer', 'swoole_async_read(): open(', fn () => swoole_async_read("$folder/fifo", 'strlen'));
$large = "$folder/large";
file_put_contents($large, random_bytes((4 << 20) + 1));
warns('readfile of too much', "swoole_async_readfile(): $large: the file is larger", fn () => swoole_async_readfile($large, 'strlen'));
warns('a name of nothing', 'swoole_async_dns_lookup(): the domain name is empty', fn () => swoole_async_dns_lookup('', 'strlen'));
throws('what cannot be called', TypeError::class, null, fn () => swoole_async_readfile($file, 'no such function'));
throws('a name with a zero byte', ValueError::class, null, fn () => swoole_async_readfile("a\0b", 'strlen'));

/* ---- whole files */
$got = [];
same('writefile', true, swoole_async_writefile($file, 'hello', function (...$args) use (&$got): void {
    $got[] = $args;
}));
same('nothing before the loop', [], $got);
Event::wait();
same('was written', [[$file, 5], 'hello'], [$got[0], file_get_contents($file)]);
same('appends', true, swoole_async_writefile($file, ' world', null, FILE_APPEND));
Event::wait();
same('was appended', 'hello world', file_get_contents($file));
swoole_async_writefile($file, 'short');
Event::wait();
same('was replaced', 'short', file_get_contents($file));
$got = [];
same('readfile', true, swoole_async_readfile($file, function (...$args) use (&$got): void {
    $got[] = $args;
}));
Event::wait();
same('was read', [[$file, 'short']], $got);

/* ---- in the order of the calls */
$text = '';
for ($i = 0; $i < 300; $i++) {
    $text .= "line $i\n";
    same("write $i", true, swoole_async_write("$folder/log", "line $i\n"));
}
$order = [];
foreach (['a', 'b', 'c'] as $name) {
    swoole_async_write("$folder/$name", $name, -1, function (string $file, int $n) use (&$order): void {
        $order[] = $n;
    });
}
Event::wait();
same('all lines in order', md5($text), md5_file("$folder/log"));
same('all were told', [1, 1, 1], $order);
swoole_async_write("$folder/log", 'LINE', 0);
swoole_async_write("$folder/log", 'end', -1);
Event::wait();
same('at an offset', 'LINE 0', substr(file_get_contents("$folder/log"), 0, 6));
same('at the end', 'end', substr(file_get_contents("$folder/log"), -3));

/* ---- in pieces */
$pieces = [];
same('read', true, swoole_async_read($large, function (string $name, string $piece) use (&$pieces): bool {
    $pieces[] = $piece;
    return true;
}, 1 << 20));
Event::wait();
same('pieces', [1 << 20, 1 << 20, 1 << 20, 1 << 20, 1, 0], array_map('strlen', $pieces));
same('all of it', md5_file($large), md5(implode('', $pieces)));
$pieces = [];
swoole_async_read($large, function (string $name, string $piece) use (&$pieces): bool {
    $pieces[] = strlen($piece);
    return count($pieces) < 3;
}, 10, 7);
Event::wait();
same('until false', [10, 10, 10], $pieces);
$pieces = [];
swoole_async_read($large, function (string $name, string $piece) use (&$pieces): bool {
    Swoole\Coroutine::sleep(0.001);
    $pieces[] = strlen($piece);
    return true;
}, 1 << 20, 3 << 20);
Event::wait();
same('a callback that waits', [1 << 20, 1, 0], $pieces);

/* ---- names, commands */
$names = [];
swoole_async_dns_lookup('localhost', function (...$args) use (&$names): void {
    $names[] = $args;
});
Event::wait();
same('dns_lookup', [['localhost', '127.0.0.1']], $names);
$names = [];
swoole_async_dns_lookup('no.such.name.invalid', function (...$args) use (&$names): void {
    $names[] = $args;
});
Event::wait();
same('a name that is none', [['no.such.name.invalid', '']], $names);
same('clear_dns_cache', null, swoole_clear_dns_cache());

$ended = [];
$pid = Swoole\Async::exec('printf "%s" output; exit 3', function (...$args) use (&$ended): void {
    $ended[] = $args;
});
same('exec', true, $pid > 1);
Swoole\Async::exec('kill -9 $$', function (...$args) use (&$ended): void {
    $ended[] = $args;
});
Event::wait();
usort($ended, fn ($a, $b) => strlen($b[0]) <=> strlen($a[0]));
same('output and status', ['output', ['code' => 3, 'signal' => 0]], $ended[0]);
same('a signal', ['', ['code' => 0, 'signal' => 9]], $ended[1]);
same('nothing is left of them', -1, pcntl_waitpid(-1, $status, WNOHANG));

same('the methods', 'short', (function () use ($file): string {
    Swoole\Async::readFile($file, function ($name, $text) use (&$result): void {
        $result = $text;
    });
    Event::wait();
    return $result;
})());
same('the old name', true, is_a('swoole_async', Swoole\Async::class, true));

/* ---- freed, with what it held */
class Held
{
    public static int $gone = 0;

    public function __destruct()
    {
        self::$gone++;
    }
}
$make = fn () => new Held();
foreach ([fn ($h) => swoole_async_readfile($file, fn () => $h), fn ($h) => swoole_async_write($file, 'x', -1, fn () => $h),
    fn ($h) => swoole_async_dns_lookup('127.0.0.1', fn () => $h), fn ($h) => Swoole\Async::exec('true', fn () => $h)] as $call) {
    $call($make());
}
Event::wait();
same('callbacks are freed', 4, Held::$gone);
