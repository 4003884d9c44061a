<?php

declare(strict_types=1);

namespace Hhxsv5\LaravelS\Swoole\Socket;

use Swoole\Server;
use Swoole\Server\Port;

/** A stream without a protocol of ours; the port's settings may cut it into packages. */
abstract class TcpSocket implements PortInterface, TcpInterface
{
    /** @var Port */
    protected $swoolePort;

    public function __construct(Port $port)
    {
        $this->swoolePort = $port;
    }

    public function onConnect(Server $server, $fd, $reactorId)
    {
    }

    public function onClose(Server $server, $fd, $reactorId)
    {
    }

    public function onBufferFull(Server $server, $fd)
    {
    }

    public function onBufferEmpty(Server $server, $fd)
    {
    }
}
