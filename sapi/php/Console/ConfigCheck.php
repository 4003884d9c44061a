<?php

declare(strict_types=1);

namespace Rserverd\Console;

use Closure;
use Hhxsv5\LaravelS\Swoole\Events;
use Hhxsv5\LaravelS\Swoole\Process\CustomProcessInterface;
use Hhxsv5\LaravelS\Swoole\Socket\PortInterface;
use Hhxsv5\LaravelS\Swoole\Task\Event;
use Hhxsv5\LaravelS\Swoole\Task\Listener;
use Hhxsv5\LaravelS\Swoole\Timer\CronJob;
use Hhxsv5\LaravelS\Swoole\WebSocketHandlerInterface;
use Rserverd\Illuminate\Cleaners;
use Rserverd\Server\Check;
use Throwable;

/** What is wrong with config/laravels.php, before a server is started with it: keys, and the classes that it names. */
final class ConfigCheck
{
    /** The package's, LaravelS 3.5 to 3.8. */
    private const KEYS = ['listen_ip', 'listen_port', 'socket_type', 'enable_coroutine_runtime', 'server', 'handle_static',
        'laravel_base_path', 'inotify_reload', 'event_handlers', 'websocket', 'sockets', 'processes', 'timer', 'events',
        'swoole_tables', 'register_providers', 'cleaners', 'destroy_controllers', 'swoole', 'process_prefix',
        'ignore_check_pid', 'enable_gzip'];

    private const HANDLERS = [
        'ServerStart' => Events\ServerStartInterface::class,
        'BeforeStart' => Events\ServerStartInterface::class,
        'ServerStop' => Events\ServerStopInterface::class,
        'WorkerStart' => Events\WorkerStartInterface::class,
        'WorkerStop' => Events\WorkerStopInterface::class,
        'WorkerError' => Events\WorkerErrorInterface::class,
    ];

    /** @var list<string> */
    private array $errors = [];

    /** @var list<string> */
    private array $warnings = [];

    /** @param array<array-key, mixed> $config */
    public function __construct(private readonly array $config)
    {
        $this->keys();
        if ($this->at('websocket', 'enable')) {
            $this->try(fn () => Check::implements('websocket.handler', (string) $this->at('websocket', 'handler'), WebSocketHandlerInterface::class));
        }
        foreach ($this->enabled('sockets') as $name => $socket) {
            $this->try(static fn () => Check::implements("sockets.$name.handler", (string) ($socket['handler'] ?? ''), PortInterface::class));
        }
        foreach ($this->enabled('processes') as $name => $process) {
            $class = is_array($process) ? (string) ($process['class'] ?? '') : (string) $process;
            $this->try(static fn () => Check::implements("processes.$name.class", $class, CustomProcessInterface::class));
        }
        if ($this->at('timer', 'enable')) {
            foreach ((array) $this->at('timer', 'jobs') as $job) {
                $this->try(static fn () => Check::extends('timer.jobs', (string) (is_array($job) ? $job[0] ?? '' : $job), CronJob::class));
            }
        }
        foreach ((array) ($config['cleaners'] ?? []) as $class) {
            $this->try(static fn () => Cleaners::check((string) $class));
        }
        foreach ((array) ($config['register_providers'] ?? []) as $class) {
            class_exists((string) $class) || $this->errors[] = "register_providers: there is no class $class";
        }
        $this->handlers();
        $this->events();
    }

    /** @return list<string> the server does not start */
    public function errors(): array
    {
        return $this->errors;
    }

    /** @return list<string> it starts */
    public function warnings(): array
    {
        return $this->warnings;
    }

    private function keys(): void
    {
        foreach (array_diff(array_map('strval', array_keys($this->config)), self::KEYS) as $key) {
            $near = array_filter(self::KEYS, static fn (string $known): bool => levenshtein($key, $known) <= 2);
            $this->warnings[] = "there is no key $key" . ($near === [] ? '' : '; did you mean ' . reset($near) . '?');
        }
        if ($this->config['enable_gzip'] ?? false) {
            $this->errors[] = 'enable_gzip: forced compression is gone; swoole.http_compression takes its place';
        }
    }

    private function handlers(): void
    {
        foreach ((array) ($this->config['event_handlers'] ?? []) as $event => $classes) {
            if (!isset(self::HANDLERS[$event])) {
                $this->errors[] = "event_handlers: there is no event $event";
                continue;
            }
            foreach ((array) $classes as $class) {
                $this->try(static fn () => Check::implements("event_handlers.$event", (string) $class, self::HANDLERS[$event]));
            }
        }
    }

    private function events(): void
    {
        $events = (array) ($this->config['events'] ?? []);
        if ($events !== [] && (int) $this->at('swoole', 'task_worker_num') < 1) {
            $this->errors[] = 'events: asynchronous events need task workers: set swoole.task_worker_num';
        }
        foreach ($events as $event => $listeners) {
            $this->try(static fn () => Check::extends('events', (string) $event, Event::class));
            foreach ((array) $listeners as $listener) {
                $this->try(static fn () => Check::extends("events.$event", (string) $listener, Listener::class));
            }
        }
    }

    private function at(string $section, string $key): mixed
    {
        return is_array($this->config[$section] ?? null) ? $this->config[$section][$key] ?? null : null;
    }

    /** @return array<array-key, mixed> items of a list that are not switched off */
    private function enabled(string $section): array
    {
        return array_filter((array) ($this->config[$section] ?? []),
            static fn (mixed $item): bool => !is_array($item) || ($item['enable'] ?? true));
    }

    private function try(Closure $check): void
    {
        try {
            $check();
        } catch (Throwable $e) {
            $this->errors[] = $e->getMessage();
        }
    }
}
