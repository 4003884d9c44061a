<?php
/* Contract TB13: memory, mappings and descriptors come back: by destroy(), with the object, with the last process. */
require __DIR__ . '/check.php';

use Swoole\Table;

function table(int $rows, int $bytes): Table
{
    $t = new Table($rows);
    $t->column('text', Table::TYPE_STRING, $bytes);
    $t->create();
    return $t;
}

/** [mappings of ours, open descriptors, kilobytes of shared memory in this process] */
function used(): array
{
    preg_match('/RssShmem:\s+(\d+)/', file_get_contents('/proc/self/status'), $m);
    return [substr_count(file_get_contents('/proc/self/maps'), '/memfd:rserverd'), count(scandir('/proc/self/fd')), (int)$m[1]];
}

function fill(Table $t): void
{
    for ($i = 0; $i < 64; $i++) {
        $t->set("k$i", ['text' => str_repeat('x', 65536)]);
    }
}

$before = used();
$t = table(64, 65536);
fill($t);
$full = used();
same('four megabytes are in use', [1, true], [$full[0] - $before[0], $full[2] - $before[2] >= 4096]);
same('no descriptor stays', $before[1], $full[1]);
$t->destroy();
same('destroy', $before, used());
unset($t);
for ($i = 0; $i < 30; $i++) {
    $t = table(64, 65536);
    fill($t);
    if ($i % 2) {
        $t->destroy();
    }
}
unset($t);
same('with the object', $before, used());

// What is not touched is not there: a table costs what is in it.
$t = table(1 << 20, 1 << 10);
same('a gigabyte that nobody touched', [true, true], [$t->memorySize > 1 << 30, used()[2] - $before[2] < 16384]);
unset($t);

// Deleted rows are used again: a table that turns over its rows does not grow.
$t = table(64, 65536);
for ($i = 0; $i < 2000; $i++) {
    $t->set("k$i", ['text' => str_repeat('x', 65536)]);
    $t->del("k$i");
}
same('rows are used again', true, used()[2] - $before[2] < 1024);
unset($t);

$many = [];
for ($i = 0; $i < 500; $i++) {
    array_push($many, new Swoole\Atomic($i), new Swoole\Atomic\Long($i), new Swoole\Lock());
}
same('each has a mapping', 1500, used()[0] - $before[0]);
$many = [];
same('none is left', $before[0], used()[0]);
same('none is left open', $before[1], used()[1]);

// destroy(), then again from the start: columns stay, rows do not.
$t = table(64, 8);
$t->set('k', ['text' => 'a']);
$t->destroy();
same('created anew', [true, false, 0, true], [$t->create(), $t->get('k'), count($t), $t->set('k', ['text' => 'b'])]);

// Failures leave nothing behind either.
$before = used();
for ($i = 0; $i < 50; $i++) {
    $huge = new Table(1 << 30, 1);
    $huge->column('text', Table::TYPE_STRING, 1 << 29);
    @$huge->create();
    try {
        new Table(0);
    } catch (Swoole\Exception) {
    }
}
unset($huge);
same('failures', array_slice($before, 0, 2), array_slice(used(), 0, 2));

// PHP's own memory: what is thrown, cut, abandoned in the middle leaves nothing either.
$thrower = new class {
    public function __toString(): string
    {
        throw new DomainException('no');
    }
};
$abuse = function () use ($thrower): void {
    $t = new swoole_table(64);
    $t->column('a', Table::TYPE_STRING, 8);
    $t->column('n', Table::TYPE_INT);
    $t->column('a', Table::TYPE_INT);
    @$t->column('b', Table::TYPE_STRING);
    $t->create();
    for ($i = 0; $i < 60; $i++) {
        @$t->set(str_repeat("$i", 40), ['a' => "text $i", 'n' => "$i"]);
    }
    foreach ([['a' => 'x' . mt_rand(0, 999), 'n' => 1, 'b' => $thrower], ['n' => 1, 'a' => $thrower]] as $row) {
        try {
            $t->set('k', $row);
        } catch (DomainException) {
        }
    }
    set_error_handler(fn (int $level, string $text) => throw new ErrorException($text));
    foreach ([fn () => $t->set('k', ['a' => []]), fn () => $t->set(str_repeat('k', 70), []), fn () => $t->incr('k', 'a')] as $call) {
        try {
            $call();
        } catch (ErrorException) {
        }
    }
    restore_error_handler();
    foreach ($t as $key => $row) {
        $t->row = $t[$key];
        $t->row['a'] = 'y' . mt_rand(0, 999);
        break;
    }
    $t->rewind();
};
$abuse();
error_clear_last();
gc_collect_cycles();
unset($before);
$before = memory_get_usage();
for ($i = 0; $i < 200; $i++) {
    $abuse();
}
error_clear_last();
gc_collect_cycles();
same('memory of PHP', 0, memory_get_usage() - $before);
