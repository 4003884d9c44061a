<?php
/* AC6: settings, framing, TLS, pausing, files, forks. */
require __DIR__ . '/log.php';

use Swoole\Event;
use Swoole\Timer;

/* Framing: whole packages, however they come; closing amid them. */
foreach ([1, 3, 100] as $step) {
    $log = [];
    $c = client($log, ['connect' => fn ($c) => $c->send("$step " . bin2hex('a#bc#d#half') . "\nend\n")], SWOOLE_SOCK_TCP,
        ['open_eof_split' => true, 'package_eof' => '#']);
    $c->connect(HOST, at('says'), MUCH);
    Event::wait();
    same("packages, step $step", ['connect', 'receive a#', 'receive bc#', 'receive d#', 'close'], $log);
    $log = [];
    $c = client($log, ['connect' => fn ($c) => $c->send("$step " . bin2hex("\0\1a\0\2bc\0\1d") . "\n"),
        'receive' => fn ($c, $data) => $data === "\0\2bc" && $c->close()], SWOOLE_SOCK_TCP,
        ['open_length_check' => true, 'package_length_type' => 'n', 'package_body_offset' => 2]);
    $c->connect(HOST, at('says'), MUCH);
    Event::wait();
    same("closed amid packages, step $step", ['connect', "receive \0\1a", "receive \0\2bc", 'close'], $log);
}
$log = [];
$c = client($log, ['connect' => fn ($c) => $c->send("100 ffffffff\n")], SWOOLE_SOCK_TCP, ['open_length_check' => true]);
$c->connect(HOST, at('says'), MUCH);
Event::wait();
same('a length that lies', [['connect', 'close'], SWOOLE_ERROR_PACKAGE_LENGTH_TOO_LARGE], [$log, $c->errCode]);
$log = [];
$c = client($log, ['connect' => fn ($c) => $c->send('100 ' . bin2hex('a#rest') . "\n"), 'receive' => function ($c, $data): void {
    if ($data === 'a#') {
        $c->set(['open_eof_split' => false]);
        $c->send('100 ' . bin2hex('more') . "\nend\n");
    }
}], SWOOLE_SOCK_TCP, ['open_eof_split' => true, 'package_eof' => '#']);
$c->connect(HOST, at('says'), MUCH);
Event::wait();
same('the rules change', ['receive a#', 'restmore'], [$log[1], str_replace('receive ', '', implode('', array_slice($log, 2, -1)))]);
fails('no package_length_func', SWOOLE_ERROR_OPERATION_NOT_SUPPORT, $c, fn () => $c->set(['package_length_func' => 'strlen']), 'set');

/* Pausing. */
$log = [];
$c = client($log, ['connect' => function ($c) use (&$log): void {
    same('sleep', true, $c->sleep());
    $c->send('now');
    Timer::after(50, function () use ($c, &$log): void {
        $log[] = 'later';
        same('wakeup', true, $c->wakeup());
    });
}, 'receive' => fn ($c) => $c->close()]);
$c->connect(HOST, at('echo'), MUCH);
Event::wait();
same('nothing in between', ['connect', 'later', 'receive now', 'close'], $log);
fails('sleep when closed', 107, $c, fn () => $c->sleep(), 'sleep');
$log = [];
$c = client($log, ['connect' => fn ($c) => $c->send('100 ' . bin2hex('a#b#') . "\n"), 'receive' => function ($c, $data) use (&$log): void {
    if ($data === 'a#') {
        $c->pause();
        Timer::after(20, function () use ($c, &$log): void {
            $log[] = 'later';
            $c->resume();
        });
    } else {
        $c->close();
    }
}], SWOOLE_SOCK_TCP, ['open_eof_split' => true, 'package_eof' => '#']);
$c->connect(HOST, at('says'), MUCH);
Event::wait();
same('paused amid packages', ['connect', 'receive a#', 'later', 'receive b#', 'close'], $log);

/* TLS. */
$verify = ['ssl_verify_peer' => true, 'ssl_cafile' => at('folder') . '/ca.pem'];
foreach (['ten.example' => ['connect', "receive ten.example TLSv1.3 none\n", 'close'], 'other.example' => ['error']] as $name => $wanted) {
    $log = [];
    $c = client($log, ['receive' => fn ($c) => $c->close()], SWOOLE_SOCK_TCP | SWOOLE_SSL, $verify + ['ssl_host_name' => $name]);
    $c->connect(HOST, at('tls'), MUCH);
    Event::wait();
    same("TLS, $name", $wanted, $log);
}
same('and why', SWOOLE_ERROR_SSL_VERIFY_FAILED, $c->errCode);
foreach (['silent' => 110, 'hello' => SWOOLE_ERROR_SSL_HANDSHAKE_FAILED] as $name => $code) {
    $log = [];
    $c = client($log, [], SWOOLE_SOCK_TCP | SWOOLE_SSL);
    $c->connect(HOST, at($name), $name === 'silent' ? 0.1 : MUCH);
    Event::wait();
    same("TLS with $name", [['error'], $code], [$log, $c->errCode]);
}
$log = [];
$c = client($log, ['connect' => fn ($c) => $c->send("tls\n"), 'receive' => function ($c, $data) use (&$log): void {
    if ($data !== "go\n") {
        $c->close();
        return;
    }
    $c->set(['ssl_host_name' => 'ten.example']);
    same('enableSSL', true, $c->enableSSL(function ($c) use (&$log): void {
        $log[] = 'secure';
        same('certificate', true, str_contains($c->getPeerCert(), 'BEGIN CERTIFICATE'));
    }));
}]);
$c->connect(HOST, at('starttls'), MUCH);
Event::wait();
same('later', ['connect', "receive go\n", 'secure', "receive ten.example TLSv1.3 none\n", 'close'], $log);

/* Files, in the order of what is sent. */
$log = [];
$got = '';
$path = tempnam(sys_get_temp_dir(), 'rs-client');
file_put_contents($path, $bytes = random_bytes(2 << 20));
$c = client($log, ['connect' => function ($c) use ($path): void {
    $c->send('before ');
    same('sendfile', true, $c->sendfile($path));
    $c->send(' behind');
    fails('no such file', 2, $c, fn () => $c->sendfile('/nonexistent/file'), 'sendfile');
    fails('TLS amid what is queued', 16, $c, fn () => $c->enableSSL(), 'enableSSL');
}, 'receive' => function ($c, $data) use (&$got, $bytes): void {
    $got .= $data;
    if (strlen($got) === strlen($bytes) + 14) {
        $c->close();
    }
}]);
$c->connect(HOST, at('echo'), MUCH);
Event::wait();
unlink($path);
same('in order', md5("before $bytes behind"), md5($got));

/* What is not for it. */
$c = client($log, [], SWOOLE_SOCK_TCP, ['socks5_host' => HOST, 'socks5_port' => at('socks5')]);
fails('proxy', SWOOLE_ERROR_OPERATION_NOT_SUPPORT, $c, fn () => $c->connect(HOST, at('echo'), MUCH), 'connect');

/* A child, whose loop is its own. */
$log = [];
$c = client($log, ['connect' => function ($c): void {
    $pid = child(function () use ($c): int {
        $c->close();
        return 0;
    });
    same('the child ends', true, joined($pid));
    $c->send('still');
}, 'receive' => fn ($c) => $c->close()]);
$c->connect(HOST, at('echo'), MUCH);
Event::wait();
same('and the parent goes on', ['connect', 'receive still', 'close'], $log);
echo "done\n";
