<?php
/* Notes, [process]: children of a process of the server, waited for in the handler of their signal. */
$ser = new swoole_server('127.0.0.1', getenv('RS_PORT'), SWOOLE_PROCESS);
$ser->set(array('worker_num' => 1));
$ser->addProcess(new swoole_process(function () {
    swoole_process::signal(SIGCHLD, function($sig) {
      //must be false: does not block
      while($ret =  swoole_process::wait(false)) {
          echo "PID={$ret['pid']}\n";
      }
    });
    for ($i = 0; $i < 3; $i++) {
        $process = new swoole_process(fn () => null, false, false);
        echo "child={$process->start()}\n";
    }
    swoole_timer_tick(1000, fn () => null);
}, false, 1, false));
$ser->on('receive', fn () => null);
$ser->start();
