<?php
/* Contract LK1 to LK5. */
require __DIR__ . '/check.php';

use Swoole\Atomic;
use Swoole\Lock;

const BUSY = 16, TIMED_OUT = 110, DEADLOCK = 35, NOT_PERMITTED = 1, INVALID = 22;

$file = sys_get_temp_dir() . '/rserverd-lock-' . getmypid();
$types = ['mutex' => Lock::MUTEX, 'rwlock' => Lock::RWLOCK, 'file' => Lock::FILELOCK, 'sem' => Lock::SEM, 'spin' => Lock::SPINLOCK, 'unknown' => 99];
$make = fn (int $type) => new Lock($type, $file);

same('LK1 constants', [1, 2, 3, 4, 5], [Lock::RWLOCK, Lock::FILELOCK, Lock::MUTEX, Lock::SEM, Lock::SPINLOCK]);
same('LK1 the same ones', [1, 2, 3, 4, 5], [SWOOLE_RWLOCK, SWOOLE_FILELOCK, SWOOLE_MUTEX, SWOOLE_SEM, SWOOLE_SPINLOCK]);
throws('LK1 a file lock without a file', Swoole\Exception::class, INVALID, fn () => new Lock(Lock::FILELOCK));
throws('LK1 a file that cannot be', Swoole\Exception::class, 2, fn () => new Lock(Lock::FILELOCK, '/nowhere/at/all'));
throws('LK1 twice', Error::class, null, fn () => (new Lock())->__construct());
throws('LK1 no number', TypeError::class, null, fn () => new Lock('x'));

foreach ($types as $name => $type) {
    $l = $make($type);
    same("LK2 $name", [0, true, 0], [$l->errCode, $l->lock(), $l->errCode]);
    silent("LK2 $name: busy", false, fn () => $l->trylock());
    same("LK2 $name: busy, errCode", BUSY, $l->errCode);
    silent("LK4 $name: busy", false, fn () => $l->trylock_read());
    if ($name !== 'sem') {
        silent("LK2 $name: not recursive", false, fn () => $l->lock());
        same("LK2 $name: not recursive, errCode", DEADLOCK, $l->errCode);
    }
    same("LK2 $name: unlock", [true, 0], [$l->unlock(), $l->errCode]);
    silent("LK2 $name: unlock again", false, fn () => $l->unlock());
    same("LK2 $name: unlock again, errCode", NOT_PERMITTED, $l->errCode);
    same("LK2 $name: trylock", [true, true], [$l->trylock(), $l->unlock()]);
    same("LK4 $name", [true, true, true, true], [$l->lock_read(), $l->unlock(), $l->trylock_read(), $l->unlock()]);
    same("LK5 $name", null, $l->destroy());
    silent("LK5 $name: then", [false, false, INVALID], fn () => [$l->lock(), $l->unlock(), $l->errCode]);
}

$l = new Lock();
same('LK3 free', [true, true], [$l->lockwait(0.1), $l->unlock()]);
$l->lock();
foreach ([0.05, 0.0, -1.0] as $seconds) {
    $before = microtime(true);
    silent("LK3 $seconds", [false, TIMED_OUT], fn () => [$l->lockwait($seconds), $l->errCode]);
    $took = microtime(true) - $before;
    same("LK3 $seconds: honoured", true, $took >= $seconds && $took < 30);
}
foreach ($types as $name => $type) {
    if ($name !== 'mutex' && $name !== 'unknown') {
        throws("LK3 $name", Swoole\Exception::class, -2, fn () => $make($type)->lockwait(0.1));
    }
}

// ---- between processes ----
/** A child that holds it until killed. */
function holder(Lock $l, string $method = 'lock'): int
{
    $has = new Atomic();
    $pid = child(function () use ($l, $method, $has): int {
        if ($l->$method()) {
            $has->set(1);
            sleep(3600);
        }
        return 1;
    });
    until(fn () => $has->get() === 1);
    return $pid;
}

foreach ($types as $name => $type) {
    $l = $make($type);
    $pid = holder($l);
    same("LK2 $name: held elsewhere", [false, false, BUSY], [$l->trylock(), $l->trylock_read(), $l->errCode]);
    if ($name !== 'sem') {
        same("LK2 $name: not ours to unlock", [false, NOT_PERMITTED], [$l->unlock(), $l->errCode]);
    }
    if ($type === Lock::MUTEX) {
        same("LK3 $name: held elsewhere", [false, TIMED_OUT], [$l->lockwait(0.01), $l->errCode]);
    }
    $waiter = child(fn () => $l->lock() ? 0 : 1);
    until(fn () => asleep($waiter));
    posix_kill($pid, SIGKILL);
    same("LK2 $name: the holder is killed, the waiter gets it", true, joined($waiter));
    joined($pid);
    same("LK2 $name: the waiter is killed, we get it", [true, true], [$l->lock(), $l->unlock()]);
}

$l = new Lock(Lock::SEM);
$pid = holder($l);
same('SEM: released by another', [true, true], [$l->unlock(), $l->trylock()]);
posix_kill($pid, SIGKILL);
joined($pid);

foreach (['rwlock', 'file'] as $name) {
    $l = $make($types[$name]);
    $pid = holder($l, 'lock_read');
    same("LK4 $name: shared", [true, true, false], [$l->lock_read(), $l->unlock(), $l->trylock()]);
    posix_kill($pid, SIGKILL);
    same("LK4 $name: a killed reader is none", [true, true], [$l->lock(), $l->unlock()]);
    joined($pid);
}

foreach ($types as $name => $type) {
    $l = $make($type);
    $counter = new Atomic();
    $pids = [];
    for ($i = 0; $i < 4; $i++) {
        $pids[] = child(function () use ($l, $counter): int {
            for ($n = 0; $n < 300; $n++) {
                if (!$l->lock()) {
                    return 1;
                }
                $counter->set($counter->get() + 1); // not atomic but for the lock
                $l->unlock();
            }
            return 0;
        });
    }
    same("LK2 $name: all ended", 4, array_sum(array_map('joined', $pids)));
    same("LK2 $name: exclusion", 1200, $counter->get());
}

// An object that goes away lets go what the process held; so does a process that ends.
$l = new Lock();
$released = new Atomic();
$pid = child(function () use ($l, $released): int {
    $l->lock();
    $released->set(1);
    until(fn () => $released->get() === 2);
    $l->destroy();
    until(fn () => $released->get() === 3);
    return 0;
});
until(fn () => $released->get() === 1);
same('held', false, $l->trylock());
$released->set(2);
same('destroyed with the lock', true, $l->lock());
$released->set(3);
joined($pid);

// Signals while waiting: the handler runs, what it throws ends the wait, and it may even destroy the lock.
foreach (['throws' => 1, 'destroys' => 2] as $name => $what) {
    $l = new Lock();
    $l->lock();
    $ready = new Atomic();
    $pid = child(function () use ($l, $ready, $what): int {
        pcntl_async_signals(true);
        pcntl_signal(SIGUSR1, function () use ($l, $ready, $what): void {
            $ready->add();
            $what === 1 ? throw new DomainException() : $l->destroy();
        });
        $ready->add();
        try {
            return !$l->lock() && $what === 2 && $l->errCode === INVALID ? 0 : 1;
        } catch (DomainException) {
            return $what === 1 ? 0 : 1;
        }
    });
    until(fn () => $ready->get() === 1 && asleep($pid));
    posix_kill($pid, SIGUSR1);
    until(fn () => $ready->get() === 2);
    $l->unlock();
    same("signals while waiting: $name", true, joined($pid));
}
unlink($file);
