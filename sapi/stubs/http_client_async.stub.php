<?php

namespace Swoole\Http;

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

    /** @alias Swoole\Coroutine\Http\Client::__construct */
    public function __construct(string $host, int $port = 0, bool $ssl = false) {}
    public function on(string $event, callable $callback): bool {}
    /** @alias Swoole\Coroutine\Http\Client::set */
    public function set(array $settings): bool {}
    /** @alias Swoole\Coroutine\Http\Client::setMethod */
    public function setMethod(string $method): bool {}
    /** @alias Swoole\Coroutine\Http\Client::setHeaders */
    public function setHeaders(array $headers): bool {}
    /** @alias Swoole\Coroutine\Http\Client::setBasicAuth */
    public function setBasicAuth(string $username, string $password): void {}
    /** @alias Swoole\Coroutine\Http\Client::setCookies */
    public function setCookies(array $cookies): bool {}
    /** @alias Swoole\Coroutine\Http\Client::setData */
    public function setData(string|array $data): bool {}
    /** @alias Swoole\Coroutine\Http\Client::addFile */
    public function addFile(string $path, string $name, ?string $type = null, ?string $filename = null, int $offset = 0, int $length = 0): bool {}
    /** @alias Swoole\Coroutine\Http\Client::addData */
    public function addData(string $data, string $name, ?string $type = null, ?string $filename = null): bool {}
    public function execute(string $path, callable $callback): bool {}
    public function get(string $path, callable $callback): bool {}
    public function post(string $path, mixed $data, callable $callback): bool {}
    public function download(string $path, string $file, callable $callback, int $offset = 0): bool {}
    public function upgrade(string $path, callable $callback): bool {}
    public function push(mixed $data, int $opcode = 1, bool $finish = true): bool {}
    /** What goes on in a coroutine of its own; it does nothing for others. */
    private function proceed(int $job, Client $client): void {}
    public function isConnected(): bool {}
    public function close(): bool {}
    /** @alias Swoole\Coroutine\Http\Client::getHeaderOut */
    public function getHeaderOut(): string|false {}
    /** @alias Swoole\Coroutine\Http\Client::getPeerCert */
    public function getPeerCert(): string|false {}
    /** @alias Swoole\Coroutine\Http\Client::getpeername */
    public function getpeername(): array|false {}
    /** @alias Swoole\Coroutine\Http\Client::getsockname */
    public function getsockname(): array|false {}
}
