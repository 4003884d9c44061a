<?php

namespace Swoole\Coroutine {

    /** @not-serializable */
    class Server
    {
        public string $host = '';
        public int $port = 0;
        public int $type = 0;
        public int $fd = -1;
        public bool $ssl = false;
        public ?array $setting = [];
        public int $errCode = 0;
        public string $errMsg = '';

        public function __construct(string $host, int $port = 0, bool $ssl = false, bool $reuse_port = false) {}
        public function set(array $setting): void {}
        public function handle(callable $fn): void {}
        public function start(): bool {}
        public function shutdown(): bool {}
        private function serve(\Swoole\Coroutine\Socket $socket): void {}
    }
}

namespace Swoole\Coroutine\Server {

    /** @not-serializable */
    class Connection
    {
        private ?\Swoole\Coroutine\Socket $socket = null;

        public function __construct(\Swoole\Coroutine\Socket $conn) {}
        public function recv(float $timeout = 0): string|false {}
        public function send(string $data): int|false {}
        public function close(): bool {}
        public function exportSocket(): ?\Swoole\Coroutine\Socket {}
    }
}
