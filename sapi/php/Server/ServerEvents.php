<?php

declare(strict_types=1);

namespace Rserverd\Server;

use Hhxsv5\LaravelS\Swoole\Events;
use Rserverd\Log;
use Swoole\Server;
use UnexpectedValueException;

use function Rserverd\kept;
use function Rserverd\settings;

/** event_handlers: a new object of each class per event, in order. */
final class ServerEvents
{
    private const INTERFACES = [
        'ServerStart' => Events\ServerStartInterface::class,
        'ServerStop' => Events\ServerStopInterface::class,
        'WorkerStart' => Events\WorkerStartInterface::class,
        'WorkerStop' => Events\WorkerStopInterface::class,
        'WorkerError' => Events\WorkerErrorInterface::class,
    ];

    /** What ServerStart was called once. */
    private const OLD = ['BeforeStart' => 'ServerStart'];

    /** @var array<string, list<class-string>> */
    private array $handlers = [];

    /** @param array<string, list<string>> $handlers */
    public function __construct(array $handlers)
    {
        foreach ($handlers as $event => $classes) {
            $event = self::OLD[$event] ?? $event;
            if (!isset(self::INTERFACES[$event])) {
                throw new UnexpectedValueException("event_handlers: there is no event $event; there are "
                    . implode(', ', array_keys(self::INTERFACES)));
            }
            $this->handlers[$event] = [...$this->handlers[$event] ?? [], ...$classes];
        }
    }

    public function check(string ...$events): void
    {
        foreach (array_intersect_key($this->handlers, array_flip($events)) as $event => $classes) {
            foreach ($classes as $class) {
                Check::implements("event_handlers.$event", $class, self::INTERFACES[$event]);
            }
        }
    }

    public function has(string $event): bool
    {
        return ($this->handlers[$event] ?? []) !== [];
    }

    /** Tables, atomics and locks that the handlers make are those of the generations before. */
    public function serverStart(Server $server): void
    {
        if ($this->has('ServerStart')) {
            $this->check('ServerStart');
            kept('start', fn () => $this->run('ServerStart', $server));
        }
    }

    /** Those that come later. */
    public function attach(Server $server, Hosted $host): void
    {
        $this->check(...array_keys(self::INTERFACES));
        $server->on('workerStart', function (Server $server, int $id) use ($host): void {
            if ($this->has('WorkerStart')) {
                $this->run('WorkerStart', $server, $id);
                $host->settle();
            }
        });
        $server->on('workerStop', fn (Server $server, int $id) => $this->run('WorkerStop', $server, $id));
        $server->on('shutdown', fn (Server $server) => $this->run('ServerStop', $server));
        $server->on('workerError', function (Server $server, int $id, int $pid, int $code, int $signal): void {
            $s = settings();
            $isWorker = $id < $s['worker_num'] + $s['task_worker_num'];
            Log::warning(($isWorker ? 'worker' : 'process') . " $id, pid $pid, ended abnormally: status $code, signal $signal");
            $isWorker && $this->run('WorkerError', $server, $id, $pid, $code, $signal);
        });
    }

    private function run(string $event, Server $server, int ...$arguments): void
    {
        foreach ($this->handlers[$event] ?? [] as $class) {
            Calls::guarded("$event handler $class", static fn () => (new $class())->handle($server, ...$arguments));
        }
    }
}
