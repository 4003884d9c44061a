<?php
/* CO13, CO14: WaitGroup, Barrier. */
require __DIR__ . '/../memory/check.php';

use Swoole\Coroutine;
use Swoole\Coroutine\Barrier;
use Swoole\Coroutine\WaitGroup;

/* ---- counting needs no coroutine */
$g = new WaitGroup();
same('count()', 0, $g->count());
$g->add();
$g->add(3);
$g->add(-1);
$g->done();
same('add, done', 2, $g->count());
same('new WaitGroup(5)', 5, (new WaitGroup(5))->count());
throws('add below 0', InvalidArgumentException::class, null, fn () => $g->add(-3));
same('unchanged', 2, $g->count());
throws('new WaitGroup(-1)', InvalidArgumentException::class, null, fn () => new WaitGroup(-1));
throws('done() at 0', BadMethodCallException::class, null, fn () => (new WaitGroup())->done());
throws('beyond the largest', InvalidArgumentException::class, null, fn () => $g->add(PHP_INT_MAX));
throws('wait() outside', Swoole\Error::class, null, fn () => $g->wait());
same('wait() for nothing, outside', true, (new WaitGroup())->wait());

Co\run(function (): void {
    $g = new WaitGroup();
    same('nothing to wait for', true, $g->wait());

    /* ---- reusable */
    foreach ([1, 2] as $round) {
        $log = [];
        foreach ([3, 1, 2] as $n) {
            $g->add();
            go(function () use ($g, $n, &$log): void {
                Coroutine::sleep($n / 1000);
                $log[] = $n;
                $g->done();
            });
        }
        same("round $round", true, $g->wait());
        sort($log);
        same("round $round: all were waited for", [[1, 2, 3], 0], [$log, $g->count()]);
    }

    /* ---- failures */
    $g->add();
    silent('wait in time', false, fn () => $g->wait(0.005));
    same('its error', 10018, swoole_last_error());
    same('count() after it', 1, $g->count());
    $log = [];
    $waiter = go(function () use ($g, &$log): void {
        $log[] = $g->wait();
    });
    throws('add() while somebody waits', BadMethodCallException::class, null, fn () => $g->add());
    throws('a second wait()', BadMethodCallException::class, null, fn () => $g->wait());
    Coroutine::cancel($waiter);
    same('cancelled', [false], $log);
    $g->add();
    go(function () use ($g, &$log): void {
        $log[] = $g->wait();
    });
    $g->done();
    $g->done();
    same('woken before done() returns', [false, true], $log);

    /* ---- Barrier: until nobody else refers to it */
    $b = Barrier::make();
    same('make()', Barrier::class, $b::class);
    $log = [];
    foreach ([3, 1, 2] as $n) {
        go(function () use ($b, $n, &$log): void {
            Coroutine::sleep($n / 1000);
            $log[] = $n;
        });
    }
    Barrier::wait($b);
    sort($log);
    same('all are over', [[1, 2, 3], null], [$log, $b]);
    $b = Barrier::make();
    Barrier::wait($b);
    same('nobody to wait for', null, $b);
    $b = Barrier::make();
    $held = $b;
    $before = microtime(true);
    Barrier::wait($b, 0.02);
    same('its time is over', true, microtime(true) - $before >= 0.019);
    same('the one who was late has it still', Barrier::class, $held::class);
    unset($held);
    $b = 1;
    throws('wait() for something else', TypeError::class, null, function () use ($b): void {
        Barrier::wait($b);
    });
});
throws('Barrier::wait() outside', Swoole\Error::class, null, function (): void {
    $b = Barrier::make();
    $other = $b;
    Barrier::wait($b);
});
