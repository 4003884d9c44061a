<?php
/* Notes 1.17, as the class there: a task, and its end in the worker that asked. The third parameter of onFinish is the result; the
   notes write two, and print the number of the task. */
class Worker
{
	 public function onTask($server ,$task_id,$from_id,$data){
                   echo "task {$task_id} from {$from_id} in {$server->worker_id}\n";
                   $server->finish("ok!{$data}");

             }
              public function onFinish($server,$data){
                        echo "task finish {$data}!\n";
                 }
}
$worker = new Worker();
$ser = new swoole_server('127.0.0.1', getenv('RS_PORT'), SWOOLE_PROCESS);
$ser->set([
    'worker_num' => 2,
    'task_worker_num'=> 8
]);
$ser->on('Task', [$worker, 'onTask']);
$ser->on('Finish', [$worker, 'onFinish']);
$ser->on('receive', function ($ser, $fd, $from_id, $data) {
    $ser->send($fd, json_encode([$ser->worker_id, $ser->task($data)]) . "\n");
});
$ser->start();
