<?php
/* FN11, FN12: swoole_exec, swoole_shell_exec, swoole_coroutine_socketpair. */
require __DIR__ . '/../memory/check.php';

use Swoole\Coroutine;

$lines = ['first'];
$command = 'printf "a  \nb\n\nc "; echo unseen >&2; exit 3';
$last = exec("($command) 2>/dev/null", $lines, $code); // what PHP itself says
Co\run(function () use ($lines, $last, $code, $command): void {
    $ours = ['first'];
    same('the last line', $last, swoole_exec("($command) 2>/dev/null", $ours, $status));
    same('the lines, behind those that were there', $lines, $ours);
    same('the status', $code, $status);
    same('nothing printed', ['', [], 0], [swoole_exec('true', $none, $zero), $none, $zero]);
    same('one line', 'x', swoole_exec('echo x'));
    $text = 'no array';
    swoole_exec('echo y', $text);
    same('what is no array is replaced', ['y'], $text);
    same('shell_exec', "x\ny\n", swoole_shell_exec('echo x; echo y'));
    same('shell_exec of nothing', '', swoole_shell_exec('true'));
    $order = [];
    go(function () use (&$order): void {
        swoole_shell_exec('sleep 0.05');
        $order[] = 'command';
    });
    $order[] = 'others go on';
    Coroutine::sleep(0.2);
    same('it suspends', ['others go on', 'command'], $order);
    $canceled = 'not yet';
    $id = go(function () use (&$canceled): void { $canceled = swoole_exec('exec sleep 5'); });
    Coroutine::cancel($id);
    same('cancelled', false, $canceled);

    [$a, $b] = swoole_coroutine_socketpair(AF_UNIX, SOCK_STREAM, 0);
    same('two sockets', [Coroutine\Socket::class, Coroutine\Socket::class, AF_UNIX, SOCK_STREAM], [$a::class, $b::class, $a->domain, $b->type]);
    go(function () use ($b): void { $b->send(strrev($b->recv())); });
    $a->send('ping');
    same('there and back', 'gnip', $a->recv(100, 5));
    $b->close();
    same('the end', '', $a->recv(100, 5));
    warns('no such pair', 'swoole_coroutine_socketpair(): ', fn () => swoole_coroutine_socketpair(AF_INET, SOCK_STREAM, 0));
    same('its error', SOCKET_EOPNOTSUPP, swoole_last_error());
});
try {
    swoole_exec('true');
    same('outside of a coroutine', 'an error', 'nothing');
} catch (Swoole\Error $e) {
    same('outside of a coroutine', true, str_contains($e->getMessage(), 'coroutine'));
}
