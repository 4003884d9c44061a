<?php
/* Contract B.9, column "failure", cell by cell; those that end the process are in test_swoole_memory.py. */
require __DIR__ . '/check.php';

use Swoole\Table;

function table(int $size = 64): Table
{
    $t = new Table($size);
    $t->column('n', Table::TYPE_INT);
    $t->column('s', Table::TYPE_STRING, 8);
    $t->create();
    return $t;
}

throws('TB1 size 0', Swoole\Exception::class, null, fn () => new Table(0));
throws('TB1 size -1', Swoole\Exception::class, null, fn () => new Table(-1));
throws('TB1 a size beyond all', Swoole\Exception::class, null, fn () => new Table(PHP_INT_MAX));
throws('TB1 no number', TypeError::class, null, fn () => new Table('x'));
throws('TB1 nothing', ArgumentCountError::class, null, fn () => new Table());
throws('TB1 twice', Error::class, null, fn () => table()->__construct(64));

silent('TB2 unknown type', false, fn () => (new Table(64))->column('x', 7));
silent('TB2 unknown type 0', false, fn () => (new Table(64))->column('x', 0));
warns('TB2 string of size 0', 'Swoole\Table::column(): ', fn () => (new Table(64))->column('x', Table::TYPE_STRING));
warns('TB2 string of size -1', 'Swoole\Table::column(): ', fn () => (new Table(64))->column('x', Table::TYPE_STRING, -1));
warns('TB2 string beyond all', 'Swoole\Table::column(): ', fn () => (new Table(64))->column('x', Table::TYPE_STRING, PHP_INT_MAX));
warns('TB2 after create', 'Swoole\Table::column(): ', fn () => table()->column('x', Table::TYPE_INT));
$twice = new Table(64);
$twice->column('x', Table::TYPE_INT);
silent('TB2 the same name', false, fn () => $twice->column('x', Table::TYPE_INT));

$t = table();
silent('TB3 second call', false, fn () => $t->create());
warns('TB3 out of memory', 'Swoole\Table::create(): ', function (): bool {
    $huge = new Table(1 << 30, 1);
    $huge->column('s', Table::TYPE_STRING, 1 << 29);
    return $huge->create();
});

$long = str_repeat('k', 64);
foreach (['set' => [['n' => 1]], 'incr' => ['n'], 'decr' => ['n']] as $method => $arguments) {
    $t = table();
    $seen = [];
    set_error_handler(function (int $level, string $text) use (&$seen): bool {
        $seen[] = [$level, strstr(strip_tags($text), ':', true)];
        return true;
    });
    $t->$method($long, ...$arguments);
    restore_error_handler();
    same("TB4 long key: $method warns", [[E_WARNING, "Swoole\\Table"]], $seen);
    same("TB4 long key: $method cuts", [true, 63], [$t->exists(substr($long, 1)), strlen(implode(array_keys(iterator_to_array($t))))]);
    set_error_handler(fn (int $level, string $text) => throw new ErrorException($text));
    $t = table();
    try {
        $t->$method($long, ...$arguments);
        echo "not ok TB4 long key: $method as an exception\n";
    } catch (ErrorException) {
        same("TB4 long key: $method as an exception writes nothing", 0, count($t));
    }
    restore_error_handler();
}
$t = table();
$t->set(substr($long, 1), ['n' => 3]);
silent('long key: get', 3, fn () => $t->get($long, 'n'));
silent('long key: exists', true, fn () => $t->exists($long));
silent('long key: del', true, fn () => $t->del($long));

$t = table();
for ($n = 0; $n < 1000 && @$t->set("k$n", ['n' => $n]); $n++);
same('TB4 full', [76, 76], [$n, count($t)]);
warns('TB4 full', "Swoole\\Table::set(): failed to set('k'), unable to allocate memory", fn () => $t->set('k', ['n' => 1]));
warns('TB8 full', "Swoole\\Table::incr(): failed to incr('k'), unable to allocate memory", fn () => $t->incr('k', 'n'));
warns('TB8 full', "Swoole\\Table::decr(): failed to decr('k'), unable to allocate memory", fn () => $t->decr('k', 'n'));
silent('TB4 full: a row that is there', true, fn () => $t->set('k5', ['n' => 1]));
throws('TB4 not an array', TypeError::class, null, fn () => $t->set('k', 5));
throws('TB4 key is an array', TypeError::class, null, fn () => $t->set([], []));

silent('TB5 missing key', false, fn () => $t->get('none'));
silent('TB5 missing key, field', false, fn () => $t->get('none', 'n'));
silent('TB5 missing field', false, fn () => $t->get('k5', 'none'));
silent('TB6 missing', false, fn () => $t->exists('none'));
silent('TB7 missing', false, fn () => $t->del('none'));
warns('TB8 unknown column', 'Swoole\Table::incr(): ', fn () => $t->incr('k5', 'none'));
warns('TB8 string column', 'Swoole\Table::incr(): ', fn () => $t->incr('k5', 's'));
warns('TB8 unknown column', 'Swoole\Table::decr(): ', fn () => $t->decr('k5', 'none'));
warns('TB8 string column', 'Swoole\Table::decr(): ', fn () => $t->decr('k5', 's'));
throws('TB8 no number', TypeError::class, null, fn () => $t->incr('k5', 'n', 'x'));
silent('TB11 not created', false, fn () => (new Table(64))->stats());
silent('TB13 not created', false, fn () => (new Table(64))->destroy());

// Conversions call user code: what it throws comes through, what it destroys is gone, and nothing is half written.
$t = table();
$t->set('k', ['n' => 1, 's' => 'a']);
$thrower = new class {
    public function __toString(): string
    {
        throw new DomainException('no');
    }
};
throws('conversion throws', DomainException::class, null, fn () => $t->set('k', ['n' => 2, 's' => $thrower]));
same('conversion throws: as before', ['n' => 1, 's' => 'a'], $t->get('k'));
$destroyer = new class($t) {
    public function __construct(private Table $t)
    {
    }
    public function __toString(): string
    {
        $this->t->destroy();
        return 'gone';
    }
};
silent('conversion destroys', false, fn () => $t->set('k', ['s' => $destroyer]));
silent('conversion destroys: then stats', false, fn () => $t->stats());
$t = table();
$nested = new class($t) {
    public function __construct(private Table $t)
    {
    }
    public function __toString(): string
    {
        $this->t->set('inner', ['n' => 1]);
        return (string)$this->t->count();
    }
};
$t->set('outer', ['s' => $nested]);
same('conversion uses the table', '1', $t->get('outer', 's'));
set_error_handler(fn (int $level, string $text) => throw new ErrorException($text));
throws('an array is no string', ErrorException::class, null, fn () => $t->set('outer', ['n' => 9, 's' => [1]]));
restore_error_handler();
same('an array is no string: as before', ['n' => 0, 's' => '1'], $t->get('outer'));
