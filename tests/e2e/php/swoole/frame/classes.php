<?php
/* Contract FR1, FR3, A5, A.2, L.1: the objects. */
require __DIR__ . '/../memory/check.php';

use Swoole\WebSocket\CloseFrame;
use Swoole\WebSocket\Frame;

same('FR1', ['fd' => 0, 'data' => '', 'opcode' => 1, 'flags' => 1, 'finish' => null], get_object_vars(new Frame()));
same('FR3', ['fd' => 0, 'data' => '', 'opcode' => 8, 'flags' => 1, 'finish' => null, 'code' => 1000, 'reason' => ''],
    get_object_vars(new CloseFrame()));
same('FR3 the constants', [WEBSOCKET_OPCODE_CLOSE, WEBSOCKET_CLOSE_NORMAL], [(new CloseFrame())->opcode, (new CloseFrame())->code]);
same('a close frame is a frame', [true, true], [new CloseFrame() instanceof Frame, new Frame() instanceof Stringable]);
foreach (['swoole_websocket_frame' => Frame::class, 'swoole_websocket_closeframe' => CloseFrame::class] as $old => $class) {
    same("L.1 $old", [true, $class], [class_exists($old, false), (new ReflectionClass($old))->getName()]);
    same("not final: $class", false, (new ReflectionClass($class))->isFinal());
}
same('A.2 number of methods', 3, count((new ReflectionClass(Frame::class))->getMethods()));

$f = new Frame();
silent('FR1 writable', [7, 'x', 2, 33, false], function () use ($f) {
    [$f->fd, $f->data, $f->opcode, $f->flags, $f->finish] = [7, 'x', 2, 33, false];
    return [$f->fd, $f->data, $f->opcode, $f->flags, $f->finish];
});
silent('A5 dynamic properties', 5, function () use ($f) {
    $f->anything = 5;
    return $f->anything;
});

class Shout extends Frame
{
    public $data = 'HELLO';
    public function __construct(public string $more = 'm')
    {
    }
}
same('a subclass', ["\x81\x05HELLO", 'm'], [(string)new Shout(), (new Shout())->more]);
same('unpack makes our classes', [Frame::class, CloseFrame::class], [Shout::unpack((string)new Shout())::class,
    Frame::unpack("\x88\x00")::class]);

// A property that is gone is as a null; what cannot be text is as PHP has it.
unset($f->data, $f->flags);
$f->finish = null;
same('properties that are gone', "\x02\x00", @(string)$f);
$f->data = new class {
    public function __toString(): string
    {
        throw new DomainException('no');
    }
};
throws('data that throws', DomainException::class, null, fn () => Frame::pack($f));
$f->data = new stdClass();
throws('data that is no text', Error::class, null, fn () => Frame::pack($f));
$close = new CloseFrame();
$close->reason = $f->data;
throws('a reason that is no text', Error::class, null, fn () => (string)$close);
$magic = new class extends Frame {
    public function __get(string $name): mixed
    {
        throw new DomainException($name);
    }
};
unset($magic->opcode);
throws('a property that throws', DomainException::class, null, fn () => (string)$magic);

foreach ([[], [[]], [new stdClass()], ['x', 'y'], ['x', 1, 'z'], ['x', 1, 1, 1]] as $i => $arguments) {
    throws("pack: arguments $i", count($arguments) === 0 || count($arguments) > 3 ? ArgumentCountError::class : TypeError::class, null,
        fn () => Frame::pack(...$arguments));
}
throws('unpack: nothing', ArgumentCountError::class, null, fn () => Frame::unpack());
throws('unpack: no text', TypeError::class, null, fn () => Frame::unpack([]));

// Failures of pack(): one warning, the error number, and an empty string (its type is string).
$cases = [
    'opcode 11' => [SWOOLE_ERROR_WEBSOCKET_BAD_OPCODE, fn () => Frame::pack('x', 11)],
    'opcode -1' => [SWOOLE_ERROR_WEBSOCKET_BAD_OPCODE, fn () => Frame::pack('x', -1)],
    'a long ping' => [SWOOLE_ERROR_WEBSOCKET_PACK_FAILED, fn () => Frame::pack(str_repeat('x', 126), WEBSOCKET_OPCODE_PING)],
    'a ping in pieces' => [SWOOLE_ERROR_WEBSOCKET_PACK_FAILED, fn () => Frame::pack('x', WEBSOCKET_OPCODE_PING, 0)],
    'a long reason' => [SWOOLE_ERROR_WEBSOCKET_PACK_FAILED, function () {
        $close = new CloseFrame();
        $close->reason = str_repeat('r', 126);
        return Frame::pack($close);
    }],
];
foreach ($cases as $name => [$code, $call]) {
    $seen = [];
    set_error_handler(function (int $level, string $text) use (&$seen): bool {
        $seen[] = [$level, strstr(strip_tags($text), ': ', true)];
        return true;
    });
    swoole_clear_error();
    $result = $call();
    restore_error_handler();
    same("pack: $name", ['', [[E_WARNING, 'Swoole\WebSocket\Frame::pack()']], $code], [$result, $seen, swoole_last_error()]);
    throws("pack: $name, as an exception", ErrorException::class, 0, function () use ($call) {
        set_error_handler(fn (int $level, string $text) => throw new ErrorException($text, 0, $level));
        try {
            $call();
        } finally {
            restore_error_handler();
        }
    });
}

// WS5: garbage is false, without a word.
$garbage = ['nothing' => '', 'one byte' => "\x81", 'a length that is cut' => "\x81\x7e\x01", 'a payload that is cut' => "\x81\x05abcd",
    'a key that is cut' => "\x81\x85abc", 'a length beyond all' => "\x82\x7f\xff\xff\xff\xff\xff\xff\xff\xff",
    'a petabyte' => "\x82\x7f\x00\x04\x00\x00\x00\x00\x00\x00abc", 'opcode 3' => "\x83\x00", 'opcode 7' => "\x87\x00",
    'opcode 11' => "\x8b\x00", 'opcode 15' => "\x8f\x00", 'a long ping' => "\x89\x7e\x00\x7e" . str_repeat('x', 126),
    'a ping in pieces' => "\x09\x00", 'half a close code' => "\x88\x01a", 'a close code that is none' => "\x88\x02\x03\xed",
    'a reason that is no UTF-8' => "\x88\x04\x03\xe8\xff\xfe", 'text' => 'GET / HTTP/1.1'];
foreach ($garbage as $name => $bytes) {
    swoole_clear_error();
    silent("unpack: $name", false, fn () => Frame::unpack($bytes));
    same("unpack: $name: error", SWOOLE_ERROR_WEBSOCKET_UNPACK_FAILED, swoole_last_error());
}
for ($i = 0; $i < 20000; $i++) {
    $f = Frame::unpack(random_bytes(mt_rand(1, 40)));
    if ($f !== false && !$f instanceof Frame) {
        echo "not ok unpack of noise\n";
    }
}

$abuse = function () use ($garbage, $cases): void {
    foreach ($garbage as $bytes) {
        Swoole\WebSocket\Frame::unpack($bytes . mt_rand());
    }
    foreach ($cases as [, $call]) {
        @$call();
    }
    $close = Frame::unpack("\x88\x06\x03\xe8away");
    $close->reason .= mt_rand();
    Frame::unpack(Frame::pack($close))->data = (string)mt_rand();
    $close->reason = new stdClass();
    try {
        Frame::pack($close);
    } catch (Error) {
    }
};
$abuse();
error_clear_last();
$before = memory_get_usage();
for ($i = 0; $i < 300; $i++) {
    $abuse();
}
error_clear_last();
same('memory of PHP', 0, memory_get_usage() - $before);
