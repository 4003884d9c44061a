<?php
/* Contract AT1 to AT7. */
require __DIR__ . '/check.php';

use Swoole\Atomic;

same('AT1 zero', 0, (new Atomic())->get());
same('AT1 README', 2233, (new Atomic(2233))->get());
same('AT1 modulo 2^32', [4294967295, 0, 5], [(new Atomic(-1))->get(), (new Atomic(1 << 32))->get(), (new Atomic((1 << 32) + 5))->get()]);
$a = new Atomic();
same('AT3 set', null, $a->set(-1));
same('AT1 wraps', [4294967295, 1], [$a->get(), $a->add(2)]);
same('AT2', [2, 12, 11, 1, 4294967295], [$a->add(), $a->add(10), $a->sub(), $a->sub(10), $a->sub(2)]);
same('AT4', [false, true, 7, false], [$a->cmpset(6, 7), $a->cmpset(4294967295, 7), $a->get(), $a->cmpset(6, 8)]);
same('AT4 modulo', true, $a->cmpset((1 << 32) + 7, -1));

$a = new Atomic();
silent('AT5 time is up', false, fn () => $a->wait(0.01));
silent('AT5 does not wait', false, fn () => $a->wait(0));
$before = microtime(true);
$a->wait(0.05);
same('AT5 fractions', true, microtime(true) - $before >= 0.05);
$a->set(1);
same('AT5 with 1', [true, 0], [$a->wait(-1), $a->get()]);
$a->set(5);
same('AT5 with 5', [false, 5], [$a->wait(-1), $a->get()]);
$a->set(0);
same('AT6', [true, 1, true, 1], [$a->wakeup(), $a->get(), $a->wakeup(3), $a->get()]);
same('AT6 kept for the next', [true, false], [$a->wait(-1), $a->wait(0)]);
silent('AT5 not a number', false, fn () => $a->wait(NAN));

$l = new Atomic\Long(-5);
same('AT7', [-5, -4, 6, 5, -5], [$l->get(), $l->add(), $l->add(10), $l->sub(), $l->sub(10)]);
same('AT7 set', null, $l->set(PHP_INT_MAX));
same('AT7 wraps', [PHP_INT_MIN, PHP_INT_MAX], [$l->add(), $l->sub()]);
same('AT7 cmpset', [false, true, -1], [$l->cmpset(5, 6), $l->cmpset(PHP_INT_MAX, -1), $l->get()]);
same('AT7 zero', 0, (new Atomic\Long())->get());

foreach (['add', 'sub', 'set'] as $method) {
    throws("$method: no number", TypeError::class, null, fn () => $a->$method('x'));
    throws("$method: no number (Long)", TypeError::class, null, fn () => $l->$method('x'));
}
throws('set: nothing', ArgumentCountError::class, null, fn () => $a->set());
throws('cmpset: one', ArgumentCountError::class, null, fn () => $a->cmpset(1));
throws('constructor: no number', TypeError::class, null, fn () => new Atomic('x'));
throws('constructor: twice', Error::class, null, fn () => $a->__construct(1));

class Counter extends Atomic
{
    public function add(int $n = 1): int
    {
        return parent::add($n * 2);
    }
}
same('A4 subclass', 6, (new Counter(0))->add(3));

// ---- between processes ----
$sum = new Atomic();
$wide = new Atomic\Long();
$pids = [];
for ($i = 0; $i < 8; $i++) {
    $pids[] = child(function () use ($sum, $wide): int {
        for ($n = 0; $n < 5000; $n++) {
            $sum->add();
            $wide->sub(3);
        }
        return 0;
    });
}
same('AT1 shared: all ended', 8, array_sum(array_map('joined', $pids)));
same('AT1 shared', [40000, -120000], [$sum->get(), $wide->get()]);

$gate = new Atomic();
$through = new Atomic();
$pids = [];
for ($i = 0; $i < 3; $i++) {
    $pids[] = child(fn () => $gate->wait(-1) ? (int)!$through->add() : 1);
}
foreach ($pids as $pid) {
    until(fn () => asleep($pid));
}
$gate->wakeup(2);
until(fn () => $through->get() === 3 || ($through->get() === 2 && count(array_filter($pids, 'asleep')) === 1));
same('AT6 wakes n', 2, $through->get());
$gate->wakeup();
same('AT6 wakes the last', 3, array_sum(array_map('joined', $pids)));
same('AT6 nothing is left over', [0, false], [$gate->get(), $gate->wait(0)]);

// A handler of PHP's runs while the process waits, and can end the wait.
foreach ([-1, 3600] as $limit) {
    $handled = new Atomic();
    $pid = child(function () use ($gate, $handled, $limit): int {
        pcntl_async_signals(true);
        pcntl_signal(SIGUSR1, fn () => $handled->add());
        pcntl_signal(SIGUSR2, fn () => throw new DomainException());
        $handled->add();
        try {
            $gate->wait($limit);
        } catch (DomainException) {
            return $handled->get() === 2 ? 0 : 1;
        }
        return 1;
    });
    until(fn () => $handled->get() === 1 && asleep($pid));
    posix_kill($pid, SIGUSR1);
    until(fn () => $handled->get() === 2 && asleep($pid));
    posix_kill($pid, SIGUSR2);
    same("signals while waiting ($limit)", true, joined($pid));
}

// One in a child is its own.
$private = child(function () use ($sum): int {
    $mine = new Atomic(3);
    return $mine->add() === 4 && $sum->get() === 40000 ? 0 : 1;
});
same('made in a child it works there', true, joined($private));
