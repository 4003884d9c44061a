<?php
/* Notes, [process]: with swoole_event the pipe of a child is one of the things that the loop waits for. */
$process = new swoole_process(function (swoole_process $process) {
    swoole_event_add($process->pipe, function ($pipe) use ($process) {
        $process->write('child got ' . $process->read());
        swoole_event_del($pipe);
    });
});
$process->start();
swoole_event_add($process->pipe, function ($pipe) use ($process) {
    echo $process->read(), "\n";
    swoole_event_del($pipe);
});
swoole_timer_after(1, function () use ($process) {
    $process->write('a message');
});
swoole_event_wait();
var_dump(swoole_process::wait()['code']);
