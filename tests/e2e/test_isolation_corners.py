"""isolation = snapshot and the corners of the engine: tests/e2e/php/corners.php, in one process, with OPcache, with the JIT, and with
PHP's own memory manager off."""

import json

import pytest

from lib.daemon import Daemon, PHP_CASES, copy_cases
from lib.wait import until

import os
import re
import subprocess

VARIANTS = {
    "opcache": {"ini": {"opcache.jit": "disable"}},
    "jit": {"ini": {"opcache.jit": "tracing", "opcache.jit_buffer_size": "32M", "opcache.jit_hot_func": 2, "opcache.jit_hot_loop": 2}},
    "system-malloc": {"env": {"USE_ZEND_ALLOC": "0"}},
}
# {case: why}; a defect is to be mended, and the test then says so.
DEFECTS = {
}


def names():
    """The cases, as the file says them: it needs to be collected without a daemon."""
    with open(os.path.join(PHP_CASES, "corners.php"), encoding="utf-8") as f:
        return re.findall(r"^    '([a-z-]+)' => \[", f.read(), re.M)


@pytest.fixture(scope="module", params=VARIANTS)
def running(request):
    variant = VARIANTS[request.param]
    d = Daemon(engine="php", framework="callable", entry="corners.php", env=variant.get("env"), ini={
        "swoole": {"worker_num": 1, "max_request": 0}, "php": variant.get("ini", {}),
        "rserverd": {"isolation": "snapshot", "snapshot_exempt": ["Pool", "Half::kept", "Half::keptStatic"]}})
    copy_cases(d.app)
    try:
        d.start()
    except BaseException:
        d.clear()
        print(d.last_log)
        raise
    d.variant = request.param
    yield d
    d.finish()


@pytest.fixture
def corners(request, running):
    request.node.daemons = [running]
    return running


def facts(d):
    return d.get("/facts").json()


@pytest.mark.parametrize("name", [pytest.param(n, marks=pytest.mark.xfail(strict=True, reason=DEFECTS[n])) if n in DEFECTS else n
                                  for n in names()])
def test_corner(corners, name):
    """The next one sees what has to be seen; and again, after the restored world has been used."""
    clean = corners.get("/cases").json()[name]
    for turn in (1, 2):
        pid = facts(corners)["pid"]
        corners.get(f"/{name}/do")
        got = corners.get(f"/{name}/see")
        assert got.status == 200, got.text
        assert got.json() == {"pid": pid, "seen": clean}, f"turn {turn}"
        assert corners.get(f"/{name}/see").json() == {"pid": pid, "seen": clean}, f"turn {turn}, and it has not been used up"


def test_variant(corners):
    """Each variant is what it says it is."""
    f = facts(corners)
    assert f["opcache"]
    assert f["jit"] == (corners.variant == "jit")
    # without its own memory manager PHP does not count
    assert (f["memory"] == 0) == (corners.variant == "system-malloc") or f["memory"] < 4096


def test_exceptions_of_destructors_are_logged(corners):
    corners.get("/destructor-throws/do")
    corners.wait_log("thrown by a destructor")


def test_dropped_objects_do_not_pile_up(corners):
    """All cases, many times: neither memory nor object handles grow."""
    def round_():
        for name in names():
            if "exempt" not in name:
                corners.get(f"/{name}/do")
        return facts(corners)
    round_(), round_()
    before = round_()
    for _ in range(5):
        after = round_()
    assert after["pid"] == before["pid"], "one process"
    assert after["memory"] - before["memory"] < 16 << 10
    assert after["objects"] <= before["objects"] + 2


# -- a Laravel application --------------------------------------------------------------------------------------------------------------

ROUTES = """<?php
use Illuminate\\Support\\Facades\\DB;
use Illuminate\\Support\\Facades\\Route;
Route::get('connect', function () {
    DB::connection()->getPdo()->exec('create temporary table mine (x)');
    DB::enableQueryLog();
    DB::beginTransaction();
    DB::insert('insert into mine values (1)');
    return ['pid' => getmypid()];
});
Route::get('connected', function () {
    return ['pid' => getmypid(), 'pdo' => spl_object_id(DB::connection()->getPdo()), 'rows' => DB::selectOne('select count(*) as n from mine')->n,
        'log' => DB::logging(), 'level' => DB::transactionLevel(), 'prefix' => DB::connection()->getTablePrefix()];
});
Route::get('prefix', function () {
    DB::connection()->setTablePrefix('x_');
    return [];
});
Route::get('disconnect', function () {
    DB::connection();
    DB::purge();
    return [];
});
"""


def test_connection_made_in_a_request_stays(daemon):
    """The same connection (its temporary table is there), without the query log, the transaction and its rows, or the prefix."""
    d = daemon.laravel(files={"routes/api.php": ROUTES}, ini={"rserverd": {"isolation": "snapshot"}})
    pid = d.get("/api/connect").json()["pid"]
    first = d.get("/api/connected").json()
    assert first == {"pid": pid, "pdo": first["pdo"], "rows": 0, "log": False, "level": 0, "prefix": ""}
    for _ in range(3):
        d.get("/api/prefix")
        assert d.get("/api/connected").json() == first


def test_connection_that_was_purged_comes_back(daemon):
    d = daemon.laravel(files={"routes/api.php": ROUTES}, ini={"rserverd": {"isolation": "snapshot"}})
    d.get("/api/connect")
    for _ in range(3):
        assert d.get("/api/disconnect").status == 200
        assert d.get("/api/connect").status == 200


def test_random_after_a_seed_does_not_repeat(daemon):
    """A request that seeds must not decide what all later ones draw."""
    d = daemon.callable("<?php return function () { isset($_GET['seed']) && mt_srand(42); echo json_encode([mt_rand(), mt_rand()]); };",
                        ini={"swoole": {"worker_num": 1}, "rserverd": {"isolation": "snapshot"}})
    seeded = d.get("/?seed").json()
    drawn = [tuple(d.get("/").json()) for _ in range(5)]
    assert len(set(drawn)) == 5 and tuple(seeded) not in drawn
    assert d.get("/?seed").json() == seeded
    assert tuple(d.get("/").json()) not in drawn


def test_fatal_error_replaces_the_worker(daemon):
    code = """<?php
    $state = new stdClass();
    return function () use ($state) {
        echo getmypid(), ' ', $state->x ?? 'clean';
        $state->x = 'polluted';
        isset($_GET['fatal']) && eval('class Broken implements Countable {}');
    };"""
    d = daemon.callable(code, ini={"swoole": {"worker_num": 1}, "rserverd": {"isolation": "snapshot"}})
    first = d.get("/").text.split()
    d.get("/?fatal")
    d.wait_settled()
    second = d.get("/").text.split()
    assert first[1] == second[1] == "clean" and first[0] != second[0]


def test_closures_in_cached_routes(daemon):
    """What the package remembers in a static property (its stream wrapper is registered) and what PHP remembers (the wrapper) go
    back together, or the second request fails."""
    d = daemon.laravel(start=False, files={"routes/api.php": ROUTES}, ini={"rserverd": {"isolation": "snapshot"}})
    subprocess.run(["php", "artisan", "route:cache"], cwd=d.app, check=True, capture_output=True)
    d.start()
    for _ in range(3):
        r = d.get("/api/prefix")
        assert r.status == 200, r.text[:300]


def test_garbage_of_a_busy_worker_is_collected(daemon):
    """20 kB that refer to themselves, a thousand times without a pause: PHP alone would wait for ten thousand suspects."""
    code = """<?php return function () {
        $ring = new stdClass();
        $ring->ring = $ring;
        $ring->load = str_repeat('x', 20 << 10);
        echo memory_get_usage();
    };"""
    d = daemon.callable(code, ini={"swoole": {"worker_num": 1}, "rserverd": {"isolation": "snapshot"}})
    with d.conn() as c:
        used = [int(c.request("/").text) for _ in range(1000)]
    assert max(used) - used[0] < 5 << 20


def test_database_chosen_by_a_request_is_its_own(daemon):
    """Nothing of the default connection is made before a request has said which database it wants."""
    routes = """<?php
use Illuminate\\Support\\Facades\\DB;
use Illuminate\\Support\\Facades\\Route;
Route::get('tenant/{name}', function (string $name) {
    config(['database.connections.sqlite.database' => storage_path("$name.sqlite")]);
    touch(storage_path("$name.sqlite"));
    return [basename(DB::connection()->getDatabaseName()), basename(DB::select('pragma database_list')[0]->file)];
});
"""
    d = daemon.laravel(files={"routes/api.php": routes}, ini={"rserverd": {"isolation": "snapshot"}, "swoole": {"worker_num": 1}})
    for name in ("red", "blue", "red", "green"):
        assert d.get(f"/api/tenant/{name}").json() == [f"{name}.sqlite"] * 2


def test_changed_configuration_of_an_open_connection_is_told(daemon):
    """A connection of the application's own make leads where it led, unlike under php-fpm, so the log says so, once; not where it was purged, or
    is not open."""
    routes = """<?php
use Illuminate\\Support\\Facades\\DB;
use Illuminate\\Support\\Facades\\Route;
DB::extend('sqlite', fn (array $config, string $name) => app('db.factory')->make($config, $name));
Route::get('central', fn () => [basename(DB::select('pragma database_list')[0]->file)]);
Route::get('tenant/{purge}', function (int $purge) {
    config(['database.connections.sqlite.database' => storage_path('red.sqlite')]);
    touch(storage_path('red.sqlite'));
    $purge && DB::purge('sqlite');
    return [basename(DB::select('pragma database_list')[0]->file)];
});
"""
    d = daemon.laravel(files={"routes/api.php": routes}, ini={"rserverd": {"isolation": "snapshot"}, "swoole": {"worker_num": 1}})
    told = "changed the configuration of the database connection sqlite"
    assert d.get("/api/tenant/0").json() == ["red.sqlite"]
    (central,) = d.get("/api/central").json()
    assert d.get("/api/tenant/1").json() == ["red.sqlite"]
    assert d.get("/api/central").json() == [central] != ["red.sqlite"]
    d.wait_idle()
    assert told not in d.log()
    for _ in range(2):
        assert d.get("/api/tenant/0").json() == [central]
    d.wait_idle()
    until(lambda: told in d.log(), message="it is told")
    assert d.log().count(told) == d.log().count(f"GET /api/tenant/0 {told}") == 1


@pytest.mark.memory_limit       # which ends them, when the process does
def test_destructors_without_end_end_the_worker(daemon):
    """Each makes one more: the next request would meet it."""
    code = """<?php
final class Again
{
    public static ?Again $one = null;

    public function __destruct()
    {
        self::$one = new Again();
    }
}
return function (): void {
    echo json_encode([getmypid(), Again::$one === null]);
    isset($_GET['make']) && Again::$one = new Again();
};
"""
    d = daemon.callable(code, ini={"swoole": {"worker_num": 1}, "rserverd": {"isolation": "snapshot"}})
    for _ in range(2):
        (pid,) = d.pids("worker")
        assert d.get("/?make").json() == [pid, True]
        until(lambda: d.settled() and d.pids("worker") != [pid], message="another worker")
        assert d.get("/").json()[1] is True
    d.wait_log("left destructors that make objects with destructors without end")
