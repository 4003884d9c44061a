<?php
/* CO6, CO7, CO9: yield and resume, sleep, cancel, join, what can be asked. */
require __DIR__ . '/../memory/check.php';

use Swoole\Coroutine;
use Swoole\Coroutine\Channel;

const CANCELED = 10017;

Co\run(function (): void {
    /* ---- yield, resume */
    $log = [];
    $cid = go(function () use (&$log): void {
        $log[] = Coroutine::yield();
        $log[] = Coroutine::suspend();
        $log[] = Coroutine::isCanceled();
    });
    same('resume()', [true, [true]], [Coroutine::resume($cid), $log]);
    same('and again', [true, [true, true, false]], [Coroutine::resume($cid), $log]);
    warns('resume of one that has ended', 'Swoole\Coroutine::resume(): coroutine#', fn () => Coroutine::resume($cid));
    warns('resume of nobody', 'Swoole\Coroutine::resume(): coroutine#4711 does not exist', fn () => Coroutine::resume(4711));
    warns('resume of the running one', 'Swoole\Coroutine::resume(): coroutine#', fn () => Coroutine::resume(Coroutine::getCid()));
    $me = Coroutine::getCid();
    go(fn () => warns('resume of one that runs below', 'Swoole\Coroutine::resume(): coroutine#', fn () => Coroutine::resume($me)));
    $chan = new Channel();
    $waits = go(fn () => $chan->pop());
    warns('resume of one that waits for a channel', 'Swoole\Coroutine::resume(): coroutine#', fn () => Coroutine::resume($waits));
    $chan->push(1);
    $sleeps = go(fn () => Coroutine::sleep(10));
    warns('resume of one that sleeps', 'Swoole\Coroutine::resume(): coroutine#', fn () => Coroutine::resume($sleeps));
    same('cancel', true, Coroutine::cancel($sleeps));

    /* ---- sleep: others run meanwhile, in the order of their times */
    $order = [];
    foreach ([0.3, 0.1, 0.2] as $seconds) {
        go(function () use ($seconds, &$order): void {
            same("sleep($seconds)", true, Coroutine\System::sleep($seconds));
            $order[] = $seconds;
        });
    }
    $before = microtime(true);
    same('sleep()', true, Coroutine::sleep(0.4));
    same('not too short', true, microtime(true) - $before >= 0.4);
    same('in order', [0.1, 0.2, 0.3], $order);
    foreach ([0, 0.0009, -1, NAN] as $bad) {
        warns("sleep($bad)", 'Swoole\Coroutine::sleep(): Timer must be greater than or equal to', fn () => Coroutine::sleep($bad));
    }
    throws('sleep() of text', TypeError::class, null, fn () => Coroutine::sleep('soon'));

    /* ---- cancel: the call that waits returns false */
    $log = [];
    $wait = [
        'yield' => fn () => Coroutine::yield(),
        'sleep' => fn () => Coroutine::sleep(10),
        'channel' => fn () => (new Channel())->pop(),
        'join' => fn () => Coroutine::join([$me]),
        'waitEvent' => fn () => Coroutine\System::waitEvent(stream_socket_pair(STREAM_PF_UNIX, STREAM_SOCK_STREAM, 0)[0]),
        'waitSignal' => fn () => Coroutine\System::waitSignal(SIGUSR2),
        'exec' => fn () => Coroutine\System::exec('exec sleep 0.3'),
        'WaitGroup' => fn () => (new Coroutine\WaitGroup(1))->wait(),
    ];
    foreach ($wait as $name => $call) {
        $cid = go(function () use ($name, $call, &$log): void {
            swoole_clear_error();
            $log[$name] = [$call(), swoole_last_error(), Coroutine::isCanceled()];
        });
        same("cancel: $name", true, Coroutine::cancel($cid));
    }
    $expected = array_fill_keys(array_keys($wait), [false, CANCELED, true]);
    $expected['channel'] = [false, 0, true]; // its errCode says so
    same('cancelled calls', $expected, $log);
    silent('cancel of nobody', false, fn () => Coroutine::cancel(4711));
    silent('cancel of oneself', false, fn () => Coroutine::cancel(Coroutine::getCid()));
    $chan = new Channel();
    Coroutine::cancel(go(function () use ($chan, &$log): void {
        $log = [$chan->pop(), $chan->errCode, Coroutine::sleep(0.001), Coroutine::isCanceled()];
    }));
    Coroutine::sleep(0.01);
    same('it can wait again', [false, -3, true, false], $log);

    /* ---- join */
    $log = [];
    $cids = [];
    foreach ([3, 1, 2] as $n) {
        $cids[] = go(function () use ($n, &$log): void {
            Coroutine::sleep($n / 1000);
            $log[] = $n;
        });
    }
    same('join', true, Coroutine::join($cids));
    sort($log);
    same('all have ended', [1, 2, 3], $log);
    silent('join([])', false, fn () => Coroutine::join([]));
    silent('join of the ended', false, fn () => Coroutine::join($cids));
    $slow = go(fn () => Coroutine::yield());
    silent('join in time', false, fn () => Coroutine::join([$slow], 0.01));
    same('its error', 10018, swoole_last_error());
    Coroutine::resume($slow);
    warns('join of oneself', 'Swoole\Coroutine::join(): ', fn () => Coroutine::join([Coroutine::getCid()]));

    /* ---- what can be asked */
    $inner = function (): void {
        Coroutine::yield();
    };
    $cid = go(function () use ($inner): void {
        $inner();
    });
    Coroutine::sleep(0.005);
    same('getElapsed()', true, Coroutine::getElapsed($cid) >= 4 && Coroutine::getElapsed($cid) < 60000);
    silent('getElapsed() of nobody', false, fn () => Coroutine::getElapsed(4711));
    same('getStackUsage()', true, Coroutine::getStackUsage($cid) > 0 && Coroutine::getStackUsage() > 0);
    $trace = Coroutine::getBackTrace($cid);
    same('getBackTrace()', ['yield', '{closure}', '{closure}'], array_column($trace, 'function'));
    same('with a limit', 1, count(Coroutine::getBackTrace($cid, DEBUG_BACKTRACE_IGNORE_ARGS, 1)));
    silent('getBackTrace() of nobody', false, fn () => Coroutine::getBackTrace(4711));
    same('of oneself', '{closure}', Coroutine::getBackTrace()[0]['function'] ?? null);
    ob_start();
    Coroutine::printBackTrace($cid);
    same('printBackTrace()', 1, preg_match('/^#0 .*yield\(\)\n#1 .*\{closure\}\(\)\n/', ob_get_clean()));
    same('list()', [$me, $cid], iterator_to_array(Coroutine::list()));
    same('listCoroutines()', [Coroutine\Iterator::class, 2], [Coroutine::listCoroutines()::class, count(Coroutine::listCoroutines())]);
    $stats = Coroutine::stats();
    same('stats()', [2, $cid, true, true], [$stats['coroutine_num'], $stats['coroutine_last_cid'],
        $stats['coroutine_peak_num'] >= 4, $stats['c_stack_size'] >= 1 << 20]);
    same('accepted', [true, true], [Coroutine::disableScheduler(), Coroutine::enableScheduler()]);
    Coroutine::resume($cid);
});
