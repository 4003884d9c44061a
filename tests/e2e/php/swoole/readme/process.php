<?php
/* README, "Custom process": one that runs and delivers tasks, and one that is written to. */
namespace App\Processes;
use App\Tasks\TestTask;
use Hhxsv5\LaravelS\Swoole\Process\CustomProcessInterface;
use Hhxsv5\LaravelS\Swoole\Task\Task;
use Swoole\Coroutine;
use Swoole\Http\Server;
use Swoole\Process;

require __DIR__ . '/glue.php';

class TestProcess implements CustomProcessInterface
{
    /**
     * @var bool Quit tag for Reload updates
     */
    private static $quit = false;

    public static function callback(Server $swoole, Process $process)
    {
        // The callback method cannot exit. Once exited, Manager process will automatically create the process
        while (!self::$quit) {
            \Log::info('Test process: running', [getmypid()]);
            // sleep(1); // Swoole < 2.1
            Coroutine::sleep(0.1); // Swoole>=2.1: Coroutine & Runtime will be automatically enabled for callback().
            // Deliver task in custom process, but NOT support callback finish() of task.
            $ret = Task::deliver(new TestTask('task data'));
            var_dump($ret);
        }
    }
    // Requirements: LaravelS >= v3.4.0 & callback() must be async non-blocking program.
    public static function onReload(Server $swoole, Process $process)
    {
        // Stop the process...
        // Then end process
        \Log::info('Test process: reloading');
        self::$quit = true;
        // $process->exit(0); // Force exit process
    }
    // Requirements: LaravelS >= v3.7.4 & callback() must be async non-blocking program.
    public static function onStop(Server $swoole, Process $process)
    {
        // Stop the process...
        // Then end process
        \Log::info('Test process: stopping');
        self::$quit = true;
        // $process->exit(0); // Force exit process
    }
}

class PipeProcess implements CustomProcessInterface
{
    public static function callback(Server $swoole, Process $process)
    {
        while ($data = $process->read()) {
            \Log::info('TestProcess: read data', [$data]);
            $process->write('TestProcess: ' . $data);
        }
    }
}

namespace App\Tasks;

class TestTask extends \Hhxsv5\LaravelS\Swoole\Task\Task
{
    public function __construct(private $data)
    {
    }

    public function handle()
    {
        \Log::info('task', [$this->data]);
    }
}

namespace App\Http\Controllers;

class TestController extends Controller
{
    public function testProcessWrite()
    {
        /**@var \Swoole\Process $process */
        $process = app('swoole')->customProcesses['pipe'];
        $process->write('TestController: write data' . time());
        var_dump($process->read());
    }
}

glue($server = new \Swoole\Http\Server('127.0.0.1', (int) getenv('RS_PORT'), SWOOLE_PROCESS));
$server->set(['worker_num' => 1, 'task_worker_num' => 1, 'enable_coroutine' => false, 'dispatch_mode' => 3]);
glue_tasks($server);
glue_processes($server, [
        'test' => [ // Key name is process name
            'class'    => \App\Processes\TestProcess::class,
            'redirect' => false, // Whether redirect stdin/stdout, true or false
            'pipe'     => 0,     // The type of pipeline, 0: no pipeline 1: SOCK_STREAM 2: SOCK_DGRAM
            'enable'   => true,  // Whether to enable, default true
        ],
        'pipe' => [
            'class'    => \App\Processes\PipeProcess::class,
            'redirect' => false,
            'pipe'     => 1,
        ],
]);
$server->on('request', function ($request, $response) {
    ob_start();
    (new TestController())->testProcessWrite();
    $response->end(ob_get_clean());
});
$server->start();
