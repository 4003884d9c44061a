"""Reload by generations: nobody fails, a bad release changes nothing, what was asked for is what runs."""

import os
import shutil
import signal
import time

import pytest

from lib import http, proc
from lib.load import Background, Load
from lib.wait import SLOW, until


def test_reload_replaces_php_and_keeps_master_and_reactor(daemon):
    d = daemon()
    before = d.status()
    result = d.ctl("reload", "--wait")
    assert result.returncode == 0, result.stderr
    s = d.status()
    assert s["generation"] == 2
    for role, same in (("master", True), ("reactor", True), ("manager", False), ("worker", False)):
        shared = set(d.pids(role, before)) & set(p["pid"] for p in s["processes"]
                                                  if p["role"] == role and p["generation"] in (0, 2))
        assert bool(shared) == same, role
    until(lambda: not any(proc.alive(p) for p in d.pids("worker", before) + d.pids("manager", before)),
          message="the old generation has gone")


def test_usr1_reloads(daemon):
    d = daemon()
    d.signal(signal.SIGUSR1)
    until(lambda: d.settled_in(2))


def test_reload_without_wait_returns_at_once(daemon):
    d = daemon.callable("<?php if (file_exists(__DIR__ . '/slow')) { sleep(5); } return function () { echo 1; };")
    d.write("slow", "")
    started = time.monotonic()
    assert d.ctl("reload").returncode == 0
    assert time.monotonic() - started < 4 * SLOW
    until(lambda: d.status()["generation"] == 2, 20)


def test_reload_of_nothing_fails(daemon):
    d = daemon(start=False)
    assert d.ctl("reload").returncode == 1
    assert d.ctl("reload", "--wait").returncode == 1


def test_connections_survive_a_reload(daemon):
    d = daemon()
    with d.conn() as c:
        first = c.request("/pid").text
        assert d.ctl("reload", "--wait").returncode == 0
        assert c.request("/pid").text != first
        assert c.request("/").body == b"hello"


def test_twenty_reloads_under_load_lose_nothing(daemon):
    d = daemon()
    with Load(d.address, "/pid", threads=3) as load, Load(d.address, "/", threads=1, keepalive=False) as fresh:
        for n in range(20):
            result = d.ctl("reload", "--wait")
            assert result.returncode == 0, result.stderr
            assert d.status()["generation"] == n + 2
        until(lambda: load.count > 300 and fresh.count > 50, message="there was load")
    load.ok()
    fresh.ok()
    d.wait_settled()


def test_twenty_signals_at_once_end_in_one_settled_state(daemon):
    d = daemon()
    with Load(d.address, threads=2) as load:
        for _ in range(20):
            d.signal(signal.SIGUSR1)
        until(lambda: d.settled_in(2, later=True), 20)
    load.ok()
    s = d.wait_settled()
    assert {w["generation"] for w in d.of(s, "worker")} == {s["generation"]}


def test_running_request_finishes_on_the_old_generation(daemon):
    d = daemon(ini={"swoole": {"max_wait_time": 10 * SLOW}})
    slow = Background(d.get, f"/sleep?ms={4000 * SLOW:.0f}")      # for longer than the reload takes
    until(lambda: any(w["state"] == "busy" for w in d.of(d.status(), "worker")))
    d.signal(signal.SIGUSR1)
    until(lambda: d.status()["generation"] == 2)
    assert not slow.done()
    assert d.get("/").status == 200, "the new one serves meanwhile"
    until(lambda: [w["state"] for w in d.of(d.status(), "worker") if w["generation"] == 1] == ["draining"],
          message="of the old generation only the busy worker is left")
    assert slow.result().status == 200
    d.wait_settled()


def test_streaming_response_survives_a_reload(daemon):
    d = daemon()
    with d.conn() as c:
        c.send(http.build("/chunks?n=30&ms=50"))
        r = c.response(body=False)
        assert d.ctl("reload").returncode == 0
        pieces = 0
        while c.piece(r):
            pieces += 1
        assert pieces == 30


def test_reload_kills_what_is_stuck_after_max_wait_time(daemon):
    d = daemon(ini={"swoole": {"max_wait_time": 1}})
    with d.conn() as c:
        c.send(http.build("/sleep?ms=60000"))
        until(lambda: any(w["state"] == "busy" for w in d.of(d.status(), "worker")))
        d.signal(signal.SIGUSR1)
        r = c.response()
        assert r.status in (502, 504)
    d.wait_settled()


def test_reload_takes_new_settings(daemon):
    d = daemon()
    d.set("swoole", worker_num=3)
    result = d.ctl("reload", "--wait")
    assert result.returncode == 0, result.stderr
    until(lambda: d.settled(workers=3))
    d.set("swoole", worker_num=1)
    assert d.ctl("reload", "--wait").returncode == 0
    until(lambda: d.settled(workers=1))
    d.set("swoole", worker_num=2)
    assert d.ctl("reload", "--wait").returncode == 0
    until(lambda: d.settled(workers=2))


def test_reload_changes_what_the_reactor_uses(daemon):
    d = daemon(ini={"laravels": {"server": "one"}})
    assert d.get("/").get("server") == "one"
    d.set("laravels", server="two")
    d.set("swoole", package_max_length=1024)
    assert d.ctl("reload", "--wait").returncode == 0
    assert d.get("/").get("server") == "two"
    assert d.post("/echo", b"x" * 2000).status == 413


def test_reload_names_settings_that_need_a_restart(daemon):
    d = daemon()
    d.set("swoole", backlog=77)
    d.set("laravels", listen_port=d.port + 1)
    assert d.ctl("reload", "--wait").returncode == 0
    assert "listen_port" in d.log() and "restart" in d.log()
    assert d.get("/").status == 200, "still on the old port"


def test_reload_with_a_broken_ini_keeps_the_old_one(daemon):
    d = daemon()
    workers = d.pids("worker")
    d.set("swoole", worker_num="many")
    d.signal(signal.SIGUSR1)
    d.wait_log("worker_num")
    result = d.ctl("reload", "--wait")
    assert result.returncode == 1
    assert "worker_num" in result.stderr + result.stdout
    assert d.get("/").status == 200
    assert d.status(), "an operator with a broken ini can still look, and stop"
    assert d.pids("worker") == workers
    d.set("swoole", worker_num=2)
    assert d.ctl("reload", "--wait").returncode == 0


ENTRY = "<?php\n$boot = getmypid();\nreturn function () { echo 'release %s in ', __DIR__; };\n"

BAD_RELEASES = {
    "syntax error": ("<?php\nreturn function () { echo 1 2; };\n", "syntax error"),
    "exception": ("<?php\nthrow new LogicException('provider says no');\n", "provider says no"),
    "fatal error": ("<?php\nundefined_function_of_the_release();\n", "undefined_function_of_the_release"),
    "memory": ("<?php\nini_set('memory_limit', '16M');\n$a = []; while (true) { $a[] = str_repeat('x', 65536); }\n",
               "memory size"),
    "exit": ("<?php\necho 'leaving early';\nexit(3);\n", "ended while it booted; it said: leaving early"),
    "exit after words": ("<?php\nfwrite(STDERR, \"\\x1b[2Jone\\ntwo\\n\" . str_repeat('x', 600) . \"\\nthe reason\\n\");\nexit(3);\n", "the reason"),
    "escapes": ("<?php\nthrow new LogicException(\"\\x1b[2J\\x1b]0;title\\x07 \\xc2\\x9b2J provider says\\x7f no\");\n", "provider says"),
    "no callable": ("<?php\nreturn 'nothing of the kind';\n", "callable"),
}


@pytest.mark.parametrize("name", BAD_RELEASES)
def test_bad_release_leaves_the_old_one_serving(daemon, name):
    code, reason = BAD_RELEASES[name]
    d = daemon.callable(ENTRY % "one")
    before = d.status()
    with Load(d.address, threads=2, good=lambda r: r.status == 200 and b"release one" in r.body) as load:
        until(lambda: load.count > 10)
        d.write("entry.php", code)
        result = d.ctl("reload", "--wait")
        assert result.returncode == 1
        import re
        assert re.search(reason, result.stderr + result.stdout, re.I), result
        assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]", result.stderr + result.stdout), "it drives the terminal"
        d.wait_log("(?i)" + reason)
        s = d.wait_settled()
        assert d.pids("worker", s) == d.pids("worker", before)
        assert d.pids("manager", s) == d.pids("manager", before)
    load.ok()
    d.write("entry.php", ENTRY % "two")
    assert d.ctl("reload", "--wait").returncode == 0
    assert b"release two" in d.get("/").body


def test_release_that_dies_in_every_worker_leaves_the_old_one_serving(daemon):
    good = "<?php return function () { echo 'good'; };"
    d = daemon.callable(good, ini={"rserverd": {"boot": "worker"}})
    d.write("entry.php", "<?php posix_kill(getmypid(), SIGKILL);")
    with Load(d.address, threads=2, good=lambda r: r.body == b"good") as load:
        assert d.ctl("reload", "--wait", timeout=90).returncode == 1
    load.ok()
    assert d.get("/").body == b"good"
    d.write("entry.php", good)
    assert d.ctl("reload", "--wait").returncode == 0


def test_symlinked_base_path_is_resolved_anew(daemon):
    d = daemon.callable(ENTRY % "one", start=False)
    for name in ("one", "two"):
        shutil.copytree(d.app, d.path(name))
        with open(d.path(name, "entry.php"), "w") as f:
            f.write(ENTRY % name)
    current = d.path("current")
    os.symlink(d.path("one"), current)
    d.set("laravels", laravel_base_path=current)
    d.start()
    assert d.get("/").text == f"release one in {d.path('one')}"
    os.symlink(d.path("two"), current + ".new")
    os.rename(current + ".new", current)
    assert b"release one" in d.get("/").body, "nothing changes before the reload"
    shutil.move(d.path("one"), d.path("gone"))
    assert d.ctl("reload", "--wait").returncode == 0
    assert d.get("/").text == f"release two in {d.path('two')}"


def test_symlink_switched_under_a_worker_that_is_replaced(daemon):
    """A generation is one release: a successor of a killed worker serves the release its manager booted."""
    d = daemon.callable(ENTRY % "one", start=False, ini={"swoole": {"worker_num": 1}})
    for name in ("one", "two"):
        shutil.copytree(d.app, d.path(name))
        with open(d.path(name, "entry.php"), "w") as f:
            f.write(ENTRY % name)
    current = d.path("current")
    os.symlink(d.path("one"), current)
    d.set("laravels", laravel_base_path=current)
    d.start()
    os.unlink(current)
    os.symlink(d.path("two"), current)
    pid = d.pids("worker")[0]
    proc.kill(pid)
    until(lambda: d.settled_without(pid))
    assert b"release one" in d.get("/").body


def test_reload_does_not_grow_master_and_reactor(daemon):
    d = daemon()
    for _ in range(5):
        assert d.ctl("reload", "--wait").returncode == 0
    s = d.wait_settled()
    before = {p["role"]: proc.rss_kb(p["pid"]) for p in s["processes"] if p["role"] in ("master", "reactor")}
    for _ in range(20):
        assert d.ctl("reload", "--wait").returncode == 0
    s = d.wait_settled()
    for p in s["processes"]:
        if p["role"] in before and not proc.sanitized(p["pid"]):
            assert proc.rss_kb(p["pid"]) <= before[p["role"]] + 512, p["role"]
