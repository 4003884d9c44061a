<?php
/*
 * Stands between the classes of the READMEs and the server API, as the package does: just enough for their snippets to run as they
 * stand. A script requires it, then has app('swoole'), \Log, tasks, cron jobs, custom processes and sockets.
 */
namespace Hhxsv5\LaravelS\Swoole {
    interface WebSocketHandlerInterface
    {
    }
}

namespace Hhxsv5\LaravelS\Swoole\Process {
    interface CustomProcessInterface
    {
    }
}

namespace Hhxsv5\LaravelS\Swoole\Events {
    interface ServerStartInterface
    {
    }

    interface WorkerStartInterface
    {
    }
}

namespace Hhxsv5\LaravelS\Swoole\Socket {
    abstract class Socket
    {
        protected $swoolePort;

        public function __construct($port)
        {
            $this->swoolePort = $port;
        }
    }

    abstract class TcpSocket extends Socket
    {
    }

    abstract class UdpSocket extends Socket
    {
    }

    abstract class Http extends Socket
    {
    }

    abstract class WebSocket extends Socket
    {
    }
}

namespace Hhxsv5\LaravelS\Swoole\Task {
    abstract class Task
    {
        public function finish()
        {
        }

        public static function deliver($task)
        {
            $swoole = \app('swoole');
            if ($swoole->worker_id < 0 || $swoole->taskworker) { // one-way from there; a task worker asks a worker
                return $swoole->sendMessage($task, 0);
            }
            return $swoole->task($task) !== false;
        }
    }

    abstract class Event
    {
        public static function fire($event)
        {
            return \app('swoole')->task($event) !== false;
        }

        public function call()
        {
            foreach ($this->listeners as $class) {
                if ((new $class())->handle($this) === false) {
                    break;
                }
            }
        }
    }

    abstract class Listener
    {
    }
}

namespace Hhxsv5\LaravelS\Swoole\Timer {
    abstract class CronJob
    {
        public $timerId;

        public function stop()
        {
            \Swoole\Timer::clear($this->timerId);
        }
    }
}

namespace App\Http\Controllers {
    class Controller
    {
    }
}

namespace {
    class Log
    {
        public static function info($text, array $more = [])
        {
            echo $text . ' ' . json_encode($more) . "\n";
        }
    }

    /* The server, once glue() has been told. */
    function app($name)
    {
        return glue();
    }

    function glue($server = null)
    {
        static $it;
        return $it = $server ?? $it;
    }

    /* What config/laravels.php has as 'swoole_tables'. */
    function glue_tables($server, array $tables)
    {
        foreach ($tables as $name => $it) {
            $table = new Swoole\Table($it['size']);
            foreach ($it['column'] as $column) {
                isset($column['size']) ? $table->column($column['name'], $column['type'], $column['size']) : $table->column($column['name'], $column['type']);
            }
            $table->create();
            $server->{$name . 'Table'} = $table;
        }
    }

    /* 'websocket.handler': made in each worker. */
    function glue_websocket($server, $class)
    {
        $handler = function () use ($class) {
            static $one;
            return $one ??= new $class();
        };
        foreach (['open' => 'onOpen', 'message' => 'onMessage', 'close' => 'onClose'] as $event => $method) {
            $server->on($event, fn (...$args) => $handler()->$method(...$args));
        }
    }

    /* 'sockets'. */
    function glue_sockets($server, array $sockets)
    {
        $events = ['connect', 'receive', 'packet', 'close', 'request', 'open', 'message'];
        foreach ($sockets as $it) {
            $port = $server->addListener($it['host'], $it['port'], $it['type']);
            $port->set($it['settings']);
            $handler = new $it['handler']($port);
            foreach ($events as $event) {
                if (method_exists($handler, 'on' . $event)) {
                    $port->on($event, [$handler, 'on' . ucfirst($event)]);
                }
            }
        }
    }

    /* Tasks and events of tasks. */
    function glue_tasks($server)
    {
        $server->on('task', function ($server, $id, $from, $data) {
            if ($data instanceof Hhxsv5\LaravelS\Swoole\Task\Event) {
                $data->call();
                return null;
            }
            $data->handle();
            return $data;
        });
        $server->on('finish', fn ($server, $id, $data) => $data->finish());
        $server->on('pipeMessage', fn ($server, $from, $task) => Hhxsv5\LaravelS\Swoole\Task\Task::deliver($task));
    }

    /* 'timer.jobs', in a process of its own. */
    function glue_cron($server, $class)
    {
        $server->addProcess(new Swoole\Process(function () use ($class) {
            $job = new $class();
            $job->timerId = Swoole\Timer::tick($job->interval(), [$job, 'run']);
            if ($job->isImmediate()) {
                Swoole\Timer::after(1, [$job, 'run']);
            }
            Swoole\Timer::tick(3600000, fn () => null);
            Swoole\Event::wait();
        }, false, 0, true));
    }

    /* 'processes': SIGUSR1 is onReload, SIGTERM onStop. */
    function glue_processes($server, array $processes)
    {
        foreach ($processes as $name => $it) {
            $server->customProcesses[$name] = $process = new Swoole\Process(function ($process) use ($server, $it) {
                $class = $it['class'];
                if (method_exists($class, 'onReload')) {
                    Swoole\Process::signal(SIGUSR1, fn () => $class::onReload($server, $process));
                    Swoole\Process::signal(SIGTERM, fn () => $class::onStop($server, $process));
                }
                $class::callback($server, $process);
            }, $it['redirect'], $it['pipe'], method_exists($it['class'], 'onReload'));
            $server->addProcess($process);
        }
    }
}
