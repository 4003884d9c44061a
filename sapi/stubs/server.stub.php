<?php

namespace Swoole;

/** @not-serializable */
#[\AllowDynamicProperties]
class Server
{
    public $setting = null;
    public $connections = null;
    public $host = '';
    public $port = 0;
    public $type = 0;
    public $ssl = false;
    public $mode = 0;
    public $ports = null;
    public $master_pid = 0;
    public $manager_pid = 0;
    public $worker_id = -1;
    public $taskworker = false;
    public $worker_pid = 0;
    public $stats_timer = null;
    public $admin_server = null;

    public function __construct(string $host = '0.0.0.0', int $port = 0, int $mode = SWOOLE_BASE, int $sock_type = SWOOLE_SOCK_TCP) {}

    public function set(array $settings): bool {}

    public function on(string $event_name, callable $callback): bool {}

    public function getCallback(string $event_name): \Closure|array|string|null {}

    public function listen(string $host, int $port, int $sock_type): Server\Port|false {}

    /** @alias Swoole\Server::listen */
    public function addlistener(string $host, int $port, int $sock_type): Server\Port|false {}

    public function addProcess(Process $process): int|false {}

    public function start(): bool {}

    public function getSocket(int $port = 0): \Socket|false {}

    public function addCommand(string $name, int $accepted_process_types, callable $callback): bool {}

    public function command(string $name, int $process_id, int $process_type, mixed $data, bool $json_decode = true): mixed {}

    public function send(int|string $fd, string $send_data, int $serverSocket = -1): bool {}

    public function sendto(string $ip, int $port, string $send_data, int $server_socket = -1): bool {}

    public function sendwait(int $conn_fd, string $send_data): bool {}

    public function sendfile(int $conn_fd, string $filename, int $offset = 0, int $length = 0): bool {}

    public function close(int $fd, bool $reset = false): bool {}

    public function exists(int $fd): bool {}

    /** @alias Swoole\Server::exists */
    public function exist(int $fd): bool {}

    public function getClientInfo(int $fd, int $reactor_id = -1, bool $ignoreError = false): array|false {}

    /** @alias Swoole\Server::getClientInfo */
    public function connection_info(int $fd, int $reactor_id = -1, bool $ignoreError = false): array|false {}

    public function getClientList(int $start_fd = 0, int $find_count = 10): array|false {}

    /** @alias Swoole\Server::getClientList */
    public function connection_list(int $start_fd = 0, int $find_count = 10): array|false {}

    public function bind(int $fd, int $uid): bool {}

    public function protect(int $fd, bool $is_protected = true): bool {}

    public function pause(int $fd): bool {}

    public function resume(int $fd): bool {}

    public function confirm(int $fd): bool {}

    public function heartbeat(bool $ifCloseConnection = false): array|false {}

    public function getLastError(): int {}

    public function task(mixed $data, int $taskWorkerIndex = -1, ?callable $finishCallback = null): int|false {}

    public function taskwait(mixed $data, float $timeout = 0.5, int $taskWorkerIndex = -1): mixed {}

    public function taskWaitMulti(array $tasks, float $timeout = 0.5): array|false {}

    public function taskCo(array $tasks, float $timeout = 0.5): array|false {}

    public function finish(mixed $data): bool {}

    public function sendMessage(mixed $message, int $dst_worker_id): bool {}

    public function reload(bool $only_reload_taskworker = false): bool {}

    public function shutdown(): bool {}

    public function stop(int $workerId = -1, bool $waitEvent = false): bool {}

    public function stats(): array|false {}

    public function getWorkerId(): int|false {}

    public function getWorkerPid(int $worker_id = -1): int|false {}

    public function getWorkerStatus(int $worker_id = -1): int|false {}

    public function getMasterPid(): int {}

    public function getManagerPid(): int {}

    /** @alias Swoole\Timer::tick */
    public function tick(int $ms, callable $callback, mixed ...$params): int|false {}

    /** @alias Swoole\Timer::tick */
    public function addtimer(int $ms, callable $callback, mixed ...$params): int|false {}

    /** @alias Swoole\Timer::after */
    public function after(int $ms, callable $callback, mixed ...$params): int|false {}

    /** @alias Swoole\Timer::clear */
    public function clearTimer(int $timer_id): bool {}

    /** @alias Swoole\Timer::clear */
    public function deltimer(int $timer_id): bool {}

    /** @alias Swoole\Timer::info */
    public function gettimer(int $timer_id): ?array {}

    /** @alias Swoole\Event::defer */
    public function defer(callable $callback): bool {}
}
