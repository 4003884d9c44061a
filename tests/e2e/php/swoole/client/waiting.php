<?php
/* In coroutines only the one that calls waits; signals end no wait; nothing is left behind. */
require __DIR__ . '/peers.php';

use Swoole\Client;
use Swoole\Coroutine;

$order = [];
Coroutine\run(function () use (&$order): void {
    $slow = to('silent');
    $slow->set(['timeout' => 0.3]);
    go(function () use ($slow, &$order): void {
        $order[] = 'waits';
        $order[] = @$slow->recv();
        $order[] = $slow->errCode;
    });
    $quick = to('echo');
    $quick->send('quick');
    $order[] = $quick->recv();
    throws('two readers', Swoole\Error::class, 10002, fn () => $slow->recv());
    same('one that reads is connected', true, $slow->isConnected());
    same('another may write', 1, $slow->send('x'));
});
same('order', ['waits', 'quick', false, 11], $order);

$order = [];
Coroutine\run(function () use (&$order): void {
    $c = to('silent');
    go(function () use ($c, &$order): void {
        $order[] = @$c->recv();
        $order[] = $c->errCode;
    });
    $order[] = $c->close();
    same('closed for all', false, $c->isConnected());
});
same('closing wakes who reads', [true, false, SWOOLE_ERROR_SOCKET_CLOSED], $order);

Coroutine\run(function (): void {
    $c = new Client(SWOOLE_SOCK_TCP);
    go(fn () => @$c->connect(HOST, at('full'), 0.2));
    same('not connected while it connects', false, $c->isConnected());
    throws('nor to be sent to', Swoole\Error::class, 10002, fn () => $c->send('x'));
});

if (function_exists('pcntl_alarm')) {
    pcntl_async_signals(true);
    $heard = 0;
    pcntl_signal(SIGALRM, function () use (&$heard): void {
        $heard++;
    });
    $c = to('silent');
    $c->set(['timeout' => 1.3]);
    pcntl_alarm(1);
    $begin = microtime(true);
    fails('a signal ends no wait', 11, $c, fn () => $c->recv(), 'recv');
    same('all of it', true, microtime(true) - $begin >= 1.29);
    same('heard', 1, $heard);
}

/* Objects that hold themselves. */
unset($c);
gc_collect_cycles();
$fds = count(scandir('/proc/self/fd'));
for ($i = 0; $i < 20; $i++) {
    $c = to('echo');
    $c->self = $c;
    $c->set(['package_length_func' => fn () => $c->errCode, 'open_length_check' => true]);
    unset($c);
}
gc_collect_cycles();
same('a cycle is collected', $fds, count(scandir('/proc/self/fd')));
echo "done\n";
