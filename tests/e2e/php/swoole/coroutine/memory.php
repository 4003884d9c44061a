<?php
/* Many coroutines at once, many one after another: what they cost, and that nothing stays. */
require __DIR__ . '/../memory/check.php';

use Swoole\Coroutine;
use Swoole\Coroutine\Channel;

function kb(string $field): int
{
    preg_match("/^$field:\s+(\d+)/m", file_get_contents('/proc/self/status'), $m);
    return (int)$m[1];
}

/* ---- 10,000 that wait */
const MANY = 10000;
$maps = count(file('/proc/self/maps'));
Co\run(function (): void {
    $chan = new Channel(1);
    $before = kb('VmRSS');
    for ($i = 0; $i < MANY; $i++) {
        go(function () use ($chan): void {
            $chan->pop();
        });
    }
    same('10,000 wait', MANY + 1, Coroutine::stats()['coroutine_num']);
    $each = (kb('VmRSS') - $before) * 1024 / MANY;
    echo $each < 16384 ? "ok at most 16 KB each\n" : "not ok: $each bytes each\n";
    $chan->close();
    same('all have ended', 1, Coroutine::stats()['coroutine_num']);
});
same('their stacks are gone', true, count(file('/proc/self/maps')) < $maps + 100);

/* ---- 100,000 one after another */
Co\run(function (): void {
    $grown = function (int $n, callable $one): array {
        for ($i = 0; $i < 2000; $i++) {
            $one();
        }
        gc_collect_cycles();
        [$php, $rss] = [memory_get_usage(), kb('VmRSS')];
        for ($i = 0; $i < $n; $i++) {
            $one();
        }
        gc_collect_cycles();
        return [memory_get_usage() - $php, kb('VmRSS') - $rss];
    };
    $within = function (string $name, array $grown): void {
        [$php, $rss] = $grown;
        echo $php <= 65536 && $rss <= 2048 ? "ok $name\n" : "not ok $name: $php bytes of PHP, $rss KB in all\n";
    };
    $within('100,000 that run through', $grown(100000, fn () => go(fn () => 1)));
    $within('20,000 that wait, with everything they can have', $grown(20000, function (): void {
        $chan = new Channel(1);
        $cid = go(function (string $arg) use ($chan): void {
            Coroutine::defer(fn () => $arg);
            Coroutine::getContext()['x'] = str_repeat($arg, 100);
            ob_start();
            $f = new Fiber(fn () => $chan->pop());
            $f->start();
            ob_end_clean();
        }, 'argument');
        Coroutine::getBackTrace($cid);
        $chan->push(1);
    }));
    $within('20,000 cancelled', $grown(20000, function (): void {
        Coroutine::cancel(go(fn () => Coroutine::sleep(100)));
    }));
    $within('2,000 jobs on threads', $grown(2000, fn () => Coroutine::readFile('/proc/self/stat')));
});
