<?php
/* HC6: a WebSocket of ours. */
require __DIR__ . '/web.php';

use Swoole\WebSocket\CloseFrame;
use Swoole\WebSocket\Frame;

function open(array $settings = []): Co\Http\Client
{
    $c = new Co\Http\Client(HOST, at('own'));
    $c->set($settings + ['timeout' => MUCH]);
    same('upgrade', true, $c->upgrade('/ws?x=y'));
    return $c;
}

Co\run(function (): void {
    $c = new Co\Http\Client(HOST, at('own'));
    $c->set(['timeout' => MUCH]);
    silent('push before', false, fn () => $c->push('x'));
    same('not connected', 5001, $c->errCode);
    $c->get('/');
    silent('push, plain', false, fn () => $c->push('x'));
    same('not upgraded', 8503, $c->errCode);
    same('on the same connection', true, $c->upgrade('/'));
    same('101', [101, 'websocket', true], [$c->statusCode, $c->headers['upgrade'], $c->connected]);
    silent('no more requests', false, fn () => $c->get('/'));
    foreach ([1, 125, 126, 65535, 65536, 3 << 20] as $n) {
        $text = substr(str_repeat('äö', $n), 0, $n & ~1) ?: 'x';
        same("push $n", true, $c->push($text));
        $frame = $c->recv();
        same("text $n", [Frame::class, true, WEBSOCKET_OPCODE_TEXT, true], [$frame::class, $frame->data === $text, $frame->opcode, $frame->finish]);
        $bytes = random_bytes($n);
        $c->push($bytes, WEBSOCKET_OPCODE_BINARY);
        $frame = $c->recv();
        same("binary $n", [true, WEBSOCKET_OPCODE_BINARY], [$frame->data === $bytes, $frame->opcode]);
    }
    $frame = new Frame();
    $frame->data = 'of a frame';
    same('push a frame', [true, 'of a frame'], [$c->push($frame), $c->recv()->data]);
    $c->push('frag', WEBSOCKET_OPCODE_TEXT, 0);
    $c->push('ments', WEBSOCKET_OPCODE_CONTINUATION);
    same('fragments', 'fragments', $c->recv()->data);
    refused('opcode', fn () => $c->push('x', 11));
    same('its number', 8502, $c->errCode);
    silent('limit', false, fn () => $c->recv(LITTLE));
    same('110', [SOCKET_ETIMEDOUT, true], [$c->errCode, $c->connected]);
    $c->push('many 2000');
    $got = [];
    while (count($got) < 2000 && ($frame = $c->recv())) {
        $got[] = $frame->data;
    }
    same('in order', true, $got === array_map('strval', range(0, 1999)));
    $c->push('ping');
    $c->push('after the ping');
    same('a ping is answered by itself', 'after the ping', $c->recv()->data);
    $c->push('close');
    silent('closed by the server', false, fn () => $c->recv());
    same('0', [0, false], [$c->errCode, $c->connected]);
    silent('and now', false, fn () => $c->recv());
    same('5001', 5001, $c->errCode);
    same('object again', true, $c->get('/'));

    $c = open(['open_websocket_close_frame' => true, 'open_websocket_ping_frame' => true]);
    $c->push('ping');
    $frame = $c->recv();
    same('ping is shown', [WEBSOCKET_OPCODE_PING, 'are you there'], [$frame->opcode, $frame->data]);
    $c->push('close');
    $frame = $c->recv();
    same('close is shown', [CloseFrame::class, 4001, 'because'], [$frame::class, $frame->code ?? 0, $frame->reason ?? '']);
    silent('then it is over', false, fn () => $c->recv());

    $c = open(['websocket_compression' => true]);
    same('agreed', true, str_starts_with($c->headers['sec-websocket-extensions'] ?? '', 'permessage-deflate'));
    $text = str_repeat('again and ', 100000);
    same('compressed', true, $c->push($text, WEBSOCKET_OPCODE_TEXT, SWOOLE_WEBSOCKET_FLAG_FIN | SWOOLE_WEBSOCKET_FLAG_COMPRESS));
    same('and back', true, $c->recv()->data === $text);
    $c = open(['websocket_compression' => true, 'package_max_length' => 1000]);
    $c->push($text, WEBSOCKET_OPCODE_TEXT, SWOOLE_WEBSOCKET_FLAG_FIN | SWOOLE_WEBSOCKET_FLAG_COMPRESS);
    same('too large', [false, false], [$c->recv(), $c->connected]);

    // one reads, others write
    $c = open();
    $got = [];
    $done = new Co\WaitGroup(1);
    go(function () use ($c, &$got, $done): void {
        while (count($got) < 300 && ($frame = $c->recv())) {
            $got[] = $frame->data;
        }
        $done->done();
    });
    throws('two readers', Swoole\Error::class, 10002, fn () => $c->recv());
    for ($i = 0; $i < 3; $i++) {
        go(function () use ($c, $i): void {
            for ($k = 0; $k < 100; $k++) {
                $c->push("$i.$k." . str_repeat('x', 5000));
                $k % 10 ?: Co::sleep(0.001);
            }
        });
    }
    $done->wait(MUCH);
    same('all came', 300, count(array_unique($got)));
    go(function () use ($c, &$got): void {
        $got = [$c->recv(), $c->errCode];
    });
    same('close', true, $c->close());
    Co::sleep(0.01);
    same('wakes the reader', false, $got[0]);

    // no WebSocket there
    $c = web();
    same('another answer', [false, 404, 8504, 'no such page'], [$c->upgrade('/none'), $c->statusCode, $c->errCode, $c->body]);
    foreach (['', "Sec-WebSocket-Accept: x\r\n"] as $field) {
        $c = web();
        unlucky('101 that is none ' . $field, -3, 8504, $c, fn () => $c->upgrade(raw("HTTP/1.1 101 x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n$field\r\n")));
    }
});
