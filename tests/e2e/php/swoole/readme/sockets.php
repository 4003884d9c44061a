<?php
/* README, "Multi-port mixed protocol": TCP, UDP, HTTP and WebSocket beside a WebSocket server. */
namespace App\Sockets;
use Hhxsv5\LaravelS\Swoole\Socket\Http;
use Hhxsv5\LaravelS\Swoole\Socket\TcpSocket;
use Hhxsv5\LaravelS\Swoole\Socket\UdpSocket;
use Hhxsv5\LaravelS\Swoole\Socket\WebSocket;
use Swoole\Server;

require __DIR__ . '/glue.php';

class TestTcpSocket extends TcpSocket
{
    public function onConnect(Server $server, $fd, $reactorId)
    {
        \Log::info('New TCP connection', [$fd]);
        $server->send($fd, 'Welcome to LaravelS.');
    }
    public function onReceive(Server $server, $fd, $reactorId, $data)
    {
        $port = $this->swoolePort; // Get the `Swoole\Server\Port` object
        \Log::info('Received data', [$fd, $data, $port->port]);
        $server->send($fd, 'LaravelS: ' . $data);
        if ($data === "quit\r\n") {
            $server->send($fd, 'LaravelS: bye' . PHP_EOL);
            $server->close($fd);
        }
    }
    public function onClose(Server $server, $fd, $reactorId)
    {
        \Log::info('Close TCP connection', [$fd]);
        $server->send($fd, 'Goodbye');
    }
}

class TestUdpSocket extends UdpSocket
{
    public function onPacket(Server $server, $data, array $clientInfo)
    {
        \Log::info('Packet', [$data, $clientInfo['address']]);
    }
}

class TestHttp extends Http
{
    public function onRequest($request, $response)
    {
        $response->end('http port');
    }
}

class TestWebSocket extends WebSocket
{
    public function onOpen($server, $request)
    {
        $server->push($request->fd, 'websocket port');
    }

    public function onMessage($server, $frame)
    {
        $server->push($frame->fd, 'port: ' . $frame->data);
    }
}

namespace App\Http\Controllers;
class TestController extends Controller
{
    public function test()
    {
        $all = [];
        /**@var \Swoole\Http\Server|\Swoole\WebSocket\Server $swoole */
        $swoole = app('swoole');
        // $swoole->ports: Traverse all Port objects, https://www.swoole.co.uk/docs/modules/swoole-server/multiple-ports
        $port = $swoole->ports[0]; // Get the `Swoole\Server\Port` object, $port[0] is the port of the main server
        foreach ($port->connections as $fd) { // Traverse all connections
            $all[] = $fd;
            // $swoole->send($fd, 'Send tcp message');
            if($swoole->isEstablished($fd)) {
                $swoole->push($fd, 'Send websocket message');
            }
        }
        return json_encode([count($all), count($swoole->connections)]);
    }
}

glue($server = new \Swoole\WebSocket\Server('127.0.0.1', (int) getenv('RS_PORT'), SWOOLE_PROCESS));
$server->set(['worker_num' => 2, 'enable_coroutine' => false, 'dispatch_mode' => 2]);
glue_sockets($server, [
        [
            'host'     => '127.0.0.1',
            'port'     => (int) getenv('RS_PORT2'),
            'type'     => SWOOLE_SOCK_TCP,// Socket type: SWOOLE_SOCK_TCP/SWOOLE_SOCK_TCP6/SWOOLE_SOCK_UDP/SWOOLE_SOCK_UDP6/SWOOLE_UNIX_DGRAM/SWOOLE_UNIX_STREAM
            'settings' => [// Swoole settings：https://www.swoole.co.uk/docs/modules/swoole-server-methods#swoole_server-addlistener
                'open_eof_check' => true,
                'package_eof'    => "\r\n",
            ],
            'handler'  => \App\Sockets\TestTcpSocket::class,
            'enable'   => true, // whether to enable, default true
        ],
        [
            'host'     => '0.0.0.0',
            'port'     => (int) getenv('RS_PORT3'),
            'type'     => SWOOLE_SOCK_UDP,
            'settings' => [
                'open_eof_check' => true,
                'package_eof'    => "\r\n",
            ],
            'handler'  => \App\Sockets\TestUdpSocket::class,
        ],
        [
            'host'     => '0.0.0.0',
            'port'     => (int) getenv('RS_PORT4'),
            'type'     => SWOOLE_SOCK_TCP,
            'settings' => [
                'open_http_protocol' => true,
            ],
            'handler'  => \App\Sockets\TestHttp::class,
        ],
        [
            'host'     => '0.0.0.0',
            'port'     => (int) getenv('RS_PORT5'),
            'type'     => SWOOLE_SOCK_TCP,
            'settings' => [
                'open_http_protocol'      => true,
                'open_websocket_protocol' => true,
            ],
            'handler'  => \App\Sockets\TestWebSocket::class,
        ],
]);
$server->on('open', fn ($server, $request) => $server->push($request->fd, 'main port'));
$server->on('message', fn ($server, $frame) => $server->push($frame->fd, 'main: ' . $frame->data));
$server->on('request', fn ($request, $response) => $response->end((new TestController())->test()));
$server->start();
