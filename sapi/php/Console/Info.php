<?php

declare(strict_types=1);

namespace Rserverd\Console;

use Illuminate\Container\Container;
use Rserverd\Lumen\LumenFramework;
use Throwable;

/** What `artisan laravels info` shows, as tables: from config/laravels.php and this process. */
final class Info
{
    private const SSL = 512;

    /** SWOOLE_SOCK_* => name */
    private const TYPES = [1 => 'TCP', 2 => 'UDP', 3 => 'TCP6', 4 => 'UDP6', 5 => 'Unix Stream', 6 => 'Unix Datagram'];

    private readonly bool $lumen;

    /** @param array<array-key, mixed> $config */
    public function __construct(
        private readonly Container $app,
        private readonly string $base,
        private readonly array $config,
    ) {
        $this->lumen = is_a($app, LumenFramework::APPLICATION);
    }

    /** @return list<array{string, string}> component, version */
    public function components(): array
    {
        $framework = $this->lumen ? 'Lumen' : 'Laravel';

        return [
            ['PHP', PHP_VERSION],
            ['rserverd', defined('RSERVERD_VERSION') ? RSERVERD_VERSION : '-'],
            ['Swoole', defined('SWOOLE_VERSION') ? SWOOLE_VERSION : '-'],
            ['LaravelS', $this->package('hhxsv5/laravel-s')],
            ["$framework [{$this->app->environment()}]", $this->app->version()],
        ];
    }

    /** @return list<array{string, string, string, string}> protocol, status, handler, listen at */
    public function protocols(): array
    {
        $at = self::address($this->text('listen_ip', '127.0.0.1'), $this->text('listen_port', '5200'),
            (int) $this->text('socket_type', '1'));
        $tls = ((int) $this->text('socket_type', '1') & self::SSL) !== 0
            || ($this->config['swoole']['ssl_cert_file'] ?? '') !== '' && ($this->config['swoole']['ssl_key_file'] ?? '') !== '';
        $url = static fn (string $scheme): string => $at[0] === '/' ? $at : $scheme . ($tls ? 's' : '') . "://$at";
        $rows = [['Main HTTP', 'On', ($this->lumen ? 'Lumen' : 'Laravel') . ' Router', $url('http')]];
        $webSocket = (array) ($this->config['websocket'] ?? []);
        if ($webSocket['enable'] ?? false) {
            $rows[] = ['Main WebSocket', 'On', (string) ($webSocket['handler'] ?? '-'), $url('ws')];
        }
        foreach ((array) ($this->config['sockets'] ?? []) as $name => $socket) {
            $type = (int) ($socket['type'] ?? 1);
            $rows[] = ["Port#$name " . (self::TYPES[$type & ~self::SSL] ?? "type $type"), ($socket['enable'] ?? true) ? 'On' : 'Off',
                (string) ($socket['handler'] ?? '-'), self::address((string) ($socket['host'] ?? ''), (string) ($socket['port'] ?? ''), $type)];
        }

        return $rows;
    }

    /** @return list<array{string, string}> */
    public function facts(): array
    {
        $swoole = (array) ($this->config['swoole'] ?? []);
        $pid = $this->pid();

        return [
            ['Workers', (int) ($swoole['worker_num'] ?? 0) === 0 ? 'by the number of processors' : (string) $swoole['worker_num']],
            ['Task workers', (string) ($swoole['task_worker_num'] ?? 0)],
            ['Server', $pid === 0 ? 'does not run' : "runs, pid $pid"],
            ['Socket', Outside::path($this->app)],
            ['Settings', is_file($file = "$this->base/config/laravels.php") ? $file : 'defaults: php artisan laravels publish'],
            ['Log', (string) ($swoole['log_file'] ?? '') ?: 'see rserverd info'],
        ];
    }

    /** 0: no server answers. */
    private function pid(): int
    {
        try {
            return (int) ($this->app->make('swoole')->master_pid ?? 0);
        } catch (Throwable) {
            return 0;
        }
    }

    private static function address(string $host, string $port, int $type): string
    {
        return match (true) {
            in_array($type & ~self::SSL, [5, 6], true) => $host === '' ? '-' : $host,
            str_contains($host, ':') => "[$host]:$port",
            default => "$host:$port",
        };
    }

    private function text(string $key, string $default): string
    {
        return is_scalar($this->config[$key] ?? null) ? (string) $this->config[$key] : $default;
    }

    /** From composer.lock. */
    private function package(string $name): string
    {
        $lock = json_decode((string) @file_get_contents("$this->base/composer.lock"), true);
        foreach (is_array($lock['packages'] ?? null) ? $lock['packages'] : [] as $package) {
            if (($package['name'] ?? '') === $name) {
                return (string) ($package['version'] ?? '-');
            }
        }

        return '-';
    }
}
