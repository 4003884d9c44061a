<?php

declare(strict_types=1);

namespace App\Sockets;

use Hhxsv5\LaravelS\Swoole\Socket\UdpSocket;
use RuntimeException;
use Swoole\Server;

class DatagramSocket extends UdpSocket
{
    public function onPacket(Server $server, $data, array $clientInfo)
    {
        if ($data === 'throw') {
            throw new RuntimeException('a packet that throws');
        }
        $server->sendto($clientInfo['address'], $clientInfo['port'], "LaravelS: $data");
    }
}
