<?php
/* Notes, "variables are not shared between processes; shared memory is": the table of the notes in the workers of a server. */
$table = new swoole_table(1024);
$table->column("name",swoole_table::TYPE_STRING,64);
$table->column('num', swoole_table::TYPE_INT);
$table->create();
$hits = new swoole_atomic();
$mine = 0;
$ser = new swoole_server('127.0.0.1', getenv('RS_PORT'), SWOOLE_PROCESS);
$ser->set(array('worker_num' => 2, 'task_worker_num' => 1));
$ser->on('receive', function ($ser, $fd, $from_id, $data) use ($table, $hits, &$mine) {
    $mine++;
    $hits->add(1);
    $table->incr('row', 'num');
    $table->set('row', array('name' => "worker {$ser->worker_id}"));
    $row = $table->get('row');
    $ser->send($fd, json_encode([$ser->worker_id, $mine, $hits->get(), $row['num'], $row['name'], $ser->taskwait('row', 10)]) . "\n");
});
$ser->on('task', fn () => $table->get('row', 'num'));
$ser->on('finish', fn () => null);
$ser->start();
