<?php

namespace Swoole\Server;

#[\AllowDynamicProperties]
class Event
{
    public $reactor_id = 0;
    public $fd = 0;
    public $dispatch_time = 0.0;
    public $data = null;
}

#[\AllowDynamicProperties]
class Packet
{
    public $server_socket = 0;
    public $server_port = 0;
    public $dispatch_time = 0.0;
    public $address = null;
    public $port = 0;
    public $data = null;
}

#[\AllowDynamicProperties]
class PipeMessage
{
    public $source_worker_id = 0;
    public $dispatch_time = 0.0;
    public $data = null;
}

#[\AllowDynamicProperties]
class StatusInfo
{
    public $worker_id = 0;
    public $worker_pid = 0;
    public $status = 0;
    public $exit_code = 0;
    public $signal = 0;
}

#[\AllowDynamicProperties]
class TaskResult
{
    public $task_id = 0;
    public $task_worker_id = 0;
    public $dispatch_time = 0.0;
    public $data = null;
}
