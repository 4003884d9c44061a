<?php
/* Notes, [process]: push and pop. */
$process = new swoole_process(function (swoole_process $process) {
    $process->push('child got ' . $process->pop());
}, false, false);
$process->useQueue(0, 2);
$process->push('work');
$process->start();
swoole_process::wait();
echo $process->pop(), "\n";
var_dump($process->freeQueue());
