<?php

declare(strict_types=1);

/*
 * Corners of the engine for isolation = snapshot: name => [what a request does, what the next one sees, what it has to see].
 * tests/e2e/test_isolation_corners.py asks for /NAME/do and then for /NAME/see, twice. All of it is one process.
 */

enum Suit: string
{
    case Hearts = 'h';
    case Spades = 's';
}

class Child
{
    public array $list = [];

    public function __construct(public string $name = 'clean')
    {
    }
}

class ParentBox
{
    private string $same = 'clean';

    public function setParents(string $to): void
    {
        $this->same = $to;
    }

    public function parents(): string
    {
        return $this->same;
    }
}

final class Box extends ParentBox
{
    public string $plain = 'clean';

    public int $number = 1;

    public ?string $nullable = null;

    public float|int|string $union = 1.5;

    public int $typed;

    public readonly string $once;

    public readonly Child $deep;

    public string $gone = 'clean';

    private string $same = 'clean';

    public array $list = [3, 1, 2];

    public array $map = ['a' => ['b' => ['c' => 'clean']]];

    public array $references = [];

    public string $target = 'clean';

    public mixed $slot = null;

    public Suit $suit = Suit::Hearts;

    public Child $child;

    public Closure $bound;

    public Closure $counter;

    public Closure $uses;

    public Closure $usesReferences;

    public Closure $sums;

    public Closure $adds;

    public Closure $tells;

    public Closure $first;

    public WeakReference $weak;

    public stdClass $loose;

    public mixed $stream;

    public Fiber $fiber;

    public function finallyPlain(): Generator
    {
        try {
            yield 1;
        } finally {
            $this->plain = 'x';
        }
    }

    public function __construct()
    {
        $this->deep = new Child();
        $this->child = new Child();
        $this->references = ['deep' => ['er' => &$this->target]];
        $this->bound = fn (): string => $this->plain . $this->number;
        $this->counter = static function (): int {
            static $n = 0;

            return ++$n;
        };
        $this->closures([], ['clean' => &$this->target], 0, 0);
        $this->first = $this->method(...);
        $this->weak = WeakReference::create($this->child);
        $this->loose = (object) ['x' => 'clean', 'y' => (object) ['z' => 'clean']];
        $this->stream = fopen('php://memory', 'w+b');
    }

    /** What closures use: by value; a reference in that; by reference, which one closure has alone, or two share. */
    private function closures(array $list, array $references, int $alone, int $shared): void
    {
        $this->uses = static function () use ($list): int {
            $list[] = 'x';

            return count($list);
        };
        $this->usesReferences = static function (string $to) use ($references): string {
            $was = $references['clean'];
            $references['clean'] = $to;

            return $was;
        };
        $this->sums = static function () use (&$alone): int {
            return ++$alone;
        };
        $this->adds = static function () use (&$shared): void {
            $shared++;
        };
        $this->tells = static function () use (&$shared): int {
            return $shared;
        };
    }

    public function method(): int
    {
        static $n = 0;

        return ++$n;
    }

    public function same(?string $to = null): string
    {
        return $this->same = $to ?? $this->same;
    }
}

/** A place that is put back is put back, not assigned: nobody's magic is asked. */
final class Magic
{
    public static array $asked = [];

    public string $declared = 'clean';

    public function __set(string $name, mixed $value): void
    {
        self::$asked[] = "set $name";
        $this->data[$name] = $value;
    }

    public function __get(string $name): mixed
    {
        return "magic $name";
    }

    private array $data = [];
}

final class Statics
{
    public static int $untyped;

    public static array $list = ['clean'];

    public static ?Child $made = null;

    public static Suit $suit = Suit::Hearts;

    public static mixed $slot = null;

    public static function instance(): Child
    {
        return self::$made ??= new Child('made');
    }

    public static function &byReference(): array
    {
        static $cache = [];

        return $cache;
    }

    public static function object(): Child
    {
        static $child = null;

        return $child ??= new Child();
    }
}

final class Pool
{
    public array $kept = [];
}

final class Half
{
    public array $kept = [];

    public array $lost = [];

    public static array $keptStatic = [];
}

/** What happens when it is dropped is written to a file: nothing else outlives a request. */
final class Dying
{
    public function __construct(private readonly string $how, public mixed $ring = null)
    {
    }

    public function __destruct()
    {
        global $box;
        note("$this->how {$box->plain}");
        $box->plain = 'written by a destructor';
        Statics::$list[] = 'written by a destructor';
        switch ($this->how) {
            case 'throw':
                throw new RuntimeException('thrown by a destructor');
            case 'exit':
                exit('left by a destructor');
            case 'again':
                $box->slot = new self('child');
        }
    }
}

final class Ending
{
    public function __construct(private Closure $what, private int $left = 0)
    {
    }

    public function __destruct()
    {
        ($this->what)($this->what, $this->left);
    }
}

final class MagicTyped
{
    public string $typed;

    public function __get(string $name): mixed
    {
        return "magic $name";
    }
}

function note(string $line): void
{
    file_put_contents(__DIR__ . '/notes', "$line\n", FILE_APPEND);
}

/** @return list<string> */
function notes(): array
{
    return @file(__DIR__ . '/notes', FILE_IGNORE_NEW_LINES) ?: [];
}

function caught(Closure $what): mixed
{
    try {
        return $what();
    } catch (Throwable $e) {
        return get_class($e) . ': ' . $e->getMessage();
    }
}

const CONSTANT = new Child();
define('DEFINED', new Child());

// The server includes this file in a function.
global $box, $global, $globals, $tree;
$box = new Box();
$magicTyped = new MagicTyped();
$magic = new Magic();
$pool = new Pool();
$half = new Half();
$global = 'clean';
$globals = ['x' => &$global];
$tree = null;

$cases = [
    // -- references
    'reference-in-array' => [fn () => $box->references['deep']['er'] = 'x', fn () => [$box->target, $box->references], ['clean', ['deep' => ['er' => 'clean']]]],
    'reference-behind' => [fn () => $box->target = 'x', fn () => $box->references['deep']['er'], 'clean'],
    'reference-made' => [function () use ($box): void {
        $GLOBALS['alias'] = &$box->plain;
        $GLOBALS['alias'] = 'x';
    }, fn () => [$box->plain, isset($GLOBALS['alias'])], ['clean', false]],
    'reference-broken' => [function () use ($box): void {
        unset($box->references['deep']['er']);
        $box->references['deep'] = ['er' => 'x'];
    }, function () use ($box): array {
        $seen = $box->references['deep']['er'];
        $box->target = 'follows';

        return [$seen, $box->references['deep']['er']];
    }, ['clean', 'follows']],
    'reference-replaced' => [function () use ($box): void {
        $other = 'x';
        $box->references['deep']['er'] = &$other;
    }, function () use ($box): string {
        $box->target = 'follows';

        return $box->references['deep']['er'];
    }, 'follows'],
    'reference-foreach' => [function () use ($box): void {
        foreach ($box->list as &$v) {
            $v *= 10;
        }
        sort($box->list);
    }, fn () => $box->list, [3, 1, 2]],
    'reference-global' => [fn () => $GLOBALS['globals']['x'] = 'x', fn () => $GLOBALS['global'], 'clean'],
    'global-made' => [fn () => $GLOBALS['made'] = 'x', fn () => isset($GLOBALS['made']), false],
    'global-unset' => [function (): void {
        unset($GLOBALS['global'], $GLOBALS['box']);
    }, fn () => [$GLOBALS['global'], $GLOBALS['globals']['x'], $GLOBALS['box'] === $box], ['clean', 'clean', true]],
    'global-instead-of-another' => [function (): void {
        unset($GLOBALS['tree']);
        $GLOBALS['made'] = 'x';
    }, fn () => [array_key_exists('tree', $GLOBALS), isset($GLOBALS['made'])], [true, false]],
    'global-super' => [function (): void {
        unset($GLOBALS['_COOKIE'], $GLOBALS['_SERVER']['REQUEST_METHOD']);
        $GLOBALS['_SESSION'] = $GLOBALS['made'] = ['x'];
    }, fn () => [$_COOKIE, $_SERVER['REQUEST_METHOD'], isset($_SESSION), isset($GLOBALS['made'])], [[], 'GET', false, false]],
    'global-many' => [function (): void {
        unset($GLOBALS['globals']);
        for ($i = 0; $i < 1000; $i++) {
            $GLOBALS["made$i"] = $i;
        }
    }, fn () => [count(array_filter(array_keys($GLOBALS), fn ($name) => str_starts_with($name, 'made'))), $GLOBALS['globals']['x']], [0, 'clean']],
    'reference-typed' => [function () use ($box): void {
        $r = &$box->number;
        $r = 99;
    }, fn () => [$box->number, caught(fn () => $box->number = 'text')],
        [1, 'TypeError: Cannot assign string to property Box::$number of type int']],
    'reference-cyclic' => [function (): void {
        $GLOBALS['tree'] = ['self' => null];
        $GLOBALS['tree']['self'] = &$GLOBALS['tree'];
    }, fn () => $GLOBALS['tree'], null],

    // -- properties
    'string-append' => [fn () => $box->plain .= 'x', fn () => $box->plain, 'clean'],
    'string-offset' => [fn () => $box->plain[0] = 'x', fn () => $box->plain, 'clean'],
    'increment' => [fn () => $box->number++, fn () => $box->number, 1],
    'union' => [fn () => $box->union = 'x', fn () => $box->union, 1.5],
    'array-push' => [fn () => array_push($box->list, 4), fn () => $box->list, [3, 1, 2]],
    'array-nested' => [fn () => $box->map['a']['b']['c'] = 'x', fn () => $box->map['a']['b']['c'], 'clean'],
    'array-pointer' => [fn () => next($box->list), fn () => current($box->list), 3],
    'private-of-parent' => [function () use ($box): void {
        $box->setParents('x');
        $box->same('y');
    }, fn () => [$box->parents(), $box->same()], ['clean', 'clean']],
    'typed-uninitialised' => [fn () => $box->typed = 1, fn () => caught(fn () => $box->typed),
        'Error: Typed property Box::$typed must not be accessed before initialization'],
    'readonly-uninitialised' => [fn () => (fn () => $this->once = 'x')->call($box), fn () => caught(fn () => (fn () => $this->once = 'again')->call($box)), 'again'],
    'readonly-object' => [fn () => $box->deep->name = 'x', fn () => [$box->deep->name, caught(fn () => (fn () => $this->deep = new Child())->call($box))],
        ['clean', 'Error: Cannot modify readonly property Box::$deep']],
    'unset-declared' => [function () use ($box): void {
        unset($box->gone);
    }, fn () => $box->gone, 'clean'],
    'unset-magic' => [function () use ($magic): void {
        unset($magic->declared);
        $magic->declared = 'x';
        $magic->other = 'y';
    }, fn () => [$magic->declared, Magic::$asked], ['clean', []]],
    'unset-typed' => [function () use ($magicTyped): void {
        unset($magicTyped->typed);
    }, fn () => caught(fn () => $magicTyped->typed), 'Error: Typed property MagicTyped::$typed must not be accessed before initialization'],
    'object-replaced' => [fn () => $box->child = new Child('x'), fn () => [$box->child->name, $box->weak->get() === $box->child], ['clean', true]],
    'object-deep' => [fn () => $box->child->list['x'] = new Child(), fn () => $box->child->list, []],
    'loose-object' => [function () use ($box): void {
        $box->loose->x = 'x';
        $box->loose->new = 'x';
        $box->loose->y->z = 'x';
        unset($box->loose->y);
    }, fn () => [(array) $box->loose, $box->loose->y->z], [['x' => 'clean', 'y' => ['z' => 'clean']], 'clean']],
    'property-table' => [function () use ($box): void {
        foreach ($box->child as $k => &$v) {
            $v = $k === 'name' ? 'x' : [1];
        }
    }, fn () => [$box->child->name, $box->child->list], ['clean', []]],
    'dynamic-property' => [fn () => @$box->child->dynamic = 1, fn () => [get_object_vars($box->child)], [['list' => [], 'name' => 'clean']]],
    'enum-property' => [fn () => $box->suit = Suit::Spades, fn () => [$box->suit === Suit::Hearts, Suit::from('s') === Suit::Spades], [true, true]],
    'object-in-constant' => [function (): void {
        [$constant, $defined] = [CONSTANT, DEFINED];
        $constant->name = 'x';
        $defined->list[] = 'x';
    }, fn () => [CONSTANT->name, DEFINED->list], ['clean', []]],
    'weak-reference' => [function () use ($box): void {
        $box->slot = WeakReference::create($box->child);
        $box->child = new Child('other');
        gc_collect_cycles();
    }, fn () => [$box->slot, $box->weak->get()?->name], [null, 'clean']],
    'resource' => [fn () => $box->slot = fopen(__FILE__, 'rb'), fn () => [$box->slot, is_resource($box->stream),
        count(preg_grep('/corners/', array_map('readlink', glob('/proc/self/fd/*') ?: [])) ?: [])], [null, true, 0]],

    // -- statics
    'static-uninitialised' => [fn () => Statics::$untyped = 1, fn () => caught(fn () => Statics::$untyped),
        'Error: Typed static property Statics::$untyped must not be accessed before initialization'],
    'static-array' => [fn () => Statics::$list[] = 'x', fn () => Statics::$list, ['clean']],
    'static-enum' => [fn () => Statics::$suit = Suit::Spades, fn () => Statics::$suit === Suit::Hearts, true],
    'lazy-singleton' => [fn () => Statics::instance()->list[] = 'x', fn () => Statics::instance()->list, []],
    'static-by-reference' => [function (): void {
        $cache = &Statics::byReference();
        $cache[] = 'x';
    }, fn () => Statics::byReference(), []],
    'static-object' => [fn () => Statics::object()->name = 'x', fn () => Statics::object()->name, 'clean'],
    'static-closure' => [fn () => ($box->counter)(), fn () => ($box->counter)(), 1],
    'closure-uses-value' => [fn () => ($box->uses)(), fn () => ($box->uses)(), 1],
    'closure-uses-references' => [fn () => ($box->usesReferences)('x'), fn () => [($box->usesReferences)('clean'), $box->target], ['clean', 'clean']],
    'closure-uses-reference' => [fn () => ($box->sums)(), fn () => ($box->sums)(), 1],
    'closure-uses-reference-of-two' => [fn () => ($box->adds)(), fn () => ($box->tells)(), 0],
    'static-of-method' => [fn () => $box->method(), fn () => $box->method(), 1],
    'first-class-callable' => [fn () => ($box->first)(), fn () => [($box->first)(), $box->method()], [1, 2]],
    'closure-bound' => [function () use ($box): void {
        $box->plain = 'x';
        $box->number = 2;
        $box->bound = Closure::bind(fn () => 'other', null);
    }, fn () => ($box->bound)(), 'clean1'],
    'closure-of-a-request' => [function () use ($box): void {
        $box->slot = function () use ($box): string {
            static $n = 0;

            return $box->plain . ++$n;
        };
        ($box->slot)();
    }, fn () => $box->slot, null],
    'late-class' => [function (): void {
        require_once __DIR__ . '/corners_late.php';
        Late::$n = 5;
        Late::$list[] = 'x';
        Late::next();
        late_function();
    }, function (): array {
        require_once __DIR__ . '/corners_late.php';

        return [Late::$n, Late::$list, Late::next(), late_function()];
    }, [0, [Suit::Hearts->value], 1, 1]],
    'late-subclass' => [function (): void {
        require_once __DIR__ . '/corners_late.php';
        LateChild::$list[] = 'x';
        LateChild::$own = 'x';
    }, function (): array {
        require_once __DIR__ . '/corners_late.php';

        return [Late::$list, LateChild::$list, LateChild::$own];
    }, [['h'], ['h'], 'clean']],
    'anonymous-class' => [fn () => $box->slot = new class extends Child {
        public static int $n = 0;

        public function __destruct()
        {
            self::$n++;
        }
    }, fn () => $box->slot, null],

    // -- what is on its way when the request ends
    'fiber-in-flight' => [function () use ($box): void {
        $box->slot = new Fiber(function () use ($box): void {
            try {
                $box->plain = 'x';
                Fiber::suspend();
            } finally {
                note('fiber ' . $box->plain);
            }
        });
        $box->slot->start();
    }, fn () => [$box->slot, $box->plain, notes()], [null, 'clean', ['fiber clean']]],
    'fiber-lost' => [function () use ($box): void {
        $fiber = new Fiber(function () use (&$fiber): void {
            Fiber::suspend();
        });
        $fiber->start();
    }, fn () => $box->plain, 'clean'],
    'generator-in-flight' => [function () use ($box): void {
        $box->slot = (function () use ($box): Generator {
            try {
                $box->plain = yield 1;
            } finally {
                note('generator ' . $box->plain);
            }
        })();
        $box->slot->current();
        $box->slot->send('x');
        $box->slot = (function () use ($box): Generator {
            try {
                yield 1;
                yield 2;
            } finally {
                note('generator ' . $box->plain);
            }
        })();
        $box->slot->next();
    }, fn () => [$box->slot, $box->plain, notes()], [null, 'clean', ['generator x', 'generator clean']]],
    'buffer-left-open' => [function () use ($box): void {
        ob_start(function (string $text) use ($box): string {
            $box->plain = 'x';

            return $text;
        });
    }, fn () => $box->plain, 'clean'],

    // -- destructors of what is dropped: they see the restored world, and what they write is put back as well
    'destructor' => [fn () => [$box->plain = 'x', $box->slot = new Dying('plain')], fn () => [notes(), $box->plain, Statics::$list],
        [['plain clean'], 'clean', ['clean']]],
    'destructor-static' => [fn () => Statics::$slot = new Dying('static'), fn () => [notes(), Statics::$slot, $box->plain], [['static clean'], null, 'clean']],
    'destructor-throws' => [fn () => $box->list = [new Dying('throw'), new Dying('plain')], fn () => [notes(), $box->plain],
        [['throw clean', 'plain written by a destructor'], 'clean']],
    'destructor-exits' => [fn () => $box->list = [new Dying('exit'), new Dying('plain')], fn () => [notes()[0], $box->plain, Statics::$list],
        ['exit clean', 'clean', ['clean']]],
    'destructor-makes-another' => [fn () => $box->slot = new Dying('again'), fn () => [notes(), $box->slot, $box->plain],
        [['again clean', 'child clean'], null, 'clean']],
    'destructor-in-a-cycle' => [function () use ($box): void {
        $one = new Dying('cycle');
        $box->slot = $one->ring = new Dying('cycle', $one);
    }, function () use ($box): array {
        gc_collect_cycles();

        return [$box->slot, count(notes()), Statics::$list === ['clean'] || count(notes()) === 2];
    }, [null, 2, true]],
    'destructor-chain' => [fn () => $box->slot = new Ending(static fn (Closure $self, int $left) => $left && $box->slot = new Ending($self, $left - 1), 20),
        fn () => [$box->slot, $box->plain], [null, 'clean']],
    'destructor-of-php-itself' => [fn () => $box->slot = new Ending(function (): void {
        date_default_timezone_set('Asia/Tokyo');
        setlocale(LC_ALL, 'POSIX');
        chdir('/');
        umask(0o777);
        mb_internal_encoding('EUC-JP');
        mb_substitute_character(0x40);
        libxml_use_internal_errors(true);
    }), fn () => [date_default_timezone_get(), setlocale(LC_CTYPE, '0'), getcwd() === __DIR__, umask(), mb_internal_encoding(),
        mb_substitute_character(), libxml_use_internal_errors()], ['UTC', 'C.UTF-8', true, 0o22, 'UTF-8', 63, false]],
    'destructor-and-shutdown-functions' => [fn () => $box->slot = new Ending(fn () => register_shutdown_function(fn () => note('too late'))),
        fn () => notes(), []],
    'finally-of-a-generator' => [function () use ($box): void {
        $box->slot = $box->finallyPlain();
        $box->slot->current();
    }, fn () => [$box->slot, $box->plain], [null, 'clean']],
    'finally-of-a-fiber' => [function () use ($box): void {
        $box->slot = new Fiber(function () use ($box): void {
            try {
                Fiber::suspend();
            } finally {
                $box->plain = 'x';
            }
        });
        $box->slot->start();
    }, fn () => [$box->slot, $box->plain], [null, 'clean']],
    'destructor-of-boot' => [fn () => $box->child = new class ($box) extends Child {
        public function __construct(private readonly Box $box)
        {
            parent::__construct('x');
        }

        public function __destruct()
        {
            note('child of ' . $this->box->child->name);
        }
    }, fn () => notes(), ['child of clean']],

    // -- ends
    'exception' => [function () use ($box): void {
        $box->plain = 'x';
        throw new RuntimeException('nobody catches this');
    }, fn () => $box->plain, 'clean'],
    'exit' => [function () use ($box): void {
        $box->plain = 'x';
        $box->slot = (fn () => exit('left'))(...);
        ($box->slot)();
    }, fn () => [$box->plain, $box->slot], ['clean', null]],
    'exit-in-a-generator' => [function () use ($box): void {
        $box->slot = (function (): Generator {
            yield 1;
            exit('left');
        })();
        foreach ($box->slot as $ignored) {
            $box->plain = 'x';
        }
    }, fn () => [$box->plain, $box->slot], ['clean', null]],
    'exit-in-a-fiber' => [function () use ($box): void {
        $box->slot = new Fiber(function () use ($box): void {
            $box->plain = 'x';
            exit('left');
        });
        $box->slot->start();
    }, fn () => [$box->plain, $box->slot], ['clean', null]],

    // -- exempt
    'exempt-class' => [fn () => $pool->kept = ['x'], fn () => $pool->kept, ['x']],
    'exempt-property' => [function () use ($half): void {
        $half->kept = ['x'];
        $half->lost = ['x'];
    }, fn () => [$half->kept, $half->lost], [['x'], []]],
    'exempt-static' => [fn () => Half::$keptStatic = ['x'], fn () => Half::$keptStatic, ['x']],
];

return static function () use ($cases): void {
    [, $name, $what] = explode('/', parse_url($_SERVER['REQUEST_URI'], PHP_URL_PATH)) + [1 => '', 2 => ''];
    header('Content-Type: application/json');
    if ($name === 'cases') {
        echo json_encode(array_map(static fn (array $case): mixed => $case[2], $cases));
    } elseif ($name === 'facts') {
        echo json_encode(['pid' => getmypid(), 'memory' => memory_get_usage(), 'jit' => opcache_get_status(false)['jit']['on'] ?? false,
            'opcache' => opcache_get_status(false)['opcache_enabled'] ?? false, 'objects' => spl_object_id(new stdClass())]);
    } elseif ($what === 'do') {
        @unlink(__DIR__ . '/notes');
        ($cases[$name][0])();
        echo json_encode(['pid' => getmypid()]);
    } else {
        echo json_encode(['pid' => getmypid(), 'seen' => ($cases[$name][1])()]);
    }
};
