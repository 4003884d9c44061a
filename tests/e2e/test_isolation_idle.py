"""An idle worker collects garbage, and that runs destructors: user code between two requests. It is contained like any other."""

import pytest

from lib.laravels import task
from lib.wait import until

APP = """<?php
class State { public static $n = 0; }
class Cycle {
    public $self;
    public function __construct(public string $does, public string $file) { $this->self = $this; }
    public function __destruct() {
        file_put_contents($this->file, $this->does);
        State::$n++;
        match ($this->does) {
            'throw' => throw new RuntimeException('by a destructor'),
            'exit' => exit(3),
            'fatal' => eval('class stdClass {}'),
            'fatal for want of memory' => (static function () { ini_set('memory_limit', '16M'); str_repeat('x', 64 << 20); })(),
            'nothing' => null,
        };
    }
}
return function () {
    if (isset($_GET['does'])) {
        new Cycle($_GET['does'], getenv('RS_MARK_FILE'));
    }
    echo json_encode(['n' => State::$n, 'pid' => getmypid()]);
};
"""


@pytest.mark.parametrize("isolation", ["snapshot", "greedy"])
@pytest.mark.parametrize("does", ["nothing", "throw", "exit", "fatal", pytest.param("fatal for want of memory", marks=pytest.mark.memory_limit)])
def test_destructor_while_idle(daemon, tmp_path, does, isolation):
    mark = tmp_path / "mark"
    d = daemon.callable(APP, ini={"swoole": {"worker_num": 1}, "rserverd": {"isolation": isolation}}, env={"RS_MARK_FILE": str(mark)})
    first = d.get("/").json()
    assert d.get("/?does=" + does.replace(" ", "+")).status == 200
    until(mark.exists, message="the idle worker has collected it")
    for _ in range(3):
        r = d.get("/")
        assert r.status == 200, "whoever comes next is none the wiser"
        now = r.json()
        assert now["n"] == (0 if isolation == "snapshot" or "fatal" in does else 1), "what it changed is put back"
        assert (now["pid"] == first["pid"]) == ("fatal" not in does)
    if does == "throw":
        d.wait_log("by a destructor")
    d.wait_settled()


GARBAGE = """
new class($mark) {
    public $self;
    public function __construct(public string $mark) { $this->self = $this; }
    public function __destruct() { file_put_contents($this->mark, getmypid()); DOES }
};
"""
FATAL = "eval('class stdClass {}');"
THROW = "throw new RuntimeException('by a destructor');"


def garbage(mark, does):
    return f"$mark = {str(mark)!r};" + GARBAGE.replace("DOES", does)


def collected_by(mark):
    until(lambda: mark.exists() and mark.read_text(), message="an idle process has collected it")
    return int(mark.read_text())


def test_destructor_in_an_idle_task_worker(hosted, tmp_path):
    """It runs in a task worker, of which there is one: the next task finds it alive or replaced."""
    d = hosted("37", tasks=1, timer=False, processes=False)
    first = d.pid("task")
    mark = tmp_path / "throws"
    d.code(f"return {d.deliver(task('throws', garbage(mark, THROW)))};")
    assert collected_by(mark) == first
    d.code(f"return {d.deliver(task('after throwing'))};")
    assert d.wait("finish", tag="after throwing")
    assert d.pid("task") == first

    mark = tmp_path / "fatal"
    d.code(f"return {d.deliver(task('fatal', garbage(mark, FATAL)))};")
    assert collected_by(mark) == first
    d.code(f"return {d.deliver(task('after the fatal'))};")
    assert d.wait("finish", tag="after the fatal")
    d.wait_log("Cannot declare class stdClass")
    until(lambda: d.settled_without(first), message="another task worker")


def test_destructor_in_an_idle_worker_of_a_hosted_server(hosted, tmp_path):
    d = hosted("37", workers=1, timer=False, processes=False)
    mark = tmp_path / "mark"
    d.code(garbage(mark, FATAL))
    gone = collected_by(mark)
    until(lambda: d.settled_without(gone), message="another worker")
    assert d.code("return getmypid();") == d.pid("worker")
    d.wait_log("Cannot declare class stdClass")
