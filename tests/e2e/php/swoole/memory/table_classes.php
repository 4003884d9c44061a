<?php
/* Contract A4, A5, A.2 (common rules), L.1, TB14. */
require __DIR__ . '/check.php';

use Swoole\Table;

class Logged extends Table
{
    public array $calls = [];
    public int $rows = 0;

    public function column(string $name, int $type, int $size = 0): bool
    {
        $this->calls[] = "column $name";
        return parent::column($name, $type, $size ?: 8);
    }

    public function set(string $key, array $values): bool
    {
        $this->calls[] = "set $key";
        return parent::set($key, $values);
    }
}

$t = new Logged(64);
same('A4 column', true, $t->column('s', Table::TYPE_STRING));
$t->column('n', Table::TYPE_INT);
$t->create();
same('A4 set', true, $t->set('k', ['s' => 'x']));
same('A4 calls', ['column s', 'column n', 'set k'], $t->calls);
same('A4 inherited', ['x', 1], [$t->get('k', 's'), count($t)]);

class Forgetful extends Table
{
    public function __construct()
    {
    }
}

silent('A5 dynamic properties', 5, function () use ($t) {
    $t->anything = 5;
    return $t->anything;
});
silent('A5 of the class itself', 6, function () {
    $plain = new Table(64);
    $plain->anything = 6;
    return $plain->anything;
});

foreach ([
    'Swoole\Table' => ['swoole_table', fn () => new Table(64)],
    'Swoole\Atomic' => ['swoole_atomic', fn () => new Swoole\Atomic()],
    'Swoole\Atomic\Long' => ['swoole_atomic_long', fn () => new Swoole\Atomic\Long()],
    'Swoole\Lock' => ['swoole_lock', fn () => new Swoole\Lock()],
] as $class => [$old, $make]) {
    same("L.1 $old", [true, $class, true], [class_exists($old, false), (new ReflectionClass($old))->getName(), $make() instanceof $old]);
    throws("clone $class", Error::class, null, fn () => clone $make());
    throws("serialize $class", Exception::class, null, fn () => serialize($make()));
    throws("unserialize $class", Exception::class, null, fn () => unserialize('O:' . strlen($class) . ":\"$class\":0:{}"));
    same("not final: $class", false, (new ReflectionClass($class))->isFinal());
}
same('L.1 row', true, class_exists('swoole_table_row', false));
try {
    clone new Table(64);
} catch (Error $e) {
    same('clone: text', 'Trying to clone an uncloneable object of class Swoole\Table', $e->getMessage());
}
try {
    serialize(new Table(64));
} catch (Exception $e) {
    same('serialize: text', "Serialization of 'Swoole\\Table' is not allowed", $e->getMessage());
}
foreach (['size', 'memorySize'] as $property) {
    throws("unset $property", Error::class, null, function () use ($t, $property) {
        unset($t->$property);
    });
}
throws('unset errCode', Error::class, null, function () {
    $lock = new Swoole\Lock();
    unset($lock->errCode);
});
$t->gone = 1;
unset($t->gone, $t->rows);
same('unset of its own', [false, false], [isset($t->gone), isset($t->rows)]);

$methods = fn (string $class) => array_map(fn ($m) => $m->getName(), (new ReflectionClass($class))->getMethods());
same('A.2 numbers of methods', [21, 8, 6, 8], array_map(fn ($class) => count($methods($class)),
    ['Swoole\Table', 'Swoole\Atomic', 'Swoole\Atomic\Long', 'Swoole\Lock']));

// ---- the old array syntax ----
$old = new swoole_table(64);
$old->column('n', swoole_table::TYPE_INT);
$old->column('s', swoole_table::TYPE_STRING, 8);
$old->create();
$old['k'] = ['n' => '5', 's' => 'x'];
same('TB14 set and get', [['n' => 5, 's' => 'x'], 5], [$old->get('k'), $old['k']['n']]);
same('TB14 row', ['k', ['n' => 5, 's' => 'x'], true], [$old['k']->key, $old['k']->value, $old['k'] instanceof swoole_table_row]);
same('TB14 isset', [true, false, true, false, false, true], [isset($old['k']), isset($old['none']), isset($old['k']['n']),
    isset($old['k']['none']), isset($old['none']['n']), empty($old['none'])]);
same('TB14 default', 'd', $old['none']['n'] ?? 'd');
same('TB14 a row that is not there', [[], false], [$old['none']->value, $old['none']['n']]);
$old['k']['n'] = 6;
same('TB14 writes through', 6, $old->get('k', 'n'));
$row = $old['k'];
$row['s'] = 'much too long for it';
same('TB14 the copy sees what was stored', ['much too', 'much too'], [$row['s'], $old->get('k', 's')]);
$old->set('k', ['n' => 99]);
same('TB14 it is a copy', 6, $row['n']);
unset($old['k']);
same('TB14 unset', [false, 0], [isset($old['k']), count($old)]);
throws('TB14 no key', Error::class, null, fn () => $old[] = ['n' => 1]);
throws('TB14 not a row', TypeError::class, null, fn () => $old['k'] = 5);
throws('TB14 new row', Error::class, null, fn () => new swoole_table_row());
throws('TB14 unset of a column', Error::class, null, function () use ($row) {
    unset($row['n']);
});
$t['by offset'] = ['s' => 'y'];
same('TB14 through the override', 'set by offset', end($t->calls));

class Mine extends Table implements ArrayAccess
{
    public function offsetExists(mixed $offset): bool
    {
        return $offset === 'mine';
    }
    public function offsetGet(mixed $offset): mixed
    {
        return "mine: $offset";
    }
    public function offsetSet(mixed $offset, mixed $value): void
    {
        $this->last = [$offset, $value];
    }
    public function offsetUnset(mixed $offset): void
    {
        $this->last = $offset;
    }
}
$mine = new Mine(64);
$mine[] = 5;
same('a subclass with its own', ['mine: x', true, false, [null, 5]], [$mine['x'], isset($mine['mine']), isset($mine['k']), $mine->last]);
unset($mine['z']);
same('a subclass with its own unset', 'z', $mine->last);

// A row and its table that hold one another are freed.
$cycle = new Table(64);
$cycle->column('n', Table::TYPE_INT);
$cycle->create();
$cycle->set('k', []);
$cycle->row = $cycle['k'];
$weak = WeakReference::create($cycle);
unset($cycle);
gc_collect_cycles();
same('a cycle is collected', null, $weak->get());
