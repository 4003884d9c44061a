"""Start, stop, exit codes, the pid file, the background, signals."""

import os
import signal
import socket
import time

import pytest

from lib import http, proc
from lib.daemon import run
from lib.load import Background, Load
from lib.wait import SLOW, stays, until


def test_start_serves_and_names_its_processes(daemon):
    d = daemon()
    assert d.get("/").body == b"hello"
    s = d.status()
    assert s["pid"] == d.child.pid == d.pid_in_file()
    assert s["generation"] == 1
    names = {"master": "master process", "reactor": "reactor process", "manager": "manager process"}
    for p in s["processes"]:
        name = names.get(p["role"]) or f"worker process {p['id']}"
        assert proc.title(p["pid"]) == f"{d.marker} laravels: {name}"
    assert sorted(p["id"] for p in d.of(s, "worker")) == [0, 1]


def test_only_php_processes_map_libphp(daemon):
    d = daemon.php()
    for p in d.status()["processes"]:
        mapped = b"libphp" in proc.read(p["pid"], "maps")
        assert mapped == (p["role"] in ("manager", "worker")), p


def test_every_worker_is_a_child_of_the_manager(daemon):
    d = daemon()
    s = d.status()
    (manager,), (reactor,) = d.pids("manager", s), d.pids("reactor", s)
    assert {proc.ppid(p) for p in d.pids("worker", s)} == {manager}
    assert proc.ppid(manager) == proc.ppid(reactor) == d.master_pid


def test_second_start_is_refused(daemon):
    d = daemon()
    again = d.ctl("start")
    assert again.returncode == 1
    assert str(d.master_pid) in again.stderr + again.stdout, "the answer names the running pid"
    assert d.get("/").status == 200
    assert d.pid_in_file() == d.master_pid
    assert os.path.exists(d.path("run/control.sock"))


def test_second_start_with_ignore_is_refused_too(daemon):
    """-i is accepted; the lock still holds, since two masters cannot share sockets."""
    d = daemon()
    assert d.ctl("start", "-i").returncode == 1
    assert d.get("/").status == 200


@pytest.mark.parametrize("content", ["a living process", "1", "999999999", "", "rubbish\n", "-1"])
def test_stale_pid_file_never_blocks_a_start(daemon, content):
    d = daemon(start=False)
    with open(d.path("run/laravels.pid"), "w") as f:
        f.write(str(os.getpid()) if content == "a living process" else content)
    d.start()
    assert d.pid_in_file() == d.master_pid


def test_stale_sockets_never_block_a_start(daemon):
    d = daemon.hosted(start=False)
    for name in ("control.sock", "app.sock"):
        with socket.socket(socket.AF_UNIX) as s:
            s.bind(d.path("run", name))
    d.start()
    assert d.status()


def test_port_in_use_stops_the_start(daemon):
    d = daemon(start=False)
    with socket.socket() as s:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        s.bind(d.address)
        s.listen()
        d.start(wait=False)
        assert d.wait_exit() == 1
    d.expect_exit = 1
    assert str(d.port) in d.log() and "in use" in d.log().lower()


def test_daemonize_returns_when_serving(daemon):
    d = daemon(start=False)
    result = d.start_daemonized()
    assert result.returncode == 0, result.stderr
    assert d.get("/").body == b"hello", "served at once, without waiting"
    assert proc.title(d.master_pid) == f"{d.marker} laravels: master process"
    assert os.getsid(d.master_pid) != os.getsid(0), "left the session"
    for fd, target in (proc.fds(d.master_pid) or {}).items():
        assert "pts" not in target and "tty" not in target, (fd, target)
    d.wait_settled()
    d.base_workers, d.base_fds = 2, d.fd_table(d.status())
    stopped = d.ctl("stop")
    assert stopped.returncode == 0, stopped.stderr
    assert not proc.alive(d.master_pid), "stop returns when the server is gone"
    d.reap()


def test_daemonize_in_the_ini(daemon):
    d = daemon(ini={"swoole": {"daemonize": True}}, start=False)
    result = d.ctl("start")
    assert result.returncode == 0, result.stderr
    d.master_pid = d.pid_in_file()
    assert d.get("/").status == 200
    assert d.ctl("stop").returncode == 0
    d.reap()


def test_daemonize_says_why_the_application_did_not_boot(daemon):
    d = daemon.callable("<?php\nreturn function () { this is not php };\n", start=False)
    result = d.start_daemonized()
    assert result.returncode == 1
    assert "entry.php" in result.stderr and "syntax error" in result.stderr.lower(), result.stderr
    until(lambda: not d.everyone(), message="nothing stays behind")


def test_foreground_says_why_the_application_did_not_boot(daemon):
    d = daemon.callable("<?php\nthrow new RuntimeException('no database today');\n", start=False)
    d.expect_exit = 1
    d.start(wait=False)
    assert d.wait_exit(20) == 1
    assert "no database today" in d.log()


def test_entry_that_is_no_callable_is_refused(daemon):
    d = daemon.callable("<?php\nreturn 42;\n", start=False)
    d.expect_exit = 1
    d.start(wait=False)
    assert d.wait_exit(20) == 1
    assert "callable" in d.log()


def test_missing_entry_is_refused(daemon):
    d = daemon.php(entry="nowhere.php", start=False)
    d.expect_exit = 1
    d.start(wait=False)
    assert d.wait_exit(20) == 1
    assert "nowhere.php" in d.log()


def test_systemd_is_told_when_ready(daemon):
    d = daemon(start=False)
    path = d.path("notify.sock")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:
        s.bind(path)
        s.settimeout(20 * SLOW)
        d.env["NOTIFY_SOCKET"] = path
        d.start(wait=False)
        got = s.recv(4096).decode()
        assert "READY=1" in got.split("\n")
        assert d.get("/").body == b"hello", "ready means serving"
        d.wait_ready()


class Told:
    """What the daemon tells systemd, in order."""

    def __init__(self, d):
        self.sock, self.lines = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK), []
        self.sock.bind(d.path("notify.sock"))
        d.env["NOTIFY_SOCKET"] = d.path("notify.sock")

    def all(self):
        try:
            while True:
                self.lines += self.sock.recv(4096).decode().split("\n")
        except BlockingIOError:
            return self.lines


def test_systemd_is_told_how_long_a_stop_may_take(daemon):
    """By max_wait_time, not by what the unit says."""
    d = daemon(start=False, ini={"swoole": {"max_wait_time": 50}})
    told = Told(d)
    d.start()
    assert "STATUS=generation 1 serves, 2 workers" in told.all()
    assert d.ctl("reload", "--wait").returncode == 0
    until(lambda: "STATUS=generation 2 serves, 2 workers" in told.all(), message="the end of the reload")
    assert "RELOADING=1" in told.lines and any(line.startswith("MONOTONIC_USEC=") for line in told.lines)
    assert not any(line.startswith("EXTEND") for line in told.lines)
    assert d.stop() == 0
    assert "STOPPING=1" in told.all()
    times = [int(line.split("=")[1]) for line in told.lines if line.startswith("EXTEND_TIMEOUT_USEC=")]
    assert times and 50e6 < times[0] < 90e6
    told.sock.close()


def test_signs_of_life(daemon):
    """WATCHDOG_USEC: while master and reactor turn, and for the process that it is meant for."""
    d = daemon(start=False)
    told = Told(d)
    d.env["WATCHDOG_USEC"] = "300000"
    d.start()
    signs = lambda: told.all().count("WATCHDOG=1")  # noqa: E731
    for _ in range(3):
        now = signs()
        until(lambda: signs() > now, message="a sign of life")
    reactor = d.pid("reactor")
    os.kill(reactor, signal.SIGSTOP)
    try:
        until(lambda: proc.state(reactor) == "T", message="the reactor stands still")
        now = signs()
        stays(lambda: signs() <= now + 1, 1, message="no sign of life but for one that was under way")
        now = signs()
    finally:
        os.kill(reactor, signal.SIGCONT)
    until(lambda: signs() > now, message="it turns again")
    proc.kill(reactor)
    now = signs()
    until(lambda: signs() > now + 2, message="signs with another reactor")
    told.sock.close()


def test_signs_of_life_are_not_for_others(daemon):
    d = daemon(start=False)
    told = Told(d)
    d.env.update(WATCHDOG_USEC="30000", WATCHDOG_PID="1")
    d.start()
    stays(lambda: "WATCHDOG=1" not in told.all(), 0.5)
    assert "READY=1" in told.lines
    told.sock.close()


@pytest.mark.parametrize("sig", [signal.SIGTERM, signal.SIGINT])
def test_stop_finishes_running_requests(daemon, sig):
    d = daemon()
    slow = Background(d.get, "/sleep?ms=2500")
    until(lambda: any(w["state"] == "busy" for w in d.of(d.status(), "worker")), message="a busy worker")
    d.signal(sig)
    assert slow.result().status == 200
    assert d.wait_exit() == 0


def test_ctrl_c_reaches_the_whole_group_and_still_stops_in_good_order(daemon):
    """A terminal sends SIGINT to every process of the foreground group."""
    d = daemon()
    slow = Background(d.get, "/sleep?ms=2500")
    until(lambda: any(w["state"] == "busy" for w in d.of(d.status(), "worker")), message="a busy worker")
    os.killpg(d.child.pid, signal.SIGINT)
    assert slow.result().status == 200
    assert d.wait_exit() == 0


def test_stop_refuses_new_connections_while_it_drains(daemon):
    d = daemon(ini={"swoole": {"max_wait_time": 10 * SLOW}})
    slow = Background(d.get, f"/sleep?ms={4000 * SLOW:.0f}")
    until(lambda: any(w["state"] == "busy" for w in d.of(d.status(), "worker")), message="a busy worker")
    d.signal(signal.SIGTERM)

    def refused():
        try:
            http.Conn(d.address).close()
            return False
        except (ConnectionRefusedError, ConnectionResetError):
            return True     # reset: the listener was closed while this one was in its queue
    until(refused, 3.5, message="the listener closes")
    assert not slow.done(), "and the running request goes on"
    assert slow.result().status == 200
    assert d.wait_exit() == 0


def test_stop_closes_idle_keepalive_connections(daemon):
    d = daemon()
    with d.conn() as c:
        assert c.request("/").status == 200
        started = time.monotonic()
        d.signal(signal.SIGTERM)
        assert c.at_end()
        assert d.wait_exit() == 0
        assert time.monotonic() - started < 5 * SLOW


def test_stop_escalates_when_a_request_is_stuck(daemon):
    d = daemon(ini={"swoole": {"max_wait_time": 1}})
    with d.conn() as c:
        c.send(http.build("/sleep?ms=60000"))
        until(lambda: any(w["state"] == "busy" for w in d.of(d.status(), "worker")), message="a busy worker")
        started = time.monotonic()
        assert d.stop() == 0
        took = time.monotonic() - started
        assert 0.9 <= took < 8 * SLOW, took


def test_second_term_stops_at_once(daemon):
    d = daemon(ini={"swoole": {"max_wait_time": 60}})
    with d.conn() as c:
        c.send(http.build("/sleep?ms=60000"))
        until(lambda: any(w["state"] == "busy" for w in d.of(d.status(), "worker")), message="a busy worker")
        d.signal(signal.SIGTERM)
        until(lambda: "stop" in d.log().lower(), message="the first signal was taken")
        d.signal(signal.SIGTERM)
        assert d.wait_exit(8) == 0


def test_stop_command_waits_and_escalates(daemon):
    d = daemon(ini={"swoole": {"max_wait_time": 1}})
    with d.conn() as c:
        c.send(http.build("/sleep?ms=60000"))
        until(lambda: any(w["state"] == "busy" for w in d.of(d.status(), "worker")), message="a busy worker")
        result = d.ctl("stop")
        assert result.returncode == 0, result.stderr
        assert not proc.alive(d.master_pid) or proc.state(d.master_pid) == "Z"
        assert d.wait_exit(5) == 0


def test_stop_finds_a_server_whose_pid_file_was_removed(daemon):
    """Somebody has cleaned up storage/: what answers at the control socket is stopped, and not said not to run."""
    d = daemon()
    os.unlink(d.path("run/laravels.pid"))
    result = d.ctl("stop")
    assert result.returncode == 0 and f"stopped (process {d.master_pid})" in result.stdout, (result.stdout, result.stderr)
    assert d.wait_exit(5) == 0
    result = d.ctl("stop")
    assert result.returncode == 0 and "not running" in result.stdout, (result.stdout, result.stderr)


def test_server_is_found_when_its_project_is_gone(daemon):
    """A deployment has left the link dangling: pid_file says enough for status and stop."""
    d = daemon(start=False)
    link = d.path("current")
    os.symlink(d.app, link)
    d.set("laravels", laravel_base_path=link)
    assert d.start_daemonized().returncode == 0
    os.unlink(link)
    os.symlink(d.path("no-such-release"), link)
    for command in (["status"], ["reload", "--wait"], ["stop"]):
        r = d.ctl(*command)
        assert "laravel_base_path" in r.stderr, (command, r)
        assert r.returncode == (1 if command[0] == "reload" else 0), (command, r)
    assert "stopped" in r.stdout, r


def test_restart_command(daemon):
    """Everything is new, START options too; clients that come meanwhile wait and are served."""
    d = daemon(start=False)
    assert d.start_daemonized().returncode == 0
    before = {p["pid"] for p in d.status()["processes"]}
    d.set("laravels", server="after the restart")
    d.set("swoole", backlog=99)
    with Load(d.address, threads=2, keepalive=False) as load:
        until(lambda: load.count > 10)
        result = d.ctl("restart", "-d")
        assert result.returncode == 0, result.stderr
        d.master_pid = d.pid_in_file()
        d.reap()
        seen = load.count
        until(lambda: load.count > seen + 10)
        load.stop()
    s = d.wait_settled()
    assert len(before & {p["pid"] for p in s["processes"]} - {d.master_pid}) == 0, "all processes but perhaps the master are new"
    assert s["uptime_s"] < 30 * SLOW
    assert d.get("/").get("server") == "after the restart"
    refused = [f for f in load.failed if "refused" in f.lower()]
    assert not refused, f"{len(refused)} of {load.count} connections refused"
    assert d.ctl("stop").returncode == 0
    d.reap()


@pytest.mark.parametrize("delay_ms", [0, 2, 10, 30, 80])
def test_term_at_any_moment_of_the_start_leaves_nothing(daemon, delay_ms):
    """Also before the handlers are there: then the kernel ends a master that has no child yet."""
    d = daemon.php(start=False)
    d.start(wait=False)
    time.sleep(delay_ms / 1000)     # the subject of this test, not a synchronisation
    d.signal(signal.SIGTERM)
    code = d.wait_exit(20)
    assert code in (0, -signal.SIGTERM), code
    d.expect_exit = code
    until(lambda: not d.everyone(), message=f"left: {[proc.title(p) for p in d.everyone()]}")


def test_kill_9_during_the_boot_leaves_nothing(daemon):
    d = daemon.callable("<?php file_put_contents(__DIR__ . '/booting', getmypid()); sleep(30);\n"
                        "return function () {};\n", start=False)
    d.expect_exit = -signal.SIGKILL
    d.start(wait=False)
    until(lambda: os.path.exists(os.path.join(d.app, "booting")), message="the boot has begun")
    d.signal(signal.SIGKILL)
    d.wait_exit()
    until(lambda: not d.everyone(), 10, message=f"left: {[proc.title(p) for p in d.everyone()]}")


def test_term_during_a_long_boot_stops_it(daemon):
    d = daemon.callable("<?php file_put_contents(__DIR__ . '/booting', getmypid()); sleep(60);\n"
                        "return function () {};\n", start=False, ini={"swoole": {"max_wait_time": 1}})
    d.start(wait=False)
    until(lambda: os.path.exists(os.path.join(d.app, "booting")), message="the boot has begun")
    started = time.monotonic()
    d.signal(signal.SIGTERM)
    code = d.wait_exit(15)
    d.expect_exit = code
    assert code in (0, 1), code
    assert time.monotonic() - started < 12 * SLOW


def test_standard_input_and_signals_ignored_by_the_caller(daemon):
    """Started by nohup-like callers (HUP, INT ignored; stdin closed) it still works and still stops on TERM."""
    d = daemon(start=False)
    script = ("import os, signal, sys; signal.signal(signal.SIGHUP, signal.SIG_IGN); "
              "signal.signal(signal.SIGCHLD, signal.SIG_IGN); os.close(0); "
              "os.execv(sys.argv[1], sys.argv[1:])")
    import subprocess
    with open(d.out_path, "ab") as out:
        d.child = subprocess.Popen(["/usr/bin/python3", "-c", script, *d.command("start")], stdout=out, stderr=out,
                                   env=d.environment(), start_new_session=True, cwd=d.folder)
    d.master_pid = d.child.pid
    d.wait_ready()
    assert d.get("/").body == b"hello"
    worker = d.pids("worker")[0]
    proc.kill(worker)
    until(lambda: d.settled_without(worker), message="replaced: SIGCHLD is not ignored inside")


def test_help_and_version_need_no_configuration(daemon):
    d = daemon(start=False)
    d.master_pid = 0
    assert run(d.binary, "--version").returncode == 0
    result = run(d.binary, "help")
    assert result.returncode == 0
    for word in ("start", "stop", "restart", "reload", "status", "info", "config"):
        assert word in result.stdout
