<?php
/* A coroutine that has ended leaves its stack to the next one, and nothing else. */
require __DIR__ . '/../memory/check.php';

use Swoole\Coroutine;

$maps = fn (): int => count(file('/proc/self/maps'));

/* ---- the stack is used again */
go(fn () => null);
$outside = $maps();
go(function () use ($maps, $outside): void {
    same('no memory is mapped for the second coroutine', $outside, $maps());
});

/* ---- nothing else is: what one leaves behind, the next one does not see */
$level = error_reporting();
go(function (): void {
    ob_start();
    ob_start();
    echo '';
    defer(function (): void {
        defer(fn () => null);
    });
});
go(function (): void {
    same('output buffers', 0, ob_get_level());
    same('frames', 1, count(debug_backtrace()));
});
@go(function () use ($level): void {
    same('an @ of whoever starts it', $level, error_reporting());
});

/* ---- many at once, more than are kept, in any order of their ends */
$ended = [];
Co\run(function () use (&$ended): void {
    for ($round = 0; $round < 3; $round++) {
        for ($i = 0; $i < 50; $i++) {
            go(function () use ($i, &$ended): void {
                $local = "local $i";
                ob_start();
                Co::sleep(0.001 * (1 + $i * 7 % 5));
                echo $local;
                $ended[] = ob_get_clean() === "local $i" ? $i : -1;
            });
        }
        Co::sleep(0.02);
    }
});
sort($ended);
same('each has its own values', array_merge(...array_map(fn (int $i) => [$i, $i, $i], range(0, 49))), $ended);

/* ---- deep recursion of C and of PHP, on a used stack */
$deep = fn (callable $self, int $n): int => $n === 0 ? 0 : 1 + array_sum(array_map(fn () => $self($self, $n - 1), [0]));
for ($i = 0; $i < 3; $i++) {
    go(function () use ($deep): void {
        same('recursion through array_map()', 1000, $deep($deep, 1000));
    });
}

/* ---- one in another one: two stacks; and a Fiber in a coroutine */
for ($i = 0; $i < 3; $i++) {
    go(function (): void {
        $log = [];
        $inner = go(function () use (&$log): void {
            $log[] = 'inner';
            Co::yield();
            $log[] = 'resumed';
        });
        $fiber = new Fiber(function () use (&$log): void {
            $log[] = Fiber::suspend('fiber');
        });
        $log[] = $fiber->start();
        Coroutine::resume($inner);
        $fiber->resume('back');
        same('order', ['inner', 'fiber', 'resumed', 'back'], $log);
    });
}

/* ---- stacks of another size are other stacks */
$size = Coroutine::stats()['c_stack_size'];
Coroutine::set(['c_stack_size' => $size * 2]);
go(function () use ($maps, $size): void {
    same('c_stack_size', $size * 2, Coroutine::stats()['c_stack_size']);
});
$outside = $maps();
go(function () use ($maps, $outside): void {
    same('and these are used again too', $outside, $maps());
});

/* ---- a child has those of its parent */
go(function () use ($deep): void {
    $pid = child(function () use ($deep): int {
        $got = 0;
        go(function () use ($deep, &$got): void {
            $got = $deep($deep, 200);
        });
        return $got === 200 ? 0 : 1;
    });
    same('in a child', true, joined($pid));
});
