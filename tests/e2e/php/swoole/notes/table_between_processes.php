<?php
/* Notes, [table]: "data shared by processes, without a lock of one's own". */
$table = new swoole_table(1024);
$table->column('pid', swoole_table::TYPE_INT);
$table->column('hits', swoole_table::TYPE_INT);
$table->create();
for ($i = 0; $i < 4; $i++) {
    $process = new swoole_process(function (swoole_process $process) use ($table, $i) {
        $table->set("process $i", array('pid' => $process->pid));
        for ($n = 0; $n < 1000; $n++) {
            $table->incr('all', 'hits');
        }
    });
    $pids[$i] = $process->start();
}
while (swoole_process::wait());
foreach ($pids as $i => $pid) {
    var_dump($table->get("process $i", 'pid') === $pid);
}
echo $table->get('all', 'hits'), "\n";
