"""Servers of scripts: a worker that ends and is not through (a timer nobody cleared) finishes beside its successor (C12, C13, E.4, E.5)."""

import os
import signal
import time

import pytest

from lib import proc
from lib.script_server import Server
from lib.wait import SLOW, until

KILL, TERM, USR1, USR2 = signal.SIGKILL, signal.SIGTERM, signal.SIGUSR1, signal.SIGUSR2
# max_wait_time where nobody is to wait for it: longer than all else in a test.
LONG_MS = int(15_000 * SLOW)


@pytest.fixture
def server():
    started = []

    def start(**options):
        started.append(Server(**options))
        return started[-1].start()

    yield start
    for s in started:
        for x in s.named("worker_started"):         # their timers would be waited for
            if proc.ppid(x[2]) == s.manager:
                proc.kill(x[2])
        s.finish()


def lingering(s, c):
    """The pid of the worker of that connection, which now has a timer that does not end."""
    pid = c.worker()[0]
    assert c.ask("timer 600000") == "timer"
    return pid


def end(s, c, how):
    if how == "reload":
        os.kill(s.script, USR1)
    elif how == "term":
        os.kill(c.worker()[0], TERM)
    elif how == "ask":
        assert c.ask(f"ask 3 {c.worker()[1]}") == "ask 0"
    elif how == "leave":
        assert c.ask("leave 0") == "leaving"
    elif how == "max_request":
        for _ in range(8):              # with what was asked before: ten
            c.ask("echo x")


# ---- nobody waits for it -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("coroutine", [0, 1])
@pytest.mark.parametrize("how", ["reload", "term", "ask", "leave", "max_request"])
def test_the_successor_serves_at_once(server, how, coroutine):
    s = server(workers=1, wait_ms=LONG_MS, coroutine=coroutine, max_request=10 if how == "max_request" else 0)
    c = s.client()
    old = lingering(s, c)
    end(s, c, how)
    s.line("worker_exits")
    new, id, _ = c.worker()
    assert new != old and id == 0 and proc.alive(old)
    assert c.ask("echo x") == "x" and s.client().worker()[0] == new
    s.line("worker_started", 2, "id=0 ")
    if how == "reload":
        s.line("after_reload")
    assert proc.alive(old) and not s.named("worker_stopped") and not s.named("worker_failed") and not s.named("close")
    assert len(s.named("connect", "fd=1$")) == 1


def test_nobody_waits_through_reloads(server):
    """A client that asks all the time, in a server with timers that nobody clears."""
    wait_ms = int(3000 * SLOW)
    s = server(workers=2, tasks=1, wait_ms=wait_ms)
    clients = [s.client_of(0), s.client_of(1)]
    longest = 0
    for n in (1, 2):
        for c in clients:
            lingering(s, c)
        os.kill(s.script, USR1)
        while len(s.named("after_reload")) < n:
            for c in clients:
                since = time.monotonic()
                assert c.ask("echo x") == "x"
                longest = max(longest, time.monotonic() - since)
    assert longest < wait_ms / 1000 / 2
    assert not s.named("worker_failed") and not s.named("close")


def test_old_processes_are_bounded(server):
    """At most two finish beside one that serves; then the next one waits for one of them to go."""
    s = server(workers=1, wait_ms=LONG_MS)
    c = s.client()
    olds = []
    for n in (1, 2):
        olds.append(lingering(s, c))
        os.kill(s.script, USR1)
        s.line("after_reload", n)
    olds.append(lingering(s, c))
    os.kill(s.script, USR1)
    s.line("worker_exits", rest="id=0")
    until(lambda: {x[2] for x in s.named("worker_exits")} == set(olds))
    c.send("pid")
    c.sock.settimeout(1)
    with pytest.raises(TimeoutError):
        c.sock.recv(1)
    assert all(proc.alive(p) for p in olds) and len(s.named("worker_started")) == 3
    os.kill(olds[0], KILL)
    s.line("after_reload", 3)
    c.sock.settimeout(20 * SLOW)
    assert c.sock.recv(100).startswith(b"pid %d id=0" % s.worker(0)) and s.worker(0) not in olds


def test_a_slow_stop_is_not_waited_for(server):
    s = server(workers=1, wait_ms=LONG_MS)
    c = s.client()
    old = c.worker()[0]
    assert c.ask(f"slowstop {LONG_MS}") == "slowstop"
    os.kill(s.script, USR1)
    s.line("worker_stopped")
    assert c.worker()[0] != old and proc.alive(old)


def test_who_is_through_has_ended_before_its_successor_starts(server):
    s = server(workers=2, tasks=1)
    os.kill(s.script, USR1)
    s.line("after_reload")
    for i in range(3):
        assert [x[1] for x in s.lines if x[1] in ("worker_started", "worker_stopped") and f"id={i}" in x[3]] == \
            ["worker_started", "worker_stopped", "worker_started"]


def test_in_turn_nobody_overlaps(server):
    """reload_async off: pending timers are discarded, and even a slow stop is waited for."""
    s = server(workers=2, wait_ms=LONG_MS, reload_async=0)
    c = s.client_of(0)
    old = lingering(s, c)
    assert c.ask("slowstop 1500") == "slowstop"
    os.kill(s.script, USR1)
    s.line("worker_stopped")
    assert c.worker()[0] != old and not proc.alive(old)
    s.line("after_reload")


# ---- what belongs to whom ----------------------------------------------------------------------------------------------


def test_results_reach_who_waits_for_them_and_messages_the_successor(server):
    s = server(workers=1, tasks=1, wait_ms=LONG_MS)
    c = s.client()
    old = lingering(s, c)
    assert c.ask("callback sleep 300") == "callback 0"
    os.kill(old, TERM)
    s.line("worker_exits")
    new = c.worker()[0]
    assert new != old
    assert c.ask("message 0 hello") == "message 0"
    assert s.line("message")[2:] == (new, "id=0 from=0 data=hello")
    # The same number, of another process: each has its own.
    assert c.ask("callback other") == "callback 0"
    s.line("finish", 2)
    assert {(x[2], x[3]) for x in s.named("finish")} == {(old, "id=0 task=0 data=SLEEP 300"), (new, "id=0 task=0 data=OTHER")}


@pytest.mark.parametrize("who", ["old", "new"])
def test_kill_of_either(server, who):
    s = server(workers=1, wait_ms=LONG_MS)
    c = s.client()
    old = lingering(s, c)
    os.kill(s.script, USR1)
    s.line("after_reload")
    new = c.worker()[0]
    victim = old if who == "old" else new
    os.kill(victim, KILL)
    assert s.line("worker_failed")[3] == f"id=0 pid={victim} code=0 signal=9"
    until(lambda: not proc.alive(victim))
    if who == "old":
        assert c.worker()[0] == new and len(s.named("worker_started")) == 2
    else:
        third = c.worker()[0]
        assert third not in (old, new) and proc.alive(old) and len(s.named("worker_started")) == 3
    assert not s.named("close")


def test_a_killed_successor_that_boots(server):
    """A process killed while it has not said READY is not mistaken for the one that finishes."""
    s = server(workers=1, wait_ms=LONG_MS)
    c = s.client()
    old = lingering(s, c)
    os.kill(old, TERM)
    os.kill(s.line("worker_started", 2)[2], KILL)
    s.line("worker_failed")
    assert c.worker()[0] == s.line("worker_started", 3)[2] and proc.alive(old)


@pytest.mark.parametrize("wait_ms", [0, 300])
def test_its_time_is_limited(server, wait_ms):
    s = server(workers=1, wait_ms=wait_ms)
    c = s.client()
    old = lingering(s, c)
    os.kill(s.script, USR1)
    s.line("worker_stopped")
    assert c.worker()[0] != old
    s.logged("9101")
    until(lambda: not proc.alive(old))
    s.line("after_reload")
    assert not s.named("worker_failed") and len(s.named("worker_started")) == 2


def test_one_that_hangs_is_killed(server):
    s = server(workers=1, wait_ms=500)
    c = s.client()
    old = c.worker()[0]
    assert c.ask("slowstop 600000") == "slowstop"
    os.kill(s.script, USR1)
    s.line("worker_stopped")
    new = c.worker()[0]
    assert new != old
    assert s.line("worker_failed")[3] == f"id=0 pid={old} code=0 signal=9"
    assert c.worker()[0] == new and len(s.named("worker_started")) == 2


# ---- reload again, stop -----------------------------------------------------------------------------------------------------


def test_a_second_reload_while_the_first_finishes(server):
    s = server(workers=2, tasks=1, wait_ms=LONG_MS)
    clients = [s.client_of(0), s.client_of(1)]
    seen = [[c.worker()[0]] for c in clients]
    for n in (1, 2):
        for c in clients:
            lingering(s, c)
        os.kill(s.script, USR1)
        s.line("after_reload", n)
        for c, pids in zip(clients, seen):
            pids.append(c.worker()[0])
    assert all(len(set(pids)) == 3 for pids in seen)
    assert all(proc.alive(p) for pids in seen for p in pids)
    assert len(s.named("before_reload")) == 2 and not s.named("close")


@pytest.mark.parametrize("how", ["stop", "kill script", "kill reactor"])
def test_the_end_while_one_finishes(server, how):
    s = server(workers=2, tasks=1, wait_ms=500)
    c = s.client()
    old = lingering(s, c)
    os.kill(s.script, USR1)
    s.line("after_reload")
    c.worker()
    if how == "kill reactor":
        proc.kill(s.reactor)
        until(lambda: not proc.alive(old))
        assert until(lambda: s.accepts()) and s.client().ask("echo x") == "x"
        return
    if how == "kill script":
        proc.kill(s.script)
        s.wait()
    else:
        assert s.stop() == 0
        assert len(s.named("worker_stopped")) == 6
    s.gone()
    assert not proc.alive(old)


def test_stop_before_the_successor_is_there(server):
    s = server(workers=2, wait_ms=500)
    c = s.client()
    old = lingering(s, c)
    os.kill(old, TERM)
    os.kill(s.script, TERM)
    assert s.wait() == 0
    s.gone()
    assert not s.named("worker_failed")
