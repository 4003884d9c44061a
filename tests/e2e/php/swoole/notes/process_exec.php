<?php
/* Notes, [process]: exec runs another program, and the one who started it talks to it over the pipe. */
$process = new swoole_process(function (swoole_process $process) {
    $process->exec('/bin/cat', ['-u']);
}, true);
$process->start();
$process->write("through another program\n");
echo $process->read();
$process->close();
var_dump(swoole_process::wait()['code']);
