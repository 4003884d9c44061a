<?php
/* PR1, PR2, PR8, PR10, PR11, PR16: the object, its child, its end. */
require __DIR__ . '/../memory/check.php';

use Swoole\Process;

/** The end of a child that runs this. */
function ended(callable $callback, mixed ...$how): array
{
    $process = new Process($callback, ...$how);
    $pid = $process->start();
    $end = Process::wait();
    return [$end['pid'] === $pid, $end['code'], $end['signal']];
}

function fds(): int
{
    return count(scandir('/proc/self/fd'));
}

same('constants', [256, 1, 2, 3, 4], [Process::IPC_NOWAIT, Process::PIPE_MASTER, Process::PIPE_WORKER, Process::PIPE_READ,
    Process::PIPE_WRITE]);
same('alias', true, is_a('swoole_process', Process::class, true));
same('methods', [], array_diff(['__construct', 'wait', 'signal', 'alarm', 'kill', 'daemon', 'setAffinity', 'setPriority', 'getPriority', 'set',
    'setTimeout', 'setBlocking', 'useQueue', 'statQueue', 'freeQueue', 'start', 'write', 'close', 'read', 'push', 'pop', 'exit', 'exec',
    'exportSocket', 'name'], get_class_methods(Process::class)));

/* before, in and after the child */
$process = new Process(function (Process $self) use (&$process): void {
    $self->write(json_encode([$self === $process, $self->pid === getmypid(), is_int($self->pipe)]));
});
same('id and pipe', [0, true, null], [$process->id, is_int($process->pipe), $process->pid]);
$process->anything = 'dynamic';
same('start answers the pid', true, ($pid = $process->start()) > 0 && $process->pid === $pid);
same('in the child', '[true,true,true]', $process->read());
same('wait', ['pid' => $pid, 'code' => 0, 'signal' => 0], Process::wait());
same('the next id', 1, (new Process(fn () => 0))->id);
silent('wait without children', false, fn () => Process::wait());
same('errno', 10, swoole_last_error());
silent('not blocking', false, fn () => Process::wait(false));

/* the callback's end is the child's */
same('returns', [true, 0, 0], ended(fn () => 5));
same('exit', [true, 3, 0], ended(function (): void {
    exit(3);
}));
same('exit with a text', [true, 0, 0], ended(function (): void {
    ob_start();
    exit('text');
}, true));
same('exit()', [true, 7, 0], ended(fn (Process $p) => $p->exit(7)));
same('exit() 255', [true, 255, 0], ended(fn (Process $p) => $p->exit(255)));
same('killed', [true, 0, 9], ended(fn () => posix_kill(getmypid(), SIGKILL)));
same('an uncaught exception', [true, 255, 0], ended(function (): void {
    ini_set('display_errors', '0');
    ini_set('log_errors', '0');
    throw new Exception('of a child');
}));
same('a fatal error', [true, 255, 0], ended(function (): void {
    ini_set('display_errors', '0');
    ini_set('log_errors', '0');
    eval('function fds() {}');
}));
same('exit() of no valid number is 1, with a warning', [true, 1, 0], ended(function (Process $p): void {
    set_error_handler(function (int $level, string $text): bool {
        $level === E_WARNING && str_starts_with($text, 'Swoole\Process::exit(): ') || posix_kill(getmypid(), SIGKILL);
        return true;
    });
    $p->exit(256);
}));
same('exit() of the parent does nothing', null, $process->exit(9));
same('exit() of another object does nothing', [true, 4, 0], ended(function () use ($process): void {
    $process->exit(9);
    exit(4);
}));
same('with timers and coroutines', [true, 6, 0], ended(function (Process $p): void {
    Swoole\Timer::tick(1, function () use ($p): void {
        Swoole\Coroutine::sleep(0.001);
        $p->exit(6);
    });
}));
same('in a coroutine', [true, 8, 0], ended(function (Process $p): void {
    Swoole\Coroutine::sleep(0.001);
    $p->exit(Swoole\Coroutine::getCid() > 0 ? 8 : 9);
}, false, 0, true));
$settled = new Process(function (Process $p): void {
    $p->exit(Swoole\Coroutine::getCid() > 0 ? 8 : 9);
}, false, 0);
$settled->set(['enable_coroutine' => true]);
$settled->start();
same('set(enable_coroutine)', 8, Process::wait()['code']);

/* the parent's shutdown functions and buffered output are not the child's; its own are */
$file = getcwd() . '/said';
ob_start();
echo 'of the parent ';
register_shutdown_function(fn () => getmypid() === $GLOBALS['main'] || file_put_contents($file, 'parent', FILE_APPEND));
$main = getmypid();
ended(function () use ($file): void {
    register_shutdown_function(fn () => file_put_contents($file, 'child ' . ob_get_level(), FILE_APPEND));
});
same('output', 'of the parent ', ob_get_clean());
same('shutdown functions', 'child 0', file_get_contents($file));

/* many, and nothing of them stays */
$before = fds();
for ($i = 0; $i < 20; $i++) {
    $many[$i] = new Process(fn () => $i, false, $i % 3);
    $many[$i]->start();
}
$pids = array_map(fn (Process $p) => $p->pid, $many);
$waited = [];
while ($end = Process::wait()) {
    $waited[] = $end['pid'];
}
sort($pids);
sort($waited);
same('each is waited for', $pids, $waited);
unset($many);
same('descriptors', $before, fds());
$inherited = null;
$child = new Process(function (Process $p) use ($before): void {
    $p->write((string)(fds() - $before));
}, false, 2);
$child->start();
same('the child has its end of the pipe only', '1', $child->read());
Process::wait();

/* not blocking: a child that still runs */
$child = new Process(fn (Process $p) => $p->read());
$child->start();
silent('runs still', false, fn () => Process::wait(false));
warns('started twice', 'Swoole\Process::start(): process has already been started', fn () => $child->start());
$child->write('go on');
Process::wait();
same('again, after its end', true, ($second = $child->start()) > 0);
$child->write('go on');
same('the second one', $second, Process::wait()['pid']);

/* failures */
throws('no callback', TypeError::class, null, fn () => new Process('no_such_function'));
throws('no pipe type', TypeError::class, null, fn () => new Process(fn () => 0, false, 'stream'));
throws('clone', Error::class, null, fn () => clone $child);
throws('serialize', Exception::class, null, fn () => serialize($child));
throws('unset of a property', Error::class, null, function () use ($child): void {
    unset($child->pid);
});
posix_setrlimit(POSIX_RLIMIT_NOFILE, 3, posix_getrlimit()['hard openfiles']);
throws('no descriptors', Swoole\Exception::class, 24, fn () => new Process(fn () => 0));
posix_setrlimit(POSIX_RLIMIT_NOFILE, 1024, posix_getrlimit()['hard openfiles']);

/* names, CPUs, priorities */
same('name', [true, 0, 0], ended(fn (Process $p) => $p->exit($p->name('worker of mine') &&
    str_starts_with(file_get_contents('/proc/self/cmdline'), 'worker of mine') ? 0 : 1)));
same('setAffinity', [true, 0, 0], ended(fn (Process $p) => $p->exit(Process::setAffinity([0]) &&
    preg_match('/^Cpus_allowed_list:\s0$/m', file_get_contents('/proc/self/status')) ? 0 : 1)));
warns('setAffinity: no such CPU', 'Swoole\Process::setAffinity(): ', fn () => Process::setAffinity([1 << 20]));
warns('setAffinity: negative', 'Swoole\Process::setAffinity(): ', fn () => Process::setAffinity([-1]));
silent('setAffinity: none', false, fn () => Process::setAffinity([]));
same('priority', [true, 0, 0], ended(fn (Process $p) => $p->exit($p->setPriority(0, 5) && $p->getPriority(0) === 5 ? 0 : 1)));
warns('priority of nobody', 'Swoole\Process::getPriority(): ', fn () => $child->getPriority(0, 0x3fffffff));
warns('no such kind', 'Swoole\Process::setPriority(): ', fn () => $child->setPriority(77, 1));
