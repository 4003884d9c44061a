"""memory_soft_limit, memory_hard_limit, max_request of task workers, and growth by route in `rserverd status`."""

import os
import re
import time

import pytest

from lib import http, proc
from lib.laravels import task
from lib.load import Background, Load
from lib.wait import SLOW, until

MB = 1 << 20

# /leak leaves 64 kB behind, /eat?mb=N takes so much and holds it for a second, /clean leaves nothing.
APP = """<?php
ini_set('memory_limit', '-1');
return function () {
    $path = parse_url($_SERVER['REQUEST_URI'], PHP_URL_PATH);
    if ($path === '/leak') {
        $GLOBALS['left'][] = random_bytes(65500);
    } elseif ($path === '/eat') {
        for ($i = 0; $i < $_GET['mb']; $i++) {
            $v[] = str_repeat(chr($i % 256), 1 << 20);
        }
        file_put_contents(__DIR__ . '/eaten', 'x');
        for ($until = microtime(true) + ($_GET['s'] ?? 0); microtime(true) < $until;) {
        }
    } elseif ($path === '/declare') {
        eval('class C' . count(get_declared_classes()) . ' { const A = "' . bin2hex(random_bytes(32700)) . '"; }');
    } elseif ($path === '/missing') {
        http_response_code(404);
    } elseif (str_starts_with($path, '/clean/')) {
        $v = str_repeat('x', 3 << 20);
    }
    echo getmypid();
};"""


def limits(soft=None, hard=None, workers=1, isolation="greedy", **swoole):
    """greedy: what the tests leave behind would be put back otherwise."""
    options = {"memory_soft_limit": soft, "memory_hard_limit": hard, "isolation": isolation}
    return {"swoole": {"worker_num": workers, "max_request": 0, **swoole},
            "rserverd": {k: v for k, v in options.items() if v}}


def own_kb(pid):
    """What is private to the process in memory that is not shared by intent, as the documentation defines it; 0: it has gone."""
    kb, shared = 0, False
    try:
        with open(f"/proc/{pid}/smaps") as f:
            lines = f.readlines()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    for line in lines:
        if m := re.match(r"[0-9a-f]+-[0-9a-f]+ ...([ps]) ", line):
            shared = m[1] == "s"
        elif not shared and (m := re.match(r"(?:Private_Dirty|SwapPss): +(\d+)", line)):
            kb += int(m[1])
    return kb


def routes(d):
    return {r["route"]: r for r in d.status()["routes"]}


def counted(d, requests):
    """Rows of the routes when so many requests are in each: a worker counts one when it has cleaned up after it, for which its client
    does not wait."""
    def there():
        now = routes(d)
        return now if all(now.get(name, {}).get("requests") == n for name, n in requests.items()) else None
    return until(there, message=f"{requests} in {routes(d)}")


# -- the soft limit -------------------------------------------------------------------------------------------------------

def test_leaking_worker_is_replaced_and_no_request_is_lost(daemon):
    d = daemon.callable(APP, ini=limits(soft="24M", workers=2))
    first = d.pids("worker")
    with Load(d.address, "/leak", threads=4) as load:
        until(lambda: load.count > 2000 and not set(first) & set(d.pids("worker")), 60)
        biggest = until(lambda: max(own_kb(pid) for pid in d.pids("worker")), message="a worker that lives")
        load.ok()
    assert biggest < 2 * 24 << 10
    line = d.wait_log(r"worker \d.*: ([\d.]+) MB of memory of its own, memory_soft_limit is 24.0 MB: replaced after (\d+) "
                      r"requests, the last one was GET /leak")
    assert 24 <= float(line[1]) < 48
    assert 100 < int(line[2]) < 600, "it leaves 64 kB a request"
    assert "too low" not in d.log()
    d.wait_settled()


@pytest.mark.parametrize("isolation", [None, "greedy"])
def test_what_no_isolation_puts_back(daemon, isolation):
    """Classes that requests declare stay in every mode."""
    d = daemon.callable(APP, ini=limits(soft="24M", workers=2, isolation=isolation))
    first = d.pids("worker")
    with Load(d.address, "/declare", threads=2) as load:
        until(lambda: load.count > 500 and not set(first) & set(d.pids("worker")), 60)
        load.ok()
    d.wait_log(r"memory_soft_limit is 24.0 MB: replaced after \d+ requests, the last one was GET /declare")
    assert routes(d)["GET /declare"]["growth_per_request"] > 60000
    d.wait_settled()


def test_idle_worker_above_the_limit_leaves_too(daemon):
    """The last of a burst is not looked at each time; the quiet after it is."""
    d = daemon.callable(APP, ini=limits(soft="24M"))
    pid = int(d.get("/").text)
    with d.conn() as c:
        for _ in range(500):
            r = c.request("/leak")
    if int(r.text) == pid:
        until(lambda: not proc.alive(pid))
    assert int(d.get("/").text) != pid


def test_worker_that_does_not_grow_stays(daemon):
    """What it shares with the manager is not its own: the limit is below what both have in memory."""
    code = APP.replace("return function", "$GLOBALS['big'] = str_repeat('x', 64 << 20);\nreturn function")
    d = daemon.callable(code, ini=limits(soft="24M"))
    pid = int(d.get("/").text)
    with d.conn() as c:
        until(lambda: c.request("/clean/1").status == 200 and routes(d).get("GET /clean/{n}", {"requests": 0})["requests"] > 50)
    time.sleep(0.6)
    assert int(d.get("/").text) == pid
    assert proc.rss_kb(pid) > 64 << 10 and own_kb(pid) < 24 << 10
    assert "memory_soft_limit" not in d.log()


def test_limit_below_a_fresh_worker_is_told_once(daemon):
    d = daemon.callable(APP, ini=limits(soft="64K", workers=3))
    d.wait_log(r"memory_soft_limit is 64.0 kB, but a worker has [\d.]+ [kM]B of its own before its first request: workers are "
               r"replaced above")
    assert {d.get("/clean/1").status for _ in range(5)} == {200}
    assert d.log().count("before its first request") == 1
    d.ctl("reload", "--wait")
    d.wait_settled()
    until(lambda: d.log().count("before its first request") > 1, message="told again")
    assert d.log().count("before its first request") == 2, "once a generation"


def test_limit_that_the_first_request_breaks_is_told_once(daemon):
    code = APP.replace("echo getmypid", "$GLOBALS['cache'] ??= str_repeat('x', 16 << 20);\necho getmypid")
    d = daemon.callable(code, ini=limits(soft="12M"))
    pids = [d.get("/").text for _ in range(8)]
    assert len(set(pids)) > 2
    d.wait_log(r"memory_soft_limit \(12.0 MB\) is too low")
    assert d.log().count("is too low") == 1
    d.wait_settled()


def test_reload_changes_the_limits(daemon):
    d = daemon.callable(APP, ini=limits(soft="512M"))
    pid = int(d.get("/").text)
    with d.conn() as c:
        for _ in range(640):
            c.request("/leak")
    assert int(d.get("/").text) == pid
    d.set("rserverd", memory_soft_limit="16M", memory_hard_limit="200M")
    assert d.ctl("reload", "--wait").returncode == 0
    pid = int(d.get("/").text)
    with d.conn() as c:
        until(lambda: int(c.request("/leak").text) != pid)
    d.wait_log("memory_soft_limit is 16.0 MB")
    assert d.get("/eat?mb=400&s=20").status == 502
    d.wait_settled()


# -- the hard limit -------------------------------------------------------------------------------------------------------

def test_worker_above_the_hard_limit_is_killed_and_others_go_on(daemon):
    d = daemon.callable(APP, ini=limits(hard="150M", workers=2))
    with Load(d.address, "/clean/1", threads=2) as load:
        eater = Background(d.get, "/eat?mb=250&s=60")
        r = eater.result()
        load.ok(at_least=10)
    assert r.status == 502
    assert eater.took < 20 * SLOW, "nobody waited for its end"
    line = d.wait_log(r"worker \d \(\d+, generation 1\) is killed: ([\d.]+) MB of memory of its own, memory_hard_limit is 150.0 MB")
    assert float(line[1]) > 150
    d.wait_settled()


def test_route_that_eats_memory_again_and_again_does_not_take_the_server_away(daemon):
    """One worker: it is replaced without a back-off, and whoever waits is served."""
    d = daemon.callable(APP, ini=limits(hard="100M"))
    for _ in range(8):
        assert d.get("/eat?mb=200&s=60").status == 502
        started = time.monotonic()
        assert d.get("/").status == 200
        assert time.monotonic() - started < 5 * SLOW
    assert d.log().count("is killed: ") == 8
    d.wait_settled()


def test_process_of_one_request_above_the_hard_limit_is_killed(daemon):
    """isolation = fork: it is a child that the master does not know; the worker lives on."""
    d = daemon.callable(APP, ini=limits(hard="100M", isolation="fork"))
    before = d.pids("worker")
    for _ in range(2):
        assert d.get("/eat?mb=200&s=60").status == 500
        assert d.get("/clean/1").status == 200
    assert d.pids("worker") == before
    line = d.wait_log(r"worker 0 .*: request process \d+ is killed: ([\d.]+) MB of memory of its own, memory_hard_limit is 100.0 MB")
    assert float(line[1]) > 100
    found = counted(d, {"GET /clean/{n}": 2})["GET /clean/{n}"]
    assert found["first_requests"] == 2 and found["peak"] > 3 * MB


def test_memory_limit_of_php_comes_first(daemon):
    """A fatal error, as without limits: an answer of PHP's, not a kill."""
    d = daemon.callable(APP.replace("'-1'", "'32M'"), ini=limits(hard="400M"))
    assert d.get("/eat?mb=100").status == 500
    d.wait_log("Allowed memory size")
    assert "is killed" not in d.log()
    d.wait_settled()


def test_hard_limit_below_what_the_start_needs_fails_the_start(daemon):
    d = daemon.callable(APP, start=False, ini=limits(hard="64K"))
    d.expect_exit = 1
    d.start(wait=False)
    until(d.exited)
    assert re.search(r"memory_hard_limit is 64.0 kB, but a worker has [\d.]+ [kM]B of its own before its first request", d.log())


def test_hard_limit_not_above_the_soft_limit_is_a_mistake(daemon):
    d = daemon.callable(APP, start=False, ini=limits(soft="64M", hard="64M"))
    r = d.ctl("start", "-t")
    assert r.returncode == 1
    assert "memory_hard_limit" in r.stderr and "is not above memory_soft_limit (67108864 bytes)" in r.stderr


# -- growth by route ------------------------------------------------------------------------------------------------------

def test_status_shows_who_leaves_memory_behind(daemon):
    d = daemon.callable(APP, ini=limits(workers=2))
    with d.conn() as c:
        for i in range(300):
            c.request("/leak")
            c.request(f"/clean/{i}")
            c.request(f"/missing?{i}")
    names = ("GET /leak", "GET /clean/{n}", "GET (404)")
    found = counted(d, dict.fromkeys(names, 300))
    leak, clean, missing = (found[n] for n in names)
    assert 64000 < leak["growth_per_request"] < 70000
    assert 60 * MB / 4 < leak["growth"] + leak["growth_first"] < 22 * MB
    assert leak["growth_max"] < 3 * MB
    assert abs(clean["growth"]) < 16384 and clean["peak"] > 3 * MB
    assert missing["requests"] == 300 and "GET /missing" not in found
    assert d.status()["routes"][0]["route"] == "GET /leak"
    text = d.ctl("status").stdout
    shown = text[text.index("a request"):].splitlines()[1:]
    assert shown[0].endswith("GET /leak") and "GET /clean" not in text
    assert re.search(r" 6\d\.\d kB", shown[0])


def test_hostile_names_are_bounded_and_harmless(daemon):
    d = daemon.callable("<?php return function () { echo 'x'; };", ini=limits(workers=2))
    with d.conn() as c:
        for i in range(600):
            c.request(f"/x{i}y/%1b[31m\"\\<{'z' * 300}")
    until(lambda: sum(r["requests"] for name, r in routes(d).items() if name != "(between requests)") == 600, message="all are counted")
    all_routes = d.status()["routes"]
    assert len(all_routes) <= 258
    assert any(r["route"] == "(other routes)" for r in all_routes)
    assert all(len(r["route"]) < 128 and r["route"].isprintable() for r in all_routes)
    assert "\x1b" not in d.ctl("status").stdout


def test_routes_begin_anew_with_a_reload(daemon):
    d = daemon.callable(APP, ini=limits())
    d.get("/leak")
    counted(d, {"GET /leak": 1})
    d.ctl("reload", "--wait")
    d.wait_settled()
    assert "GET /leak" not in routes(d)


def test_routes_of_laravel(daemon):
    """By pattern and method; what was not found has no name of its own; a request that ends with exit has one."""
    d = daemon.laravel(files={"routes/web.php": """<?php
        class Left { public static $all = []; }
        Route::get('/users/{id}', function ($id) { return $id; });
        Route::get('/leak/{id?}', function () { Left::$all[] = random_bytes(65500); return 'x'; });
        Route::get('/ends/{why}', function () { echo 'x'; exit; });
    """}, ini={"rserverd": {"isolation": "greedy"}})
    for i in range(30):
        assert d.get(f"/users/{i}").status == 200
        assert d.get(f"/leak/{i}").status == 200
        assert d.get(f"/ends/{i}").status == 200
        assert d.get(f"/nowhere/{i}").status == 404
    found = counted(d, dict.fromkeys(("GET /users/{id}", "GET /leak/{id?}", "GET /ends/{why}", "GET (none)"), 30))
    assert 64000 < found["GET /leak/{id?}"]["growth_per_request"] < 80000
    assert d.status()["routes"][0]["route"] == "GET /leak/{id?}"
    assert abs(found["GET /users/{id}"]["growth_per_request"]) < 8192


def test_routes_of_lumen(daemon):
    """Its router does not keep the pattern: it is made of the path and the parameters."""
    d = daemon.app("lumen", ini={"swoole": {"worker_num": 1}})
    for n in range(5):
        assert d.get(f"/hello/hello{n or ''}").status == d.get(f"/route/route/{n}").status == 200
        assert d.get(f"/nowhere/{n}").status == 404
    found = counted(d, {"GET /hello/{name}": 5, "GET /route/{first}/{second}": 5, "GET (none)": 5})
    assert len([name for name in found if name.startswith("GET ")]) == 3


def test_what_is_put_back_is_no_growth(daemon):
    """The default mode drops what the request has left before it is measured."""
    d = daemon.callable(APP, ini=limits(isolation=None))
    for _ in range(40):
        d.get("/leak")
    found = counted(d, {"GET /leak": 40})["GET /leak"]
    assert abs(found["growth"]) < 65500 and found["peak"] > 65500
    assert "GET /leak" not in d.ctl("status").stdout


# -- the server of an application -----------------------------------------------------------------------------------------

LEFT = "if (!class_exists('Left')) { eval('class Left { static $all = []; }'); } \\Left::$all[] = random_bytes(1 << 20); return getmypid();"


def application(hosted, **options):
    options = {"isolation": "greedy", **options}
    return hosted("37", timer=False, processes=False, ini={"rserverd": options, "swoole": {"max_request": 0}})


def test_websockets_live_on(hosted):
    """Messages leave memory behind; the connection has the same number in the worker that comes next."""
    app = application(hosted, memory_soft_limit="40M")
    c, other = app.ws(), app.ws()
    pid = c.code("return getmypid();")
    pids = [c.code(LEFT) for _ in range(60)]
    assert pids[0] == pid and len(set(pids)) >= 2
    assert c.alive() and other.alive()
    app.wait_log(r"memory_soft_limit is 40.0 MB: replaced after \d+ requests, the last one was \(message\)")
    c.close()
    other.close()


def test_task_worker_is_replaced(hosted):
    app = application(hosted, memory_soft_limit="40M")
    before = app.pids("task")
    for n in range(90):
        assert app.code(f"return {app.deliver(task(f'left-{n}', LEFT))};") is True
    handled = [app.wait("handle", tag=f"left-{n}")["pid"] for n in range(90)]
    # One of the two may have had few of them, and lives on.
    assert len(handled) == 90 and set(handled) - set(before), "a successor has handled some"
    app.wait_log(r"task worker \d.*: [\d.]+ MB of memory of its own, memory_soft_limit is 40.0 MB: replaced after \d+ requests, "
                 r"the last one was \(task\)")


def test_task_worker_above_the_hard_limit_is_killed(hosted):
    app = application(hosted, memory_hard_limit="150M")
    before = app.pids("task")
    eat = "ini_set('memory_limit', -1); for ($i = 0; $i < 300; $i++) { $v[] = str_repeat('x', 1 << 20); } while (true) { $i++; }"
    assert app.code(f"return {app.deliver(task('eat', eat))};") is True
    line = app.wait_log(r"task worker \d \((\d+), generation 1\) is killed: ([\d.]+) MB of memory of its own, memory_hard_limit is 150.0 MB")
    assert int(line[1]) in before
    assert app.code("return 1;") == 1
    assert app.code(f"return {app.deliver(task('after'))};") is True
    assert app.wait("handle", tag="after")["pid"]
    until(lambda: len(app.pids("task")) == 2 and int(line[1]) not in app.pids("task"))


def test_max_request_of_task_workers_has_its_spread(hosted):
    """The grace is of the configuration: with one of a million none of them leaves after eleven."""
    app = hosted("37", timer=False, processes=False, tasks=1,
                 ini={"swoole": {"task_max_request": 11, "task_max_request_grace": 1000000}})
    for n in range(40):
        assert app.code(f"return {app.deliver(task(f'n-{n}'))};") is True
    assert len({app.wait("handle", tag=f"n-{n}")["pid"] for n in range(40)}) == 1
    app.set("swoole", task_max_request=10, task_max_request_grace=0)
    assert app.ctl("reload", "--wait").returncode == 0
    for n in range(40):
        assert app.code(f"return {app.deliver(task(f'm-{n}'))};") is True
    assert len({app.wait("handle", tag=f"m-{n}")["pid"] for n in range(40)}) >= 3
