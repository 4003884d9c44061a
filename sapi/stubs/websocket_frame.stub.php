<?php

namespace Swoole\WebSocket;

#[\AllowDynamicProperties]
class Frame implements \Stringable
{
    public $fd = 0;
    public $data = '';
    public $opcode = 1;
    public $flags = 1;
    public $finish = null;

    public function __toString(): string {}

    public static function pack(Frame|string $data, int $opcode = 1, int $flags = 1): string {}

    public static function unpack(string $data): Frame|false {}
}

class CloseFrame extends Frame
{
    public $opcode = 8;
    public $code = 1000;
    public $reason = '';
}
