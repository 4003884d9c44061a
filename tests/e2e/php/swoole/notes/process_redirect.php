<?php
/* Notes, [process]: with redirection, echo goes to the pipe instead of the screen, and standard input comes out of it. */
$process = new swoole_process(function (swoole_process $process) {
    echo 'to the pipe';
    $line = fgets(STDIN);
    echo 'from the pipe: ' . $line;
}, true);
$process->start();
echo '[' . $process->read() . "]\n";
$process->write("a line\n");
echo '[' . trim($process->read()) . "]\n";
swoole_process::wait();
