<?php
/* Notes, daemonize: to the background; what is printed goes to log_file, and without one nowhere. */
$serv = new swoole_server('127.0.0.1', getenv('RS_PORT'), SWOOLE_PROCESS);
$serv->set(array('worker_num' => 1, 'daemonize' => 1, 'pid_file' => getenv('RS_DIR') . '/pid')
           + (getenv('RS_LOG') ? array('log_file' => getenv('RS_DIR') . '/log') : array()));
echo "before\n";
$serv->on('workerStart', fn ($serv) => print("worker of {$serv->master_pid}\n"));
$serv->on('receive', function ($serv, $fd, $from_id, $data) {
    echo "printed {$data}\n";
    fwrite(STDERR, "to the errors\n");
    var_dump(fread(STDIN, 10));
    $serv->send($fd, "{$serv->master_pid}");
});
$serv->start();
echo "after\n";
