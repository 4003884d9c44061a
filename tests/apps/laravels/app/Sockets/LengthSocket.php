<?php

declare(strict_types=1);

namespace App\Sockets;

use Hhxsv5\LaravelS\Swoole\Socket\TcpSocket;
use Swoole\Server;

/** Packages with their length in front, four bytes of it; each is answered with its reverse. */
class LengthSocket extends TcpSocket
{
    public function onReceive(Server $server, $fd, $reactorId, $data)
    {
        $body = substr($data, 4);
        $server->send($fd, pack('N', strlen($body)) . strrev($body));
    }
}
