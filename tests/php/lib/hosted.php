<?php

declare(strict_types=1);

/* What applications write for LaravelS, in both releases' forms, and an application that hosts it. */

namespace App\Jobs {

    use Hhxsv5\LaravelS\Swoole\Timer\CronJob;
    use Rserverd\Server\Timer\Job;

    require_once dirname(__DIR__, 3) . '/sapi/php/Autoload.php';
    require_once 'Illuminate/autoload.php';
    \Rserverd\Autoload::register();

    final class Log
    {
        /** @var array<string, int> */
        public static array $ran = [];

        public static bool $throw = false;

        public static bool $stop = false;

        public static ?\Closure $during = null;
    }

    class Each extends CronJob
    {
        public function run()
        {
            Log::$ran['each'] = (Log::$ran['each'] ?? 0) + 1;
            Log::$during !== null && (Log::$during)();
            if (Log::$throw) {
                throw new \TypeError('in a job');
            }
            Log::$stop && $this->stop();
        }
    }

    class Own extends CronJob
    {
        public function interval()
        {
            return 40;
        }

        public function isImmediate()
        {
            return true;
        }

        public function run()
        {
            Log::$ran['own'] = (Log::$ran['own'] ?? 0) + 1;
        }
    }

    /** @return array{string, int, bool} */
    function describe(Job $job): array
    {
        $made = $job->make();

        return [$made::class, $made->interval(), $made->isImmediate()];
    }
}

namespace App\Tasks {

    use Hhxsv5\LaravelS\Components\MetricCollector;
    use Hhxsv5\LaravelS\Swoole\Task\Event;
    use Hhxsv5\LaravelS\Swoole\Task\Listener;
    use Hhxsv5\LaravelS\Swoole\Task\Task;

    final class Log
    {
        /** @var list<string> */
        public static array $lines = [];
    }

    class Happened extends Event
    {
        protected $listeners = [First::class];
    }

    class First extends Listener
    {
        public function handle(Event $event)
        {
            Log::$lines[] = 'first';
            throw new \TypeError('in a listener');
        }
    }

    /** As LaravelS 3.5 has them. */
    class Second extends Listener
    {
        public function __construct()
        {
        }

        public function handle(Event $event)
        {
            Log::$lines[] = 'second';

            return true;
        }
    }

    class Third extends Listener
    {
        public function handle(Event $event)
        {
            Log::$lines[] = 'third';
        }
    }

    class Stops extends Listener
    {
        public function handle(Event $event)
        {
            Log::$lines[] = 'stops';

            return false;
        }
    }

    class Work extends Task
    {
        public $result;

        public function __construct(public $data)
        {
        }

        public function handle()
        {
            $this->result = 'done ' . $this->data;
        }

        public function finish()
        {
            Log::$lines[] = 'finished ' . $this->result;
        }
    }

    class Fails extends Task
    {
        protected $tries = 3;

        public function handle()
        {
            Log::$lines[] = 'tried';
            throw new \DomainException('in a task');
        }

        public function finish()
        {
            Log::$lines[] = 'finished';
        }
    }

    class Metrics extends MetricCollector
    {
        public function collect(array $params = [])
        {
            Log::$lines[] = "metrics {$params['process_id']} {$params['process_type']}";
        }
    }
}

namespace App\Custom {

    use Hhxsv5\LaravelS\Swoole\Process\CustomProcessInterface;
    use Swoole\Http\Server;
    use Swoole\Process;

    class Runs implements CustomProcessInterface
    {
        /** @var list<string> */
        public static array $calls = [];

        public static ?\Closure $during = null;

        public static function callback(Server $swoole, Process $process)
        {
            self::$calls[] = 'callback';
            self::$during !== null && (self::$during)();
        }

        public static function onReload(Server $swoole, Process $process)
        {
            self::$calls[] = 'onReload';
        }

        public static function onStop(Server $swoole, Process $process)
        {
            self::$calls[] = 'onStop';
        }
    }

    class Old implements CustomProcessInterface
    {
        public static function getName()
        {
            return 'old';
        }

        public static function isRedirectStdinStdout()
        {
            return true;
        }

        public static function getPipeType()
        {
            return 2;
        }

        public static function callback(Server $swoole, Process $process): void
        {
        }

        public static function onReload(Server $swoole, Process $process): void
        {
        }
    }
}

namespace App\Events {

    use Hhxsv5\LaravelS\Swoole\Events as On;
    use Swoole\Http\Server;

    class Handler implements On\ServerStartInterface, On\ServerStopInterface, On\WorkerStartInterface, On\WorkerStopInterface,
        On\WorkerErrorInterface
    {
        /** @var list<array{string, list<int>}> */
        public static array $calls = [];

        public function handle(Server $server, ...$arguments)
        {
            $name = substr(strrchr(static::class, '\\'), 1);
            self::$calls[] = [$name, $arguments];
        }
    }

    class Other extends Handler
    {
    }

    class Throws implements On\ServerStartInterface
    {
        public function __construct()
        {
        }

        public function handle(Server $server)
        {
            throw new \DomainException('thrown at start');
        }
    }
}

namespace {

    use Illuminate\Container\Container;
    use Illuminate\Http\Request;
    use Rserverd\Server\Hosted;
    use Rserverd\Server\Scope;
    use Symfony\Component\HttpFoundation\Response;

    final class FakeHost implements Hosted
    {
        public int $started = 0;

        public int $cleaned = 0;

        public int $settled = 0;

        private readonly Container $app;

        private readonly Scope $scope;

        public function __construct()
        {
            $this->app = new Container();
            $this->scope = new Scope(static fn () => null, fn () => $this->cleaned++);
        }

        public function app(): Container
        {
            return $this->app;
        }

        public function warm(): void
        {
        }

        public function scope(): Scope
        {
            return $this->scope;
        }

        public function route(string &$printed): array
        {
            return [new Request(), new Response()];
        }

        public function bind(array $query, array $cookies, array $server): void
        {
        }

        public function settle(): void
        {
            $this->settled++;
        }

        public function settleProcess(): void
        {
        }

        public function boot(): void
        {
        }

        public function bootLater(): void
        {
        }

        public function workerStart(): void
        {
            $this->started++;
        }

        public function handle(): void
        {
        }

        public function clean(): void
        {
            $this->scope->end();
        }

        public function idle(): void
        {
        }
    }

    final class FakeRedis
    {
        /** @var array<string, string> */
        public array $values = [];

        public ?int $expires = null;

        public function set(string $key, string $value, string $ex, int $seconds, string $nx): bool
        {
            if (isset($this->values[$key])) {
                return false;
            }
            $this->values[$key] = $value;

            return $ex === 'ex' && $seconds === 60 && $nx === 'nx';
        }

        public function get(string $key): string|false
        {
            return $this->values[$key] ?? false;
        }

        public function expire(string $key, int $seconds): bool
        {
            $this->expires = $seconds;

            return true;
        }
    }
}
