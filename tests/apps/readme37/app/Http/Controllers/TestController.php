<?php

namespace App\Http\Controllers;

use App\Tasks\TestEvent;
use App\Tasks\TestTask;
use Hhxsv5\LaravelS\Swoole\Task\Event;
use Hhxsv5\LaravelS\Swoole\Task\Task;

/** The README's pieces of code that run in a controller. */
class TestController extends Controller
{
    public function push()
    {
        $fd = (int) request('fd'); // Find fd by userId from a map [userId=>fd].
        /**@var \Swoole\WebSocket\Server $swoole */
        $swoole = app('swoole');
        $success = $swoole->push($fd, 'Push data to fd#1 in Controller');
        var_dump($success);
    }

    public function test()
    {
        /**@var \Swoole\Http\Server|\Swoole\WebSocket\Server $swoole */
        $swoole = app('swoole');
        // $swoole->ports: Traverse all Port objects, https://www.swoole.co.uk/docs/modules/swoole-server/multiple-ports
        $port = $swoole->ports[0]; // Get the `Swoole\Server\Port` object, $port[0] is the port of the main server
        foreach ($port->connections as $fd) { // Traverse all connections
            // $swoole->send($fd, 'Send tcp message');
            if($swoole->isEstablished($fd)) {
                $swoole->push($fd, 'Send websocket message');
            }
        }
    }

    public function testProcessWrite()
    {
        /**@var \Swoole\Process $process */
        $process = app('swoole')->customProcesses['pipe'];
        $process->write('TestController: write data' . time());
        var_dump($process->read());
    }

    public function server()
    {
        $fd = (int) request('fd');
        /**
         * $swoole is the instance of `Swoole\WebSocket\Server` if enable WebSocket server, otherwise `Swoole\Http\Server`
         * @var \Swoole\WebSocket\Server|\Swoole\Http\Server $swoole
         */
        $swoole = app('swoole');
        var_dump($swoole->stats());
        $swoole->push($fd, 'Push WebSocket message');
    }

    public function fire()
    {
        // Create instance of event and fire it, "fire" is asynchronous.
        $event = new TestEvent('event data');
        // $event->delay(10); // Delay 10 seconds to fire event
        // $event->setTries(3); // When an error occurs, try 3 times in total
        $success = Event::fire($event);
        var_dump($success);// Return true if sucess, otherwise false
    }

    public function deliver()
    {
        // Create instance of TestTask and deliver it, "deliver" is asynchronous.
        $task = new TestTask('task data');
        // $task->delay(3);// delay 3 seconds to deliver task
        // $task->setTries(3); // When an error occurs, try 3 times in total
        $ret = Task::deliver($task);
        var_dump($ret);// Return true if sucess, otherwise false
    }

    public function form(\Illuminate\Http\Request $request)
    {
        $name = $request->input('name');
        $all = $request->all();
        $sessionId = $request->cookie('sessionId');
        $photo = $request->file('photo');
        // Call getContent() to get the raw POST body, instead of file_get_contents('php://input')
        $rawContent = $request->getContent();
        return compact('name', 'all', 'sessionId', 'rawContent') + ['photo' => $photo?->getClientOriginalName()];
    }

    public function json()
    {
        return response()->json(['time' => time()])->header('header1', 'value1')->withCookie('c1', 'v1');
    }
}
