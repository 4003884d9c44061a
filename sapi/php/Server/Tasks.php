<?php

declare(strict_types=1);

namespace Rserverd\Server;

use Hhxsv5\LaravelS\Components\MetricCollectorInterface;
use Hhxsv5\LaravelS\Swoole\Task\BaseTask;
use Hhxsv5\LaravelS\Swoole\Task\Event;
use Hhxsv5\LaravelS\Swoole\Task\Task;
use Rserverd\Log;
use Swoole\Server;

use function Rserverd\deliver;

/** What task workers do, what comes of it in the worker that asked for it, and messages between them. */
final class Tasks
{
    public function __construct(private readonly Hosted $host, private readonly Listeners $listeners)
    {
    }

    public function attach(Server $server): void
    {
        $server->on('task', $this->task(...));
        $server->on('finish', $this->finish(...));
        $server->on('pipeMessage', $this->message(...));
    }

    private function task(Server $server, int $id, int $from, mixed $data): mixed
    {
        $this->host->scope()->begin();
        if ($data instanceof Event) {
            $this->listeners->run($data);
        } elseif ($data instanceof Task) {
            $done = Calls::tried('task ' . $data::class, (int) $data->getTries(), static fn () => $data->handle());
            if ($done && method_exists($data, 'finish')) {
                return $data;
            }
        } else {
            Log::warning("task $id is " . self::describe($data) . ', for which there is no handler');
        }

        return null;
    }

    private function finish(Server $server, int $id, mixed $data): void
    {
        $this->host->scope()->begin();
        if ($data instanceof Task && method_exists($data, 'finish')) {
            Calls::guarded('finish() of task ' . $data::class, static fn () => $data->finish());
        }
    }

    private function message(Server $server, int $from, mixed $message): void
    {
        $this->host->scope()->begin();
        if ($message instanceof BaseTask) {
            deliver($message, (float) $message->getDelay());
        } elseif ($message instanceof MetricCollectorInterface) {
            $params = ['process_id' => $server->worker_id, 'process_type' => $server->taskworker ? 'task' : 'worker'];
            Calls::guarded('collector ' . $message::class, static fn () => $message->collect($params));
        }
    }

    private static function describe(mixed $data): string
    {
        if ($data instanceof \__PHP_Incomplete_Class) {
            return 'an object of ' . ((array) $data)['__PHP_Incomplete_Class_Name'] . ', a class that does not exist';
        }

        return 'of type ' . get_debug_type($data);
    }
}
