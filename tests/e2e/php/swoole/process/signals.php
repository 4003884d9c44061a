<?php
/* PR12, PR13, PR15: signals, as callbacks from the loop. */
require __DIR__ . '/../memory/check.php';

use Swoole\Event;
use Swoole\Process;
use Swoole\Timer;

$me = getmypid();
$got = [];
$note = function (mixed ...$args) use (&$got): void {
    $got[] = $args;
};
same('signal', true, Process::signal(SIGUSR1, $note));
same('one callback for several', true, Process::signal(SIGUSR2, $note));
same('it does not keep the loop alive', null, Event::wait());
posix_kill($me, SIGUSR1);
posix_kill($me, SIGUSR2);
same('not before the loop runs', [], $got);
Timer::after(1, fn () => 0);
Event::wait();
same('from the loop, with the number', [[SIGUSR1], [SIGUSR2]], $got);

$got = [];
same('replaced', true, Process::signal(SIGUSR1, function () use (&$got): void {
    $got[] = 'new';
    Process::signal(SIGUSR1, null);
}));
posix_kill($me, SIGUSR1);
Timer::after(1, fn () => 0);
Event::wait();
same('the new one', ['new'], $got);
warns('it took itself away', 'Swoole\Process::signal(): ', fn () => Process::signal(SIGUSR1, null));
same('taken away', true, Process::signal(SIGUSR2));
warns('twice', 'Swoole\Process::signal(): ', fn () => Process::signal(SIGUSR2));
foreach ([0, -1, 65, 1000, PHP_INT_MAX, SIGKILL, SIGSTOP] as $signo) {
    warns("signal($signo)", 'Swoole\Process::signal(): ', fn () => Process::signal($signo, fn () => 0));
}
throws('not callable', TypeError::class, null, fn () => Process::signal(SIGUSR1, 'no_such_function'));

/* what is default again kills again; a child has none of its parent's */
Process::signal(SIGTERM, fn () => 0);
$child = new Process(fn (Process $p) => $p->read());
$child->start();
posix_kill($child->pid, SIGTERM);
same('not inherited', SIGTERM, Process::wait()['signal']);
Process::signal(SIGTERM, null);

/* SIGCHLD and a wait that does not block: every child once */
$children = [];
$reaped = [];
Process::signal(SIGCHLD, function () use (&$reaped): void {
    while ($end = Process::wait(false)) {
        $reaped[$end['pid']] = $end['code'];
    }
});
for ($i = 1; $i <= 10; $i++) {
    $child = new Process(fn (Process $p) => $p->exit($i), false, 0);
    $children[$child->start()] = $i;
}
$tick = Timer::tick(1, function (int $id) use (&$reaped): void {
    if (count($reaped) === 10) {
        Timer::clear($id);
    }
});
Event::wait();
ksort($reaped);
same('SIGCHLD', $children, $reaped);
Process::signal(SIGCHLD, null);

/* a child started by a signal, as programs do that replace what dies */
Process::signal(SIGUSR1, function (): void {
    (new Process(fn (Process $p) => $p->exit(Swoole\Timer::stats()['num'] + 21), false, 0))->start();
});
posix_kill($me, SIGUSR1);
Timer::after(1, fn () => 0);
Event::wait();
same('forked in a signal callback', 21, Process::wait()['code']);
Process::signal(SIGUSR1, null);

/* many of one kind are at least one call, and none is lost after the last */
$n = 0;
Process::signal(SIGUSR1, function () use (&$n): void {
    $n++;
});
for ($i = 0; $i < 100; $i++) {
    posix_kill($me, SIGUSR1);
}
Timer::after(1, fn () => 0);
Event::wait();
same('merged', true, $n >= 1 && $n <= 100);
Process::signal(SIGUSR1, null);

/* kill */
same('kill: does it live', true, Process::kill($me, 0));
$child = new Process(fn (Process $p) => $p->read());
$dead = $child->start();
same('kill: TERM by default', [true, SIGTERM], [Process::kill($dead), Process::wait()['signal']]);
silent('kill 0: nobody', false, fn () => Process::kill($dead, 0));
same('ESRCH', 3, swoole_last_error());
warns('kill: nobody', 'Swoole\Process::kill(): ', fn () => Process::kill($dead, SIGTERM));
warns('kill: no such signal', 'Swoole\Process::kill(): ', fn () => Process::kill($me, 1000));
warns('kill: a pid that would have to be cut is nobody', 'Swoole\Process::kill(): ', fn () => Process::kill((1 << 32) + $me, SIGKILL));
warns('kill: a signal likewise', 'Swoole\Process::kill(): ', fn () => Process::kill($me, (1 << 32) + SIGKILL));

/* alarm */
$beats = 0;
Process::signal(SIGALRM, function () use (&$beats): void {
    if (++$beats === 3) {
        Process::alarm(-1);
        Event::exit();
    }
});
same('alarm', true, Process::alarm(2000));
[$a, $b] = stream_socket_pair(STREAM_PF_UNIX, STREAM_SOCK_STREAM, 0);
Event::add($a, fn () => 0);
Event::wait();
Event::del($a);
same('three beats', 3, $beats);
Timer::after(1, fn () => 0);
warns('alarm with timers', 'Swoole\Process::alarm(): ', fn () => Process::alarm(1000));
Event::wait();
warns('no such kind', 'Swoole\Process::alarm(): ', fn () => Process::alarm(1000, 3));
Process::signal(SIGALRM, null);
