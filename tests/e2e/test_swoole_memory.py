"""Swoole\\Table, Atomic, Atomic\\Long, Lock: shared memory of PHP processes (contract B.9, B.10).

Most of it is in php/swoole/memory/*.php, which print "ok ..." or "not ok ..." for each check and "done" at their end."""

import os
import re
import subprocess

import pytest

from lib import http, proc
from lib.daemon import PHP_CASES, run
from lib.wait import until

SCRIPTS = os.path.join(PHP_CASES, "swoole", "memory")


@pytest.fixture
def script(daemon):
    """Runs PHP text, or a file, as `rserverd run` does it."""
    d = daemon(start=False)

    def call(code, timeout=60):
        if not code.endswith(".php"):
            code = d.write("case.php", "<?php\n" + code)
        return run(d.binary, "run", code, env=d.environment(), timeout=timeout)
    return call


@pytest.mark.parametrize("name", sorted(n for n in os.listdir(SCRIPTS) if n != "check.php"))
def test_script(script, name):
    r = script(os.path.join(SCRIPTS, name), timeout=100)
    lines = r.stdout.splitlines()
    assert [x for x in lines if x.startswith("not ok")] == []
    assert r.stderr == ""
    assert r.returncode == 0 and lines[-1] == "done", r.stdout[-1000:]
    assert len(lines) > 5


MAKE = "$t = new Swoole\\Table(64); "
NOT_CREATED = "table is not created or has been destroyed"
COLUMN = MAKE + "$t->column('n', 1); "
DESTROYED = COLUMN + "$t->create(); $t->set('k', []); $t->destroy(); "
ROW_CALLS = {"set": "$t->set('k', [])", "get": "$t->get('k')", "exists": "$t->exists('k')", "exist": "$t->exist('k')",
             "del": "$t->del('k')", "delete": "$t->delete('k')", "incr": "$t->incr('k', 'n')", "decr": "$t->decr('k', 'n')",
             "count": "count($t)", "rewind": "foreach ($t as $row)", "next": "$t->next()", "valid": "$t->valid()",
             "current": "$t->current()", "key": "$t->key()"}


@pytest.mark.parametrize("method", ROW_CALLS)
@pytest.mark.parametrize("state", [COLUMN, DESTROYED], ids=["not created", "destroyed"])
def test_fatal_without_memory(script, state, method):
    """TB4, TB10: style "fatal"."""
    r = script(state + "echo 'before'; " + ROW_CALLS[method] + "; echo 'after';")
    called = {"exist": "exist", "delete": "delete"}.get(method, method)
    assert r.returncode == 255 and r.stdout.startswith("before") and "after" not in r.stdout
    assert f"Fatal error:  Swoole\\Table::{called}(): {NOT_CREATED}" in r.stderr + r.stdout


def test_fatal_without_columns(script):
    """TB3"""
    r = script(MAKE + "$t->create(); echo 'after';")
    assert r.returncode == 255 and "after" not in r.stdout
    assert "Fatal error:  Swoole\\Table::create(): " in r.stderr + r.stdout


@pytest.mark.parametrize("cls,call", [
    ("Table", "column('n', 1)"), ("Table", "create()"), ("Table", "get('k')"), ("Table", "stats()"), ("Table", "getSize()"),
    ("Atomic", "get()"), ("Atomic", "wait()"), ("Atomic", "wakeup()"), ("Atomic\\Long", "add()"), ("Lock", "lock()"),
    ("Lock", "lockwait()"), ("Lock", "unlock()"), ("Lock", "destroy()"),
])
def test_fatal_without_constructor(script, cls, call):
    """A subclass that forgot its parent's constructor must not crash the process."""
    r = script(f"class X extends Swoole\\{cls} {{ function __construct() {{}} }} $o = new X(); $o->{call}; echo 'after';")
    assert r.returncode == 255 and "after" not in r.stdout
    assert "must call constructor first" in r.stderr + r.stdout


def test_a_fatal_error_runs_shutdown_functions(script):
    r = script("register_shutdown_function(fn () => print('shutdown')); " + MAKE + "$t->count();")
    assert r.returncode == 255 and r.stdout.endswith("shutdown")


def test_cut_strings_are_told_in_the_log(script):
    """TB4: no PHP warning, a WARNING in the log's format (section 0)."""
    r = script("set_error_handler(fn () => throw new ErrorException('warned'));" + MAKE +
               "$t->column('s', 3, 8); $t->create(); var_dump($t->set('k', ['s' => '0123456789']), $t->get('k', 's'));")
    assert r.returncode == 0
    assert re.search(r"^\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d @\d+\.\d+\]\tWARNING\tSwoole\\Table::set\(\): .*'s'.*8", r.stdout, re.M)
    assert r.stdout.endswith('bool(true)\nstring(8) "01234567"\n')


@pytest.mark.parametrize("error,warning", [
    ("$t->set(str_repeat('k', 64), [])", "Swoole\\Table::set(): "),
    ("$t->incr('k', 'no')", "Swoole\\Table::incr(): "),
    ("$t->column('x', 1)", "Swoole\\Table::column(): "),
    ("for ($i = 0; $i < 100; $i++) $t->set(\"k$i\", [])", "Swoole\\Table::set(): failed to set('k76'), unable to allocate memory"),
])
def test_warnings_as_php_shows_them(script, error, warning):
    r = script("ini_set('display_errors', 'stderr'); ini_set('log_errors', 0); ini_set('html_errors', 0);" + COLUMN +
               "$t->create(); " + error + "; echo 'after';")
    assert r.returncode == 0 and r.stdout == "after"
    assert ("Warning: " + warning) in r.stderr


def test_error_numbers(script):
    """A full table and one that is too large set the error number."""
    r = script(COLUMN + "$t->create(); for ($i = 0; @$t->set(\"k$i\", []); $i++); echo swoole_last_error();"
               "swoole_clear_error(); echo ' ', swoole_last_error();"
               "$h = new Swoole\\Table(1 << 30, 1); $h->column('s', 3, 1 << 29); @$h->create(); echo ' ', swoole_last_error();")
    assert r.stdout == "501 0 501"


def test_file_lock_between_strangers(daemon, script, tmp_path):
    """LK1, FILELOCK: processes that share nothing but the name of the file; the holder's death frees it."""
    code = ("$l = new Swoole\\Lock(Swoole\\Lock::FILELOCK, $argv[1] ?? getenv('LOCK'));"
            "echo json_encode([$l->trylock(), $l->errCode]);")
    d = daemon(start=False)
    path = str(tmp_path / "lock")
    holder = d.write("holder.php", "<?php " + code + " posix_kill(getmypid(), SIGSTOP);")
    other = d.write("other.php", "<?php " + code)
    with subprocess.Popen([d.binary, "run", holder, path], env=d.environment(), stdout=subprocess.PIPE, text=True) as p:
        try:
            os.waitpid(p.pid, os.WUNTRACED)     # stopped: it has the lock
            assert run(d.binary, "run", other, path, env=d.environment()).stdout == "[false,16]"
        finally:
            p.kill()
    assert run(d.binary, "run", other, path, env=d.environment()).stdout == "[true,0]"


def test_the_last_lock_of_a_process_ends_with_it(script):
    """A script that ends, or dies of an exception, while it holds a lock."""
    r = script("""
        $l = new Swoole\\Lock();
        foreach (['return', 'exit', 'throw', 'fatal'] as $how) {
            $pid = pcntl_fork();
            if ($pid === 0) {
                fclose(STDERR); ini_set('display_errors', 0); ini_set('log_errors', 0);
                $l->lock();
                match ($how) {
                    'return' => exit(0), 'exit' => exit(3), 'throw' => throw new Exception('x'), 'fatal' => nothing(),
                };
            }
            pcntl_waitpid($pid, $status);
            echo json_encode([$l->trylock(), $l->unlock()]);
        }""")
    assert r.stdout == "[true,true]" * 4


def test_open_basedir(script, tmp_path):
    """A file lock makes files: only where PHP may."""
    (tmp_path / "allowed").mkdir()
    r = script(f"ini_set('open_basedir', '{tmp_path}/allowed'); ini_set('display_errors', 'stderr');"
               f"new Swoole\\Lock(Swoole\\Lock::FILELOCK, '{tmp_path}/allowed/lock'); echo 'inside';"
               f"try {{ new Swoole\\Lock(Swoole\\Lock::FILELOCK, '{tmp_path}/outside'); }} catch (Throwable) {{ }}")
    assert r.stdout == "inside" and "open_basedir" in r.stderr
    assert os.listdir(tmp_path / "allowed") == ["lock"] and not os.path.exists(tmp_path / "outside")


SERVED = """<?php
$table = new Swoole\\Table(64);
$table->column('n', Swoole\\Table::TYPE_INT);
$table->create();
$sum = new Swoole\\Atomic();
$lock = new Swoole\\Lock();
return function () use ($table, $sum, $lock) {
    if (isset($_GET['hold'])) {
        echo json_encode($lock->lock());
        file_put_contents(__DIR__ . '/holds', (string)getmypid());
        sleep(60);
        return;
    }
    if (isset($_GET['take'])) {
        echo json_encode($lock->lock() && $lock->unlock());
        return;
    }
    $table->incr((string)getmypid(), 'n');
    echo json_encode(['rows' => array_map(fn ($row) => $row['n'], iterator_to_array($table)), 'sum' => $sum->add()]);
};"""


def test_workers_of_a_server_share_what_was_made_before_the_fork(daemon):
    """A6, E5: rows survive the death of workers, and a lock that one died with is given to the next."""
    d = daemon.callable(SERVED)
    seen = set()

    def requests(total):
        while True:
            got = d.get("/").json()
            assert sum(got["rows"].values()) == got["sum"]
            seen.update(got["rows"])
            if got["sum"] >= total:
                return

    requests(60)
    first = set(seen)
    assert first <= {str(p) for p in d.pids("worker")}
    for pid in d.pids("worker"):
        proc.kill(pid)
    until(lambda: d.settled() and not set(map(str, d.pids("worker"))) & first)
    requests(100)
    assert seen > first
    with d.conn() as c:
        c.send(http.build("/?hold"))
        holder = until(lambda: int(open(os.path.join(d.app, "holds")).read() or 0)
                       if os.path.exists(os.path.join(d.app, "holds")) else 0)
        proc.kill(holder)
        assert c.response().status == 502
    assert d.get("/?take").json() is True
