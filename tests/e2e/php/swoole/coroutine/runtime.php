<?php
/* CO16: Runtime; what blocks suspends only its coroutine when its hook is on. */
require __DIR__ . '/../memory/check.php';

use Swoole\Coroutine;
use Swoole\Runtime;

/** How often others ran while the calls, each in a coroutine, did their work: [results in order of the calls, that number]. */
function together(callable ...$calls): array
{
    $turns = 0;
    $over = false;
    $results = [];
    Co\run(function () use ($calls, &$turns, &$over, &$results): void {
        Coroutine::create(function () use (&$turns, &$over): void {
            while (!$over) {
                $turns++;
                Coroutine::sleep(0.001);
            }
        });
        $results = Swoole\Coroutine\batch($calls);
        $over = true;
    });
    return [array_values($results), $turns];
}

/* ---- flags */
same('none at first', 0, Runtime::getHookFlags());
same('enableCoroutine()', [true, SWOOLE_HOOK_ALL], [Runtime::enableCoroutine(), Runtime::getHookFlags()]);
same('enableCoroutine(false)', [true, 0], [Runtime::enableCoroutine(false), Runtime::getHookFlags()]);
same('enableCoroutine(flags)', [true, SWOOLE_HOOK_SLEEP], [Runtime::enableCoroutine(SWOOLE_HOOK_SLEEP), Runtime::getHookFlags()]);
same('enableCoroutine(true, flags)', [true, SWOOLE_HOOK_TCP], [Runtime::enableCoroutine(true, SWOOLE_HOOK_TCP), Runtime::getHookFlags()]);
same('setHookFlags()', [true, SWOOLE_HOOK_UDP], [Runtime::setHookFlags(SWOOLE_HOOK_UDP), Runtime::getHookFlags()]);
throws('of text', TypeError::class, null, fn () => Runtime::enableCoroutine('all'));
same('the old name', Runtime::class, (new ReflectionClass('swoole_runtime'))->getName());
Coroutine::set(['hook_flags' => false]);
same('set(hook_flags => false)', 0, Runtime::getHookFlags());
Coroutine::set(['hook_flags' => SWOOLE_HOOK_ALL]);

/* ---- sleep */
$sleeps = [
    fn () => sleep(1),
    fn () => usleep(20000),
    fn () => time_nanosleep(0, 20000000),
    fn () => time_sleep_until(microtime(true) + 0.02),
];
$before = microtime(true);
[$results, $turns] = together(...$sleeps);
same('results', [0, null, true, true], $results);
same('at the same time, others run', [true, true], [microtime(true) - $before >= 1, $turns > 10]);
Coroutine::set(['hook_flags' => 0]);
[$results, $turns] = together(...array_slice($sleeps, 1));
same('without hooks they block', [[null, true, true], true], [$results, $turns <= 3]);
Coroutine::set(['hook_flags' => SWOOLE_HOOK_ALL]);
same('outside of coroutines', [0, null], [sleep(0), usleep(1000)]);
throws('sleep(-1)', ValueError::class, null, fn () => sleep(-1));
Co\run(function (): void {
    throws('sleep(-1) inside', ValueError::class, null, fn () => sleep(-1));
    throws('usleep(-1) inside', ValueError::class, null, fn () => usleep(-1));
    $left = null;
    $cid = go(function () use (&$left): void {
        $left = sleep(100);
    });
    Coroutine::cancel($cid);
    same('a cancelled sleep() tells what is left', true, $left > 90);
    same('gethostbyname', ['127.0.0.1', 'no-such-name.invalid'], [gethostbyname('localhost'), gethostbyname('no-such-name.invalid')]);
    /* where the engine cannot switch, a hooked function blocks as PHP's own does */
    pcntl_async_signals(true);
    pcntl_signal(SIGUSR1, function (): void {
        usleep(2000);
    });
    posix_kill(getmypid(), SIGUSR1);
    same('in a signal handler', true, Coroutine::sleep(0.001));
    new class {
        public function __destruct()
        {
            usleep(2000);
        }
    };
});

/* ---- TCP: both ends in one process; a call that blocked it would never come back */
$server = stream_socket_server('tcp://127.0.0.1:0');
$address = stream_socket_get_name($server, false);
[$results] = together(function () use ($server): array {
    $c = stream_socket_accept($server, 30, $peer);
    $lines = [];
    while (($line = fgets($c)) !== false) {
        $lines[] = $line;
        usleep(3000);
        fwrite($c, strtoupper($line));
    }
    return [$lines, feof($c), $peer !== ''];
}, function () use ($address): array {
    usleep(5000);
    $c = stream_socket_client("tcp://$address", $errno, $error, 30);
    fwrite($c, "one\n");
    $got = [fgets($c)];
    fwrite($c, "two\n");
    $got[] = fgets($c);
    fclose($c);
    return $got;
});
same('TCP, both ends in coroutines', [[["one\n", "two\n"], true, true], ["ONE\n", "TWO\n"]], $results);

/* much data against a slow reader, by host name */
$port = (int)substr(strrchr($address, ':'), 1);
[$results] = together(function () use ($server): string {
    $c = stream_socket_accept($server, 30);
    usleep(20000);
    return md5(stream_get_contents($c));
}, function () use ($port): int {
    $c = fsockopen('localhost', $port, $errno, $error, 30);
    return fwrite($c, str_repeat('0123456789', 1000000));
});
same('10 MB', [md5(str_repeat('0123456789', 1000000)), 10000000], $results);

/* failures */
$closed = stream_socket_server('tcp://127.0.0.1:0');
$nobody = stream_socket_get_name($closed, false);
fclose($closed);
Co\run(function () use ($server, $address, $nobody): void {
    same('refused', [false, 111], [@stream_socket_client("tcp://$nobody", $errno, $error, 5), $errno]);
    same('no such host', false, @fsockopen('no-such-name.invalid', 80, $errno, $error, 30));
    $before = microtime(true);
    same('accept in time', false, @stream_socket_accept($server, 0.02));
    same('it waited', true, microtime(true) - $before >= 0.019);
    $c = stream_socket_client("tcp://$address");
    stream_set_timeout($c, 0, 20000);
    same('a read in time', ['', true], [(string)fread($c, 10), stream_get_meta_data($c)['timed_out']]);
    stream_set_blocking($c, false);
    same('not blocking', '', (string)fread($c, 10));
    stream_set_blocking($c, true);
    /* closing it while another one waits in it */
    stream_set_timeout($c, 30);
    $got = null;
    $cid = go(function () use ($c, &$got): void {
        $got = fread($c, 10);
    });
    same('fclose() of a stream that is read', false, @fclose($c));
    Coroutine::cancel($cid);
    same('the read was cancelled', true, $got === false || $got === '');
    same('now it closes', true, fclose($c));
});

/* ---- stream_select */
[$a, $b] = stream_socket_pair(STREAM_PF_UNIX, STREAM_SOCK_STREAM, 0);
[$results] = together(function () use ($a): array {
    $r = [$a];
    $w = $e = null;
    $none = stream_select($r, $w, $e, 0, 5000);
    $r = ['key' => $a];
    return [$none, stream_select($r, $w, $e, 30), array_keys($r), fgets($a)];
}, function () use ($b): void {
    usleep(20000);
    fwrite($b, "x\n");
});
same('stream_select', [[0, 1, ['key'], "x\n"], null], $results);
Co\run(function () use ($a): void {
    $r = $w = $e = [];
    throws('stream_select of nothing', ValueError::class, null, fn () => stream_select($r, $w, $e, 0));
    $r = [];
    $w = [$a];
    same('writable', 1, stream_select($r, $w, $e, 5));
});

/* ---- UDP, Unix */
$udp = stream_socket_server('udp://127.0.0.1:0', $errno, $error, STREAM_SERVER_BIND);
$to = stream_socket_get_name($udp, false);
[$results] = together(fn () => stream_socket_recvfrom($udp, 100), function () use ($to): int {
    usleep(5000);
    return fwrite(stream_socket_client("udp://$to"), 'datagram');
});
same('UDP', 2, count($results));
$path = sys_get_temp_dir() . '/rs-hook-' . getmypid();
register_shutdown_function(fn () => @unlink($path));
$unix = stream_socket_server("unix://$path");
[$results] = together(fn () => fgets(stream_socket_accept($unix)), function () use ($path): int {
    usleep(5000);
    return fwrite(stream_socket_client("unix://$path"), "unix\n");
});
same('Unix', ["unix\n", 5], $results);

/* ---- http:// over a hooked stream, two at a time */
$server = stream_socket_server('tcp://127.0.0.1:0');
$address = stream_socket_get_name($server, false);
[$results] = together(function () use ($server): int {
    for ($n = 0; $n < 2; $n++) {
        go(function () use ($server): void {
            $c = stream_socket_accept($server, 30);
            while (trim(fgets($c)) !== '') {
            }
            usleep(10000);
            fwrite($c, "HTTP/1.0 200 OK\r\nContent-Length: 4\r\n\r\nbody");
        });
    }
    return $n;
}, fn () => file_get_contents("http://$address/"), fn () => file_get_contents("http://$address/"));
same('file_get_contents', [2, 'body', 'body'], $results);
error_clear_last();
