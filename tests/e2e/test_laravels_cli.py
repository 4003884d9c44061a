"""The command line on an application that uses everything (contract 4, 5.1, 10.16)."""

import os
import re
import signal
import socket

import pytest

from lib import proc
from lib.daemon import run
from lib.laravels import newer
from lib.wait import SLOW, until


def storage(d, name):
    return os.path.join(d.app, "storage", name)


def test_titles(app):
    """`ps -ef | grep laravels`, and `grep PREFIX laravels: ROLE process`."""
    shown = {title for title in app.titles().values() if " laravels: " in title}
    names = ["master", "reactor", "manager", "timer", "inbox", "pipe", "blocking", "printing"]
    names += ["queue", "copied"] if app.release != "35" else []
    for name in [f"{n} process" for n in names] + ["worker process 0", "worker process 1", "task worker process 2", "task worker process 3"]:
        assert f"{app.marker} laravels: {name}" in shown, shown
    assert app.titles()[app.master_pid] == f"{app.marker} laravels: master process"


def test_prefix_of_titles_that_nobody_set(hosted, release):
    """The application's name and its folder, as LaravelS 3.7.34 has it (contract 1, process_prefix)."""
    d = hosted(release, start=False, processes=False)
    del d.ini["laravels"]["process_prefix"]
    d.write_ini()
    d.start()
    for name in ("master process", "worker process 1", "task worker process 2", "timer process"):
        assert f"Demo {d.app} laravels: {name}" in d.titles().values(), d.titles()


def test_status_knows_every_process(app):
    s = app.status()
    roles = {}
    for p in s["processes"]:
        roles.setdefault(p["role"], []).append(p["pid"])
    assert sorted(roles["worker"]) == sorted(app.titled("worker process 0") + app.titled("worker process 1"))
    assert sorted(roles["task worker"]) == sorted(app.titled("task worker process 2") + app.titled("task worker process 3"))
    known = {p["pid"] for p in s["processes"]}
    for name in ("timer", "inbox", "pipe", "blocking", "printing"):
        assert set(app.titled(name)) <= known, f"{name} is in `status --json`: {s['processes']}"
    text = app.ctl("status").stdout
    for name in ("timer", "inbox", "task"):
        assert name in text, text


def test_info_names_components_and_ports(app):
    text = app.ctl("info").stdout
    assert "PHP" in text and "8.83" in text and "local" in text
    handler = "App\\Services\\WebSocketService"
    for fact in (f"127.0.0.1:{app.port}", handler, "App\\Sockets\\EofSocket", f"127.0.0.1:{app.ports['EOF']}",
                 "App\\Sockets\\DatagramSocket", f"127.0.0.1:{app.ports['UDP']}"):
        assert fact in text, f"{fact} in\n{text}"


def test_config_prints_what_is_in_force(app):
    text = app.ctl("config").stdout
    for line in (r"websocket\.enable = true", r"task_worker_num = 2", r"timer\.jobs.*TickJob"):
        assert re.search(line, text), text


def test_start_prints_what_it_serves(app):
    assert str(app.port) in app.log() and "WebSocket" in app.log()


def test_pid_files(hosted, release):
    d = hosted(release)
    master, timer = storage(d, "laravels.pid"), storage(d, "laravels-timer-process.pid")
    custom = storage(d, "laravels-custom-processes.pid")

    def number(path):
        """What the file says; nothing in the moment between two processes."""
        try:
            with open(path) as f:
                return f.read()
        except FileNotFoundError:
            return ""
    until(lambda: os.path.exists(timer) and os.path.exists(custom), message="three pid files")
    assert int(number(master)) == d.master_pid
    (old,) = d.titled("timer")
    until(lambda: number(timer).split() == [str(old)], message="the timer's pid")
    steady = {str(d.titled(n)[0]) for n in ("inbox", "pipe", "blocking", "printing")}
    until(lambda: steady <= set(number(custom).split()), message="the processes' pids")
    assert d.ctl("reload", "--wait").returncode == 0
    successor = d.successor("timer", old)
    until(lambda: number(timer).split() == [str(successor)], 15, message="the new timer's pid")

    def all_new():
        now = [d.titled(n) for n in ("inbox", "pipe", "blocking", "printing")]
        return all(len(p) == 1 for p in now) and {str(p[0]) for p in now} <= set(number(custom).split()) \
            and not steady & set(number(custom).split())
    until(all_new, 20, message="the new processes' pids, and no old one")
    for path in (master, timer, custom):
        assert not os.stat(path).st_mode & 0o022, path
    assert d.ctl("stop").returncode == 0
    assert not any(os.path.exists(p) for p in (master, timer, custom)), "stop removes them"
    assert d.wait_exit() == 0


def test_second_start_is_refused_and_disturbs_nothing(hosted, release):
    d = hosted(release)
    pids = d.titled("timer") + d.titled("inbox") + d.pids("worker")
    for words in (["start"], ["start", "-i"], ["start", "-d"]):
        again = d.ctl(*words)
        assert again.returncode == 1 and str(d.master_pid) in again.stdout + again.stderr
    assert d.titled("timer") + d.titled("inbox") + d.pids("worker") == pids
    assert d.get("/api/hello").status == 200 and len(d.report("ServerStart")) == 1
    with d.line("EOF") as c:
        c.says("Welcome to LaravelS.\r\n")


@pytest.mark.parametrize("flag", [[], ["-i"]])
def test_stale_pid_file(hosted, flag):
    """PID 1 lives in every container; only a lock says that a server runs (user pain 19)."""
    d = hosted("37", start=False, timer=False, processes=False)
    for name, text in (("laravels.pid", "1"), ("laravels-timer-process.pid", "1"), ("laravels-custom-processes.pid", "1\n1\n")):
        with open(storage(d, name), "w") as f:
            f.write(text)
    d.args = flag
    d.start()
    assert d.pid_in_file() == d.master_pid
    assert d.ctl("reload", "--wait").returncode == 0, "and nobody signals process 1"


def test_environment_and_version(hosted, release):
    """-e NAME and -x VERSION, which may be a branch, visible in every process, over a reload too."""
    d = hosted(release, start=False)
    with open(os.path.join(d.app, ".env")) as f:
        d.write(".env.testing", f.read().replace("APP_NAME=Demo", "APP_NAME=Tested").replace("APP_ENV=local", "APP_ENV=testing"))
    d.args = ["-e", "testing", "-x", "release/9#rc", "-i"]
    d.start()
    look = "return [app()->environment(), config('app.name'), $_SERVER['X_VERSION'], $_ENV['X_VERSION'] ?? null];"
    for _ in range(2):
        assert d.code(look) == ["testing", "Tested", "release/9#rc", "release/9#rc"]
        assert d.code("return $request->server->get('X_VERSION');") == "release/9#rc"
        for place in ("timer", "process"):
            assert d.inbox(place, look) == ["testing", "Tested", "release/9#rc", "release/9#rc"]
        if d.status()["generation"] == 1:
            assert d.ctl("reload", "--wait").returncode == 0
            until(lambda: d.settled_in(2) and len(d.titled("timer")) == len(d.titled("inbox")) == 1, 20)
            before = len(d.report("tick"))
            d.wait("tick", before + 2)


def test_background_and_back(hosted, release):
    d = hosted(release, start=False)
    log = os.path.join(d.path("run"), "..", "daemon.log")
    d.configure("swoole", log_file=os.path.normpath(log))
    d.write_ini()
    r = d.start_daemonized()
    assert r.returncode == 0, r.stderr
    assert d.get("/api/hello").status == 200
    d.wait("tick")
    c = d.ws()
    assert c.alive()
    r = d.ctl("restart", "-d")
    assert r.returncode == 0, r.stderr
    d.master_pid = d.pid_in_file()
    assert d.get("/api/hello").status == 200
    until(lambda: len(d.report("ServerStart")) == 2 and len(d.report("ServerStop")) == 1)
    assert d.ctl("stop").returncode == 0
    until(lambda: not d.everyone() or d.reap() or not d.everyone(), message="nothing is left")
    d.reap()
    d.master_pid = 0


def test_stop_of_nothing(hosted):
    d = hosted("37", start=False)
    r = d.ctl("stop")
    assert r.returncode == 0 and "not running" in (r.stdout + r.stderr).lower()
    assert d.ctl("reload").returncode == 1
    r = d.ctl("info")
    assert r.returncode == 0 and "config/laravels.php is read when the server starts; its values are not shown" in r.stderr


def test_foreground_under_a_supervisor(hosted, release):
    """TERM to the one process that a supervisor knows ends all of them, in order, with 0."""
    d = hosted(release)
    everyone = d.everyone()
    d.signal(signal.SIGTERM)
    assert d.wait_exit() == 0
    until(lambda: not any(proc.alive(p) for p in everyone), message="all have ended with it")


def test_killed_master_leaves_nobody(hosted, release):
    d = hosted(release)
    d.expect_exit = -9
    everyone = d.everyone()
    d.kill(d.master_pid)
    until(lambda: not any(proc.alive(p) for p in everyone), 15, message=f"all end: {d.titles()}")
    for name in os.listdir(os.path.join(d.app, "storage")):
        if name.endswith((".pid", ".sock")):
            os.unlink(storage(d, name))


# -- the server from outside --------------------------------------------------------------------------------------------------

def test_app_socket(app):
    path = storage(app, "app.sock")
    assert os.stat(path).st_mode & 0o777 == 0o660
    with socket.socket(socket.AF_UNIX) as s:
        s.connect(path)
        s.sendall(b"GET / HTTP/1.1\r\n\r\n" * 100)
        s.settimeout(10 * SLOW)
        try:
            while s.recv(4096):
                pass
        except ConnectionError:
            pass
    assert app.get("/api/hello").status == 200, "a stranger's words end his connection only"


def test_artisan_has_the_server(app):
    """`app('swoole')` in commands, queue jobs, schedules (user pain 15)."""
    got = app.artisan_code("$s = app('swoole'); return [get_class($s), $s->worker_id, $s->stats()['worker_num'], $s->wsTable ?? null !== null,"
                           "$s->exist(999999), app()->runningInConsole()];")
    assert got[0] == "Swoole\\WebSocket\\Server" and got[1] == -1 and got[2] == 2 and got[4] is False and got[5] is True


def test_artisan_without_a_server(hosted):
    d = hosted("37", start=False)
    answer = d.artisan("hosted:code", "return app('swoole')->stats();")
    assert "throws" in answer.stdout and re.search(r"(?i)app\.sock|not running|no server", answer.stdout), answer.stdout + answer.stderr
    assert d.artisan("route:list").returncode == 0, "nothing else needs one"


def test_php_fpm_style_process_pushes(app):
    """Any PHP process of this host with the module: here a script with the framework, no Artisan."""
    c = app.ws()
    script = os.path.join(app.app, "outside.php")
    with open(script, "w") as f:
        f.write("<?php require __DIR__ . '/vendor/autoload.php'; $app = require __DIR__ . '/bootstrap/app.php';\n"
                "$app->make(Illuminate\\Contracts\\Console\\Kernel::class)->bootstrap();\n"
                f"var_dump(app('swoole')->push({c.fd}, 'from outside'));\n")
    r = run(app.binary, "php", script, cwd=app.app, env=app.environment())
    assert r.stdout.strip() == "bool(true)", r.stdout + r.stderr
    assert c.recv() == "from outside"
    c.close()


@newer
def test_artisan_laravels_info_and_list_properties(app):
    info = app.artisan("laravels", "info")
    assert info.returncode == 0 and "8.83" in info.stdout
    properties = app.artisan("laravels:list-properties")
    assert properties.returncode == 0, properties.stderr
    assert "HostedController" in properties.stdout or "Controller" in properties.stdout


def test_artisan_laravels_does_not_start(app):
    r = app.artisan("laravels", "start")
    assert r.returncode != 0 and re.search("rserverd|bin/laravels", r.stdout + r.stderr)
