<?php
/* CO14, CO15: run(), Scheduler, batch, parallel, map. */
require __DIR__ . '/../memory/check.php';

use Swoole\Coroutine;
use Swoole\Coroutine\Scheduler;
use function Swoole\Coroutine\batch;
use function Swoole\Coroutine\map;
use function Swoole\Coroutine\parallel;
use function Swoole\Coroutine\run;

$log = [];
same('run()', true, run(function (...$args) use (&$log): void {
    $log[] = $args;
    go(function () use (&$log): void {
        Coroutine::sleep(0.01);
        $log[] = 'inner';
    });
    warns('run() inside', 'Swoole\Coroutine\run(): eventLoop has already been created', fn () => run(fn () => 1));
    $log[] = 'outer';
}, 1, 'two'));
same('when all have ended', [[1, 'two'], 'outer', 'inner'], $log);
same('run() again', true, Co\run(fn () => Coroutine::sleep(0.001)));
Swoole\Timer::after(1, fn () => warns('run() in a callback of the loop', 'Swoole\Coroutine\run(): eventLoop has already been created',
    fn () => run(fn () => 1)));
Swoole\Event::wait();
throws('run() of nothing callable', TypeError::class, null, fn () => run('nothing'));

/* ---- Scheduler */
$s = new Scheduler();
$log = [];
same('add()', true, $s->add(function (...$args) use (&$log, &$s): void {
    $log[] = $args;
    Coroutine::sleep(0.001);
    $log[] = 'later';
    warns('add() while it runs', 'Swoole\Coroutine\Scheduler::add(): scheduler is running', fn () => $s->add(fn () => 1));
    warns('start() while it runs', 'Swoole\Coroutine\Scheduler::start(): eventLoop has already been created', fn () => $s->start());
}, 'a'));
same('parallel()', true, $s->parallel(3, function (string $x) use (&$log): void {
    $log[] = $x;
}, 'p'));
same('nothing runs before start()', [], $log);
$s->set(['hook_flags' => SWOOLE_HOOK_SLEEP, 'max_coroutine' => 50]);
same('getOptions()', ['hook_flags' => SWOOLE_HOOK_SLEEP, 'max_coroutine' => 50], $s->getOptions());
same('start()', true, $s->start());
same('in order', [['a'], 'p', 'p', 'p', 'later'], $log);
same('the hooks that were set', SWOOLE_HOOK_SLEEP, Swoole\Runtime::getHookFlags());
$log = [];
same('start() of an empty one', [true, []], [$s->start(), $log]);
$s->add(function () use (&$log): void {
    $log[] = 'second time';
});
same('start() again', [true, ['second time']], [$s->start(), $log]);
throws('clone', Error::class, null, fn () => clone $s);

/* ---- batch, parallel, map */
throws('batch() outside', Swoole\Error::class, null, fn () => batch([fn () => 1]));
throws('parallel() outside', Swoole\Error::class, null, fn () => parallel(1, fn () => 1));
throws('map() outside', Swoole\Error::class, null, fn () => map([1], fn () => 1));
run(function (): void {
    $log = [];
    same('batch()', ['slow' => 1, 'quick' => 'two', 5 => null], batch([
        'slow' => function () use (&$log): int {
            Coroutine::sleep(0.01);
            $log[] = 'slow';
            return 1;
        },
        'quick' => function () use (&$log): string {
            $log[] = 'quick';
            return 'two';
        },
        5 => function (): void {
        },
    ]));
    same('at the same time', ['quick', 'slow'], $log);
    same('batch([])', [], batch([]));
    $late = null;
    same('batch() in time', ['a' => 1, 'b' => null], batch(['a' => fn () => 1, 'b' => function () use (&$late) {
        Coroutine::sleep(0.03);
        return $late = 'b';
    }], 0.005));
    Coroutine::sleep(0.05);
    same('it went on by itself', 'b', $late);
    throws('batch() of something else', TypeError::class, null, fn () => batch([1]));

    $n = 0;
    parallel(4, function () use (&$n): void {
        Coroutine::sleep(0.002);
        $n++;
    });
    same('parallel()', 4, $n);
    parallel(0, function () use (&$n): void {
        $n++;
    });
    same('parallel(0)', 4, $n);

    same('map()', ['x' => 2, 7 => 4, 8 => 6], map(['x' => 1, 7 => 2, 8 => 3], function (int $v): int {
        Coroutine::sleep(0.001 * (4 - $v));
        return $v * 2;
    }));
    same('map() in time', [null], map([1], fn () => Coroutine::sleep(0.05), 0.002));
    same('map([])', [], map([], fn () => 1));
    foreach ([1, 2] as $i) {
        same('results are their own', [[1, 2]], batch([fn () => [1, 2]]));
    }
});
