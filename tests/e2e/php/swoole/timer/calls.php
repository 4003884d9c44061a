<?php
/* TM1 - TM6: what the calls answer, what callbacks get. */
require __DIR__ . '/../memory/check.php';

use Swoole\Timer;

class Call
{
    public array $got = [];

    public static function fixed(mixed ...$args): void
    {
        global $fixed;
        $fixed = $args;
    }

    public function method(mixed ...$args): void
    {
        $this->got[] = $args;
    }

    public function __invoke(mixed ...$args): void
    {
        $this->got[] = $args;
    }

    private function hidden(mixed ...$args): void
    {
        $this->got[] = $args;
    }

    public function start(): void
    {
        Timer::after(1, [$this, 'hidden'], 'private');
    }
}

function named(mixed ...$args): void
{
    global $named;
    $named = $args;
}

/* ids and arguments */
$ticks = [];
same('ids begin with 1', 1, Timer::tick(3, function (mixed ...$args) use (&$ticks): void {
    $ticks[] = $args;
    if (count($ticks) === 3) {
        same('clear in its own callback', true, Timer::clear($args[0]));
        same('exists no more in there', false, Timer::exists($args[0]));
        silent('clear twice', false, fn () => Timer::clear($args[0]));
    }
}, 'a', [2]));
$after = null;
same('and go on', 2, Timer::after(1, function (mixed ...$args) use (&$after): void {
    $after = $args;
    same('one that runs once is gone in its callback', [false, false, null], [Timer::exists(2), Timer::clear(2), Timer::info(2)]);
}, 'x', null));
same('exists', [true, true, false, false, false], array_map(Timer::exists(...), [1, 2, 3, 0, -1]));
$stats = Timer::stats();
same('stats', ['initialized' => true, 'num' => 2], array_intersect_key($stats, ['initialized' => 0, 'num' => 0]));
same('stats: keys', ['initialized', 'num', 'round'], array_keys($stats));
$info = Timer::info(1);
same('info: keys', ['exec_msec', 'exec_count', 'interval', 'round', 'removed'], array_keys($info));
same('info: interval', [3, 0], [$info['interval'], Timer::info(2)['interval']]);
same('info: not yet run', [0, false], [$info['exec_count'], $info['removed']]);
same('info: of no timer', null, Timer::info(99));
$list = Timer::list();
same('list: class', [true, true], [$list instanceof Timer\Iterator, $list instanceof ArrayIterator]);
same('list', [1, 2], iterator_to_array($list, false));
Swoole\Event::wait();
same('tick has its id first', [[1, 'a', [2]], [1, 'a', [2]], [1, 'a', [2]]], $ticks);
same('after has none', ['x', null], $after);
same('nothing is left', 0, Timer::stats()['num']);

/* four forms of callbacks, and more */
$call = new Call();
Timer::after(1, 'named', 1);
Timer::after(1, 'Call::fixed', 2);
Timer::after(1, [$call, 'method'], 3);
Timer::after(1, $call, 4);
Timer::after(1, $call->method(...), 5);
$call->start();
Swoole\Event::wait();
same('forms of callbacks', [[1], [2], [[3], [4], [5], ['private']]], [$named, $fixed, $call->got]);

/* failures */
foreach (['tick', 'after'] as $method) {
    foreach ([0, -1, PHP_INT_MIN] as $ms) {
        warns("$method($ms)", "Swoole\\Timer::$method(): Timer must be greater than or equal to 1", fn () => Timer::$method($ms, fn () => 0));
    }
    throws("$method: not callable", TypeError::class, null, fn () => Timer::$method(1, 'no_such_function'));
    throws("$method: no number", TypeError::class, null, fn () => Timer::$method('soon', fn () => 0));
}
silent('clear of none', false, fn () => Timer::clear(12345));
same('a very long one is taken', true, is_int($long = Timer::after(PHP_INT_MAX, fn () => 0)));
same('and cleared', true, Timer::clear($long));

/* clearAll, also of timers that a destructor makes */
for ($i = 0; $i < 1000; $i++) {
    Timer::tick(1000 + $i, fn () => 0);
}
same('many', 1000, Timer::stats()['num']);
same('clearAll', true, Timer::clearAll());
same('none', [0, []], [Timer::stats()['num'], iterator_to_array(Timer::list())]);
same('set', true, Timer::set(['enable_coroutine' => true]));

/* functions and the old class name */
$seen = [];
$id = swoole_timer_tick(1, function (int $id) use (&$seen): void {
    $seen[] = 'tick';
    swoole_timer_clear($id);
});
swoole_timer_after(1, function () use (&$seen): void {
    $seen[] = 'after';
});
same('functions: exists, info, list, stats', [true, 1, 2, 2], [swoole_timer_exists($id), swoole_timer_info($id)['interval'],
    count(swoole_timer_list()), swoole_timer_stats()['num']]);
same('functions: set', true, swoole_timer_set([]));
Swoole\Event::wait();
same('functions: both ran', ['tick', 'after'], $seen);
swoole_timer_after(1000, fn () => 0);
same('functions: clear_all', [true, 0], [swoole_timer_clear_all(), swoole_timer_stats()['num']]);
same('aliases', [true, true], [is_a('swoole_timer', Timer::class, true), class_exists('swoole_timer_iterator')]);
