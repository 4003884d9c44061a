<?php
namespace Swoole {
    /** @not-serializable */
    #[\AllowDynamicProperties]
    class Client
    {
        const MSG_OOB = 1;
        const MSG_PEEK = 2;
        const MSG_DONTWAIT = 64;
        const MSG_WAITALL = 256;
        const SHUT_RD = 0;
        const SHUT_WR = 1;
        const SHUT_RDWR = 2;

        public int $errCode = 0;
        public int $sock = -1;
        public bool $reuse = false;
        public int $reuseCount = 0;
        public int $type = 0;
        public ?string $id = null;
        public ?array $setting = null;

        public function __construct(int $type, bool $async = false, string $key = '') {}

        public function set(array $settings): bool {}

        public function connect(string $host, int $port = 0, float $timeout = 0.5, int $sock_flag = 0): bool {}

        public function recv(int $size = 65536, int $flag = 0): string|false {}

        public function send(string $data, int $flag = 0): int|false {}

        public function sendto(string $ip, int $port, string $data): bool {}

        public function sendfile(string $filename, int $offset = 0, int $length = 0): bool {}

        public function isConnected(): bool {}

        public function close(bool $force = false): bool {}

        public function shutdown(int $how): bool {}

        public function getsockname(): array|false {}

        public function getpeername(): array|false {}

        public function getSocket(): \Socket|false {}

        public function enableSSL(?callable $onSslReady = null): bool {}

        public function getPeerCert(): string|bool {}

        public function verifyPeerCert(bool $allow_self_signed = false): bool {}

        public function on(string $event, callable $callback): bool {}

        public function sleep(): bool {}

        /** @alias Swoole\Client::sleep */
        public function pause(): bool {}

        public function wakeup(): bool {}

        /** @alias Swoole\Client::wakeup */
        public function resume(): bool {}
    }
}

namespace Swoole\Async {
    class Client extends \Swoole\Client
    {
        public function __construct(int $type) {}
    }
}

namespace {
    function swoole_client_select(?array &$read, ?array &$write, ?array &$error, ?float $timeout = 0.5): int|false {}

    /** @alias swoole_client_select */
    function swoole_select(?array &$read, ?array &$write, ?array &$error, ?float $timeout = 0.5): int|false {}
}
