<?php
/* CO10, CO11: files, commands, names. */
require __DIR__ . '/../memory/check.php';

use Swoole\Coroutine;
use Swoole\Coroutine\System;

$folder = sys_get_temp_dir() . '/rs-system-' . getmypid();
mkdir($folder);
register_shutdown_function(fn () => array_map('unlink', glob("$folder/*")) && rmdir($folder));
$file = "$folder/file";

foreach ([['readFile', $file], ['writeFile', $file, ''], ['exec', 'true'], ['gethostbyname', 'localhost'], ['dnsLookup', 'localhost'],
    ['getaddrinfo', 'localhost'], ['statvfs', '/'], ['wait'], ['waitPid', 1], ['waitSignal', SIGUSR1], ['waitEvent', STDIN],
    ['fread', STDIN], ['fgets', STDIN], ['fwrite', STDOUT, 'x'], ['sleep', 0.1]] as $call) {
    $name = array_shift($call);
    throws("System::$name() outside", Swoole\Error::class, null, fn () => System::$name(...$call));
    throws("Coroutine::$name() outside", Swoole\Error::class, null, fn () => Coroutine::$name(...$call));
}

Co\run(function () use ($folder, $file): void {
    /* ---- whole files */
    $ticks = 0;
    $timer = Swoole\Timer::tick(1, function () use (&$ticks): void {
        $ticks++;
    });
    $text = random_bytes(300000);
    same('writeFile', strlen($text), System::writeFile($file, $text));
    same('it is there', md5($text), md5_file($file));
    same('readFile', md5($text), md5(System::readFile($file)));
    same('truncates', [3, 'abc'], [Coroutine::writeFile($file, 'abc'), Coroutine::readFile($file)]);
    same('appends', [3, 'abcdef'], [System::writeFile($file, 'def', FILE_APPEND), System::readFile($file)]);
    same('locked', [2, 'xy'], [System::writeFile($file, 'xy', LOCK_EX), System::readFile($file, LOCK_EX)]);
    same('empty', [0, ''], [System::writeFile($file, ''), System::readFile($file)]);
    same('without a size', true, str_contains(System::readFile('/proc/self/status'), 'VmRSS'));
    throws('a path with a zero byte', ValueError::class, null, fn () => System::readFile("a\0b"));
    same('many at once', array_fill(0, 50, 'y'), (function () use ($folder): array {
        Swoole\Coroutine\map(range(1, 50), fn ($i) => System::writeFile("$folder/$i", 'y'));
        return array_values(Swoole\Coroutine\map(range(1, 50), fn ($i) => System::readFile("$folder/$i")));
    })());
    Swoole\Timer::clear($timer);
    $vfs = System::statvfs($folder);
    same('statvfs', ['bsize', 'frsize', 'blocks', 'bfree', 'bavail', 'files', 'ffree', 'favail', 'fsid', 'flag', 'namemax'], array_keys($vfs));
    same('statvfs: values', [true, true], [$vfs['bsize'] > 0, $vfs['blocks'] >= $vfs['bfree']]);

    /* ---- streams */
    $f = fopen($file, 'w+');
    same('fwrite', [6, 3], [System::fwrite($f, "line1\n"), System::fwrite($f, "li2\n", 3)]);
    rewind($f);
    same('fgets', ["line1\n", 'li2', false], [System::fgets($f), System::fgets($f), System::fgets($f)]);
    rewind($f);
    same('fread', ['line', "1\nli2", ''], [System::fread($f, 4), System::fread($f), System::fread($f)]);
    same('at the end', true, feof($f));
    fclose($f);
    [$a, $b] = stream_socket_pair(STREAM_PF_UNIX, STREAM_SOCK_STREAM, 0);
    $log = [];
    go(function () use ($a, &$log): void {
        $log[] = System::fgets($a);
        $log[] = System::fread($a, 3);
        $log[] = System::fread($a);
        $log[] = System::fread($a);
    });
    same('waits', [], $log);
    fwrite($b, "hel");
    Coroutine::sleep(0.002);
    same('for a whole line', [], $log);
    fwrite($b, "lo\nabcde");
    Coroutine::sleep(0.02);
    fclose($b);
    for ($i = 0; $i < 1000 && count($log) < 4; $i++) {
        Coroutine::sleep(0.005);
    }
    same('socket', ["hello\n", 'abc', 'de', ''], $log);
    [$a, $b] = stream_socket_pair(STREAM_PF_UNIX, STREAM_SOCK_STREAM, 0);
    $big = str_repeat('0123456789', 200000);
    $written = null;
    go(function () use ($a, $big, &$written): void {
        $written = System::fwrite($a, $big);
        stream_socket_shutdown($a, STREAM_SHUT_WR);
    });
    same('fwrite waits for room', null, $written);
    for ($got = ''; ($chunk = System::fread($b, 65536)) !== '' && $chunk !== false;) {
        $got .= $chunk;
    }
    same('all of it came', [strlen($big), true], [$written, $got === $big]);
    throws('fread of no stream', TypeError::class, null, fn () => System::fread('text'));

    /* ---- commands */
    same('exec', ['code' => 0, 'signal' => 0, 'output' => "hello\n"], System::exec('echo hello'));
    same('its status', ['code' => 7, 'signal' => 0, 'output' => ''], System::exec('exit 7'));
    same('killed', ['code' => 0, 'signal' => 9, 'output' => 'x'], System::exec('printf x; kill -9 $$'));
    same('with errors', "out\nerr\n", System::exec('echo out; echo err >&2', true)['output']);
    same('much output', 1000000, strlen(System::exec('head -c 1000000 /dev/zero')['output']));
    same('no such command', 127, System::exec('exec 2>/dev/null; /no/such/command')['code']);
    $order = [];
    Swoole\Coroutine\batch([function () use (&$order): void {
        System::exec('exec sleep 0.1');
        $order[] = 'exec';
    }, function () use (&$order): void {
        Coroutine::sleep(0.01);
        $order[] = 'other';
    }]);
    same('others run meanwhile', ['other', 'exec'], $order);

    /* ---- names */
    same('gethostbyname', '127.0.0.1', System::gethostbyname('localhost'));
    same('of an IP', '127.0.0.1', System::gethostbyname('127.0.0.1', AF_INET, 5));
    same('dnsLookup', '127.0.0.1', Coroutine::dnsLookup('localhost'));
    same('getaddrinfo', ['127.0.0.1'], System::getaddrinfo('127.0.0.1', AF_INET, SOCK_STREAM, 6, '80', 5));
    silent('no such name', false, fn () => System::gethostbyname('no-such-name.invalid', AF_INET, 30));
    same('its error', SWOOLE_ERROR_DNSLOOKUP_RESOLVE_FAILED, swoole_last_error());
    warns('an empty name', 'Swoole\Coroutine\System::gethostbyname(): ', fn () => System::gethostbyname(''));
    throws('another family', ValueError::class, null, fn () => System::gethostbyname('localhost', 99));
});
same('hosts are asked on threads', true, Coroutine::stats()['aio_worker_num'] > 0);
