<?php
/* README, "Millisecond cron job". A thirtieth of the READMEs' second each time. */
namespace App\Jobs\Timer;
use App\Tasks\TestTask;
use Swoole\Coroutine;
use Hhxsv5\LaravelS\Swoole\Task\Task;
use Hhxsv5\LaravelS\Swoole\Timer\CronJob;

require __DIR__ . '/glue.php';

class TestCronJob extends CronJob
{
    protected $i = 0;
    // --- Override the corresponding method to return the configuration: begin
    public function interval()
    {
        return 50;
    }
    public function isImmediate()
    {
        return false;// Whether to trigger `run` immediately after setting up
    }
    // --- Override the corresponding method to return the configuration: end
    public function run()
    {
        \Log::info(__METHOD__, ['start', $this->i, microtime(true)]);
        // do something
        // sleep(1); // Swoole < 2.1
        Coroutine::sleep(0.03); // Swoole>=2.1 Coroutine will be automatically created for run().
        $this->i++;
        \Log::info(__METHOD__, ['end', $this->i, microtime(true)]);

        if ($this->i >= 10) { // Run 10 times only
            \Log::info(__METHOD__, ['stop', $this->i, microtime(true)]);
            $this->stop(); // Stop this cron job, but it will run again after restart/reload.
            // Deliver task in CronJob, but NOT support callback finish() of task.
            // Note: Modify task_ipc_mode to 1 or 2 in config/laravels.php, see https://www.swoole.co.uk/docs/modules/swoole-server/configuration
            $ret = Task::deliver(new TestTask('task data'));
            var_dump($ret);
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

glue($server = new \Swoole\Http\Server('127.0.0.1', (int) getenv('RS_PORT'), SWOOLE_PROCESS));
$server->set(['worker_num' => 1, 'task_worker_num' => 1, 'enable_coroutine' => false, 'dispatch_mode' => 3]);
glue_tasks($server);
glue_cron($server, \App\Jobs\Timer\TestCronJob::class);
$server->on('request', fn ($request, $response) => $response->end('x'));
$server->start();
