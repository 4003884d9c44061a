<?php

namespace Swoole\Server;

/** @not-serializable */
#[\AllowDynamicProperties]
class Port
{
    public $host = null;
    public $port = 0;
    public $type = 0;
    public $sock = -1;
    public $ssl = false;
    public $setting = null;
    public $connections = null;

    private function __construct() {}

    public function set(array $settings): void {}

    public function on(string $event_name, callable $callback): bool {}

    public function getCallback(string $event_name): \Closure|array|string|null {}

    public function getSocket(): \Socket|false {}
}
