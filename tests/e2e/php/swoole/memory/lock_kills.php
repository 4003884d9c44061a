<?php
/* Acceptance point 8 for locks and numbers: eight processes on one lock of each type, and each of them killed again and again. */
require __DIR__ . '/check.php';

use Swoole\Atomic;
use Swoole\Lock;

const PROCESSES = 8;
const KILLS = 24;

$file = sys_get_temp_dir() . '/rserverd-kills-' . getmypid();
foreach (['mutex' => Lock::MUTEX, 'rwlock' => Lock::RWLOCK, 'file' => Lock::FILELOCK, 'sem' => Lock::SEM, 'spin' => Lock::SPINLOCK] as $name => $type) {
    $l = new Lock($type, $file);
    $inside = new Atomic();
    $turns = new Atomic\Long();
    $work = function () use ($l, $inside, $turns): int {
        $me = getmypid();
        for (;;) {
            if (!$l->lock()) {
                return 1;
            }
            $inside->set($me);
            for ($i = 0; $i < 20; $i++) {
                if ($inside->get() !== $me) {
                    return 2; // somebody else came in
                }
            }
            if (!$l->unlock()) {
                return 3;
            }
            $turns->add();
        }
    };
    $pids = [];
    for ($i = 0; $i < PROCESSES; $i++) {
        $pids[$i] = child($work);
    }
    $ended = 0;
    for ($kill = 0; $kill < KILLS; $kill++) {
        $before = $turns->get();
        $i = $kill % PROCESSES;
        until(fn () => $turns->get() > $before + 10 || dead($pids[$i]));
        posix_kill($pids[$i], SIGKILL);
        $ended += joined($pids[$i]);
        $pids[$i] = child($work);
    }
    $before = $turns->get();
    until(fn () => $turns->get() > $before + 10 || array_filter($pids, 'dead')); // the last kill did not stop them
    foreach ($pids as $pid) {
        posix_kill($pid, SIGKILL);
        $ended += joined($pid);
    }
    same("$name: nobody met another inside", KILLS + PROCESSES, $ended);
    same("$name: it is free in the end", [true, true], [$l->lock(), $l->unlock()]);

    // One holds it, many wait, the holder is killed: each of them gets it.
    $has = new Atomic();
    $holder = child(function () use ($l, $has): int {
        $l->lock();
        $has->set(1);
        sleep(3600);
        return 1;
    });
    until(fn () => $has->get() === 1);
    $waiters = [];
    for ($i = 0; $i < PROCESSES; $i++) {
        $waiters[] = child(fn () => (int)!($l->lock() && $l->unlock()));
    }
    foreach ($waiters as $pid) {
        until(fn () => asleep($pid));
    }
    posix_kill($waiters[0], SIGKILL); // one of them does not live to see it
    $before = microtime(true);
    posix_kill($holder, SIGKILL);
    same("$name: all who waited got it", PROCESSES, array_sum(array_map('joined', $waiters)));
    same("$name: within seconds", true, microtime(true) - $before < 5);
    joined($holder);
}
unlink($file);

// Numbers: what was added is there, whoever was killed since.
$sum = new Atomic();
$wide = new Atomic\Long();
$done = new Atomic();
$work = function () use ($sum, $wide, $done): int {
    for ($i = 0; $i < 1000; $i++) {
        $sum->add(2);
        $wide->sub(2);
    }
    $done->add();
    sleep(3600);
    return 1;
};
$pids = [];
for ($i = 0; $i < PROCESSES; $i++) {
    $pids[] = child($work);
}
until(fn () => $done->get() === PROCESSES);
foreach ($pids as $pid) {
    posix_kill($pid, SIGKILL);
    joined($pid);
}
same('sums', [PROCESSES * 2000, PROCESSES * -2000], [$sum->get(), $wide->get()]);

// A sleeper that is killed takes no wakeup with it.
$gate = new Atomic();
$pids = [child(fn () => (int)!$gate->wait(-1)), child(fn () => (int)!$gate->wait(-1))];
foreach ($pids as $pid) {
    until(fn () => asleep($pid));
}
posix_kill($pids[0], SIGKILL);
joined($pids[0]);
$gate->wakeup();
same('a killed sleeper is none', true, joined($pids[1]));
same('a killed sleeper is none: nothing is left over', [0, false], [$gate->get(), $gate->wait(0)]);
