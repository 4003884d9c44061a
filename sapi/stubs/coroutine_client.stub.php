<?php

namespace Swoole\Coroutine;

/** @not-serializable */
#[\AllowDynamicProperties]
class Client
{
    const MSG_OOB = 1;
    const MSG_PEEK = 2;
    const MSG_DONTWAIT = 64;
    const MSG_WAITALL = 256;

    public int $errCode = 0;
    public string $errMsg = '';
    public int $fd = -1;
    public int $type = 0;
    public ?array $setting = null;
    public bool $connected = false;

    public function __construct(int $type) {}
    public function set(array $settings): bool {}
    public function connect(string $host, int $port = 0, float $timeout = 0, int $sock_flag = 0): bool {}
    public function recv(float $timeout = 0): string|false {}
    public function peek(int $length = 65535): string|false {}
    public function send(string $data, float $timeout = 0): int|false {}
    public function sendfile(string $filename, int $offset = 0, int $length = 0): bool {}
    public function sendto(string $address, int $port, string $data): bool {}
    public function recvfrom(int $length, mixed &$address, mixed &$port = null): string|false {}
    public function enableSSL(): bool {}
    /** @alias Swoole\Client::getPeerCert */
    public function getPeerCert(): string|false {}
    /** @alias Swoole\Client::verifyPeerCert */
    public function verifyPeerCert(bool $allow_self_signed = false): bool {}
    public function isConnected(): bool {}
    /** @alias Swoole\Client::getsockname */
    public function getsockname(): array|false {}
    /** @alias Swoole\Client::getpeername */
    public function getpeername(): array|false {}
    public function close(): bool {}
    public function exportSocket(): Socket|false {}
}
