<?php

declare(strict_types=1);

namespace App\Events;

use App\Testing\Report;
use Hhxsv5\LaravelS\Swoole\Events\ServerStartInterface;
use Swoole\Atomic;
use Swoole\Http\Server;
use Swoole\Lock;
use Swoole\Table;

class ServerStartEvent implements ServerStartInterface
{
    public function __construct()
    {
    }

    public function handle(Server $server)
    {
        $server->atomicCount = new Atomic(2233);
        $server->handLock = new Lock(SWOOLE_MUTEX);
        $server->handTable = new Table(64);
        $server->handTable->column('n', Table::TYPE_INT);
        $server->handTable->create();
        Report::add('ServerStart', ['class' => $server::class, 'master_pid' => $server->master_pid, 'booted' => function_exists('app') && app()->bound('config')]);
    }
}
