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
    }
};
"""
ANSWERS = {"lock": [True] * 4, "database": [True] * 4, "semaphore": [True] * 4, "generator": [0, 1, 2, 3], "destructor": [0, 1, 2, 3]}


def without_a_pause(d, what, n=4):
    """The worker has never time to tidy up."""
    with d.conn() as c:
        c.send(b"".join(b"GET /?do=%s HTTP/1.1\r\nHost: x\r\n\r\n" % what.encode() for _ in range(n)))
        answers = [c.response() for _ in range(n)]
    assert all(r.status == 200 for r in answers), answers
    return [r.json() for r in answers]


@pytest.mark.parametrize("isolation", ["snapshot", "greedy"])
@pytest.mark.parametrize("what", ANSWERS)
def test_what_others_wait_for_goes_with_its_request(daemon, tmp_path, what, isolation):
    d = daemon.callable(APP, ini={"swoole": {"worker_num": 1}, "rserverd": {"isolation": isolation}}, env={"RS_FILE": str(tmp_path / "file")})
    assert without_a_pause(d, what) == ANSWERS[what]


def test_mere_memory_does_not_cost_a_collection(daemon, tmp_path):
    d = daemon.callable(APP, ini={"swoole": {"worker_num": 1}, "rserverd": {"isolation": "snapshot"}}, env={"RS_FILE": str(tmp_path / "file")})
    without_a_pause(d, "nothing")
    runs = without_a_pause(d, "nothing", 20)
    assert runs[-1] == runs[0]
