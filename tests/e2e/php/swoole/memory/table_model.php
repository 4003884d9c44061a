<?php
/* A table and a PHP array that go through the same: tens of thousands of random calls, then they are the same. */
require __DIR__ . '/check.php';

use Swoole\Table;

$seed = random_int(0, PHP_INT_MAX >> 1);
mt_srand($seed);
const ROWS = 64 + 12;

$t = new Table(64);
$t->column('n', Table::TYPE_INT);
$t->column('d', Table::TYPE_FLOAT);
$t->column('short', Table::TYPE_STRING, 8);
$t->column('long', Table::TYPE_STRING, 300);
$t->create();
$model = [];
$empty = ['n' => 0, 'd' => 0.0, 'short' => '', 'long' => ''];
$keys = array_map(fn ($i) => substr(hash('sha256', "$seed $i"), 0, $i % 64), range(0, 120));

$check = function (string $what, mixed $expected, mixed $actual) use ($seed): void {
    if ($expected !== $actual) {
        echo "not ok $what (seed $seed): ", json_encode([$expected, $actual], JSON_PARTIAL_OUTPUT_ON_ERROR | JSON_INVALID_UTF8_SUBSTITUTE), "\n";
        exit;
    }
};
$values = fn () => array_filter([
    'n' => mt_rand() - mt_rand(),
    'd' => mt_rand() / 1024.0,
    'short' => str_repeat('s', mt_rand(0, 8)),
    'long' => random_bytes(mt_rand(1, 300)),
], fn () => mt_rand(0, 2) > 0);
$sorted = function (array $rows): array {
    ksort($rows, SORT_STRING);
    return $rows;
};

for ($i = 0; $i < 30000; $i++) {
    $key = $keys[array_rand($keys)];
    $known = array_key_exists($key, $model);
    $room = $known || count($model) < ROWS;
    switch (mt_rand(0, 8)) {
        case 0:
        case 1:
        case 2:
            $row = $values();
            $check('set', $room, @$t->set($key, $row));
            if ($room) {
                $model[$key] = array_replace($model[$key] ?? $empty, $row);
            }
            break;
        case 3:
            $by = mt_rand(-1000, 1000);
            $check('incr', $room ? ($model[$key]['n'] ?? 0) + $by : false, @$t->incr($key, 'n', $by));
            if ($room) {
                $model[$key] = array_replace($model[$key] ?? $empty, ['n' => ($model[$key]['n'] ?? 0) + $by]);
            }
            break;
        case 4:
            $check('decr', $room ? ($model[$key]['d'] ?? 0.0) - 0.25 : false, @$t->decr($key, 'd', 0.25));
            if ($room) {
                $model[$key] = array_replace($model[$key] ?? $empty, ['d' => ($model[$key]['d'] ?? 0.0) - 0.25]);
            }
            break;
        case 5:
            $check('get', $model[$key] ?? false, $t->get($key));
            break;
        case 6:
            $check('exists', $known, $t->exists($key));
            $check('get of a column', $model[$key]['long'] ?? false, $t->get($key, 'long'));
            break;
        default:
            $check('del', $known, $t->del($key));
            unset($model[$key]);
    }
    $check('count', count($model), count($t));
    if ($i % 500 === 0) {
        $check('iteration', $sorted($model), $sorted(iterator_to_array($t)));
    }
}
$s = $t->stats();
same('numbers', [count($model), ROWS - max(64, count($model)), 12], [$s['num'], $s['available_slice_num'], $s['total_slice_num']]);
same('inserted and deleted', $s['num'], $s['insert_count'] - $s['delete_count']);
same('it was full', true, $s['conflict_max_level'] > 0);
same('all rows', $sorted($model), $sorted(iterator_to_array($t)));
foreach (array_keys($model) as $key) {
    $t->del((string)$key);
}
same('no conflicts in an empty table', [0, 0], [count($t), $t->stats()['conflict_count']]);

// Whatever the keys are, the declared rows are there: tables have hash keys of their own, so these are 200 distributions.
$short = 0;
for ($i = 0; $i < 200; $i++) {
    $t = new Table(100);
    $t->column('n', Table::TYPE_INT);
    $t->create();
    for ($n = 0; $n < 128; $n++) {
        $short += !$t->set("$i-$n", ['n' => $n]);
    }
    $short += count($t) !== 128 || $t->stats()['conflict_count'] === 0;
}
same('the declared rows, among colliding keys', 0, $short);
