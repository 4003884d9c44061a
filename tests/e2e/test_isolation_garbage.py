"""What a request leaves behind in circles. Under php-fpm it goes with the request; whoever waits for it must not wait here either."""

import pytest

APP = """<?php
class Circle {
    public $self, $holds;
    public function __construct($holds) { $this->self = $this; $this->holds = $holds; }
}
class Farewell extends Circle {
    public function __destruct() { file_put_contents($this->holds, 'x', FILE_APPEND); }
}
class Kept {
    public static $next = 0, $them = [];
}
function fatal() { eval('class stdClass {}'); }
class Fatal extends Circle {
    public function __destruct() { fatal(); }
}
return function () {
    $file = getenv('RS_FILE');
    switch ($_GET['do']) {
        case 'lock':
            $f = fopen($file, 'c');
            echo json_encode(flock($f, LOCK_EX | LOCK_NB));
            new Circle($f);
            break;
        case 'database':
            $pdo = new PDO("sqlite:$file.sqlite", null, null, [PDO::ATTR_TIMEOUT => 0, PDO::ATTR_ERRMODE => PDO::ERRMODE_EXCEPTION]);
            $pdo->exec('create table if not exists t (n)');
            $pdo->exec('insert into t values (1), (2)');
            $rows = $pdo->query('select n from t');
            $rows->fetch();
            new Circle([$pdo, $rows]);
            echo json_encode(true);
            break;
        case 'semaphore':
            $s = sem_get(crc32($file), 1);
            echo json_encode(sem_acquire($s, true));
            new Circle($s);
            break;
        case 'generator':
            $g = (function () use ($file) {
                try {
                    yield 1;
                } finally {
                    file_put_contents($file, 'x', FILE_APPEND);
                }
            })();
            $g->current();
            new Circle($g);
            echo json_encode(strlen((string) @file_get_contents($file)));
            break;
        case 'destructor':
            new Farewell($file);
            echo json_encode(strlen((string) @file_get_contents($file)));
            break;
        case 'nothing':
            new Circle(null);
            echo json_encode(gc_status()['runs']);
            break;
        case 'many':
            $all = array_map(static fn() => new stdClass, range(1, 100_000));
            echo json_encode(count($all));
            break;
        case 'some stay':
            $all = $seen = [];
            while (count($all) < 50_000) {
                $all[] = (object) ['n' => Kept::$next++];
            }
            foreach ([...$all, ...array_values(Kept::$them)] as $o) {
                $seen[spl_object_id($o)] = $o;
            }
            $right = count($seen) === count($all) + count(Kept::$them);
            foreach (Kept::$them as $n => $o) {
                $right = $right && $o->n === $n;
            }
            foreach (array_rand($all, 20) as $i) {
                Kept::$them[$all[$i]->n] = $all[$i];
            }
            foreach (count(Kept::$them) > 60 ? (array) array_rand(Kept::$them, 30) : [] as $n) {
                unset(Kept::$them[$n]);
            }
            echo json_encode($right);
            break;
        case 'none stays':
            Kept::$them = [];
            echo json_encode(true);
            break;
        case 'number':
            echo json_encode(spl_object_id(new stdClass));
            break;
        case 'fatal garbage':
            new Fatal(null);
            break;
        case 'fatal shutdown':
            register_shutdown_function('fatal');
            break;
        case 'fatal output':
            ob_start(static function ($text) { fatal(); return $text; });
            break;
        case 'pid':
            echo json_encode(getmypid());
    }
};
"""
ANSWERS = {"lock": [True] * 4, "database": [True] * 4, "semaphore": [True] * 4, "generator": [0, 1, 2, 3], "destructor": [0, 1, 2, 3]}

MODES = pytest.mark.parametrize("isolation", ["snapshot", "greedy"])


def one_worker(daemon, isolation, tmp_path):
    return daemon.callable(APP, ini={"swoole": {"worker_num": 1}, "rserverd": {"isolation": isolation}}, env={"RS_FILE": str(tmp_path / "file")})


def without_a_pause(d, what, n=4):
    """The worker has never time to tidy up."""
    with d.conn() as c:
        c.send(b"".join(b"GET /?do=%s HTTP/1.1\r\nHost: x\r\n\r\n" % what.encode() for _ in range(n)))
        answers = [c.response() for _ in range(n)]
    assert all(r.status == 200 for r in answers), answers
    return [r.json() for r in answers]


@MODES
@pytest.mark.parametrize("what", ANSWERS)
def test_what_others_wait_for_goes_with_its_request(daemon, tmp_path, what, isolation):
    d = one_worker(daemon, isolation, tmp_path)
    assert without_a_pause(d, what) == ANSWERS[what]


def test_mere_memory_does_not_cost_a_collection(daemon, tmp_path):
    d = one_worker(daemon, "snapshot", tmp_path)
    without_a_pause(d, "nothing")
    runs = without_a_pause(d, "nothing", 20)
    assert runs[-1] == runs[0]


def ask(d, what):
    r = d.get("/?do=" + what.replace(" ", "+"))
    assert r.status == 200, r
    return r.json()


@MODES
def test_many_objects_at_a_time_are_not_looked_at_for_ever(daemon, tmp_path, isolation):
    """A look goes over as many pointers as the highest number of an object that there is: those of later requests are low again."""
    d = one_worker(daemon, isolation, tmp_path)
    assert ask(d, "many") == 100_000
    assert ask(d, "number") < 20_000


def test_objects_that_stay_among_many_keep_their_numbers(daemon, tmp_path):
    d = one_worker(daemon, "greedy", tmp_path)
    assert [ask(d, "some stay") for _ in range(12)] == [True] * 12
    ask(d, "none stays")
    assert ask(d, "number") < 20_000


FATAL = {"fatal garbage": "in a destructor of garbage", "fatal shutdown": "in a shutdown function", "fatal output": "while its output was ended"}


@MODES
@pytest.mark.parametrize("what", FATAL)
def test_a_fatal_error_after_the_code_of_a_request_is_told(daemon, tmp_path, what, isolation):
    d = one_worker(daemon, isolation, tmp_path)
    first = ask(d, "pid")
    d.get("/?do=" + what.replace(" ", "+"))
    d.wait_log(rf"fatal error {FATAL[what]}, worker is replaced: GET /\?do={what.replace(' ', '.')}")
    assert ask(d, "pid") != first
    d.wait_settled()
