<?php
/* SWOOLE_KEEP: CL1, CL6. */
require __DIR__ . '/peers.php';

use Swoole\Client;

function kept(string $name = 'numbers', string $key = '', int $type = SWOOLE_SOCK_TCP): Client
{
    $c = new Client($type | SWOOLE_KEEP, SWOOLE_SOCK_SYNC, $key);
    same("connect to $name", true, $c->connect(HOST, at($name), MUCH));
    return $c;
}

function number(Client $c): int
{
    $c->send("x\n");
    return (int)$c->recv();
}

$c = kept();
same('new', [false, 0], [$c->reuse, $c->reuseCount]);
$first = number($c);
same('close keeps', true, $c->close());
same('but not for this object', [false, -1], [$c->isConnected(), $c->sock]);
fails('closed is closed', SWOOLE_ERROR_CLIENT_NO_CONNECTION, $c, fn () => $c->close(), 'close');
$c = kept();
same('the same connection', $first, number($c));
same('reused', [true, 1], [$c->reuse, $c->reuseCount]);
$c->close();
$c->connect(HOST, at('numbers'), MUCH);
same('by the same object', [$first, 2], [number($c), $c->reuseCount]);
$other = kept();
same('two at once are two', true, number($other) !== $first);
$second = number($other);
unset($other);
$c->close();
same('the last one first', $first, number($x = kept()));
same('that of the object that is gone', $second, number($y = kept()));
same('forced', [true, true], [$x->close(true), $y->close(true)]);
same('so it is new', true, number($c = kept()) > max($first, $second));

/* Keys. */
$a = kept('numbers', 'a');
same('id', 'a', $a->id);
$n = number($a);
$a->close();
same('another key is another', true, number(kept('numbers', 'b')) !== $n);
same('same key', $n, number($a = kept('numbers', 'a')));
$a->close();
$echo = kept('echo');
$echo->send('x');
same('without a key: by address', 'x', $echo->recv());
/* One key for two kinds: no mixing. */
$tls = kept('tls_numbers', 'a', SWOOLE_SOCK_TCP | SWOOLE_SSL);
same('other kind', [1, false], [number($tls), $tls->reuse]);
$tls->close();
$tls = kept('tls_numbers', 'a', SWOOLE_SOCK_TCP | SWOOLE_SSL);
same('TLS is kept', [1, true], [number($tls), $tls->reuse]);

/* The peer ended meanwhile. */
foreach (['numbers' => SWOOLE_SOCK_TCP, 'tls_numbers' => SWOOLE_SOCK_TCP | SWOOLE_SSL] as $name => $type) {
    $c = kept($name, "dead $name", $type);
    $n = number($c);
    $c->send("end\n");
    same("$name ends", "ending\n", $c->recv());
    same("$name is ending", '', $c->recv());
    $c->close();
    $c = kept($name, "dead $name", $type);
    same("$name: a dead one is not used", [true, false], [number($c) > $n, $c->reuse]);
    $c->close(true);
}

/* A child has its own. */
$c = kept('numbers', 'fork');
$n = number($c);
$c->close();
$pid = pcntl_fork();
if ($pid === 0) {
    $c = kept('numbers', 'fork');
    $mine = number($c);
    $c->close();
    posix_kill(posix_getpid(), $mine === $n || $c->reuse ? SIGTERM : SIGKILL);
}
pcntl_waitpid($pid, $status);
same('the child connected anew', SIGKILL, pcntl_wtermsig($status));
same('and left ours alone', $n, number(kept('numbers', 'fork')));
echo "done\n";
