<?php
/* Callbacks have coroutines of their own, unless that is switched off; these are not what go() makes. */
require __DIR__ . '/../memory/check.php';

use Swoole\Coroutine;
use Swoole\Event;
use Swoole\Timer;

Timer::after(1, function () use (&$cids): void {
    $cids[] = Coroutine::getCid() > 0;
    Coroutine::sleep(0.05);
    $cids[] = 'slept';
});
Timer::after(2, function () use (&$cids): void {
    $cids[] = 'meanwhile';
});
Event::wait();
same('a callback may wait', [true, 'meanwhile', 'slept'], $cids);

/* one that waits does not hold up its own next beats */
$running = $most = $beats = 0;
Timer::tick(2, function (int $id) use (&$running, &$most, &$beats): void {
    $most = max($most, ++$running);
    if (++$beats === 5) {
        Timer::clear($id);
    }
    while ($beats < 5) {
        Coroutine::sleep(0.001);
    }
    $running--;
});
Event::wait();
same('beats of one timer at a time', [5, 5, 0], [$most, $beats, $running]);

/* in a coroutine of the program */
Swoole\Coroutine\run(function (): void {
    $done = new Coroutine\Channel(1);
    Timer::after(1, fn () => $done->push('from a timer'));
    same('a channel', 'from a timer', $done->pop());
});

Timer::set(['enable_coroutine' => false]);
Timer::after(1, function () use (&$without): void {
    $without = Coroutine::getCid();
});
Event::wait();
same('switched off', -1, $without);
Timer::set(['enable_coroutine' => true]);
Timer::after(1, function () use (&$with): void {
    $with = Coroutine::getCid();
});
Event::wait();
same('switched on', true, $with > 0);
