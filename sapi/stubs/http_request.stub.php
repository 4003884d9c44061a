<?php

namespace Swoole\Http;

/** @not-serializable */
#[\AllowDynamicProperties]
class Request
{
    public $fd = 0;
    public $streamId = 0;
    public $header = null;
    public $server = null;
    public $cookie = null;
    public $get = null;
    public $files = null;
    public $post = null;
    public $tmpfiles = null;

    public function getContent(): string|false {}

    /** @alias Swoole\Http\Request::getContent */
    public function rawContent(): string|false {}

    public function getData(): string|false {}

    public static function create(array $options = []): Request {}

    public function parse(string $data): int|false {}

    public function isCompleted(): bool {}

    public function getMethod(): string|false {}
}
