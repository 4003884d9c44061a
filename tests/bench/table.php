<?php

declare(strict_types=1);

/*
 * table.php COUNT [PROCESSES]: CPU nanoseconds per operation on a Swoole\Table of 1024 rows of two integers, a float and a
 * string of 64 bytes, in each of so many processes that work on the same rows at the same time. Prints {"operation": ns} as
 * JSON; the loop itself is taken off.
 */

[, $count] = $argv;
$processes = (int)($argv[2] ?? 1);
$table = new Swoole\Table(1024);
$table->column('id', Swoole\Table::TYPE_INT);
$table->column('hits', Swoole\Table::TYPE_INT);
$table->column('share', Swoole\Table::TYPE_FLOAT);
$table->column('name', Swoole\Table::TYPE_STRING, 64);
$table->create();
$keys = array_map(fn (int $i) => "user:$i", range(0, 1023));
$row = ['id' => 189, 'hits' => 0, 'share' => 3.1415, 'name' => str_repeat('n', 40)];
foreach ($keys as $key) {
    $table->set($key, $row);
}

$operations = [
    'loop' => static fn (string $key) => null,
    'get' => static fn (string $key) => $table->get($key),
    'get of a column' => static fn (string $key) => $table->get($key, 'hits'),
    'set' => static fn (string $key) => $table->set($key, $row),
    'incr' => static fn (string $key) => $table->incr($key, 'hits'),
    'exists' => static fn (string $key) => $table->exists($key),
    'set and del' => static function (string $key) use ($table, $row): void {
        $table->set("$key+", $row);
        $table->del("$key+");
    },
];

$cpu = static function (): float {
    $u = getrusage();

    return ($u['ru_utime.tv_sec'] + $u['ru_stime.tv_sec']) * 1e9 + ($u['ru_utime.tv_usec'] + $u['ru_stime.tv_usec']) * 1e3;
};
$measure = static function (callable $operation, int $times) use ($keys, $cpu): float {
    $before = $cpu();
    for ($i = 0; $i < $times; $i++) {
        $operation($keys[$i & 1023]);
    }

    return ($cpu() - $before) / $times;
};

$started = new Swoole\Atomic();
$sums = new Swoole\Table(64);
$sums->column('ns', Swoole\Table::TYPE_FLOAT);
$sums->create();
$work = static function () use ($operations, $measure, $count, $processes, $started, $sums): void {
    foreach (array_values($operations) as $n => $operation) {
        $measure($operation, intdiv((int)$count, 10));
        $started->add();
        while ($started->get() < ($n + 1) * $processes) { // all of them begin together
            usleep(100);
        }
        $sums->incr(array_keys($operations)[$n], 'ns', $measure($operation, (int)$count));
    }
};

$pids = [];
for ($i = 1; $i < $processes; $i++) {
    $pid = pcntl_fork();
    if ($pid === 0) {
        $work();
        exit;
    }
    $pids[] = $pid;
}
$work();
foreach ($pids as $pid) {
    pcntl_waitpid($pid, $status);
}
$loop = $sums->get('loop', 'ns');
$result = [];
foreach (array_diff(array_keys($operations), ['loop']) as $name) {
    $result[$name] = ($sums->get($name, 'ns') - $loop) / $processes;
}
echo json_encode($result), "\n";
