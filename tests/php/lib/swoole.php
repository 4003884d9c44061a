<?php

declare(strict_types=1);

/*
 * The classes of the module (sapi/swoole*.c) that the glue uses, for a PHP without it: they remember what they were told, and tests play
 * the engine. Time is Timer::pass()'s; a coroutine runs at once, and to its end.
 */

namespace Swoole {

    #[\AllowDynamicProperties]
    class Server
    {
        public array $setting = [];

        public int $worker_id = 0;

        public bool $taskworker = false;

        /** @var array<string, callable> */
        public array $on = [];

        /** @var list<Server\Port> */
        public array $listening = [];

        /** @var list<Process> */
        public array $processes = [];

        /** @var array<int, true> */
        public array $open = [];

        public function on(string $event, callable $call): bool
        {
            $this->on[$event] = $call;

            return true;
        }

        public function listen(string $host, int $port, int $type): Server\Port
        {
            return $this->listening[] = new Server\Port($host, $port, $type);
        }

        public function addProcess(Process $process): int
        {
            return array_push($this->processes, $process);
        }

        public function exist(int $fd): bool
        {
            return isset($this->open[$fd]);
        }
    }

    class Process
    {
        /** @var array<int, callable> */
        public static array $signals = [];

        /** @var list<int>|null */
        public ?array $queue = null;

        public ?int $exited = null;

        public function __construct(public \Closure $run, public bool $redirect = false, public int $pipe = 2, public bool $coroutine = false)
        {
        }

        public function useQueue(int $key, int $mode, int $capacity): bool
        {
            $this->queue = [$key, $mode, $capacity];

            return true;
        }

        public static function signal(int $signal, ?callable $call): bool
        {
            self::$signals[$signal] = $call;

            return true;
        }

        public function exit(int $status = 0): void
        {
            $this->exited = $status;
        }
    }

    class Table implements \IteratorAggregate
    {
        public const TYPE_INT = 1;

        public const TYPE_FLOAT = 2;

        public const TYPE_STRING = 3;

        /** @var list<array{string, int, int}> */
        public array $columns = [];

        /** @var array<string, array<string, mixed>> */
        private array $rows = [];

        public function __construct(public int $size)
        {
        }

        public function column(string $name, int $type, int $size = 0): bool
        {
            $this->columns[] = [$name, $type, $size];

            return true;
        }

        public function create(): bool
        {
            return true;
        }

        public function set(string $key, array $row): bool
        {
            if (!isset($this->rows[$key]) && count($this->rows) >= $this->size) {
                return false;
            }
            $this->rows[$key] = $row;

            return true;
        }

        public function get(string $key, ?string $field = null): mixed
        {
            return $field === null ? $this->rows[$key] ?? false : $this->rows[$key][$field] ?? false;
        }

        public function del(string $key): bool
        {
            unset($this->rows[$key]);

            return true;
        }

        public function getIterator(): \Iterator
        {
            return new \ArrayIterator($this->rows);
        }
    }

    class Timer
    {
        /** @var array<int, array{int, callable, bool, int}> due, what, repeats, milliseconds */
        public static array $all = [];

        private static int $now = 0;

        private static int $last = 0;

        public static function tick(int $ms, callable $call): int
        {
            self::$all[++self::$last] = [self::$now + $ms, $call, true, $ms];

            return self::$last;
        }

        public static function after(int $ms, callable $call): int
        {
            self::$all[++self::$last] = [self::$now + $ms, $call, false, $ms];

            return self::$last;
        }

        public static function clear(int $id): bool
        {
            unset(self::$all[$id]);

            return true;
        }

        public static function clearAll(): bool
        {
            self::$all = [];

            return true;
        }

        public static function pass(int $ms): void
        {
            for ($end = self::$now + $ms; self::$now < $end;) {
                self::$now++;
                foreach (self::$all as $id => [$due, $call, $repeats, $interval]) {
                    if ($due === self::$now && isset(self::$all[$id])) {
                        if ($repeats) {
                            self::$all[$id][0] += $interval;
                        } else {
                            unset(self::$all[$id]);
                        }
                        $call($id);
                    }
                }
            }
        }
    }

    class Coroutine
    {
        /** @var (callable(float): void)|null what happens while one sleeps */
        public static mixed $sleeping = null;

        public static function getCid(): int
        {
            return -1;
        }

        public static function create(callable $run): int
        {
            $run();

            return 1;
        }

        public static function sleep(float $seconds): bool
        {
            self::$sleeping !== null ? (self::$sleeping)($seconds) : usleep((int) ($seconds * 1e6));

            return true;
        }
    }

    class ExitException extends \Exception
    {
        public function __construct(string $message, private readonly mixed $status)
        {
            parent::__construct($message);
        }

        public function getStatus(): mixed
        {
            return $this->status;
        }
    }

    class Runtime
    {
        public static bool $hooked = false;

        public static function enableCoroutine(): bool
        {
            return self::$hooked = true;
        }
    }
}

namespace Swoole\Server {

    class Port
    {
        /** @var array<string, callable> */
        public array $on = [];

        public array $setting = [];

        public function __construct(public string $host, public int $port, public int $type)
        {
        }

        public function set(array $settings): void
        {
            $this->setting = $settings;
        }

        public function on(string $event, callable $call): bool
        {
            $this->on[$event] = $call;

            return true;
        }
    }
}

namespace Swoole\Http {

    class Server extends \Swoole\Server
    {
    }

    class Request
    {
        public int $fd = 0;

        public array $header = [];
    }

    class Response
    {
        public int $fd = 0;

        /** @var array<string, mixed> */
        public array $header = [];

        public int $status = 200;

        public ?string $body = null;

        public function header(string $name, mixed $value, bool $format = true): bool
        {
            $this->header[$format ? ucwords(strtolower($name), '-') : $name] = $value;

            return true;
        }

        public function status(int $status): bool
        {
            $this->status = $status;

            return true;
        }

        public function end(?string $body = null): bool
        {
            $this->body = (string) $body;

            return true;
        }

        public function isWritable(): bool
        {
            return $this->body === null;
        }
    }
}

namespace Swoole\WebSocket {

    class Server extends \Swoole\Http\Server
    {
    }

    class Frame
    {
        public int $fd = 0;

        public string $data = '';
    }
}
