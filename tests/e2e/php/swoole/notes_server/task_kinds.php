<?php
/* Notes 1.17, 1.18: the callback of one task, waiting for one and for several, numbers of task workers, sizes, objects. */
class Thing
{
    public function __construct(public string $name)
    {
    }
}

$server = new swoole_server('127.0.0.1', getenv('RS_PORT'), SWOOLE_PROCESS);
$server->set(array('worker_num' => 2, 'task_worker_num' => 3, 'task_tmpdir' => getenv('RS_DIR') . '/tmp',
    'package_max_length' => 2 * 1024 * 1024, 'log_file' => getenv('RS_DIR') . '/log'));
mkdir(getenv('RS_DIR') . '/tmp');
$commands = [
    'callback' => function ($serv) {
        $serv->task("taskcallback", -1, function (swoole_server $serv, $task_id, $data) {
              echo "Task Callback: ";
             var_dump($task_id, $data); //this $data is the result
             echo "in {$serv->worker_id}\n";
         });
        return $serv->worker_id;
    },
    'wait' => fn ($server) => [$server->taskwait('data', 10), $server->taskwait('slow', 0.1), $server->taskwait('silent', 0.1)],
    'dst' => fn ($server) => [$server->taskwait('where', 10, 0), $server->taskwait('where', 10, 1), $server->taskwait('where', 10, 2),
        @$server->task('where', 3)],
    'multi' => function ($server) {
        $tasks[] = mt_rand(1000, 9999); //1
        $tasks[] = mt_rand(1000, 9999); //2
        $tasks[] = mt_rand(1000, 9999); //3

        //until all of them have a result, or 10 s are over
        $results = $server->taskWaitMulti($tasks, 10.0);
        return [$tasks, $results];
    },
    'size' => fn ($server) => array_map(fn ($n) => $server->taskwait(str_repeat('x', $n), 20), [8000, 8192, 8193, 100000, 1900000]),
    'big' => fn ($server) => @$server->task(str_repeat('x', 3 << 20)),
    'object' => function ($server) {
        $thing = new Thing('mine');
        $copy = $server->taskwait($thing, 10);
        return [$thing->name, get_class($copy), $copy->name];
    },
    'in task' => fn ($server) => $server->taskwait('nested', 10),
];
$server->on('task', function ($server, $task_id, $from_id, $data) {
    if ($data instanceof Thing) {
        $data->name = 'changed';
        return $data;
    }
    if (is_int($data)) {
        usleep(random_int(0, 20000));
        return "result of {$data}";
    }
    switch ($data) {
        case 'slow':
            usleep(2000000);
            return 'late';
        case 'silent':
            return null;
        case 'where':
            return $server->worker_id;
        case 'nested':
            return [@$server->task('x'), @$server->taskwait('x')];
        default:
            return strlen($data) > 100 ? strlen($data) : "done {$data}";
    }
});
$server->on('finish', fn ($server, $task_id, $data) => print("finish {$data}\n"));
$server->on('receive', function ($server, $fd, $from_id, $data) use ($commands) {
    $server->send($fd, json_encode($commands[trim($data)]($server)) . "\n");
});
$server->start();
