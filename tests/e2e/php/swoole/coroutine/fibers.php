<?php
/* What a coroutine has for itself, and what PHP does inside one: Fibers, generators, callbacks from C, destructors, exceptions. */
require __DIR__ . '/../memory/check.php';

use Swoole\Coroutine;
use Swoole\Coroutine\Channel;

class Ends
{
    public function __construct(private Closure $call)
    {
    }

    public function __destruct()
    {
        ($this->call)();
    }
}

/** Lets others have so many turns. */
function turns(int $n = 1): void
{
    while ($n-- > 0) {
        $chan = new Channel(1);
        Swoole\Event::defer(fn () => $chan->push(1));
        $chan->pop();
    }
}

/* ---- output buffers: none of its creator's, its own over switches, flushed at its end */
ob_start();
echo 'A';
$seen = [];
foreach ([1, 2] as $i) {
    go(function () use ($i, &$seen): void {
        ob_start();
        echo "[$i";
        turns($i);
        echo "$i]";
        $seen[$i] = [ob_get_level(), ob_get_clean()];
    });
}
echo 'B';
same('of the creator', 'AB', ob_get_clean());
Swoole\Event::wait();
same('of coroutines that take turns', [1 => [1, '[11]'], 2 => [1, '[22]']], $seen);
$seen = [];
go(function () use (&$seen): void {
    ob_start(function (string $text) use (&$seen): string {
        $seen[] = $text;
        return '';
    });
    echo 'left open';
    turns();
});
Swoole\Event::wait();
same('what is left open is flushed', ['left open'], $seen);

/* ---- error_reporting: @ is of the one who said it */
$seen = [];
@go(function () use (&$seen): void {
    $seen['not of the creator'] = error_reporting();
    turns();
    $seen['nor later'] = error_reporting();
});
go(function () use (&$seen): void {
    $seen['@ over a switch'] = @(function (): int {
        turns(3);
        return error_reporting();
    })();
});
go(function () use (&$seen): void {
    turns();
    $seen['of another meanwhile'] = error_reporting();
});
$seen['of the creator'] = error_reporting();
Swoole\Event::wait();
ksort($seen);
same('error_reporting', ['@ over a switch' => 4437, 'nor later' => E_ALL, 'not of the creator' => E_ALL, 'of another meanwhile' => E_ALL,
    'of the creator' => E_ALL], $seen);

Co\run(function (): void {
    /* ---- Fibers inside */
    $f = new Fiber(function (int $x): string {
        $cid = Coroutine::getCid();
        Coroutine::sleep(0.001);
        $y = Fiber::suspend($cid);
        Coroutine::sleep(0.001);
        return "$x$y";
    });
    same('a Fiber that waits', Coroutine::getCid(), $f->start(1));
    same('is resumed', [null, '12'], [$f->resume(2), $f->getReturn()]);
    $g = new Fiber(function (): array {
        $first = Coroutine::getCid();
        Fiber::suspend();
        turns();
        return [$first, Coroutine::getCid()];
    });
    $g->start();
    $other = go(function () use ($g): void {
        $g->resume();
    });
    Coroutine::join([$other]);
    same('goes on in the coroutine that resumes it', [Coroutine::getCid(), $other], $g->getReturn());
    throws('an exception out of a Fiber that waited', LogicException::class, null, fn () => (new Fiber(function (): void {
        turns();
        throw new LogicException();
    }))->start());
    throws('Fiber::suspend() without a Fiber', FiberError::class, null, fn () => Fiber::suspend());
    same('no Fiber runs', null, Fiber::getCurrent());
    $log = [];
    $f = new Fiber(function () use (&$log): void {
        go(function () use (&$log): void {
            turns(2);
            $log[] = 'coroutine of a Fiber';
        });
        Fiber::suspend();
        $log[] = 'Fiber';
    });
    $f->start();
    turns(4);
    $f->resume();
    same('a coroutine made in a Fiber', ['coroutine of a Fiber', 'Fiber'], $log);
    $f = new Fiber(function () use (&$log): void {
        try {
            Fiber::suspend();
        } finally {
            $log[] = 'finally';
        }
    });
    $f->start();
    unset($f);
    same('a Fiber that is let go', 'finally', end($log));

    /* ---- C that calls PHP that waits */
    $v = [3, 1, 2];
    usort($v, function (int $a, int $b): int {
        turns();
        return $a <=> $b;
    });
    same('usort', [1, 2, 3], $v);
    $out = Swoole\Coroutine\map([1, 2], fn ($i) => preg_replace_callback('/\d/', function (array $m) use ($i): string {
        turns($i);
        return "<$i$m[0]>";
    }, 'a1b2'));
    same('two preg_replace_callback', ['a<11>b<12>', 'a<21>b<22>'], $out);
    $out = Swoole\Coroutine\map([1, 2], fn ($i) => implode(',', iterator_to_array((function () use ($i): Generator {
        foreach ([1, 2, 3] as $n) {
            turns($i);
            yield "$i$n";
        }
    })())));
    same('generators', ['11,12,13', '21,22,23'], $out);
    spl_autoload_register($loader = function (string $class): void {
        if ($class === 'LoadedLate') {
            turns(2);
            class_exists($class, false) || eval('class LoadedLate {}');
        }
    });
    same('two wait in an autoloader for one class', [true, true], Swoole\Coroutine\map([1, 2], fn () => class_exists('LoadedLate')));
    spl_autoload_unregister($loader);

    /* ---- destructors */
    $log = [];
    go(function () use (&$log): void {
        turns();
        $log[] = 'other';
    });
    $d = new Ends(function () use (&$log): void {
        turns(3);
        $log[] = 'destructor';
    });
    unset($d);
    same('one that waits', ['other', 'destructor'], $log);
    $log = [];
    try {
        (function () use (&$log): void {
            $d = new Ends(function () use (&$log): void {
                turns();
                go(function () use (&$log): void {
                    try {
                        throw new RuntimeException('other');
                    } catch (RuntimeException $e) {
                        $log[] = $e->getMessage();
                    }
                });
            });
            throw new LogicException('mine');
        })();
    } catch (LogicException $e) {
        $log[] = $e->getMessage();
    }
    same('one that waits while an exception is on its way', ['other', 'mine'], $log);
    $log = [];
    $o = new stdClass();
    $o->self = $o;
    $o->ends = new Ends(function () use (&$log): void {
        turns();
        $log[] = 'collected';
    });
    unset($o);
    gc_collect_cycles();
    same('one that the collector calls', ['collected'], $log);

    /* ---- exceptions stay where they are thrown */
    $log = [];
    $cid = go(function () use (&$log): void {
        try {
            try {
                Coroutine::yield();
                throw new LogicException('a');
            } finally {
                turns();
                $log[] = 'finally';
            }
        } catch (LogicException $e) {
            $log[] = $e->getMessage();
        }
    });
    try {
        throw new RuntimeException('b');
    } catch (RuntimeException $e) {
        Coroutine::resume($cid);
        turns(3);
        $log[] = $e->getMessage();
    }
    same('of two coroutines', ['finally', 'a', 'b'], $log);

    /* ---- error handlers that throw out of our own warnings */
    set_error_handler(fn ($level, $text) => throw new ErrorException($text));
    $chan = new Channel(1);
    throws('a warning becomes an exception', ErrorException::class, null, fn () => Coroutine::resume(4711));
    restore_error_handler();
    same('and all goes on', true, $chan->push(1));

    /* ---- deep */
    $down = function (int $n) use (&$down): int {
        return $n === 0 ? 0 : 1 + $down($n - 1);
    };
    same('recursion of PHP', 50000, $down(50000));
    $through = function (int $n) use (&$through): int {
        return $n === 0 ? 0 : 1 + array_map($through, [$n - 1])[0];
    };
    same('recursion through C', 1000, $through(1000));
    $value = json_decode(str_repeat('[', 511) . str_repeat(']', 511));
    same('what json_decode() takes can be shown', [true, true, true], [strlen(print_r($value, true)) > 1000,
        strlen(var_export($value, true)) > 1000, strlen(serialize($value)) > 1000]);
});
