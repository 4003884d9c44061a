<?php
/* A client of the event loop that writes down what it is told. */
require __DIR__ . '/../client/peers.php';

use Swoole\Client;

/** $on: event => what else to do. */
function client(array &$log, array $on = [], int $type = SWOOLE_SOCK_TCP, array $settings = []): Client
{
    $c = new Client($type, SWOOLE_SOCK_ASYNC);
    if ($settings) {
        $c->set($settings);
    }
    foreach (['connect', 'receive', 'error', 'close', 'bufferFull', 'bufferEmpty'] as $event) {
        $c->on($event, function (Client $c, ?string $data = null) use (&$log, $on, $event): void {
            $log[] = $data === null ? $event : "$event $data";
            if (isset($on[$event])) {
                $on[$event]($c, $data);
            }
        });
    }
    return $c;
}
