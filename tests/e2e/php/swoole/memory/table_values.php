<?php
/* Contract TB1 to TB9, TB11 to TB13: what works. */
require __DIR__ . '/check.php';

use Swoole\Table;

same('TB constants', [1, 2, 3], [Table::TYPE_INT, Table::TYPE_FLOAT, Table::TYPE_STRING]);
foreach ([1 => 64, 64 => 64, 65 => 128, 100 => 128, 1000 => 1024, 1024 => 1024] as $asked => $size) {
    same("TB1 size $asked", $size, (new Table($asked))->getSize());
}
same('TB1 conflict of 1', 64, (new Table(64, 1))->getSize());

$t = new Table(100);
same('size before create', [null, null], [$t->size, $t->memorySize]);
foreach ([1, 2, 4, 8, 0] as $size) {
    same("TB2 int of size $size", true, $t->column("int$size", Table::TYPE_INT, $size));
}
same('TB2 float', true, $t->column('float', Table::TYPE_FLOAT));
same('TB2 string', true, $t->column('text', Table::TYPE_STRING, 10));
same('TB3 create', true, $t->create());
same('size after create', [128, true], [$t->size, $t->memorySize > 128 * 64]);
same('TB12', [128, $t->memorySize], [$t->getSize(), $t->getMemorySize()]);

same('TB4 set', true, $t->set('k', ['int1' => PHP_INT_MAX, 'text' => 'x']));
$empty = ['int1' => 0, 'int2' => 0, 'int4' => 0, 'int8' => 0, 'int0' => 0, 'float' => 0.0, 'text' => ''];
same('TB4 absent columns, TB5 order, TB2 64 bits', array_replace($empty, ['int1' => PHP_INT_MAX, 'text' => 'x']), $t->get('k'));
same('TB4 only what is given', true, $t->set('k', ['float' => 1.5]));
same('TB5 fields', [PHP_INT_MAX, 1.5, 'x', 0], [$t->get('k', 'int1'), $t->get('k', 'float'), $t->get('k', 'text'), $t->get('k', 'int2')]);
same('TB4 unknown columns', true, $t->set('k', ['nothing' => 1, 7 => 2]));
same('TB4 no columns', true, $t->set('bare', []));
same('TB4 no columns: the row', $empty, $t->get('bare'));

$text = new class {
    public function __toString(): string
    {
        return 'spoken';
    }
};
foreach ([
    ['5', 5, 5.0, '5'], ['5.7abc', 5, 5.7, '5.7abc'], ['abc', 0, 0.0, 'abc'], [true, 1, 1.0, '1'], [false, 0, 0.0, ''],
    [null, 0, 0.0, ''], [-3.9, -3, -3.9, '-3.9'], [12, 12, 12.0, '12'], ["a\0b", 0, 0.0, "a\0b"],
] as [$value, $int, $float, $string]) {
    $t->set('c', ['int8' => $value, 'float' => $value, 'text' => $value]);
    same('TB4 converts ' . var_export($value, true), [$int, $float, $string],
        [$t->get('c', 'int8'), $t->get('c', 'float'), $t->get('c', 'text')]);
}
$t->set('c', ['text' => $text]);
same('TB4 an object is asked', 'spoken', $t->get('c', 'text'));
$reference = 8;
$t->set('c', ['int8' => &$reference]);
same('TB4 a reference', 8, $t->get('c', 'int8'));
$t->set('c', ['text' => str_repeat('z', 16)]);
same('TB2 10 is rounded up to 16', 16, strlen($t->get('c', 'text')));

// Digits as the name of a column come out of arrays as numbers.
$digits = new Table(64);
$digits->column('7', Table::TYPE_INT);
$digits->create();
$digits->set('k', ['7' => 5]);
same('a column named 7', [[7 => 5], 5], [$digits->get('k'), $digits->get('k', '7')]);

same('TB6', [true, true, false, false], [$t->exist('k'), $t->exists('k'), $t->exist('none'), $t->exists('none')]);
same('TB7', [true, false, true, false], [$t->del('bare'), $t->del('bare'), $t->delete('c'), $t->delete('c')]);
same('TB9', [1, 1], [$t->count(), count($t)]);

same('TB8 incr', [PHP_INT_MIN, 3, 4, -1], [$t->incr('k', 'int1'), $t->incr('k', 'int2', 3), $t->incr('k', 'int2'), $t->decr('k', 'int2', 5)]);
same('TB8 float', [2.0, 2.25, -0.75], [$t->incr('k', 'float', 0.5), $t->incr('k', 'float', 0.25), $t->decr('k', 'float', 3)]);
same('TB8 makes a row', [1, -1, 1.0], [$t->incr('i', 'int1'), $t->decr('d', 'int1'), $t->incr('f', 'float')]);
same('TB8 the row', array_replace($empty, ['int1' => 1]), $t->get('i'));
same('TB8 wraps downwards', [PHP_INT_MIN, PHP_INT_MIN], [$t->incr('w', 'int1', PHP_INT_MIN), $t->get('w', 'int1')]);
same('TB8 minus the least', 0, $t->decr('w', 'int1', PHP_INT_MIN));

$keys = ['', "\0", "a\0", 'a', '007', '7', str_repeat('k', 63), "\xff\xfe"];
foreach ($keys as $i => $key) {
    $t->set($key, ['int1' => $i]);
}
same('keys are bytes', array_keys($keys), array_map(fn ($key) => $t->get($key, 'int1'), $keys));
same('a number as the key', 5, $t->get(7, 'int1'));

$s = $t->stats();
same('TB11 names', ['num', 'conflict_count', 'conflict_max_level', 'insert_count', 'update_count', 'delete_count',
    'available_slice_num', 'total_slice_num'], array_keys($s));
same('TB11 numbers', [count($t), 2, 25], [$s['num'], $s['delete_count'], $s['total_slice_num']]);
same('TB11 sum', $s['num'], $s['insert_count'] - $s['delete_count']);

same('TB13', [true, false], [$t->destroy(), $t->destroy()]);

// The declared rows are there whatever the keys are (the original gives up earlier).
foreach ([[100, 0.2, 128], [1000, 0.2, 1024], [64, 1.0, 128]] as [$asked, $conflict, $least]) {
    $full = new Table($asked, $conflict);
    $full->column('n', Table::TYPE_INT);
    $full->create();
    for ($n = 0; $n < $least && $full->set("key $n", ['n' => $n]); $n++);
    same("rows of Table($asked, $conflict)", $least, $n);
    for ($wrong = 0, $n = 0; $n < $least; $n++) {
        $wrong += $full->get("key $n", 'n') !== $n;
    }
    same("rows of Table($asked, $conflict): all there", 0, $wrong);
    $full->del('key 5');
    same("rows of Table($asked, $conflict): place again", true, $full->set('another', []));
}

// The documented example of LaravelS and Octane.
$octane = new Table(1000, 1);
$octane->column('value', Table::TYPE_STRING, 10000);
$octane->column('expiration', Table::TYPE_INT);
same('a table of Octane', true, $octane->create());
$octane->set('key', ['value' => serialize(range(1, 100)), 'expiration' => 5]);
same('a table of Octane: value', range(1, 100), unserialize($octane['key']['value'] ?? $octane->get('key', 'value')));
