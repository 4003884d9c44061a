<?php

declare(strict_types=1);

namespace App\Sockets;

use App\Testing\Code;
use App\Testing\Report;
use Hhxsv5\LaravelS\Swoole\Socket\TcpSocket;
use Swoole\Server;

class EofSocket extends TcpSocket
{
    public function onConnect(Server $server, $fd, $reactorId)
    {
        Report::add('connect', ['fd' => $fd]);
        $server->send($fd, "Welcome to LaravelS.\r\n");
    }

    public function onReceive(Server $server, $fd, $reactorId, $data)
    {
        if ($data === "quit\r\n") {
            $server->send($fd, "LaravelS: bye\r\n");
            $server->close($fd);
        } elseif (str_starts_with($data, 'code ')) {
            $scope = ['server' => $server, 'fd' => $fd, 'port' => $this->swoolePort];
            $server->send($fd, json_encode(Code::answer(substr(rtrim($data), 5), $scope)) . "\r\n");
        } else {
            $server->send($fd, 'LaravelS: ' . $data);
        }
    }

    public function onClose(Server $server, $fd, $reactorId)
    {
        Report::add('closed', ['fd' => $fd]);
    }
}
