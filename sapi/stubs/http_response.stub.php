<?php

namespace Swoole\Http;

/** @not-serializable */
#[\AllowDynamicProperties]
class Response
{
    public $fd = 0;
    public $socket = null;
    public $header = null;
    public $cookie = null;
    public $trailer = null;

    public function initHeader(): bool {}

    public function isWritable(): bool {}

    public function cookie(string $name, string $value = '', int $expires = 0, ?string $path = '/', ?string $domain = '', bool $secure = false, bool $httponly = false, ?string $samesite = '', ?string $priority = ''): bool {}

    /** @alias Swoole\Http\Response::cookie */
    public function setCookie(string $name, string $value = '', int $expires = 0, ?string $path = '/', ?string $domain = '', bool $secure = false, bool $httponly = false, ?string $samesite = '', ?string $priority = ''): bool {}

    public function rawcookie(string $name, string $value = '', int $expires = 0, ?string $path = '/', ?string $domain = '', bool $secure = false, bool $httponly = false, ?string $samesite = '', ?string $priority = ''): bool {}

    /** @alias Swoole\Http\Response::rawcookie */
    public function setRawCookie(string $name, string $value = '', int $expires = 0, ?string $path = '/', ?string $domain = '', bool $secure = false, bool $httponly = false, ?string $samesite = '', ?string $priority = ''): bool {}

    public function status(int $http_code, string $reason = ''): bool {}

    /** @alias Swoole\Http\Response::status */
    public function setStatusCode(int $http_code, string $reason = ''): bool {}

    public function header(string $key, mixed $value, bool $format = true): bool {}

    /** @alias Swoole\Http\Response::header */
    public function setHeader(string $key, mixed $value, bool $format = true): bool {}

    public function trailer(string $key, string $value): bool {}

    public function gzip(int $level = 1): bool {}

    public function write(string $content): bool {}

    public function end(?string $content = null): bool {}

    public function sendfile(string $filename, int $offset = 0, int $length = 0): bool {}

    public function redirect(string $location, int $http_code = 302): bool {}

    public function detach(): bool {}

    public static function create(mixed $server, int $fd = -1): Response|false {}

    public function upgrade(): bool {}

    public function push(\Swoole\WebSocket\Frame|string $data, int $opcode = WEBSOCKET_OPCODE_TEXT, int $flags = SWOOLE_WEBSOCKET_FLAG_FIN): bool {}

    public function recv(float $timeout = 0): \Swoole\WebSocket\Frame|string|false {}

    public function close(): bool {}

    public function ping(string $data = ''): bool {}

    public function goaway(int $error_code = 0, string $debug_data = ''): bool {}

    public function disconnect(int $code = 1000, string $reason = ''): bool {}
}
