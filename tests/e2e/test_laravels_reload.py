"""Reload of an application that uses everything, under load and with open WebSockets (contract 10.17; user pains 12, 13, 14)."""

import os
import shutil

import pytest

from lib.crowd import Crowd
from lib.laravels import task
from lib.load import Load
from lib.wait import SLOW, until

SOCKETS = int(os.environ.get("RSERVERD_SOCKETS", "2000"))     # 10000: by hand, it takes a while
STEADY = ["timer", "inbox", "pipe", "blocking", "printing"]


def edit(d, path, old, new):
    full = os.path.join(d.app, path)
    with open(full) as f:
        code = f.read()
    assert old in code
    d.write(path, code.replace(old, new))


def test_reload_with_thousands_of_websockets_and_load(hosted, release):
    """No request fails, no connection ends, new code answers on the old connections, and everybody hears a broadcast."""
    d = hosted(release, start=False)
    d.configure("swoole", max_conn=max(10000, SOCKETS + 100))   # requests beside them need connections, too
    d.write_ini()
    d.start()
    with Crowd(d.address, SOCKETS) as crowd, Load(d.address, "/api/hello", threads=2) as load:
        assert d.status()["connections"] >= SOCKETS
        assert crowd.ask("echo one") == [b"one"] * SOCKETS
        edit(d, "app/Services/WebSocketService.php", "$server->push($frame->fd, $rest);\n                break;\n            case 'broadcast'",
             "$server->push($frame->fd, \"new $rest\");\n                break;\n            case 'broadcast'")
        for n in (2, 3):
            r = d.ctl("reload", "--wait")
            assert r.returncode == 0, r.stderr
            assert d.status()["generation"] == n
            assert crowd.ask("echo two") == [b"new two"] * SOCKETS
        assert d.artisan_code("$n = 0; foreach (app('swoole')->connections as $fd) $n += app('swoole')->isEstablished($fd)"
                              " && app('swoole')->push($fd, 'to all'); return $n;") == SOCKETS
        assert crowd.hear() == [b"to all"] * SOCKETS
        assert not d.report("close")
        until(lambda: load.count > 100, 20, message="there was load")
        load.ok()
        assert load.slowest < 5 * SLOW
    until(lambda: len(d.report("close")) == SOCKETS, 30, message=f"{SOCKETS} closes: {len(d.report('close'))}")
    until(lambda: all(len(d.titled(n)) == 1 for n in STEADY), 20, message=f"{d.titles()}")


def test_bad_release_changes_nothing(hosted, release):
    """WebSocket handler, tasks, timer and processes of the old generation go on."""
    d = hosted(release)
    c = d.ws()
    pids = {n: d.titled(n) for n in STEADY}
    path = os.path.join(d.app, "app/Providers/AppServiceProvider.php")
    with open(path) as f:
        good = f.read()
    d.write("app/Providers/AppServiceProvider.php", good.replace("public function register(): void\n    {", "public function register(): void\n    {\n        throw new \\RuntimeException('bad release');"))
    with Load(d.address, "/api/hello", threads=1) as load:
        r = d.ctl("reload", "--wait")
        assert r.returncode == 1 and "bad release" in r.stdout + r.stderr
        load.ok()
    assert c.alive() and d.status()["generation"] == 1
    assert {n: d.titled(n) for n in STEADY} == pids, "not even signalled"
    assert not d.report("process.reload")
    d.code(f"return {d.deliver(task('after a bad release'))};")
    d.wait("finish", tag="after a bad release")
    n = len(d.report("tick"))
    d.wait("tick", n + 2)
    d.write("app/Providers/AppServiceProvider.php", good)
    assert d.ctl("reload", "--wait").returncode == 0
    assert c.alive()
    until(lambda: all(len(d.titled(n)) == 1 for n in STEADY), 20)


def test_symlinked_release(hosted, release):
    """A release is a folder, `current` a link: reload takes the new one, everywhere (user pain 13)."""
    d = hosted(release, start=False)
    current = d.path("current")
    for name in ("one", "two"):
        shutil.copytree(d.app, d.path(name), symlinks=True)
        full = d.path(name, "app/Testing/Report.php")
        with open(full) as f:
            code = f.read()
        with open(full, "w") as f:
            f.write(code.replace("['what' => $what,", f"['what' => $what, 'release' => '{name}',")
                    .replace("dirname(__DIR__, 2) . '/storage/'", f"'{d.app}/storage/'"))
    os.symlink(d.path("one"), current)
    d.set("laravels", laravel_base_path=current)
    d.start()
    c = d.ws()
    d.wait("tick", release="one")
    assert d.code("return base_path();") in (d.path("one"), current)
    os.symlink(d.path("two"), current + ".new")
    os.rename(current + ".new", current)
    assert d.ctl("reload", "--wait").returncode == 0
    d.wait("tick", release="two", timeout=15)
    d.code(f"return {d.deliver(task('released'))};")
    assert d.wait("finish", tag="released")["release"] == "two"
    assert c.alive() and d.wait("route", release="one")
    for what, name in (("process.start", "InboxProcess"), ("process.start", "BlockingProcess")):
        d.wait(what, release="two", timeout=20, **{"class": name})
    until(lambda: all(len(d.titled(n)) == 1 for n in STEADY), 20)


def test_ten_reloads_in_a_row_leave_one_of_each(hosted, release):
    d = hosted(release)
    c = d.ws()
    for _ in range(10):
        d.signal(10)
    until(lambda: d.settled_in(2, later=True), 30, message="settled")
    until(lambda: all(len(d.titled(n)) == 1 for n in STEADY), 30, message=f"one of each: {d.titles()}")
    assert c.alive()
    n = len(d.report("tick"))
    d.wait("tick", n + 2)


def test_reload_from_php(hosted, release):
    """app('swoole')->reload(), from a request and from a timer job."""
    d = hosted(release, processes=False)
    assert d.code("return $server->reload();") is True
    until(lambda: d.settled_in(2), 20)
    until(lambda: len(d.titled("timer")) == 1, 20)
    n = len(d.report("tick"))
    d.wait("tick", n + 2)
    assert d.inbox("timer", "return $server->reload();") is True
    until(lambda: d.settled_in(3), 20)


def test_handler_that_gains_a_method_needs_a_restart(hosted):
    """What the reactor tells a port's handler is settled at the start; nobody has to guess why nothing comes."""
    d = hosted("37", timer=False, processes=False)
    assert d.ctl("reload", "--wait").returncode == 0
    assert "differs from the start" not in d.log()
    edit(d, "app/Sockets/ChatSocket.php", "public function onMessage",
         "public function onRequest($request, $response) { $response->end('plain'); }\n    public function onMessage")
    assert d.ctl("reload", "--wait").returncode == 0
    d.wait_log(rf"port 127.0.0.1:{d.ports['WS']}: what its handler hears differs from the start; that needs a restart")


@pytest.mark.parametrize("call, instead", [("shutdown()", "rserverd stop"), ("reload()", "rserverd reload"),
                                           ("stop(0)", "rserverd reload")])
def test_outside_processes_do_not_rule_the_server(hosted, call, instead):
    """By app.sock they deliver tasks, push, and ask for numbers; the rest is the control socket's."""
    d = hosted("37", timer=False, processes=False)
    pids = [p["pid"] for p in d.status()["processes"]]
    said = d.artisan_code("$w = []; set_error_handler(function ($n, $text) use (&$w) { $w[] = $text; return true; });"
                          f"$r = app('swoole')->{call}; restore_error_handler(); return [$r, $w];")
    assert said[0] is False and len(said[1]) == 1 and instead in said[1][0], said
    assert d.get("/api/hello").status == 200
    assert [p["pid"] for p in d.status()["processes"]] == pids


@pytest.mark.parametrize("place", ["request", "process"])
def test_shutdown_from_php(hosted, place):
    d = hosted("37")
    call = "return app('swoole')->shutdown();"
    assert {"request": d.code, "process": lambda text: d.inbox("process", text)}[place](call) is True
    assert d.wait_exit() == 0
    assert len(d.report("ServerStop")) == 1


def test_reactor_killed(hosted, release):
    """Connections are gone, and delayed tasks; everything else is there again at once."""
    d = hosted(release)
    c = d.ws()
    reactor = d.pid("reactor")
    d.kill(reactor)
    until(lambda: d.settled_without(reactor), 20)
    assert c.closed() is None
    c = d.ws()
    assert c.alive()
    with d.line("EOF") as line:
        line.says("Welcome to LaravelS.\r\n")
    d.code(f"return {d.deliver(task('new reactor'))};")
    d.wait("finish", tag="new reactor")
    until(lambda: all(len(d.titled(n)) == 1 for n in STEADY), 20, message=f"{d.titles()}")
    assert d.inbox("process", f"return $server->push({c.fd}, 'from the process');") is True
    assert c.recv() == "from the process"
    assert d.inbox("timer", f"return $server->push({c.fd}, 'from the timer');") is True
    assert c.recv() == "from the timer"


@pytest.mark.parametrize("role", ["worker", "task", "manager"])
def test_kills_under_load(hosted, role):
    """Requests that a killed worker was serving may fail; no connection does, and all is whole again."""
    d = hosted("37")
    chats = [d.ws() for _ in range(20)]
    with Load(d.address, "/api/hello", threads=2, good=lambda r: r.status in (200, 502)) as load:
        for _ in range(3):
            pid = d.pids(role)[0]
            d.kill(pid)
            until(lambda: d.settled() or (d.pids(role) and pid not in d.pids(role)), 20)
        load.ok()
    until(d.settled, 20)
    assert all(c.alive() for c in chats)
    d.code(f"return {d.deliver(task('after the kills'))};")
    d.wait("finish", tag="after the kills")
    until(lambda: all(len(d.titled(n)) == 1 for n in STEADY), 20)
