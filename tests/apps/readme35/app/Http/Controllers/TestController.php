<?php

namespace App\Http\Controllers;

use App\Tasks\TestEvent;
use App\Tasks\TestTask;
use Hhxsv5\LaravelS\Swoole\Task\Event;
use Hhxsv5\LaravelS\Swoole\Task\Task;

/** The README's pieces of code that run in a controller. */
class TestController extends Controller
{
    public function server()
    {
        $fd = (int) request('fd');
        /**
         * $swoole is the instance of `Swoole\WebSocket\Server` if enable WebSocket server, otherwise `Swoole\Http\Server`
         * @var \Swoole\WebSocket\Server|\Swoole\Http\Server $swoole
         */
        $swoole = app('swoole');
        var_dump($swoole->stats());// Singleton
    }

    public function fire()
    {
        // Create instance of event and fire it, "fire" is asynchronous.
        $success = Event::fire(new TestEvent('event data'));
        var_dump($success);// Return true if sucess, otherwise false
    }

    public function deliver()
    {
        // Create instance of TestTask and deliver it, "deliver" is asynchronous.
        $task = new TestTask('task data');
        // $task->delay(3);// delay 3 seconds to deliver task
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
