<?php
/* CO12: Channel. */
require __DIR__ . '/../memory/check.php';

use Swoole\Coroutine;
use Swoole\Coroutine\Channel;

$c = new Channel(2);
same('capacity, errCode', [2, 0], [$c->capacity, $c->errCode]);
foreach ([0, -5] as $n) {
    same("capacity of Channel($n)", 1, (new Channel($n))->capacity);
}
same('without one', 1, (new chan())->capacity);
throws('push() outside', Swoole\Error::class, null, fn () => $c->push(1));
throws('pop() outside', Swoole\Error::class, null, fn () => $c->pop());
throws('clone', Error::class, null, fn () => clone $c);
throws('serialize', Exception::class, null, fn () => serialize($c));
throws('a second constructor', Error::class, null, fn () => $c->__construct(1));

Co\run(function (): void {
    /* ---- values come out as they went in, first in first out */
    $c = new Channel(100);
    $object = new stdClass();
    $values = [null, false, 0, '', 1.5, 'text', [1, [2]], $object, fopen('php://memory', 'r')];
    same('empty', [true, false, 0], [$c->isEmpty(), $c->isFull(), $c->length()]);
    foreach ($values as $v) {
        same('push', true, $c->push($v));
    }
    same('length', 9, $c->length());
    foreach ($values as $v) {
        same('pop of ' . get_debug_type($v), true, $c->pop() === $v);
    }
    same('empty again', [true, 0], [$c->isEmpty(), $c->errCode]);

    /* ---- many, through a ring that grows and turns */
    $c = new Channel(1000);
    $next = $expected = 0;
    $wrong = 0;
    foreach ([7, 3, 500, 400, 20, 600] as $i => $n) {
        for ($k = 0; $k < $n && !$c->isFull(); $k++) {
            $c->push($next++);
        }
        for ($k = intdiv($c->length() * ($i + 1), 7); $k > 0; $k--) {
            $wrong += $c->pop() !== $expected++;
        }
    }
    while (!$c->isEmpty()) {
        $wrong += $c->pop() !== $expected++;
    }
    same('order through the ring', [0, $next], [$wrong, $expected]);

    /* ---- full and empty wait; whoever came first is served first */
    $c = new Channel(1);
    $log = [];
    foreach (['a', 'b', 'c'] as $name) {
        go(function () use ($c, $name, &$log): void {
            $log[] = "$name: " . var_export($c->push($name), true);
        });
    }
    same('producers wait', ["a: true"], $log);
    same('stats of a full one', ['consumer_num' => 0, 'producer_num' => 2, 'queue_num' => 1], $c->stats());
    same('is full', true, $c->isFull());
    same('pops', ['a', 'b', 'c'], [$c->pop(), $c->pop(), $c->pop()]);
    same('all were served', ['a: true', 'b: true', 'c: true'], $log);

    $log = [];
    foreach (['x', 'y', 'z'] as $name) {
        go(function () use ($c, $name, &$log): void {
            $log[] = $name . $c->pop();
        });
    }
    same('consumers wait', ['consumer_num' => 3, 'producer_num' => 0, 'queue_num' => 0], $c->stats());
    array_map($c->push(...), [1, 2, 3]);
    same('consumers in order', ['x1', 'y2', 'z3'], $log);

    /* ---- time */
    $before = microtime(true);
    silent('pop in time', false, fn () => $c->pop(0.02));
    same('errCode of a timeout', SWOOLE_CHANNEL_TIMEOUT, $c->errCode);
    same('after it has passed', true, microtime(true) - $before >= 0.019);
    $c->push('fill');
    same('a success resets it', 0, $c->errCode);
    silent('push in time', false, fn () => $c->push('late', 0.01));
    same('errCode', -1, $c->errCode);
    same('what came too late is not there', ['fill', true], [$c->pop(0.001), $c->isEmpty()]);
    same('nobody waits any more', ['consumer_num' => 0, 'producer_num' => 0, 'queue_num' => 0], $c->stats());
    go(function () use ($c): void {
        Coroutine::sleep(0.002);
        $c->push('in time');
    });
    same('pop before the end of its time', 'in time', $c->pop(5));

    /* ---- close: what is in it can be popped */
    $c = new Channel(2);
    $c->push(1);
    $c->push(2);
    $log = [];
    go(function () use ($c, &$log): void {
        $log[] = [$c->push(3), $c->errCode];
    });
    same('close', true, $c->close());
    same('who waited to push', [[false, SWOOLE_CHANNEL_CLOSED]], $log);
    same('push to a closed one', [false, -2], [$c->push(4), $c->errCode]);
    same('what was in it', [1, 2, false, -2], [$c->pop(), $c->pop(), $c->pop(), $c->errCode]);
    silent('close again', false, fn () => $c->close());
    $c = new Channel();
    $log = [];
    foreach ([1, 2] as $i) {
        go(function () use ($c, &$log): void {
            $log[] = [$c->pop(), $c->errCode];
        });
    }
    $c->close();
    same('who waited to pop', [[false, -2], [false, -2]], $log);

    /* ---- cancelled */
    $c = new Channel();
    $log = [];
    $cid = go(function () use ($c, &$log): void {
        $log[] = [$c->pop(), $c->errCode];
    });
    Coroutine::cancel($cid);
    same('cancelled', [[false, SWOOLE_CHANNEL_CANCELED], 0], [$log[0], $c->stats()['consumer_num']]);

    /* ---- a consumer that pushes from inside, one that closes from inside */
    $there = new Channel(1);
    $back = new Channel(1);
    go(function () use ($there, $back): void {
        while (($n = $there->pop()) !== false) {
            $back->push($n + 1);
        }
        $back->close();
    });
    $n = 0;
    for ($i = 0; $i < 2000; $i++) {
        $there->push($n);
        $n = $back->pop();
    }
    $there->close();
    same('ping-pong', [2000, false], [$n, $back->pop()]);

    /* ---- from a destructor and a timer */
    $c = new Channel(1);
    $c->push('held');
    go(function () use ($c): void {
        new class($c) {
            public function __construct(private Channel $c)
            {
            }

            public function __destruct()
            {
                $this->c->push('from a destructor'); // must wait
            }
        };
    });
    same('a destructor waits', ['held', 'from a destructor'], [$c->pop(), $c->pop()]);
    Swoole\Timer::after(1, fn () => $c->push('from a timer'));
    same('a timer pushes', 'from a timer', $c->pop(5));

    /* ---- cycles through a channel are collected */
    $c = new Channel(1);
    $o = new stdClass();
    $o->channel = $c;
    $c->push($o);
    $alive = WeakReference::create($o);
    unset($o, $c);
    gc_collect_cycles();
    same('a cycle is collected', null, $alive->get());
});
