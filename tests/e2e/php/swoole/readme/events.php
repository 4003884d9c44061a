<?php
/* README, "Configure Swoole events", "Get the instance of SwooleServer", and the controllers of "Memory leaks". */
namespace App\Events;
use Hhxsv5\LaravelS\Swoole\Events\ServerStartInterface;
use Hhxsv5\LaravelS\Swoole\Events\WorkerStartInterface;
use Swoole\Atomic;
use Swoole\Http\Server;

require __DIR__ . '/glue.php';

class ServerStartEvent implements ServerStartInterface
{
    public function __construct()
    {
    }
    public function handle(Server $server)
    {
        // Initialize a global counter (available across processes)
        $server->atomicCount = new Atomic(2233);

        // Invoked in controller: app('swoole')->atomicCount->get();
    }
}

class WorkerStartEvent implements WorkerStartInterface
{
    public function __construct()
    {
    }
    public function handle(Server $server, $workerId)
    {
        echo "worker {$workerId}\n";
    }
}

class Test
{
    public static $array = [];
    public static $string = '';
}

glue($server = new Server('127.0.0.1', (int) getenv('RS_PORT'), SWOOLE_PROCESS));
$server->set(['worker_num' => 2, 'enable_coroutine' => false, 'dispatch_mode' => 3, 'max_request' => (int) getenv('RS_MAX')]);
(new ServerStartEvent())->handle($server); // before any fork
$server->on('start', fn () => print("server start\n"));
$server->on('shutdown', fn () => print("server stop\n"));
$server->on('workerStart', [new WorkerStartEvent(), 'handle']);
$server->on('workerStop', fn ($server, $id) => print("worker stop {$id}\n"));
$server->on('workerError', fn ($server, $id, $pid, $code, $signal) => print("worker error {$id} {$code} {$signal}\n"));
$server->on('request', function ($request, $response) {
    ob_start();
    switch ($request->server['path_info']) {
        case '/stats':
            /**
             * $swoole is the instance of `Swoole\WebSocket\Server` if enable WebSocket server, otherwise `Swoole\Http\Server`
             * @var \Swoole\WebSocket\Server|\Swoole\Http\Server $swoole
             */
            $swoole = app('swoole');
            var_dump($swoole->stats());
            break;
        case '/count':
            echo app('swoole')->atomicCount->add(), ' ', getmypid();
            break;
        case '/debug-memory-leak':
            global $previous;
            $current = memory_get_usage();
            $stats = [
                'prev_mem' => $previous,
                'curr_mem' => $current,
                'diff_mem' => $current - $previous,
            ];
            $previous = $current;
            echo json_encode($stats);
            break;
        case '/leak':
            Test::$array[] = $request->get['param1'];
            Test::$string .= $request->get['param2'];
            echo strlen(Test::$string);
            break;
        case '/die':
            posix_kill(getmypid(), SIGKILL);
    }
    $response->end(ob_get_clean());
});
$server->start();
