<?php
/* CO1 to CO5: creation, ids, parents, contexts, deferred calls, and the short names. */
require __DIR__ . '/../memory/check.php';

use Swoole\Coroutine;

/* ---- outside of any */
same('getCid() outside', -1, Coroutine::getCid());
same('getuid() outside', -1, Coroutine::getuid());
silent('getPcid() outside', false, fn () => Coroutine::getPcid());
silent('getContext() outside', null, fn () => Coroutine::getContext());
throws('defer() outside', Swoole\Error::class, null, fn () => Coroutine::defer(fn () => 1));
throws('yield() outside', Swoole\Error::class, null, fn () => Coroutine::yield());
throws('suspend() outside', Swoole\Error::class, null, fn () => Coroutine::suspend());
throws('isCanceled() outside', Swoole\Error::class, null, fn () => Coroutine::isCanceled());
throws('join() outside', Swoole\Error::class, null, fn () => Coroutine::join([1]));
throws('create() of nothing callable', TypeError::class, null, fn () => Coroutine::create('no such function'));
try {
    Coroutine::sleep(0.01);
} catch (Swoole\Error $e) {
    same('the text of it', 'API must be called in the coroutine', $e->getMessage());
}
same('no coroutine was made', 0, Coroutine::stats()['coroutine_num']);

/* ---- runs at once, until it first waits */
$log = [];
$log[] = Coroutine::create(function (...$args) use (&$log): void {
    $log[] = $args;
    Coroutine::sleep(0.001);
    $log[] = 'slept';
}, 'a', 2, null);
$log[] = 'back';
same('create() comes back when it waits', [['a', 2, null], 1, 'back'], $log);
Swoole\Event::wait();
same('and it goes on in the loop', 'slept', end($log));
same('an id that has ended', false, Coroutine::exists(1));

/* ---- ids, parents */
$seen = [];
$top = go(function () use (&$seen): void {
    $me = Coroutine::getCid();
    $seen['parent of the first'] = Coroutine::getPcid();
    $child = go(function () use (&$seen, $me): void {
        $seen['parent of a child'] = Coroutine::getPcid() === $me;
        $seen['of another'] = Coroutine::getPcid($me);
        Coroutine::yield();
        $seen['parent after its end'] = Coroutine::getPcid() === $me;
    });
    $seen['asked from outside'] = Coroutine::getPcid($child) === $me;
    $seen['exists'] = Coroutine::exists($child) && Coroutine::exists($me);
    $seen['unknown'] = Coroutine::getPcid(1 << 40);
    $seen['child'] = $child;
});
same('ids count up', [2, 3], [$top, $seen['child']]);
Coroutine::resume($seen['child']);
unset($seen['child']);
same('parents', ['parent of the first' => -1, 'parent of a child' => true, 'of another' => -1, 'asked from outside' => true,
    'exists' => true, 'unknown' => false, 'parent after its end' => true], $seen);

/* ---- callables of every form */
class Target
{
    public array $got = [];

    public function method(int $n): void
    {
        $this->got[] = $n;
    }

    public static function fixed(Target $t): void
    {
        $t->got[] = 'static';
    }

    public function __invoke(): void
    {
        $this->got[] = 'invoked';
    }

    public function __call(string $name, array $args): void
    {
        $this->got[] = $name;
    }

    private function hidden(): void
    {
        $this->got[] = 'hidden';
    }

    public function own(): void
    {
        go([$this, 'hidden']);
    }
}

function plain(Target $t): void
{
    $t->got[] = 'function';
}

$t = new Target();
go('plain', $t);
go('Target::fixed', $t);
go(['Target', 'fixed'], $t);
go([$t, 'method'], 7);
go($t);
go($t->method(...), 8);
go([$t, 'magic']);
$t->own();
swoole_coroutine_create([$t, 'method'], 9);
Swoole\Coroutine\go([$t, 'method'], 10);
Co\go([$t, 'method'], 11);
same('callables', ['function', 'static', 'static', 7, 'invoked', 8, 'magic', 'hidden', 9, 10, 11], $t->got);

/* ---- contexts */
$freed = [];
class Freed
{
    public function __construct(private string $name, private array &$log)
    {
    }

    public function __destruct()
    {
        $this->log[] = $this->name;
    }
}
go(function () use (&$freed): void {
    $c = Coroutine::getContext();
    same('a context', [true, true, 0], [$c instanceof Coroutine\Context, $c instanceof ArrayObject, count($c)]);
    $c['key'] = 'value';
    $c->property = 1;
    $c['object'] = new Freed('context', $freed);
    same('the same one again', true, $c === Coroutine::getContext(Coroutine::getCid()));
    $me = Coroutine::getCid();
    go(function () use ($me): void {
        same('each has its own', false, isset(Coroutine::getContext()['key']));
        same('that of another', 'value', Coroutine::getContext($me)['key']);
    });
    unset($c);
    defer(function () use (&$freed): void {
        same('alive in deferred calls', [[], 'value'], [$freed, Coroutine::getContext()['key']]);
    });
});
same('freed at its end', ['context'], $freed);
silent('context of an unknown one', null, fn () => Coroutine::getContext(99999));

/* ---- deferred calls: in reverse order, after exceptions too, each of them */
$log = [];
go(function () use (&$log): void {
    Coroutine::defer(function () use (&$log): void {
        $log[] = 'first';
    });
    swoole_coroutine_defer(function () use (&$log): void {
        $log[] = 'second';
        Coroutine::sleep(0.001);
        $log[] = 'slept';
        defer(function () use (&$log): void {
            $log[] = 'from a deferred call';
        });
    });
    Co\defer(function () use (&$log): void {
        $log[] = Coroutine::getCid() > 0;
    });
    $log[] = 'body';
});
Swoole\Event::wait();
same('deferred calls', ['body', true, 'second', 'slept', 'from a deferred call', 'first'], $log);

/* ---- classes and aliases */
foreach (['Co' => Coroutine::class, 'Co\System' => Coroutine\System::class, 'chan' => Coroutine\Channel::class,
    'Co\Channel' => Coroutine\Channel::class, 'Co\WaitGroup' => Coroutine\WaitGroup::class, 'Co\Barrier' => Coroutine\Barrier::class,
    'Co\Scheduler' => Coroutine\Scheduler::class, 'Co\Context' => Coroutine\Context::class] as $short => $long) {
    same("$short is $long", $long, class_exists($short) ? (new ReflectionClass($short))->getName() : null);
}
same('functions', [], array_filter(['go', 'defer', 'swoole_coroutine_create', 'swoole_coroutine_defer', 'Co\run', 'Swoole\Coroutine\run',
    'Swoole\Coroutine\go', 'Swoole\Coroutine\defer', 'Swoole\Coroutine\batch', 'Swoole\Coroutine\parallel', 'Swoole\Coroutine\map'],
    fn ($f) => !function_exists($f)));

/* ---- options */
same('no options yet', null, Coroutine::getOptions());
Coroutine::set(['max_coroutine' => 3, 'a' => 1]);
Coroutine::set(['b' => 2]);
same('options add up', ['max_coroutine' => 3, 'a' => 1, 'b' => 2], Coroutine::getOptions());
go(function (): void {
    go(fn () => Coroutine::yield());
    go(fn () => Coroutine::yield());
    warns('more than max_coroutine', 'Swoole\Coroutine::create(): exceed max number of coroutine 3', fn () => Coroutine::create(fn () => 1));
    warns('under its other name', 'go(): ', fn () => go(fn () => 1));
    foreach (Coroutine::list() as $cid) {
        $cid === Coroutine::getCid() || Coroutine::resume($cid);
    }
    same('room again', true, go(fn () => 1) > 0);
});
