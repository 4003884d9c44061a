<?php

namespace Swoole\WebSocket;

/** @not-serializable */
#[\AllowDynamicProperties]
class Server extends \Swoole\Http\Server
{
    public function push(int $fd, Frame|string $data, int $opcode = WEBSOCKET_OPCODE_TEXT, int $flags = SWOOLE_WEBSOCKET_FLAG_FIN): bool {}

    public function disconnect(int $fd, int $code = WEBSOCKET_CLOSE_NORMAL, string $reason = ''): bool {}

    public function ping(int $fd, string $data = ''): bool {}

    public function isEstablished(int $fd): bool {}

    /** @alias Swoole\WebSocket\Frame::pack */
    public static function pack(Frame|string $data, int $opcode = WEBSOCKET_OPCODE_TEXT, int $flags = SWOOLE_WEBSOCKET_FLAG_FIN): string {}

    /** @alias Swoole\WebSocket\Frame::unpack */
    public static function unpack(string $data): Frame|false {}
}
