<?php
/* CL4 with package settings, CL7. */
require __DIR__ . '/peers.php';

use Swoole\Client;

function says(Client $c, string $bytes, int $step = 1): void
{
    $c->send("$step " . bin2hex($bytes) . "\n");
}

/* "says" takes lines: what it says is framed, what it hears is not. */
foreach (['open_eof_check', 'open_eof_split'] as $check) {
    $c = to('says', [$check => true, 'package_eof' => "##"]);
    foreach ([1, 2, 3, 100] as $step) {
        says($c, 'a##bc##', $step);
        same("$check, step $step, first", 'a##', $c->recv());
        same("$check, step $step, second", 'bc##', $c->recv());
    }
    says($c, 'half');
    $c->set(['read_timeout' => LITTLE]);
    fails("$check, half of one", 11, $c, fn () => $c->recv(), 'recv');
    $c->set(['read_timeout' => MUCH]);
    says($c, ' and half##');
    same("$check, both", 'half and half##', $c->recv());
    says($c, 'cut off');
    $c->send("end\n");
    same("$check, half of one at the end", '', $c->recv());
}
$c = to('says', ['open_eof_check' => true]);
says($c, "default\r\n\r\n", 4);
same('default eof', "default\r\n\r\n", $c->recv());
$c = to('says', ['open_eof_split' => true, 'package_eof' => "\0\0", 'package_max_length' => 8]);
says($c, "\0\0abcdef\0\0abcdefgh", 100);
same('empty', "\0\0", $c->recv());
same('just as long', "abcdef\0\0", $c->recv());
same('too long', '', $c->recv());
same('too long: errCode', SWOOLE_ERROR_PACKAGE_LENGTH_TOO_LARGE, $c->errCode);
silent('for good, silently', '', fn () => $c->recv());
same('close', true, $c->close());

foreach (['c', 'C', 's', 'S', 'n', 'v', 'l', 'L', 'N', 'V'] as $type) {
    $width = strlen(pack($type, 0));
    $c = to('says', ['open_length_check' => true, 'package_length_type' => $type, 'package_length_offset' => 2,
        'package_body_offset' => 2 + $width]);
    foreach ([1, 3, 100] as $step) {
        $one = 'h:' . pack($type, 100) . str_repeat('x', 100);
        $two = 'h:' . pack($type, 0);
        says($c, $one . $two . $one, $step);
        same("length $type, step $step", [$one, $two, $one], [$c->recv(), $c->recv(), $c->recv()]);
    }
}
/* The old name of body_offset; a length that counts its head. */
$c = to('says', ['open_length_check' => true, 'package_length_type' => 'n', 'package_body_start' => 2]);
says($c, "\0\1a");
same('package_body_start', "\0\1a", $c->recv());
$c = to('says', ['open_length_check' => true, 'package_length_type' => 'n']);
says($c, "\0\3a\0\2");
same('counts itself', ["\0\3a", "\0\2"], [$c->recv(), $c->recv()]);

/* Lengths that lie. */
$lies = [
    'too large' => [['package_length_type' => 'N'], "\xff\xff\xff\xff", SWOOLE_ERROR_PACKAGE_LENGTH_TOO_LARGE],
    'negative' => [['package_length_type' => 'l'], pack('l', -5), SWOOLE_ERROR_PACKAGE_MALFORMED_DATA],
    'less than its head' => [['package_length_type' => 'n'], "\0\1", SWOOLE_ERROR_PACKAGE_MALFORMED_DATA],
    'above package_max_length' => [['package_length_type' => 'C', 'package_body_offset' => 1, 'package_max_length' => 10], "\xa",
        SWOOLE_ERROR_PACKAGE_LENGTH_TOO_LARGE],
];
foreach ($lies as $name => [$settings, $bytes, $code]) {
    $c = to('says', ['open_length_check' => true] + $settings);
    says($c, $bytes);
    silent("$name: empty", '', fn () => $c->recv());
    same("$name: errCode", $code, $c->errCode);
}
$c = to('says', ['open_length_check' => true, 'package_length_type' => 'N', 'package_body_offset' => 4,
    'package_max_length' => 2147483647, 'read_timeout' => LITTLE]);
says($c, "\x7f\xff\xff\x00few");
fails('a length that may be, of bytes that never come', 11, $c, fn () => $c->recv(), 'recv');
same('costs nothing', true, memory_get_peak_usage() < 16 << 20);

/* By function. */
$settings = ['open_length_check' => true, 'package_length_func' => function (string $data): int {
    return strlen($data) < 3 ? 0 : ($data[0] === '-' ? -1 : (int)substr($data, 0, 2));
}];
$c = to('says', $settings);
says($c, '05abc04de');
same('func', ['05abc', '04de'], [$c->recv(), $c->recv()]);
says($c, '-1x');
same('func refuses', '', $c->recv());
same('func refuses: errCode', SWOOLE_ERROR_PACKAGE_MALFORMED_DATA, $c->errCode);
$c = to('says', ['open_length_check' => true, 'package_length_func' => fn () => throw new LogicException('no')]);
says($c, 'abc');
throws('func throws', LogicException::class, null, fn () => $c->recv());
$c = to('says', ['open_length_check' => true, 'package_length_func' => function (string $data) use (&$c): int {
    $c->close();
    return 1;
}]);
says($c, 'abc', 3);
fails('func closes', SWOOLE_ERROR_SOCKET_CLOSED, $c, fn () => $c->recv(), 'recv');
same('closed', false, $c->isConnected());
$c = to('says', ['open_length_check' => true, 'package_length_func' => function (string $data) use (&$c): int {
    return @$c->set(['open_length_check' => false]) ? -1 : 2;
}]);
says($c, 'ab', 2);
same('func may not change the rules it is asked by', 'ab', $c->recv());
$c = null;

/* The rules change under a stream. */
$c = to('says', ['open_eof_split' => true, 'package_eof' => '####', 'read_timeout' => LITTLE]);
says($c, 'abcdefghijklmn#', 100);
@$c->recv();
$c->set(['package_eof' => 'c', 'package_max_length' => 4]);
same('shorter eof, less room', 'abc', $c->recv());
$c->set(['open_eof_split' => false]);
same('no framing: what is there', 'defg', $c->recv(4));
same('no framing: the rest', 'hijklmn#', $c->recv());

/* CL7 */
$c = new Client(SWOOLE_SOCK_TCP);
same('set', true, $c->set(['timeout' => 1, 'no_such_setting' => 'kept']));
same('set more', true, $c->set(['open_eof_check' => '1']));
same('setting', ['timeout' => 1, 'no_such_setting' => 'kept', 'open_eof_check' => '1'], $c->setting);
$wrong = [
    ['open_eof_check' => true, 'package_eof' => ''], ['open_eof_check' => true, 'package_eof' => '123456789'],
    ['open_eof_check' => false, 'open_length_check' => true, 'package_length_type' => 'x'],
    ['open_eof_check' => false, 'open_length_check' => true, 'package_length_offset' => -1],
    ['open_eof_check' => false, 'open_length_check' => true, 'package_body_offset' => PHP_INT_MAX],
    ['package_max_length' => -1], ['open_length_check' => true, 'package_length_func' => 'no_such_function'],
];
foreach ($wrong as $i => $settings) {
    fails("set wrong $i", SWOOLE_ERROR_INVALID_PARAMS, $c, fn () => $c->set($settings), 'set');
}
same('nothing has changed', ['timeout' => 1, 'no_such_setting' => 'kept', 'open_eof_check' => '1'], $c->setting);
throws('set what is no array', TypeError::class, null, fn () => $c->set('x'));
silent('odd values', true, fn () => $c->set(['timeout' => NAN, 'bind_port' => 'x', 'socket_buffer_size' => -5, 'ssl_cert_file' => [],
    'connect_timeout' => INF, 'read_timeout' => null]));
echo "done\n";
