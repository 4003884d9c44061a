<?php
/* Servers that never stop sending: limits of time hold, others have their turn meanwhile, and nothing of it is left. */
require __DIR__ . '/web.php';

const FLOODED = 1.5;    // seconds

Co\run(function (): void {
    $ticks = 0;
    $timer = Swoole\Timer::tick(10, function () use (&$ticks): void { $ticks++; });
    $left = fn () => [count(scandir('/proc/self/fd')), Co::stats()['coroutine_num']];
    $cases = [
        'a body' => function () use (&$got): array {
            $c = web(['timeout' => FLOODED, 'write_func' => function ($client, string $piece) use (&$got): void { $got += strlen($piece); }]);
            return [$c->get('/torrent'), $c->statusCode, $c->errCode];
        },
    ];
    foreach (['pings', 'pongs'] as $kind) {
        $cases[$kind] = function () use ($kind, &$got): array {
            $c = web();
            $got = $c->upgrade("/$kind");
            return [$c->recv(FLOODED), $c->statusCode, $c->errCode];
        };
    }
    $c = web();
    $c->get('/echo');
    unset($c);
    $before = $left();
    foreach ($cases as $name => $case) {
        $ticks = $got = 0;
        $begun = microtime(true);
        same("$name without end", [false, $name === 'a body' ? -2 : 101, SOCKET_ETIMEDOUT], $case());
        same("$name: something came", true, $got > 0);
        same("$name: the limit held", true, microtime(true) - $begun < MUCH);
        same("$name: others had their turn", true, $ticks >= 3);
        until(fn () => $left() == $before);
        same("$name: nothing is left", $before, $left());
    }
    same('memory', true, memory_get_usage() < 24 << 20);
    Swoole\Timer::clear($timer);
});
