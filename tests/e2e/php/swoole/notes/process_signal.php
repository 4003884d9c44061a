<?php
/* Notes, [process]: children are waited for in the handler of SIGCHLD. */
swoole_process::signal(SIGCHLD, function($sig) {
  //必须为false，非阻塞模式
  while($ret =  swoole_process::wait(false)) {
      echo "PID={$ret['pid']}\n";
      global $children;
      unset($children[$ret['pid']]);
      if (!$children) {
          swoole_event_exit();
      }
  }
});
$children = [];
for ($i = 0; $i < 3; $i++) {
    $process = new swoole_process(function () {
    });
    $pid = $process->start();
    $children[$pid] = true;
    echo "child=$pid\n";
}
swoole_timer_tick(60000, function () {
    // a handler alone does not keep the script
});
