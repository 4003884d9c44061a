<?php
/*
 * For the scripts beside it: the checks of ../memory/check.php, where the peers are (tests/e2e/lib/peers.py), and clients of them.
 */
require __DIR__ . '/../memory/check.php';

use Swoole\Client;

const HOST = '127.0.0.1';
/* Seconds: more than anything here takes, and a limit that passes. */
const MUCH = 20.0;
const LITTLE = 0.05;

$peers = json_decode($argv[1], true);

function at(string $name): int|string
{
    return $GLOBALS['peers'][$name];
}

function to(string $name, array $settings = [], int $type = SWOOLE_SOCK_TCP, float $timeout = MUCH): Client
{
    $c = new Client($type);
    if ($settings) {
        $c->set($settings);
    }
    $ok = is_string(at($name)) ? $c->connect(at($name), 0, $timeout) : $c->connect(HOST, at($name), $timeout);
    same("connected to $name", true, $ok);
    return $c;
}

/** warn+false, with this errCode. */
function fails(string $name, int $code, Client $c, callable $call, string $method): void
{
    $seen = [];
    set_error_handler(function (int $level, string $text) use (&$seen): bool {
        $seen[] = [$level, $text];
        return true;
    });
    $result = $call();
    restore_error_handler();
    same("$name: result", false, $result);
    same("$name: one warning", [E_WARNING], array_column($seen, 0));
    $prefix = "Swoole\\Client::$method(): ";
    same("$name: text", $prefix, substr($seen[0][1] ?? '', 0, strlen($prefix)));
    same("$name: errCode", $code, $c->errCode);
    same("$name: last error", $code, swoole_last_error());
}

/** Does it take less than that? A busy machine is asked again. */
function quick(float $seconds, callable $call): bool
{
    for ($tries = 0; $tries < 10; $tries++) {
        $begin = microtime(true);
        $call();
        if (microtime(true) - $begin < $seconds) {
            return true;
        }
    }
    return false;
}

/** Everything until the peer ends. */
function rest(Client $c): string
{
    $all = '';
    while (($piece = $c->recv()) !== '' && $piece !== false) {
        $all .= $piece;
    }
    return $all;
}
