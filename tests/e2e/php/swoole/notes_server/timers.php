<?php
/* Notes 1.7, 1.8, 1.12 to 1.14 and [Timer]: timers of a server. */
function onReceive($server, $fd, $from_id, $data) {
  $server->tick(20, function() use ($server, $fd) {
      $server->send($fd, "hello world");
  });
}

$server = new swoole_server('127.0.0.1', getenv('RS_PORT'), SWOOLE_PROCESS);
$server->set(array('worker_num' => 1));
$server->on('workerStart', function ($server) {
    static $n = 0;
    swoole_timer_tick(10,function($timer_id, $param) use (&$n, $server) {
        echo "tick {$param}\n";
        if (++$n == 3) {
            $server->clearTimer($timer_id);
        }
    },'参数');
    swoole_timer_after(10,function(){ echo "after\n"; });
});
$server->on('connect', function ($server) {
    $timer_id = $server->tick(10, function ($id) use ($server) {
        echo "once\n";
        var_dump($server->clearTimer($id), $server->clearTimer($id));
    });
    $server->after(10, function () {
        echo "server after\n";
    });
    $server->defer(function () {
        echo "deferred\n";
    });
    echo "connected\n";
});
$server->on('receive', 'onReceive');
$server->start();
