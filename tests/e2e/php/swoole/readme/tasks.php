<?php
/* README, "Customized asynchronous events" and "Asynchronous task queue". sleep(2) of the READMEs is a tenth of a second here. */
require __DIR__ . '/glue.php';

use Hhxsv5\LaravelS\Swoole\Task\Event;
use Hhxsv5\LaravelS\Swoole\Task\Listener;
use Hhxsv5\LaravelS\Swoole\Task\Task;

class TestEvent extends Event
{
    protected $listeners = [
        // Listener list
        TestListener1::class,
        // TestListener2::class,
    ];
    private $data;
    public function __construct($data)
    {
        $this->data = $data;
    }
    public function getData()
    {
        return $this->data;
    }
}

class TestListener1 extends Listener
{
    public function handle(Event $event)
    {
        \Log::info(__CLASS__ . ':handle start', [$event->getData()]);
        usleep(100000);// Simulate the slow codes
        // Deliver task in CronJob, but NOT support callback finish() of task.
        $ret = Task::deliver(new TestTask('task data of a listener'));
        var_dump($ret);
        // return false; // Stop propagating this event to subsequent listeners
    }
}

class TestTask extends Task
{
    private $data;
    private $result;
    public function __construct($data)
    {
        $this->data = $data;
    }
    // The logic of task handling, run in task process, CAN NOT deliver task
    public function handle()
    {
        \Log::info(__CLASS__ . ':handle start', [$this->data, app('swoole')->taskworker]);
        usleep(100000);// Simulate the slow codes
        $this->result = 'the result of ' . $this->data;
    }
    // Optional, finish event, the logic of after task handling, run in worker process, CAN deliver task
    public function finish()
    {
        \Log::info(__CLASS__ . ':finish start', [$this->result, app('swoole')->taskworker]);
        Task::deliver(new TestTask2('task2 data')); // Deliver the other task
    }
}

class TestTask2 extends TestTask
{
    public function finish()
    {
        \Log::info('the end');
    }
}

glue($server = new Swoole\Http\Server('127.0.0.1', (int) getenv('RS_PORT'), SWOOLE_PROCESS));
$server->set(['worker_num' => 2, 'task_worker_num' => 2, 'task_ipc_mode' => (int) getenv('RS_IPC'), 'enable_coroutine' => false, 'dispatch_mode' => 3]);
glue_tasks($server);
$server->on('request', function ($request, $response) {
    ob_start();
    if ($request->server['path_info'] === '/event') {
        // Create instance of event and fire it, "fire" is asynchronous.
        $event = new TestEvent('event data');
        $success = Event::fire($event);
        var_dump($success);// Return true if sucess, otherwise false
    } else {
        // Create instance of TestTask and deliver it, "deliver" is asynchronous.
        $task = new TestTask('task data');
        $ret = Task::deliver($task);
        var_dump($ret);// Return true if sucess, otherwise false
    }
    $response->end(ob_get_clean());
});
$server->start();
