<?php

namespace Swoole\Coroutine;

/** @not-serializable */
class Socket
{
    public int $fd = -1;
    public int $domain = 0;
    public int $type = 0;
    public int $protocol = 0;
    public int $errCode = 0;
    public string $errMsg = '';

    public function __construct(int $domain, int $type, int $protocol = 0) {}
    public function bind(string $address, int $port = 0): bool {}
    public function listen(int $backlog = 512): bool {}
    public function accept(float $timeout = 0): Socket|false {}
    public function connect(string $host, int $port = 0, float $timeout = 0): bool {}
    public function checkLiveness(): bool {}
    public function peek(int $length = 65536): string|false {}
    public function recv(int $length = 65536, float $timeout = 0): string|false {}
    public function recvAll(int $length = 65536, float $timeout = 0): string|false {}
    public function recvLine(int $length = 65536, float $timeout = 0): string|false {}
    public function recvPacket(float $timeout = 0): string|false {}
    public function send(string $data, float $timeout = 0): int|false {}
    public function sendAll(string $data, float $timeout = 0): int|false {}
    public function recvfrom(mixed &$peername, float $timeout = 0): string|false {}
    public function sendto(string $address, int $port, string $data): int|false {}
    public function setProtocol(array $settings): bool {}
    public function getOption(int $level, int $opt_name): mixed {}
    public function setOption(int $level, int $opt_name, mixed $opt_value): bool {}
    public function shutdown(int $how = 2): bool {}
    public function cancel(int $event = 512): bool {}
    public function close(): bool {}
    public function getpeername(): array|false {}
    public function getsockname(): array|false {}
    public function isClosed(): bool {}
    /** @param resource|\Socket $stream */
    public static function import($stream): Socket|false {}
}
