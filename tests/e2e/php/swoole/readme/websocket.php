<?php
/* README, "Enable WebSocket server" and "Push data in controller". */
namespace App\Services;
use Hhxsv5\LaravelS\Swoole\WebSocketHandlerInterface;
use Swoole\Http\Request;
use Swoole\Http\Response;
use Swoole\WebSocket\Frame;
use Swoole\WebSocket\Server;

require __DIR__ . '/glue.php';

/**
 * @see https://www.swoole.co.uk/docs/modules/swoole-websocket-server
 */
class WebSocketService implements WebSocketHandlerInterface
{
    // Declare constructor without parameters
    public function __construct()
    {
    }
    public function onOpen(Server $server, Request $request)
    {
        $server->push($request->fd, 'Welcome to LaravelS');
    }
    public function onMessage(Server $server, Frame $frame)
    {
        // \Log::info('Received message', [$frame->fd, $frame->data, $frame->opcode, $frame->finish]);
        \Log::info('Received message', [$frame->fd, $frame->data, $frame->opcode, $frame->finish]);
        // The exceptions thrown here will be caught by the upper layer and recorded in the Swoole log. Developers need to try/catch manually.
        if ($frame->data === 'throw') {
            throw new \Exception('an exception');
        }
        $server->push($frame->fd, date('Y-m-d H:i:s'));
    }
    public function onClose(Server $server, $fd, $reactorId)
    {
        \Log::info('close', [$fd, $server->getClientInfo($fd)['websocket_status'] >= WEBSOCKET_STATUS_FRAME]);
    }
}

namespace App\Http\Controllers;

class TestController extends Controller
{
    public function push()
    {
        $fd = 1; // Find fd by userId from a map [userId=>fd].
        /**@var \Swoole\WebSocket\Server $swoole */
        $swoole = app('swoole');
        $success = $swoole->push($fd, 'Push data to fd#1 in Controller');
        var_dump($success);
    }
}

glue($server = new \Swoole\WebSocket\Server('127.0.0.1', (int) getenv('RS_PORT'), SWOOLE_PROCESS));
$server->set([
    'worker_num' => 2,
    'enable_coroutine' => false,
    // Must set dispatch_mode in (2, 4, 5), see https://www.swoole.co.uk/docs/modules/swoole-server/configuration
    'dispatch_mode' => (int) getenv('RS_DISPATCH'),
    // All connections are traversed every 60 seconds. If a connection does not send any data to the server within 600 seconds, the connection will be forced to close.
    'heartbeat_idle_time'      => 600,
    'heartbeat_check_interval' => 60,
]);
glue_websocket($server, \App\Services\WebSocketService::class);
$server->on('request', function ($request, $response) {
    ob_start();
    (new TestController())->push();
    $response->end(ob_get_clean());
});
$server->start();
