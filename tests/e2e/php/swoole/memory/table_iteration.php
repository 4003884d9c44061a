<?php
/* Contract TB10, X6. */
require __DIR__ . '/check.php';

use Swoole\Table;

function filled(int $rows, string $class = Table::class): Table
{
    $t = new $class(64, 1);
    $t->column('n', Table::TYPE_INT);
    $t->create();
    for ($n = 0; $n < $rows; $n++) {
        $t->set("k$n", ['n' => $n]);
    }
    return $t;
}

function sorted(array $a): array
{
    sort($a);
    return $a;
}

$seen = [];
foreach (filled(128) as $key => $row) {
    $seen[$key] = $row;
}
ksort($seen);
$expected = [];
for ($n = 0; $n < 128; $n++) {
    $expected["k$n"] = ['n' => $n];
}
ksort($expected);
same('TB10 all rows', $expected, $seen);

$t = filled(128);
$seen = [];
foreach ($t as $key => $row) {
    $seen[] = $row['n'];
    same_quietly($t->del($key));
}
same('X6 each deletes itself', [range(0, 127), 0], [sorted($seen), count($t)]);

$t = filled(128);
$seen = [];
foreach ($t as $key => $row) {
    $seen[] = $row['n'];
    same_quietly($t->del('k' . ($row['n'] ^ 1)));
}
same('X6 each deletes another', [64, 64], [count($seen), count($t)]);
same('X6 each deletes another: no pair', 64, count(array_unique(array_map(fn ($n) => $n >> 1, $seen))));

$t = filled(128);
$seen = [];
foreach ($t as $row) {
    foreach ($seen as $n) {
        $t->del("k$n");
    }
    $seen[] = $row['n'];
}
same('X6 each deletes those before', [range(0, 127), 1], [sorted($seen), count($t)]);

// Rows that stay are seen once, whatever comes and goes meanwhile.
$t = filled(40);
$seen = [];
foreach ($t as $key => $row) {
    $seen[] = $key;
    for ($i = 0; $i < 20; $i++) {
        $t->set("new $i", []);
        $t->del("new $i");
    }
    $t->set($key, ['n' => -1]);
}
same('TB10 the rows that stay', 40, count(array_filter($seen, fn ($key) => $key[0] === 'k')));
same('TB10 once', count($seen), count(array_unique($seen)));

// What current() and key() gave is a copy.
$t = filled(1);
$t->rewind();
$t->set('k0', ['n' => 77]);
same('TB10 a copy', ['k0', ['n' => 0], true], [$t->key(), $t->current(), $t->valid()]);
$t->del('k0');
same('TB10 a copy of a row that is gone', ['k0', ['n' => 0], true], [$t->key(), $t->current(), $t->valid()]);
$t->next();
same('TB10 the end', [null, null, false], [$t->key(), $t->current(), $t->valid()]);
$t->next();
same('TB10 behind the end', false, $t->valid());
same('TB10 no rewind yet', [false, null, null], [filled(3)->valid(), filled(3)->key(), filled(3)->current()]);
same('TB10 iterator_to_array', ['k0', 'k1', 'k2'], sorted(array_keys(iterator_to_array(filled(3)))));
same('TB10 an empty table', [], iterator_to_array(filled(0)));
same('TB10 interfaces', [true, true, false], [$t instanceof Iterator, $t instanceof Countable, $t instanceof ArrayAccess]);

class Upper extends Table
{
    public function key(): mixed
    {
        return strtoupper((string)parent::key());
    }
}
same('A4 foreach asks the subclass', ['K0', 'K1'], sorted(array_keys(iterator_to_array(filled(2, Upper::class)))));

function same_quietly(bool $deleted): void
{
    if (!$deleted) {
        echo "not ok a row that was there was not deleted\n";
    }
}
