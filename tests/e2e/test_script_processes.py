"""Servers of scripts: the processes, without PHP. Which there are, how they start, end, are replaced and killed."""

import os
import random
import re
import signal
import socket
import time

import pytest

from lib import proc
from lib.script_server import Server
from lib.wait import SLOW, until

KILL, TERM, INT, USR1, USR2, HUP = (signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGUSR1, signal.SIGUSR2, signal.SIGHUP)


@pytest.fixture
def server():
    started = []

    def start(wait=True, **options):
        started.append(Server(**options))
        return started[-1].start(wait)

    yield start
    for s in started:
        s.finish()


def refused(port):
    with socket.socket() as s:
        s.settimeout(5)
        return s.connect_ex(("127.0.0.1", port)) != 0


# ---- the picture: SV7, SV8, E.1 ---------------------------------------------------------------------------------


def test_picture(server):
    s = server(workers=2, tasks=1, users=1)
    s.line("user_process")
    assert proc.ppid(s.manager) == s.master and proc.ppid(s.master) == s.script == s.process.pid
    children = [p for p in proc.pids() if proc.ppid(p) == s.manager]
    assert sorted(children) == sorted(s.worker(i) for i in range(4))
    assert len({s.script, s.master, s.manager, s.reactor, *children}) == 8
    roles = {x[3] for x in s.named("worker_started")}
    assert roles == {"id=0 role=0", "id=1 role=0", "id=2 role=1"}
    assert s.named("user_process")[0][3] == "id=3 index=0"
    assert s.client().ask("stats") == f"stats manager={s.manager} master={s.script} reloading=0 running=1"


def test_orderly_stop(server):
    s = server(workers=2, tasks=1, users=1)
    s.line("user_process")
    c = s.client()
    assert c.ask("echo x") == "x"
    assert s.stop() == 0
    order = s.order()
    end = [x for x in order if x in ("before_shutdown", "worker_stopped", "manager_stopped", "ended", "returned")]
    assert end == ["before_shutdown"] + ["worker_stopped"] * 3 + ["manager_stopped", "ended", "returned"]
    assert not s.named("worker_failed") and not s.named("close")
    assert c.line() == ""
    s.gone(2)


def test_address_in_use(server):
    s = server()
    other = Server(port=s.port)
    other.start(wait=False, port=False)
    assert other.wait() == 1 and "Address already in use" in other.named("listen_failed")[0][3]
    other.finish()
    assert s.client().ask("echo x") == "x"


def test_pid_file(server, tmp_path):
    path = tmp_path / "pid"
    s = server(pid_file=path)
    assert path.read_text() == str(s.script)
    s.stop()
    assert not path.exists()


def test_pid_file_that_cannot_be_written(server, tmp_path):
    s = server(pid_file=tmp_path / "no" / "pid")
    s.logged("cannot write the pid file")
    assert s.client().ask("echo x") == "x"


def test_daemonize(server, tmp_path):
    log = tmp_path / "out"
    s = Server(daemonize=1, log_file=log, pid_file=tmp_path / "pid")
    s.start(wait=False)
    assert s.wait() == 0
    try:
        until(lambda: log.exists() and " started " in log.read_text(), message="the log file")
        pid = int((tmp_path / "pid").read_text())
        assert f" started {pid}" in log.read_text() and pid != s.process.pid
        assert proc.fds(pid)[0] == "/dev/null" and proc.fds(pid)[1] == str(log) and os.getsid(pid) == pid
        assert s.client().ask("echo x") == "x"
        os.rename(log, tmp_path / "old")
        os.kill(pid, signal.SIGRTMIN)
        children = [p for p in proc.descendants(pid) if proc.fds(p).get(1) in (str(tmp_path / "old"), str(log))]
        until(lambda: all(proc.fds(p).get(1) == str(log) for p in children), message="all print into the new file")
        assert len(children) >= 3 and s.client().ask("echo x") == "x"
        os.kill(pid, TERM)
        until(lambda: "returned" in log.read_text(), message="the end")
        assert re.search(r"^\[[-0-9]+ [:0-9]+ #\d+\.0\]\tNOTICE\tstopped$", log.read_text(), re.M)
    finally:
        s.finish()


def test_log_file_is_reopened(server, tmp_path):
    log = tmp_path / "log"
    s = server(log_file=log)
    os.rename(log, tmp_path / "old")
    os.kill(s.script, signal.SIGRTMIN)
    until(lambda: log.exists() and "logs reopened" in log.read_text(), message="a new log")
    os.kill(s.worker(0), KILL)
    until(lambda: re.search(r" \$\d+\.0\]\t\w+\tworker 0 .* signal=9", log.read_text()), message="lines of the manager in it")


@pytest.mark.skipif(os.geteuid() != 0, reason="not root")
def test_user(server):
    s = server(user="nobody", tasks=1, users=1)
    s.line("user_process")
    ids = {proc.uids(s.worker(i)) for i in range(4)}
    assert len(ids) == 1 and 0 not in next(iter(ids))
    assert proc.uids(s.manager)[0] == 0 and 0 not in proc.uids(s.reactor)
    # Who changes its user must still notice that its parent dies.
    os.kill(s.manager, KILL)
    s.wait()
    s.gone()


@pytest.mark.skipif(os.geteuid() != 0, reason="not root")
def test_unknown_user(server):
    s = server(user="nobody-knows")
    s.logged('user "nobody-knows" is not known: workers stay what they are')
    assert proc.uids(s.worker(0))[0] == 0


# ---- tasks and messages: SV27, SV28, SV31, SV32, D11, D12 ------------------------------------------------------------


@pytest.mark.parametrize("coroutine", [0, 1])
def test_tasks(server, coroutine):
    s = server(tasks=2, coroutine=coroutine)
    c = s.client()
    assert [c.ask("task -1 one"), c.ask("task 0 two"), c.ask("task 1 three")] == ["task 0", "task 1", "task 2"]
    s.line("finish", 3)
    assert {x[3].split(" ", 1)[1] for x in s.named("finish")} == {"task=0 data=ONE", "task=1 data=TWO", "task=2 data=THREE"}
    assert {x[2] for x in s.named("finish")} == {c.worker()[0]}
    assert s.named("task", "data=two")[0][3].startswith("id=2 ") and s.named("task", "data=three")[0][3].startswith("id=3 ")
    assert c.ask("task 2 four") == "task -1"


def test_taskwait(server):
    s = server(tasks=1)
    c = s.client()
    assert c.ask("taskwait 5000 abc") == "result ABC"
    assert c.ask("taskwait 50 sleep 1500") == "timeout"
    # The late result is nobody's, and the next one is not mistaken for it.
    assert c.ask("taskwait 5000 def") == "result DEF"
    assert not s.named("finish", "data=ABC|data=DEF")


def test_events_wait_while_a_worker_waits(server):
    s = server(workers=1, tasks=1)
    a, b = s.client(), s.client()
    a.worker(), b.worker()
    a.send("taskwait 5000 sleep 200")
    s.line("task")
    b.send("echo later")
    a.send("echo last")
    assert a.line() == "result SLEEP 200" and b.line() == "later" and a.line() == "last"


def test_message(server):
    s = server(workers=2, tasks=1)
    c = s.client_of(0)
    assert c.ask("message 1 hello") == "message 0" and c.ask("message 2 task") == "message 0"
    assert c.ask("message 3 nobody") == "message 1005"
    assert s.line("message", rest="id=1")[3] == "id=1 from=0 data=hello"
    assert s.line("message", rest="id=2")[3] == "id=2 from=0 data=task"


def test_a_killed_task_worker(server):
    s = server(tasks=1)
    c = s.client()
    assert c.ask("taskwait 30000 crash") == "lost"
    assert "signal=9" in s.line("worker_failed", rest="id=2")[3]
    s.line("worker_started", 2, "id=2 ")
    assert c.ask("taskwait 5000 abc") == "result ABC"


# ---- one worker: max_request, stop, TERM (E.4, SV35), kills (E.3) -----------------------------------------------------


def test_max_request(server):
    s = server(workers=1, max_request=5)
    c = s.client()
    pids = [c.worker()[0] for _ in range(20)]
    assert [pids.count(p) for p in dict.fromkeys(pids)] == [5, 5, 5, 5]
    assert not s.named("worker_failed")
    s.line("worker_stopped", 4)


@pytest.mark.parametrize("how", ["signal", "ask", "leave"])
def test_one_worker_ends_and_is_replaced(server, how):
    s = server()
    c = s.client_of(1)
    pid = c.worker()[0]
    if how == "signal":
        os.kill(pid, TERM)
    elif how == "ask":
        assert c.ask("ask 3 1") == "ask 0"
    else:
        assert c.ask("leave 0") == "leaving"
    s.line("worker_stopped", rest="id=1")
    s.line("worker_started", 2, "id=1 ")
    assert c.worker()[0] != pid and not s.named("worker_failed")
    s.line("connect", len(s.clients))
    assert len(s.named("connect")) == len(s.clients)


def test_term_lets_the_callback_finish(server):
    s = server(workers=1)
    c = s.client()
    pid = c.worker()[0]
    c.send("sleep 300")
    s.line("sleeping")
    os.kill(pid, TERM)
    assert c.line() == f"slept {pid}"
    assert c.worker()[0] != pid


def test_ignored_signals(server):
    s = server(tasks=1)
    c = s.client_of(0)
    for pid in (s.worker(0), s.worker(2)):
        for sig in (USR1, USR2, HUP, INT):
            os.kill(pid, sig)
    os.kill(s.script, HUP)
    assert c.worker()[0] == s.worker(0) and len(s.named("worker_started")) == 3


def test_killed_worker_loses_only_what_ran(server):
    s = server(workers=1)
    victim, others = s.client(), [s.client() for _ in range(8)]
    pid = victim.worker()[0]
    victim.send("sleep 60000")
    s.line("sleeping")
    for i, c in enumerate(others):
        c.send(f"echo {i}")
    os.kill(pid, KILL)
    assert [c.line() for c in others] == [str(i) for i in range(8)]
    assert s.line("worker_failed")[3] == f"id=0 pid={pid} code=0 signal=9"
    assert victim.ask("echo alive") == "alive"
    s.line("connect", 9)
    assert len(s.named("connect")) == 9 and not s.named("close")


def test_spoilt_worker(server):
    s = server(workers=1)
    c = s.client()
    pid = c.worker()[0]
    c.send("spoil 7")
    assert s.line("worker_failed")[3] == f"id=0 pid={pid} code=7 signal=0"
    assert c.worker()[0] != pid and not s.named("worker_stopped")


def test_child_of_user_code_does_not_serve(server):
    s = server(workers=1)
    c = s.client()
    pid = c.worker()[0]
    assert c.ask("fork") == "forked" and c.worker()[0] == pid and len(s.named("worker_started")) == 1


@pytest.mark.parametrize("coroutine", [0, 1])
def test_pending_timer_is_waited_for(server, coroutine):
    s = server(workers=1, coroutine=coroutine)
    c = s.client()
    pid = c.worker()[0]
    assert c.ask("timer 300") == "timer"
    os.kill(pid, TERM)
    s.line("worker_stopped")
    mine = [x[1] for x in s.lines if x[2] == pid]
    assert mine.index("worker_exits") < mine.index("timer") < mine.index("worker_stopped")


def test_pending_timer_is_not_waited_for_ever(server):
    s = server(workers=1, wait_ms=300)
    c = s.client()
    pid = c.worker()[0]
    assert c.ask("timer 60000") == "timer"
    os.kill(pid, TERM)
    s.line("worker_stopped")
    s.logged("9101")
    assert not s.named("timer") and c.worker()[0] != pid and not s.named("worker_failed")


def test_pending_timer_without_reload_async(server):
    s = server(workers=1, reload_async=0)
    c = s.client()
    pid = c.worker()[0]
    assert c.ask("timer 60000") == "timer"
    os.kill(pid, TERM)
    s.line("worker_stopped")
    assert not s.named("timer") and not s.named("worker_exits") and c.worker()[0] != pid


def test_timer_between_events(server):
    for coroutine in (0, 1):
        s = server(workers=1, coroutine=coroutine)
        c = s.client()
        assert c.ask("timer 30") == "timer"
        s.line("timer")
        assert c.ask("echo x") == "x"


@pytest.mark.parametrize("how", ["term", "reload", "stop"])
def test_blocked_worker_is_killed(server, how):
    s = server(workers=1, wait_ms=500)
    c = s.client()
    pid = c.worker()[0]
    c.send("sleep 60000")
    s.line("sleeping")
    since = time.monotonic()
    os.kill(pid if how == "term" else s.script, USR1 if how == "reload" else TERM)
    until(lambda: not proc.alive(pid), message="its end")
    assert time.monotonic() - since > 0.9
    if how == "stop":
        assert s.wait() == 0 and "returned" in s.order()
    else:
        assert s.line("worker_failed")[3] == f"id=0 pid={pid} code=0 signal=9"
        assert c.worker()[0] != pid


# ---- user processes and crash loops: SV7, X8 ---------------------------------------------------------------------------


def test_user_process_is_kept_alive(server):
    s = server(users=2)
    first = s.line("user_process", rest="id=2 ")[2]
    os.kill(first, KILL)
    s.line("user_process", 2, "id=2 index=0")
    assert s.line("worker_failed")[3] == f"id=2 pid={first} code=0 signal=9"
    os.kill(s.script, USR1)
    s.line("after_reload")
    assert len(s.named("user_process")) == 3


def test_user_process_that_ignores_term(server):
    s = server(users=1, fail="user_term", wait_ms=300)
    s.line("user_process")
    assert s.stop() == 0 and "returned" in s.order()


@pytest.mark.parametrize("fail,line", [("user", "user_process"), ("worker_started", "worker_started")])
def test_crash_loops_are_slow(server, fail, line):
    s = server(wait=False, workers=1, users=1 if fail == "user" else 0, fail=fail)
    s.line(line, 5, timeout=20)
    when = [x[0] for x in s.named(line)]
    assert when[2] - when[0] < 1.9 * SLOW, "the first ones come at once"
    assert when[3] - when[2] > 0.98  # milliseconds are cut
    assert s.stop() == 0


# ---- reload: SV33, E.5 ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["master", "manager", "ask"])
def test_reload(server, how):
    s = server(workers=2, tasks=1, users=1)
    s.line("user_process")
    clients = [s.client() for _ in range(4)]
    before = [c.worker() for c in clients]
    if how == "ask":
        assert clients[0].ask("ask 0 0") == "ask 0"
    else:
        os.kill(s.script if how == "master" else s.manager, USR1)
    s.line("after_reload")
    s.line("worker_started", 6)
    after = [c.worker() for c in clients]
    assert [x[1:] for x in before] == [x[1:] for x in after] and not {x[0] for x in before} & {x[0] for x in after}
    s.line("connect", 4)
    assert len(s.named("connect")) == 4 and not s.named("close") and not s.named("worker_failed")
    assert len(s.named("user_process")) == 1 and len(s.named("before_reload")) == 1


def test_reload_in_turn(server):
    """reload_async off: workers, then task workers, each when the one before has a successor that runs; beforeReload is first of all."""
    s = server(workers=2, tasks=2, reload_async=0)
    before = [s.worker(i) for i in range(4)]
    os.kill(s.script, USR1)
    s.line("after_reload")
    lines = s.lines[[x[1] for x in s.lines].index("before_reload"):]
    order = [x[1] + "".join(re.findall(r" (id=\d)", " " + x[3])) for x in lines
             if x[1] in ("before_reload", "worker_stopped", "worker_started", "after_reload")]
    assert order == ["before_reload"] + [f"{n}id={i}" for i in range(4) for n in ("worker_stopped", "worker_started")] + ["after_reload"]
    assert not set(before) & {s.worker(i) for i in range(4)}


def test_before_reload_comes_first(server):
    s = server(workers=3, tasks=2)
    for n in range(1, 6):
        os.kill(s.script, USR1)
        s.line("after_reload", n)
    names = [x[1] for x in s.lines if x[1] in ("before_reload", "after_reload", "worker_stopped")]
    for n in range(5):
        assert names[n * 7] == "before_reload" and names[n * 7 + 1:n * 7 + 6] == ["worker_stopped"] * 5 and names[n * 7 + 6] == "after_reload"


def test_reload_of_task_workers_only(server):
    s = server(tasks=2)
    pid = s.client().worker()[0]
    os.kill(s.script, USR2)
    s.line("after_reload")
    assert len(s.named("worker_started", "role=1")) == 4 and len(s.named("worker_started", "role=0")) == 2
    assert s.client().worker()[0] in (pid, s.worker(0), s.worker(1))


def test_reload_while_a_request_runs(server):
    s = server(workers=1, wait_ms=f"{10_000 * SLOW:.0f}")
    c, other = s.client(), s.client()
    pid = c.worker()[0]
    c.send(f"sleep {2000 * SLOW:.0f}")      # until the second signal has come
    s.line("sleeping")
    os.kill(s.script, USR1)
    s.line("before_reload")
    other.send("pid")
    os.kill(s.script, USR1)  # one is running: ignored
    assert c.line() == f"slept {pid}"
    assert not other.line().startswith(f"pid {pid} ")
    s.line("after_reload")
    assert len(s.named("before_reload")) == 1
    os.kill(s.script, USR1)
    s.line("after_reload", 2)


def test_many_reloads_under_load(server):
    s = server(workers=2, tasks=1)
    clients = [s.client() for _ in range(4)]
    for n in range(1, 5):
        os.kill(s.script, USR1)
        done = False
        while not done:
            done = len(s.named("after_reload")) >= n
            for i, c in enumerate(clients):
                assert c.ask(f"echo {i}") == str(i)
    assert not s.named("worker_failed") and not s.named("close")


# ---- shutdown: SV34, E.3, X9 ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["term", "int", "ask", "manager", "group"])
def test_ways_to_stop(server, tmp_path, how):
    path = tmp_path / "pid"
    s = server(tasks=1, users=1, pid_file=path)
    s.line("user_process")
    if how == "ask":
        assert s.client().ask("ask 2 0") == "ask 0"
    elif how == "manager":
        os.kill(s.manager, TERM)
    elif how == "group":
        os.killpg(s.script, INT)
    else:
        os.kill(s.script, TERM if how == "term" else INT)
    assert s.wait() == 0
    # a signal to the whole group may end workers, and start others, before it is the server's turn
    stopped = len(s.named("worker_stopped"))
    assert s.order()[-2:] == ["ended", "returned"] and (stopped >= 3 if how == "group" else stopped == 3) and not path.exists()
    s.gone(2)


def test_stop_twice_is_stop(server):
    s = server(workers=1)
    c = s.client()
    pid = c.worker()[0]
    c.send("sleep 400")
    s.line("sleeping")
    for _ in range(5):
        os.kill(s.script, TERM)
    assert c.line() == f"slept {pid}"
    assert s.wait() == 0 and s.named("worker_stopped")


def test_stop_while_it_starts(server):
    s = server(wait=False, workers=2, fail="hang", wait_ms=300)
    s.line("worker_started", 2)
    os.kill(s.process.pid, TERM)
    assert s.wait() == 0


def test_stop_refuses_clients_at_once(server):
    s = server(workers=1, wait_ms=f"{10_000 * SLOW:.0f}")
    c = s.client()
    c.send(f"sleep {4000 * SLOW:.0f}")
    s.line("sleeping")
    os.kill(s.script, TERM)
    until(lambda: refused(s.port), timeout=3.5, message="refused")
    assert c.line().startswith("slept")


# ---- deaths: E.7 ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("busy", [False, True])
@pytest.mark.parametrize("who", ["script", "master", "script and manager", "master and manager", "script, manager and workers"])
def test_nothing_survives(server, who, busy):
    s = server(workers=2, tasks=1, users=1)
    s.line("user_process")
    pids = {"script": s.script, "master": s.master, "manager": s.manager}
    if busy:
        s.client().send("sleep 60000")
        s.line("sleeping")
    for name in re.findall(r"\w+", who):
        for pid in [s.worker(0), s.worker(1), s.worker(2)] if name == "workers" else [pids[name]] if name in pids else []:
            proc.kill(pid)
    s.gone()
    status = s.wait()
    assert status != 0
    if "script" not in who:
        assert s.named("failed") and not s.named("ended")


@pytest.mark.parametrize("busy", [False, True])
def test_killed_manager(server, busy):
    s = server(workers=2, tasks=1, users=1, wait_ms=500)
    s.line("user_process")
    if busy:
        s.client().send("sleep 60000")
        s.line("sleeping")
    os.kill(s.manager, KILL)
    assert s.wait() == 0
    assert "Fatal Error: manager process exit. status[0], signal[9]" in s.log()
    assert s.order()[-2:] == ["ended", "returned"] and len(s.named("worker_stopped")) == (2 if busy else 3)


def test_killed_reactor(server):
    s = server(workers=2, tasks=1, users=1)
    s.line("user_process")
    c = s.client()
    fd = c.worker()[2]
    s.client().worker()
    os.kill(s.reactor, KILL)
    assert c.line() == ""
    s.line("worker_started", 6)
    s.line("user_process", 2)
    until(s.accepts, message="it accepts again")
    c = s.client()
    assert c.worker()[2] > fd, "numbers of connections are not used again"
    assert c.ask("taskwait 5000 abc") == "result ABC"
    os.kill(s.script, USR1)
    s.line("after_reload")
    assert s.client().ask("echo x") == "x"


def test_killed_while_stopping(server):
    s = server(workers=1, users=1)
    c = s.client()
    c.send("sleep 60000")
    s.line("sleeping")
    os.kill(s.script, TERM)
    s.line("before_shutdown")
    os.kill(s.script, KILL)
    s.gone()
    s.wait()


def test_random_kills(server):
    seed = int(os.environ.get("RSERVERD_SEED", random.randrange(1 << 30)))
    print(f"RSERVERD_SEED={seed}")
    rng = random.Random(seed)
    s = server(workers=2, tasks=1, users=1)
    s.line("user_process")
    for _ in range(12):
        victim = rng.choice(["worker 0", "worker 1", "worker 2", "worker 3", "reactor", "reload", "stop worker"])
        n = len(s.lines)
        if victim == "reactor":
            os.kill(s.reactor, KILL)
        elif victim == "reload":
            os.kill(s.script, USR1)
        elif victim == "stop worker":
            proc.kill(s.worker(rng.randrange(3)), TERM)
        else:
            proc.kill(s.worker(int(victim[-1])))
        if rng.random() < 0.7:
            until(lambda: len(s.lines) > n, message="something happens")
    until(s.accepts, message="it accepts")
    until(lambda: all(proc.alive(s.worker(i)) for i in range(4)), message="all are there")
    assert s.client().ask("echo x") == "x"
    assert s.stop() == 0
