<?php
/* CO11: wait, waitPid, waitSignal, waitEvent; children that System::wait() and exec() both could reap; fork in a coroutine. */
require __DIR__ . '/../memory/check.php';

use Swoole\Coroutine;
use Swoole\Coroutine\System;

/** A child that ends so: $how is code, or signal with $by. */
function ends(int $code = 0, int $after_ms = 0, int $by = 0): int
{
    return started(['sh', '-c', 'sleep ' . $after_ms / 1000 . '; ' . ($by ? "kill -$by \$\$" : "exit $code")]);
}

function started(array $command): int
{
    return proc_get_status($GLOBALS['kept'][] = proc_open($command, [], $pipes))['pid'];
}

Co\run(function (): void {
    /* ---- children */
    $pid = ends(3, 30);
    same('waitPid', ['pid' => $pid, 'code' => 3, 'signal' => 0], System::waitPid($pid));
    $pid = ends(0, 0, SIGTERM);
    same('a signal', ['pid' => $pid, 'code' => 0, 'signal' => SIGTERM], System::waitPid($pid, 5));
    $pid = started(['sleep', '60']);
    silent('waitPid in time', false, fn () => System::waitPid($pid, 0.01));
    posix_kill($pid, SIGKILL);
    same('wait', ['pid' => $pid, 'code' => 0, 'signal' => SIGKILL], System::wait(5));
    silent('no children', false, fn () => System::wait(0.5));
    same('its error', 10, swoole_last_error());
    silent('not a child', false, fn () => System::waitPid(1, 0.5));
    $pid = ends(5, 20);
    Swoole\Coroutine\batch([
        fn () => System::exec('sleep 0.05; echo x; exit 6'),
        function () use ($pid): void {
            same('wait() is not given the command of exec()', ['pid' => $pid, 'code' => 5, 'signal' => 0], System::wait(5));
        },
    ]);
    $results = Swoole\Coroutine\batch([
        'exec' => fn () => System::exec('exit 6'),
        'wait' => fn () => System::wait(0.2),
    ]);
    same('exec() is given what wait() reaped', ['code' => 6, 'signal' => 0, 'output' => ''], $results['exec']);
    same('and wait() nothing', false, $results['wait']);
    $pids = [ends(1, 30), ends(2, 10)];
    $codes = array_column(Swoole\Coroutine\batch([fn () => System::wait(5), fn () => System::wait(5)]), 'code');
    sort($codes);
    same('two that wait for any', [1, 2], $codes);
    same('waitPid(-1)', ['pid' => ends(9), 'code' => 9, 'signal' => 0], System::waitPid(-1, 5));

    /* ---- a command nobody waits for any more leaves no zombie */
    Coroutine::cancel(go(fn () => System::exec('exec sleep 0.05')));
    Coroutine::sleep(0.1);
    System::exec('true');
    $zombies = fn () => trim(System::exec('ps -o stat= --ppid ' . getmypid() . ' | grep Z')['output']);
    for ($i = 0; $i < 50 && $zombies() !== ''; $i++) {     // one that has ended just now is none that stays
        Coroutine::sleep(0.1);
    }
    same('no zombie', '', $zombies());

    /* ---- signals */
    go(function (): void {
        Coroutine::sleep(0.01);
        posix_kill(getmypid(), SIGUSR1);
    });
    same('waitSignal', true, System::waitSignal(SIGUSR1, 5));
    silent('in time', false, fn () => System::waitSignal(SIGUSR1, 0.01));
    same('its error', 10018, swoole_last_error());
    go(fn () => System::waitSignal(SIGUSR1, 0.05));
    warns('two for one signal', 'Swoole\Coroutine\System::waitSignal(): ', fn () => System::waitSignal(SIGUSR1, 0.01));
    warns('no such signal', 'Swoole\Coroutine\System::waitSignal(): ', fn () => System::waitSignal(900));
    warns('SIGKILL', 'Swoole\Coroutine\System::waitSignal(): ', fn () => System::waitSignal(SIGKILL));

    /* ---- descriptors */
    [$a, $b] = stream_socket_pair(STREAM_PF_UNIX, STREAM_SOCK_STREAM, 0);
    same('writable', SWOOLE_EVENT_WRITE, System::waitEvent($a, SWOOLE_EVENT_WRITE, 1));
    silent('readable in time', false, fn () => System::waitEvent($a, SWOOLE_EVENT_READ, 0.01));
    same('its error', 10018, swoole_last_error());
    go(function () use ($b): void {
        Coroutine::sleep(0.005);
        fwrite($b, 'x');
    });
    same('readable', SWOOLE_EVENT_READ, System::waitEvent($a, SWOOLE_EVENT_READ, 5));
    same('both', SWOOLE_EVENT_READ | SWOOLE_EVENT_WRITE, System::waitEvent($a, SWOOLE_EVENT_READ | SWOOLE_EVENT_WRITE, 5));
    warns('no descriptor', 'Swoole\Coroutine\System::waitEvent(): ', fn () => System::waitEvent('text'));
    warns('no event', 'Swoole\Coroutine\System::waitEvent(): ', fn () => System::waitEvent($a, 0));
    $twice = Swoole\Coroutine\batch([fn () => System::waitEvent($a, SWOOLE_EVENT_READ, 5), fn () => System::waitEvent($a, SWOOLE_EVENT_READ, 5)]);
    same('two for one descriptor', [SWOOLE_EVENT_READ, SWOOLE_EVENT_READ], $twice);
});

/* ---- fork: the child goes on with the coroutine that forked, and none of the others */
[$up, $down] = stream_socket_pair(STREAM_PF_UNIX, STREAM_SOCK_STREAM, 0);
$parent = getmypid();
$status = null;
$others = 0;
Co\run(function () use ($down, $parent, &$status, &$others): void {
    for ($i = 0; $i < 3; $i++) {
        go(function () use (&$others): void {
            Coroutine::sleep(0.02);
            $others++;
        });
    }
    System::readFile('/proc/self/stat'); // a thread is there
    $pid = pcntl_fork();
    if ($pid === 0) {
        $count = Coroutine::stats()['coroutine_num'];
        Coroutine::sleep(0.05);
        $read = strlen(System::readFile('/etc/hostname')) > 0;
        go(fn () => Coroutine::sleep(0.001));
        fwrite($down, json_encode([$count, $others, $read, Coroutine::sleep(0.01), getmypid() !== $parent]) . "\n");
        posix_kill(getmypid(), SIGKILL);
        Coroutine::yield();
    }
    $status = System::waitPid($pid, 20);
});
same('the child', [1, 0, true, true, true], json_decode(fgets($up)));
same('the parent', [SIGKILL, 3], [$status['signal'], $others]);
