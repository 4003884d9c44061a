<?php

namespace Swoole\Coroutine\Http;

/** @not-serializable */
#[\AllowDynamicProperties]
class Client
{
    public int $errCode = 0;
    public string $errMsg = '';
    public bool $connected = false;
    public string $host = '';
    public int $port = 0;
    public bool $ssl = false;
    public ?array $setting = null;
    public ?string $requestMethod = null;
    public ?array $requestHeaders = null;
    public string|array|null $requestBody = null;
    public int $statusCode = 0;
    public ?array $headers = null;
    public ?array $set_cookie_headers = null;
    public ?array $cookies = null;
    public string $body = '';

    public function __construct(string $host, int $port = 0, bool $ssl = false) {}
    public function set(array $settings): bool {}
    public function getDefer(): bool {}
    public function setDefer(bool $defer = true): bool {}
    public function setMethod(string $method): bool {}
    public function setHeaders(array $headers): bool {}
    public function setBasicAuth(string $username, string $password): void {}
    public function setCookies(array $cookies): bool {}
    public function setData(string|array $data): bool {}
    public function addFile(string $path, string $name, ?string $type = null, ?string $filename = null, int $offset = 0, int $length = 0): bool {}
    public function addData(string $data, string $name, ?string $type = null, ?string $filename = null): bool {}
    public function execute(string $path): bool {}
    public function get(string $path): bool {}
    public function post(string $path, mixed $data): bool {}
    public function download(string $path, string $filename, int $offset = 0): bool {}
    public function upgrade(string $path): bool {}
    public function push(mixed $data, int $opcode = 1, int $flags = 1): bool {}
    public function recv(float $timeout = 0): \Swoole\WebSocket\Frame|bool {}
    public function close(): bool {}
    public function getBody(): string {}
    public function getHeaders(): ?array {}
    public function getCookies(): ?array {}
    public function getStatusCode(): int {}
    public function getHeaderOut(): string|false {}
    public function getPeerCert(): string|false {}
    public function getpeername(): array|false {}
    public function getsockname(): array|false {}
}

/** What the functions below return. */
class ClientProxy
{
    private string $body = '';
    private int $statusCode = 0;
    private ?array $headers = null;
    private ?array $cookies = null;

    public function getBody(): string {}
    public function getStatusCode(): int {}
    public function getHeaders(): ?array {}
    public function getCookies(): ?array {}
}

function request(string $url, string $method, mixed $data = null, ?array $options = null, ?array $headers = null, ?array $cookies = null): ClientProxy {}
function post(string $url, mixed $data, ?array $options = null, ?array $headers = null, ?array $cookies = null): ClientProxy {}
function get(string $url, ?array $options = null, ?array $headers = null, ?array $cookies = null): ClientProxy {}
