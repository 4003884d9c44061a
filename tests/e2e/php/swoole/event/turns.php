<?php
/* EV4 - EV7: deferred calls, cycles, turns, leaving. */
require __DIR__ . '/../memory/check.php';

use Swoole\Event;
use Swoole\Timer;

$log = [];
$say = function (string $word) use (&$log): Closure {
    return function () use (&$log, $word): void {
        $log[] = $word;
    };
};

/* deferred: in order, after what runs now; those that they defer, in the next turn */
Event::defer(function () use (&$log, $say): void {
    $log[] = 'first';
    Event::defer($say('of the first'));
});
Event::defer($say('second'));
$log[] = 'script';
Event::wait();
same('order', ['script', 'first', 'second', 'of the first'], $log);
$log = [];
Timer::after(1, function () use (&$log, $say): void {
    Event::defer($say('of a timer'));
    $log[] = 'timer';
});
Event::wait();
same('after what runs', ['timer', 'of a timer'], $log);

/* before and after each turn; null takes it away */
$log = [];
same('cycle: there is none to take away', false, Event::cycle(null));
same('cycle', true, Event::cycle($say('after')));
same('cycle before', true, Event::cycle($say('before'), true));
Event::defer($say('deferred'));
Event::wait();
same('around the turn', ['before', 'deferred', 'after'], $log);
same('cycle: away', [true, true], [Event::cycle(null), Event::cycle(null, true)]);
$log = [];
Event::defer($say('alone'));
Event::wait();
same('no more', ['alone'], $log);
$turns = 0;
Event::cycle(function () use (&$turns): void {
    if (++$turns === 3) {
        Event::cycle(null);
    }
});
$id = Timer::tick(1, function () use (&$id, &$turns): void {
    if ($turns === 3) {
        Timer::clear($id);
    }
});
Event::wait();
same('taken away by itself', 3, $turns);

/* one turn at a time */
$log = [];
Timer::after(1, function () use (&$log, $say): void {
    $log[] = 'one';
    Timer::after(1, $say('two'));
});
same('dispatch', true, Event::dispatch());
same('only the first', ['one'], $log);
Event::dispatch();
same('then the next', ['one', 'two'], $log);
same('dispatch of nothing', true, Event::dispatch());

/* exit leaves the loop after this turn; what is left goes on in the next run */
$log = [];
Timer::after(1, function () use (&$log, $say): void {
    $log[] = 'leaves';
    Event::exit();
    Timer::after(1, $say('later'));
});
Event::wait();
same('left', ['leaves'], $log);
Event::wait();
same('and back', ['leaves', 'later'], $log);
Event::exit();
Timer::after(1, $say('exit outside of the loop is nothing'));
Event::wait();
same('exit outside', 3, count($log));

/* a run inside a callback: both end */
$log = [];
Timer::after(1, function () use (&$log, $say): void {
    Timer::after(1, $say('inner'));
    Event::dispatch();
    $log[] = 'outer';
});
Event::wait();
same('nested', ['inner', 'outer'], $log);
silent('wait in a callback is nothing', null, function (): void {
    Timer::after(1, fn () => Event::wait());
    Event::wait();
});
silent('wait without anything', null, fn () => Event::wait());
same('functions', [true, true, false], [swoole_event_defer($say('f')), swoole_event_dispatch(), swoole_event_cycle(null)]);
