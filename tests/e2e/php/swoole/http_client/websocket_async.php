<?php
/* L.6: AH4. */
require __DIR__ . '/web.php';

use Swoole\Event;

$log = [];
$c = new swoole_http_client(HOST, at('own'));
$c->set(['timeout' => MUCH]);
$c->on('message', function ($c, $frame) use (&$log): void {
    $log[] = $frame->data;
    if (count($log) === 1002) {
        $c->push('close');
    }
});
$c->on('close', function ($c) use (&$log): void {
    $log[] = 'closed';
});
same('push before', false, $c->push('x'));
same('upgrade', true, $c->upgrade('/', function ($c) use (&$log): void {
    $log[] = "upgraded $c->statusCode";
    same('push', true, $c->push('hello'));
    same('many', true, $c->push('many 1000'));
}));
Event::wait();
same('all', ['upgraded 101', 'hello', ...array_map('strval', range(0, 999)), 'closed'], $log);

$big = str_repeat('x', 2 << 20);
$log = [];
$c = new swoole_http_client(HOST, at('own'));
$c->on('message', function ($c, $frame) use (&$log, $big): void {
    $log[] = $frame->data === $big;
    if (count($log) === 3) {
        same('close', true, $c->close());
    }
});
$c->upgrade('/', function ($c) use ($big): void {
    for ($i = 0; $i < 3; $i++) {
        same("big $i", true, $c->push($big, WEBSOCKET_OPCODE_BINARY));
    }
});
Event::wait();
same('three', [true, true, true], $log);
$c = new swoole_http_client(HOST, at('web'));
$c->on('message', 'strlen');
$c->upgrade('/none', function ($c) use (&$log): void {
    $log = [$c->statusCode, $c->errCode];
});
Event::wait();
same('no WebSocket', [404, 8504], $log);
