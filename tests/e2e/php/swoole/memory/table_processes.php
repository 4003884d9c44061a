<?php
/*
 * Acceptance point 8: a table under 8 writers, each of them killed again and again; then everything is whole: no row is a
 * mixture, no row is lost, no place is lost.
 */
require __DIR__ . '/check.php';

use Swoole\Table;

const WRITERS = 8;
const KILLS = 60;

$t = new Table(256);
$t->column('n', Table::TYPE_INT);
$t->column('half', Table::TYPE_FLOAT);
$t->column('text', Table::TYPE_STRING, 64);
$t->create();
$counts = new Table(64);
$counts->column('turns', Table::TYPE_INT);
$counts->create();
$places = 256 + 51;

function version(int $n): array
{
    return ['n' => $n, 'half' => $n / 2.0, 'text' => str_repeat(chr(97 + $n % 26), $n % 60)];
}

function whole(array $row): bool
{
    return $row === version($row['n']);
}

$work = function (int $id) use ($t, $counts): int {
    mt_srand($id * 7919 + getmypid());
    for (;;) {
        $key = 'k' . mt_rand(0, 400); // more than there are places
        switch (mt_rand(0, 7)) {
            case 0:
            case 1:
                $t->del($key);
                break;
            case 2:
                if (($row = $t->get($key)) && !whole($row)) {
                    return 1;
                }
                break;
            case 3:
                $seen = [];
                foreach ($t as $k => $row) {
                    if (!whole($row)) {
                        return 1;
                    }
                }
                break;
            default:
                @$t->set($key, version(mt_rand(0, 100000)));
        }
        $counts->incr("writer $id", 'turns');
    }
};

$pids = [];
for ($id = 0; $id < WRITERS; $id++) {
    $pids[$id] = child(fn () => $work($id));
}
$ended = 0;
$slowest = 0.0;
for ($kill = 0; $kill < KILLS; $kill++) {
    $id = $kill % WRITERS;
    $before = $counts->get("writer $id", 'turns');
    until(fn () => $counts->get("writer $id", 'turns') >= (int)$before + 10 || dead($pids[$id]));
    posix_kill($pids[$id], SIGKILL);
    $ended += joined($pids[$id]);
    $before = microtime(true);
    for ($n = 0; $n <= 400; $n++) {
        $t->exists("k$n"); // under the locks of all rows, also of the one that was killed
    }
    $slowest = max($slowest, microtime(true) - $before);
    $pids[$id] = child(fn () => $work($id));
}
same('a killed writer does not stop the others for 2 s', true, $slowest < 2);
foreach ($pids as $pid) {
    posix_kill($pid, SIGKILL);
    $ended += joined($pid);
}
same('none found a mixture', KILLS + WRITERS, $ended);

$rows = iterator_to_array($t);
same('rows are whole', [], array_filter($rows, fn ($row) => !whole($row)));
same('count is the number of rows', count($rows), count($t));
for ($added = 0; @$t->set("fill $added", version($added)); $added++);
same('no place is lost', $places, count($rows) + $added);
foreach (array_keys(iterator_to_array($t)) as $key) {
    $t->del($key);
}
same('all can go', 0, count($t));

// incr is atomic between processes, also on a row that they all want to make.
$pids = [];
for ($id = 0; $id < WRITERS; $id++) {
    $pids[] = child(function () use ($t): int {
        for ($i = 0; $i < 2000; $i++) {
            $t->incr('sum', 'n', 3);
            $t->decr('sum', 'half', 0.5);
        }
        return 0;
    });
}
same('incr: all came to the end', WRITERS, array_sum(array_map('joined', $pids)));
same('incr: the sum', ['n' => WRITERS * 6000, 'half' => WRITERS * -1000.0, 'text' => ''], $t->get('sum'));

// A child made it: its own. A child destroys: only there.
joined(child(function () use ($t): int {
    $t->set('from the child', version(5));
    $t->destroy();
    return 0;
}));
same('A6 the child wrote into ours', version(5), $t->get('from the child'));
$own = child(function () use ($t): int {
    $private = new Table(64);
    $private->column('n', Table::TYPE_INT);
    $private->create();
    $private->set('k', ['n' => 5]);
    return $private->get('k', 'n') === 5 ? 0 : 1;
});
same('made in a child it works there', true, joined($own));
