<?php
/* For the scripts beside it: the peers (tests/e2e/lib/web_peers.py), and clients of them. */
require __DIR__ . '/../client/peers.php';

use Swoole\Coroutine\Http\Client;

function web(array $settings = [], string $peer = 'web', string $host = HOST, bool $ssl = false): Client
{
    $c = is_string(at($peer)) ? new Client('unix:/' . at($peer), 0, $ssl) : new Client($host, at($peer), $ssl);
    $c->set($settings + ['timeout' => MUCH]);
    return $c;
}

/** What a peer was asked for. */
function asked(Client|Swoole\Http\Client $c): array
{
    return json_decode($c->body, true) ?? [];
}

/** The values of a field, as the peer got them. */
function field(Client|Swoole\Http\Client $c, string $name): array
{
    return array_values(array_map(fn ($f) => $f[1], array_filter(asked($c)['fields'] ?? [], fn ($f) => strcasecmp($f[0], $name) === 0)));
}

/** The path for which the peer says exactly this. */
function raw(string $bytes, int $step = 100000, string $end = 'keep'): string
{
    return "/raw/$step/$end/" . bin2hex($bytes);
}

/** A false one, told by numbers alone. */
function unlucky(string $name, int $status, int $code, Client $c, callable $call): void
{
    silent($name, false, $call);
    same("$name: statusCode", $status, $c->statusCode);
    same("$name: errCode", $code, $c->errCode);
    same("$name: no answer", ['', null], [$c->getBody(), $c->getHeaders()]);
}

/** A refused call: one warning. */
function refused(string $name, callable $call): void
{
    $seen = [];
    set_error_handler(function (int $level, string $text) use (&$seen): bool {
        $seen[] = $level;
        return true;
    });
    $result = $call();
    restore_error_handler();
    same("$name: result", false, $result);
    same("$name: one warning", [E_WARNING], $seen);
}

/** Has the peer closed, as the kernel knows? */
function left(Client $c): bool
{
    $port = sprintf(':%04X ', $c->getsockname()['port'] ?? 0);
    return (bool)preg_match("/^ *\\d+: [0-9A-F]+$port\\S+ 08 /m", file_get_contents('/proc/net/tcp'));
}
