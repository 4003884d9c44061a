<?php

declare(strict_types=1);

namespace Hhxsv5\LaravelS\Swoole\Socket;

use Swoole\Server\Port;

/** Datagrams. */
abstract class UdpSocket implements PortInterface, UdpInterface
{
    /** @var Port */
    protected $swoolePort;

    public function __construct(Port $port)
    {
        $this->swoolePort = $port;
    }
}
