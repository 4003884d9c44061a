"""The server of a hosted application with the fake engine: roles, handover, kills, user processes, ports,
tasks (contract 5.1 to 5.3, without PHP)."""

import os
import re
import signal
import socket
import time

import pytest

from lib import proc
from lib.daemon import kind  # noqa: F401 - the questions at the end use it
from lib.line_client import Client
from lib.load import Load
from lib.ports import free_port
from lib.wait import SLOW, stays, until


def tcp():
    return {"host": "127.0.0.1", "port": free_port(), "type": "tcp"}


@pytest.fixture
def hosted(daemon):
    """One with all kinds of processes and a TCP port; d.line() is a client of that."""
    def make(**kw):
        port = tcp()
        kw.setdefault("processes", ["one"])
        kw.setdefault("timer", True)
        d = daemon.hosted(sockets={"echo": port, **kw.pop("sockets", {})}, **kw)
        d.line = lambda: Client(port["port"])
        return d
    return make


def said(d, pattern):
    """All of "fake ..." that matches, in order."""
    return re.findall(r"said: fake (" + pattern + r".*)", d.log())


def wait_said(d, pattern, times=1):
    return until(lambda: len(said(d, pattern)) >= times and said(d, pattern), message=f"{times} times {pattern!r}")


def by_name(d, name):
    """The process of that title, of the status now."""
    return next((p for p in d.status()["processes"] if p.get("name") == name), None)


# -- roles --------------------------------------------------------------------------------------------------------------

def test_every_process_has_its_title_and_row(hosted):
    d = hosted(tasks=2)
    titles = {proc.title(p["pid"]).split("laravels: ")[1]: p for p in d.status()["processes"]}
    assert set(titles) == {"master process", "reactor process", "manager process", "worker process 0", "worker process 1",
                           "task worker process 2", "task worker process 3", "timer process", "one process"}
    assert titles["task worker process 3"]["role"] == "task worker" and titles["task worker process 3"]["id"] == 3
    assert titles["timer process"]["role"] == "process" and titles["timer process"]["name"] == "timer"
    text = d.ctl("status").stdout
    assert re.search(r"^task worker +2 ", text, re.M) and re.search(r"^process .* one$", text, re.M)
    assert re.search(r"^tasks +0 running, 0 queued, 0 delayed$", text, re.M)


def test_pid_files_of_user_processes(hosted):
    d = hosted(processes=["one", "two"])

    def pids(name):
        try:
            with open(d.path("run", name)) as f:
                return [int(line) for line in f.read().split()]
        except FileNotFoundError:
            return []
    until(lambda: pids("laravels-timer-process.pid") == [by_name(d, "timer")["pid"]])
    until(lambda: sorted(pids("laravels-custom-processes.pid")) == sorted(by_name(d, n)["pid"] for n in ("one", "two")))
    old = by_name(d, "two")["pid"]
    os.kill(old, signal.SIGKILL)
    until(lambda: (p := by_name(d, "two")) and p["pid"] not in (0, old) and p["pid"] in pids("laravels-custom-processes.pid")
          and old not in pids("laravels-custom-processes.pid"))


def test_plain_requests_and_events_share_the_workers(hosted):
    d = hosted(ini={"swoole": {"worker_num": 1}})
    with d.line() as c, Load(d.address, "/", threads=2) as load:
        for i in range(300):
            assert c.ask(f"echo {i}") == str(i)
        until(lambda: load.count > 100, message="requests meanwhile")
    load.ok()


def test_a_request_sends_to_connections_and_processes(hosted):
    d = hosted()
    with d.line() as c:
        fd = c.ask("fd").split()[1]
        assert d.get(f"/do/push/{fd}/hello-from-a-request").text == "push 0"
        c.says("hello-from-a-request")
    assert d.get("/do/message/2/for-the-task-worker").text == "message 0"
    assert d.get("/do/message/1/for-a-worker").text == "message 0"
    assert d.get("/do/message/3/for-nobody").text != "message 0"
    assert re.search(r"id=2 data=for-the-task-worker", wait_said(d, r"message \d+ id=2")[0])
    wait_said(d, r"message \d+ id=1 data=for-a-worker")


def test_order_within_a_process(hosted):
    """What a worker sends while it answers a request comes in the order in which it was sent."""
    d = hosted(ini={"swoole": {"worker_num": 1}})
    with d.line() as c, d.conn() as h:
        fd = c.ask("fd").split()[1]
        for i in range(100):
            h.request(f"/do/push/{fd}/<{i}>")
        c.says("".join(f"<{i}>" for i in range(100)))


# -- tasks --------------------------------------------------------------------------------------------------------------

def test_tasks_run_in_task_workers_and_results_come_back(hosted):
    d = hosted(tasks=2)
    with d.line() as c:
        assert c.ask("task 0 abc") == "task 0"
        assert c.ask("taskwait 5000 xyz") == "result XYZ"
    assert re.search(r"id=[23] from=[01] data=abc", wait_said(d, r"task .*abc")[0])
    wait_said(d, r"finish \d+ id=[01] data=ABC")
    assert d.get("/do/taskwait/5000/from-a-request").text == "result FROM-A-REQUEST"


def test_a_task_that_waits_for_its_time_outlives_its_sender_and_a_reload(hosted):
    d = hosted()
    with d.line() as c:
        wait = 3 * SLOW       # for longer than the reload takes
        started = time.monotonic()
        assert c.ask(f"task {wait * 1000:.0f} later").startswith("task ")
        assert d.status()["tasks_delayed"] == 1
        assert d.ctl("reload", "--wait").returncode == 0
        d.wait_processes()
        assert not said(d, r"task .*later") and d.status()["tasks_delayed"] == 1
        task = wait_said(d, r"task .*later")
        assert time.monotonic() - started >= wait
        assert len(task) == 1
        wait_said(d, r"finish .*LATER")
    assert d.status()["tasks_delayed"] == 0


def test_a_killed_task_worker_is_replaced_and_who_waits_hears_of_it(hosted):
    d = hosted()
    (old,) = d.pids("task worker")
    with d.line() as c:
        assert c.ask("taskwait 8000 crash") == "lost"
        d.wait_processes()
        assert d.pids("task worker") != [old]
        assert c.ask("taskwait 8000 again") == "result AGAIN"
    assert re.search(r"id=2 pid=%d code=0 signal=9" % old, wait_said(d, "worker_failed")[0])


def test_task_workers_leave_after_their_share(hosted):
    d = hosted(ini={"swoole": {"task_max_request": 5, "task_max_request_grace": 0}})
    (first,) = d.pids("task worker")
    with d.line() as c:
        for i in range(12):
            assert c.ask(f"taskwait 8000 t{i}") == f"result T{i}"
    until(lambda: len(said(d, r"worker_stopped \d+ id=2")) >= 2, message="orderly ends")
    d.wait_processes()
    assert d.pids("task worker") != [first]
    assert not said(d, "worker_failed")


# -- workers --------------------------------------------------------------------------------------------------------------

def test_workers_leave_after_their_share_of_events(hosted):
    d = hosted(ini={"swoole": {"worker_num": 1, "max_request": 10, "max_request_grace": 0}})
    with d.line() as c:
        seen = {c.ask("pid") for _ in range(25)}
    assert len(seen) >= 3
    assert not said(d, "worker_failed")


def test_a_connection_outlives_its_worker(hosted):
    d = hosted()
    with d.line() as c:
        old = c.ask("pid").split()[1]
        os.kill(int(old), signal.SIGKILL)
        assert c.ask("pid").split()[1] != old


def test_a_spoilt_worker_is_replaced(hosted):
    d = hosted()
    with d.line() as c:
        old = c.ask("pid").split()[1]
        c.send("spoil 7\n")
        c.line()
        assert c.ask("pid").split()[1] != old
    assert re.search(r"pid=%s code=7 signal=0" % old, wait_said(d, "worker_failed")[0])
    assert not said(d, f"worker_stopped {old}")


def test_a_worker_that_wants_to_leave(hosted):
    d = hosted()
    with d.line() as c:
        old = c.ask("pid").split()[1]
        assert c.ask("leave") == "leaving"
        assert c.ask("pid").split()[1] != old
    wait_said(d, f"worker_stopped {old}")


def test_a_hanging_failure_handler_holds_nobody_up(hosted):
    d = hosted(env={"RS_FAKE_HANG": "worker_failed"})
    for _ in range(12):
        d.get("/exit?code=3")
    until(lambda: len(said(d, "worker_failed")) >= 8, message="as many as may run at a time")
    d.wait_processes()
    assert d.get("/").text == "hello"
    stays(lambda: len(said(d, "worker_failed")) == 8, 0.3, message="not more than that")


# -- reload -----------------------------------------------------------------------------------------------------------------

def test_reload_hands_over_connections_and_requests(hosted):
    d = hosted()
    with d.line() as c, Load(d.address, "/pid", threads=2) as load:
        before = c.ask("pid")
        for n in range(5):
            assert d.ctl("reload", "--wait").returncode == 0
            assert c.ask(f"echo {n}") == str(n)
        until(lambda: c.ask("pid").split()[1] not in before)
        until(lambda: load.count > 100)
    load.ok()
    d.wait_processes()


def test_an_event_that_runs_is_ended_by_its_generation(hosted):
    d = hosted()
    with d.line() as c:
        old = c.ask("pid").split()[1]
        c.send("sleep 1500\necho after\n")
        wait_said(d, "sleeping")
        assert d.ctl("reload", "--wait").returncode == 0
        assert c.line() == f"slept {old}"
        assert c.line() == "after"
        until(lambda: c.ask("pid").split()[1] != old)


def test_user_processes_are_told_and_never_there_twice(hosted):
    d = hosted(env={"RS_FAKE_USER": "slow 1200"})
    old = {n: by_name(d, n)["pid"] for n in ("timer", "one")}
    assert d.ctl("reload", "--wait").returncode == 0
    wait_log = [d.wait_log(rf"fake user_reload {pid} ") for pid in old.values()]
    assert all(wait_log)
    d.wait_processes()
    log = d.log()
    for name, pid in old.items():
        (new,) = [p for p in re.findall(rf"fake user (\d+) name={name} ", log) if int(p) != pid]
        assert log.index(f"fake user_reload {pid} ") < log.index(f"fake user {new} name={name} ")
        assert not proc.alive(pid)


def test_a_deaf_user_process_is_killed_after_max_wait_time(hosted):
    d = hosted(env={"RS_FAKE_USER": "deaf"}, timer=False, ini={"swoole": {"max_wait_time": 1}})
    old = by_name(d, "one")["pid"]
    assert d.ctl("reload", "--wait").returncode == 0
    assert proc.alive(old), "it has its time"
    until(lambda: not proc.alive(old), 15, message="TERM, then KILL")
    until(lambda: (p := by_name(d, "one")) and p["pid"] not in (0, old) and p["generation"] == 2)


def test_usr1_reloads_one_user_process(hosted):
    d = hosted()
    old, other = by_name(d, "one")["pid"], by_name(d, "timer")["pid"]
    os.kill(old, signal.SIGUSR1)
    wait_said(d, f"user_reload {old} name=one")
    until(lambda: (p := by_name(d, "one")) and p["pid"] not in (0, old))
    assert by_name(d, "timer")["pid"] == other and d.status()["generation"] == 1


def test_kept_memory_outlives_reloads(hosted):
    d = hosted()
    assert d.get("/do/count").text == "count 1"
    assert d.ctl("reload", "--wait").returncode == 0
    d.wait_settled()
    assert d.get("/do/count").text == "count 2"
    os.kill(d.pid("manager"), signal.SIGKILL)
    until(lambda: d.settled_in(3, later=True), 15)
    assert d.get("/do/count").text == "count 3"


def test_more_and_fewer_workers_after_a_reload(hosted):
    d = hosted(tasks=1)
    with d.line() as c:
        c.ask("pid")
        for workers, tasks in ((4, 3), (1, 1)):
            d.set("swoole", worker_num=workers, task_worker_num=tasks)
            assert d.ctl("reload", "--wait").returncode == 0
            d.wait_processes()
            s = d.status()
            assert len(d.of(s, "worker")) == workers
            assert sorted(p["id"] for p in d.of(s, "task worker")) == list(range(workers, workers + tasks))
            assert c.ask("taskwait 5000 a") == "result A"
    d.base_workers = 1


def test_other_ports_need_a_restart(hosted):
    d = hosted()
    d.ini["sockets.new"] = {"handler": "Fake", **tcp()}
    d.write_ini()
    assert d.ctl("reload", "--wait").returncode == 0
    with pytest.raises(OSError):
        Client(d.ini["sockets.new"]["port"])
    assert "restart" in d.log()
    with d.line() as c:
        assert c.ask("echo x") == "x"


# -- wishes -----------------------------------------------------------------------------------------------------------------

RELOAD, SHUTDOWN, STOP_WORKER = 0, 2, 3     # enum rs_ask


def test_a_process_asks_for_a_reload(hosted):
    d = hosted()
    assert d.get(f"/do/ask/{RELOAD}").text == "ask 0"
    until(lambda: d.status()["generation"] == 2 and d.settled_processes(), 15)


def test_a_process_asks_to_stop(hosted):
    d = hosted()
    assert d.get(f"/do/ask/{SHUTDOWN}").text == "ask 0"
    assert d.wait_exit() == 0


def test_a_process_asks_for_the_end_of_a_worker(hosted):
    d = hosted()
    old = {p["id"]: p["pid"] for p in d.of(d.status(), "worker")}
    assert d.get(f"/do/ask/{STOP_WORKER}/1").text == "ask 0"
    until(lambda: not proc.alive(old[1]))
    d.wait_processes()
    assert proc.alive(old[0]) and d.status()["generation"] == 1


def test_a_long_job_of_the_timer_may_end_when_the_server_stops(hosted):
    d = hosted(processes=[], env={"RS_FAKE_USER": "slow 3000"},
               ini={"swoole": {"max_wait_time": 1}, "timer": {"max_wait_time": 10}})
    pid = by_name(d, "timer")["pid"]
    assert d.ctl("stop").returncode == 0
    assert d.wait_exit() == 0
    assert f"fake user_stop {pid} name=timer" in d.log()


# -- kills ------------------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("role", ["worker", "task worker", "process"])
def test_whoever_is_killed_is_replaced(hosted, role):
    d = hosted()
    for _ in range(3):
        for pid in d.pids(role):
            os.kill(pid, signal.SIGKILL)
            until(lambda: not proc.alive(pid))
        d.wait_processes()
    assert d.status()["generation"] == 1
    with d.line() as c:
        assert c.ask("taskwait 5000 a") == "result A"


def test_manager_killed(hosted):
    """Its processes go on until a new generation is there; user processes are never there twice."""
    d = hosted()
    old = {n: by_name(d, n)["pid"] for n in ("timer", "one")}
    with d.line() as c, Load(d.address, threads=2) as load:
        os.kill(d.pid("manager"), signal.SIGKILL)
        assert c.ask("echo x") == "x"
        until(lambda: d.status()["generation"] == 2 and d.settled_processes(), 15)
        assert c.ask("taskwait 5000 a") == "result A"
    load.ok()
    log = d.log()
    for name, pid in old.items():
        new = by_name(d, name)["pid"]
        assert new != pid
        assert log.index(f"fake user_reload {pid} ") < log.index(f"fake user {new} name={name} ")


def test_reactor_killed(hosted):
    d = hosted()
    old = {n: by_name(d, n)["pid"] for n in ("timer", "one")}
    with d.line() as c:
        assert c.ask("echo x") == "x"
        os.kill(d.pid("reactor"), signal.SIGKILL)
        assert c.rest() == b""
    until(lambda: d.settled_processes() and all(by_name(d, n)["pid"] not in (0, p) for n, p in old.items()), 15)
    with d.line() as c:
        assert c.ask("taskwait 5000 a") == "result A"
    assert d.get("/").text == "hello"


def test_master_killed(hosted):
    d = hosted()
    d.expect_exit = -9
    d.check_fds = d.check_rss = False
    everyone = [p["pid"] for p in d.status()["processes"]]
    d.signal(signal.SIGKILL)
    until(lambda: not any(proc.alive(p) for p in everyone), 15, message="all of them end by themselves")


# -- user processes that do not live -----------------------------------------------------------------------------------------

def test_user_processes_that_fail_are_started_more_and_more_slowly(hosted):
    d = hosted(start=False, timer=False, env={"RS_FAKE_USER": "fail"})
    d.check_fds = False
    d.start()
    wait_said(d, r"user \d+ name=one", times=4)
    time_was = time.monotonic()
    n = len(said(d, r"user \d+ name=one"))
    wait_said(d, r"user \d+ name=one", times=n + 2)
    assert time.monotonic() - time_was > 0.5, "each waits longer than the one before"
    assert d.get("/").text == "hello"


# -- stop --------------------------------------------------------------------------------------------------------------------

def test_stop_tells_user_processes_then_the_application(hosted):
    d = hosted(env={"RS_FAKE_USER": "slow 300"})
    pids = [by_name(d, n)["pid"] for n in ("timer", "one")]
    assert d.stop() == 0
    log = d.log()
    for pid in pids:
        assert log.index(f"fake user_stop {pid} ") < log.index("fake ended ")
    assert len(said(d, "ended")) == 1
    assert len(said(d, "worker_stopped")) == 3


def test_reload_is_not_the_end_of_the_server(hosted):
    d = hosted()
    assert d.ctl("reload", "--wait").returncode == 0
    until(lambda: "generation 1 has ended" in d.log())
    assert not said(d, "ended")


def test_deaf_user_processes_do_not_hold_up_a_stop(hosted):
    d = hosted(env={"RS_FAKE_USER": "deaf"}, ini={"swoole": {"max_wait_time": 1}, "timer": {"max_wait_time": 1}})
    started = time.monotonic()
    assert d.stop() == 0
    assert 0.9 < time.monotonic() - started < 6 * SLOW


def test_an_application_that_does_not_say_good_bye(hosted):
    d = hosted(env={"RS_FAKE_HANG": "ended"}, ini={"swoole": {"max_wait_time": 1}})
    started = time.monotonic()
    assert d.stop() == 0
    assert time.monotonic() - started < 8 * SLOW


# -- ports -------------------------------------------------------------------------------------------------------------------

def test_ports_of_every_kind(daemon):
    udp, path = {"host": "127.0.0.1", "port": free_port(), "type": "udp"}, None
    d = daemon.hosted(start=False)
    path = d.path("tmp/line.sock")
    d.ini["sockets.a"] = {"handler": "Fake", **tcp()}
    d.ini["sockets.b"] = {"handler": "Fake", **udp}
    d.ini["sockets.c"] = {"handler": "Fake", "host": path, "port": 0, "type": "unix_stream"}
    d.ini["sockets.d"] = {"handler": "Fake", "host": "::1", "port": free_port(), "type": "tcp6"}
    d.write_ini()
    d.start_hosted()
    for where in (d.ini["sockets.a"]["port"], path, ("::1", d.ini["sockets.d"]["port"])):
        with Client(where) as c:
            assert c.ask("echo hello") == "hello"
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.settimeout(5 * SLOW)
        s.sendto(b"ping", ("127.0.0.1", udp["port"]))
        assert s.recv(100) == b"ping"
    assert f"udp:127.0.0.1:{udp['port']}" in d.status()["listeners"]
    assert f"unix:{path}" in d.status()["listeners"]


def test_a_port_in_use_stops_the_start(daemon):
    taken = tcp()
    with socket.create_server(("127.0.0.1", taken["port"])):
        d = daemon.hosted(start=False, sockets={"a": taken})
        d.expect_exit = 1
        d.start(wait=False)
        assert d.wait_exit() == 1
    assert re.search(rf"cannot listen on 127.0.0.1:{taken['port']} \(sockets\): Address already in use", d.log())


def test_an_optional_port_in_use_is_left_out(daemon):
    taken, good = tcp(), tcp()
    with socket.create_server(("127.0.0.1", taken["port"])):
        d = daemon.hosted(sockets={"a": {**taken, "optional": True}, "b": good})
        with Client(good["port"]) as c:
            assert c.ask("echo x") == "x"
    assert "goes without it" in d.log()


def test_restart_passes_the_ports_on(hosted):
    d = hosted(sockets={"u": {"host": "127.0.0.1", "port": free_port(), "type": "udp"}})
    before = d.status()["started_us"]
    assert d.ctl("restart").returncode == 0
    until(lambda: (s := d.status()) and s["started_us"] != before and d.settled_processes(), 20)
    with d.line() as c:
        assert c.ask("echo x") == "x"
    assert "is not used" not in d.log()
    assert d.log().count(f"listening on udp:127.0.0.1:{d.ini['sockets.u']['port']}") == 2
