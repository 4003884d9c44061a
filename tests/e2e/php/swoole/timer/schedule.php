<?php
/* TM1: order, missed beats, timers made and cleared by others while they run. */
require __DIR__ . '/../memory/check.php';

use Swoole\Event;
use Swoole\Timer;

/* the earlier one first, those of one moment in the order of their making */
$order = [];
foreach ([180, 60, 120, 60, 20] as $i => $ms) {
    Timer::after($ms, function () use (&$order, $i): void {
        $order[] = $i;
    });
}
usleep(200000);
Event::wait();
same('order', [4, 1, 3, 2, 0], $order);

/* a callback that takes nearly five beats: they are skipped, and the next one is on the schedule, not one period later */
$next = [];
Timer::tick(40, function (int $id) use (&$next): void {
    $next[] = Timer::info($id)['exec_msec'];
    if (count($next) === 1) {
        usleep(190000);
    }
    if (count($next) === 3) {
        Timer::clear($id);
    }
});
Event::wait();
same('on the schedule', [0, 0], [($next[1] - $next[0]) % 40, ($next[2] - $next[0]) % 40]);
same('missed beats are not made up for', true, $next[1] - $next[0] >= 160 && $next[2] > $next[1]);

/* never earlier than asked for */
$began = hrtime(true);
Timer::after(20, function () use (&$took, $began): void {
    $took = hrtime(true) - $began;
});
Event::wait();
same('not too early', true, $took >= 20e6);

/* one clears another one that is due in the same turn */
$ran = [];
$ids = [];
foreach ([0, 1] as $i) {
    $ids[$i] = Timer::after(1, function () use (&$ran, &$ids, $i): void {
        $ran[] = $i;
        Timer::clear($ids[1 - $i]);
    });
}
usleep(5000);
Event::wait();
same('cleared by the one before it', [0], $ran);

/* a timer that makes timers; all of them keep the script alive */
$depth = 0;
$deeper = function () use (&$deeper, &$depth): void {
    if (++$depth < 20) {
        Timer::after(1, $deeper);
    }
};
Timer::after(1, $deeper);
Event::wait();
same('timers of timers', 20, $depth);

/* clearAll from a callback, the running one as well */
$calls = 0;
for ($i = 0; $i < 5; $i++) {
    Timer::tick(1, function () use (&$calls): void {
        $calls++;
        Timer::clearAll();
    });
}
usleep(5000);
Event::wait();
same('clearAll in a callback', 1, $calls);

/* a destructor of an argument that makes a timer: it lives */
class Late
{
    public function __destruct()
    {
        Timer::after(1, function (): void {
            echo "ok a timer of a destructor\n";
        });
    }
}
Timer::clear(Timer::after(1000, fn () => 0, new Late()));
Event::wait();

/* info while it runs */
Timer::tick(2, function (int $id) use (&$counts): void {
    $counts[] = Timer::info($id)['exec_count'];
    if (count($counts) === 3) {
        Timer::clear($id);
    }
});
Event::wait();
same('exec_count', [1, 2, 3], $counts);

/* 20,000 of them: all run, none twice */
$n = 0;
for ($i = 0; $i < 20000; $i++) {
    Timer::after(1 + $i % 7, function () use (&$n): void {
        $n++;
    });
}
Event::wait();
same('many', 20000, $n);
