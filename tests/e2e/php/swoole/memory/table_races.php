<?php
/* Contract B.9, "Concurrency": what several processes do to one table at the same time adds up. */
require __DIR__ . '/check.php';

use Swoole\Atomic;
use Swoole\Table;

const PROCESSES = 6;

function table(int $size = 64, int $text = 32): Table
{
    $t = new Table($size);
    $t->column('n', Table::TYPE_INT);
    $t->column('text', Table::TYPE_STRING, $text);
    $t->create();
    return $t;
}

/** The same in several processes, which begin together. How many came to their end. */
function together(int $processes, callable $work): int
{
    $gate = new Atomic();
    $pids = [];
    for ($id = 0; $id < $processes; $id++) {
        $pids[] = child(function () use ($gate, $work, $id): int {
            $gate->add();
            until(fn () => $gate->get() >= 1000);
            return (int)$work($id);
        });
    }
    until(fn () => $gate->get() === $processes);
    $gate->add(1000);
    return array_sum(array_map('joined', $pids));
}

// Who makes a row sees 1, who removes one sees true: nobody sees what another saw.
$t = table();
$made = new Atomic();
$removed = new Atomic();
same('making and removing: all ended', PROCESSES, together(PROCESSES, function (int $id) use ($t, $made, $removed): int {
    mt_srand($id);
    for ($i = 0; $i < 3000; $i++) {
        $key = 'k' . mt_rand(0, 7);
        if (mt_rand(0, 1)) {
            $t->incr($key, 'n') === 1 && $made->add();
        } else {
            $t->del($key) && $removed->add();
        }
    }
    return 0;
}));
$s = $t->stats();
same('making and removing', [$made->get(), $removed->get()], [$s['insert_count'], $s['delete_count']]);
same('making and removing: what is left', $made->get() - $removed->get(), count($t));
same('making and removing: there was a race', true, $made->get() > 8 && $removed->get() > 8);

// A sum over all columns of all rows, by all of them, while some iterate.
$t = table();
same('sums: all ended', PROCESSES, together(PROCESSES, function (int $id) use ($t): int {
    for ($i = 0; $i < 2000; $i++) {
        if ($i % 100 === 0) {
            foreach ($t as $key => $row) {
                if ($key[0] !== 's' || $row['n'] < 0) {
                    return 1;
                }
            }
        }
        $t->incr('s' . $i % 5, 'n', 2);
        $t->decr('s' . $i % 5, 'n');
    }
    return 0;
}));
same('sums', array_fill(0, 5, PROCESSES * 400), array_map(fn ($i) => $t->get("s$i", 'n'), range(0, 4)));

// All of them want more rows than there are: each place is given once.
$t = table();
$places = 64 + $t->stats()['total_slice_num'];
$given = new Atomic();
same('places: all ended', PROCESSES, together(PROCESSES, function (int $id) use ($t, $given): int {
    for ($i = 0; $i < 60; $i++) {
        if (@$t->set("$id:$i", ['n' => $id * 1000 + $i])) {
            $given->add();
        }
    }
    return 0;
}));
same('places', [$places, $places], [$given->get(), count($t)]);
$wrong = 0;
foreach ($t as $key => $row) {
    [$id, $i] = explode(':', $key);
    $wrong += $row['n'] !== $id * 1000 + $i;
}
same('places: what is in them', 0, $wrong);

// Rows that stay are seen once by each iteration, whatever the others make and remove meanwhile.
$t = table(64);
for ($i = 0; $i < 30; $i++) {
    $t->set("stay $i", ['n' => $i]);
}
same('iteration: all ended', PROCESSES, together(PROCESSES, function (int $id) use ($t): int {
    for ($turn = 0; $turn < 150; $turn++) {
        if ($id >= 3) {
            for ($i = 0; $i < 10; $i++) {
                $t->set("go $id $i", ['n' => -1]);
            }
            for ($i = 0; $i < 10; $i++) {
                $t->del("go $id $i");
            }
            continue;
        }
        $seen = [];
        foreach ($t as $key => $row) {
            if ($key[0] === 's') {
                $seen[] = $row['n'];
            }
        }
        sort($seen);
        if ($seen !== range(0, 29)) {
            return 1;
        }
    }
    return 0;
}));
same('iteration: afterwards', 30, count($t));

// A writer that is killed in the middle of megabytes: the row is the one or the other, and the next one writes at once.
const MEGABYTES = 8 << 20;
$t = table(64, MEGABYTES);
$versions = [str_repeat('a', MEGABYTES), str_repeat('b', MEGABYTES)];
$t->set('large', ['n' => 0, 'text' => $versions[0]]);
$wrong = 0;
$slowest = 0.0;
for ($kill = 0; $kill < 12; $kill++) {
    $turns = new Atomic();
    $pid = child(function () use ($t, $versions, $turns): int {
        for ($i = 0;; $i = 1 - $i) {
            $t->set('large', ['n' => $i, 'text' => $versions[$i]]);
            $turns->add();
        }
    });
    until(fn () => $turns->get() > $kill % 3);
    usleep(mt_rand(0, 3000)); // somewhere in it
    posix_kill($pid, SIGKILL);
    joined($pid);
    $before = microtime(true);
    $row = $t->get('large');
    $t->incr('large', 'n', 0);
    $slowest = max($slowest, microtime(true) - $before);
    $wrong += $row['text'] !== $versions[$row['n']];
}
same('killed in the middle of megabytes: a mixture', 0, $wrong);
same('killed in the middle of megabytes: not 2 s', true, $slowest < 2);

// The table is the children's and their children's too, and outlives the one who made it.
$t = table();
$made = new Atomic();
$orphan = child(function () use ($t, $made): int {
    $inner = child(function () use ($t, $made): int {
        $t->set('from the grandchild', ['n' => 3]);
        $made->wait(-1);
        return $t->get('from the first', 'n') === 4 && $t->incr('from the grandchild', 'n') === 4 ? 0 : 1;
    });
    return (int)!joined($inner);
});
until(fn () => $t->exists('from the grandchild'));
$t->set('from the first', ['n' => 4]);
$t->destroy();
$made->wakeup();
same('inherited over two forks, destroyed in the first', true, joined($orphan));
