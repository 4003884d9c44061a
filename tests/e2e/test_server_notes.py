"""What the API notes say about servers, run as it stands there (contract S.1, acceptance point 14): php/swoole/notes_server/*.php.
HTTP and WebSocket of the notes are in test_server_notes_http.py, what needs no server in test_swoole_notes.py."""

import json
import os
import re
import signal
import socket
import time
from signal import SIGTERM, SIGUSR1

import pytest

from lib import proc
from lib.line_client import Client
from lib.ports import free_port
from lib.wait import SLOW, stays, until

NOTES = "notes_server/"


def read(path):
    with open(path, errors="replace") as f:
        return f.read()


def connections(s, n):
    return [Client(s.port) for _ in range(n)]


def on_worker(s, wanted, ask, tries=20):
    """A connection that this worker serves."""
    for _ in range(tries):
        c = Client(s.port)
        if ask(c) == wanted:
            return c
        c.close()
    raise AssertionError(f"worker {wanted} has no connection")


# ---- the first snippet, callbacks (SV1, SV3, A7, L.1, D13, D14, D16) --------------------------------------------------

def test_first_snippet(server):
    s = server(NOTES + "first.php")
    with Client(s.port) as c:
        c.send("hello")
        assert c.rest().decode() == "来自服务器"
    out = s.wait_output("close 2")     # the first connection asked whether somebody listens
    fd = re.search(r"^receive (\d+) hello$", out, re.M)[1]
    lines = [x for x in out.splitlines() if x.split()[1:2] == [fd]]
    assert re.fullmatch(rf"connect {fd} from \d+\nreceive {fd} hello\nclose {fd} from -1", "\n".join(lines))
    assert "after start" not in out
    assert s.stop() == 0 and s.output().endswith("after start\n")


def test_server_waits_for_the_client(server):
    """"The server only answers": nothing is sent before the client sends."""
    s = server(NOTES + "first.php")
    with Client(s.port) as c:
        assert c.silent(0.3)
        c.send("x")
        assert c.rest().decode() == "来自服务器"


FORMS = {"closure": "closure", "static": "static method", "array": "static method", "function": "function", "method": "method",
         "invokable": "invoked"}


@pytest.mark.parametrize("form", FORMS)
def test_callbacks(server, form):
    s = server(NOTES + "callbacks.php", env={"RS_FORM": form})
    with Client(s.port) as c:
        c.send("data")
        c.says(f"{FORMS[form]}: data")
    out = s.wait_output("close", count=2)
    assert out.startswith("bool(true)\nbool(true)\nbool(true)\nbool(false)\n") and out.count("connect\n") == 2
    assert "replaced" not in out and "not an event" not in out


# ---- ports (SV5, SV6, B.1.1, K2, SV13, D15) --------------------------------------------------------------------------

def test_listen(server):
    s = server(NOTES + "listen.php", ports=5)
    tcp, tcp2, tcp6, udp, udp6 = s.ports
    path = s.folder + "/server.sock"
    for where, port, kind in ((tcp, tcp, 1), (tcp2, tcp2, 1), (("::1", tcp6), tcp6, 3), (path, 0, 5)):
        with Client(where) as c:
            c.send("hello")
            c.says(f"{port} {kind} hello")
    for family, address, port in ((socket.AF_INET, "127.0.0.1", udp), (socket.AF_INET6, "::1", udp6)):
        with socket.socket(family, socket.SOCK_DGRAM) as u:
            u.settimeout(20 * SLOW)
            u.sendto(b"packet", (address, port))
            assert u.recv(65536).decode() == f"{port} {address} packet"
    lines = s.output().splitlines()
    assert lines[:6] == [f"Swoole\\Server\\Port 1 127.0.0.1 {tcp}", f"Swoole\\Server\\Port 1 127.0.0.1 {tcp2}",
                         f"Swoole\\Server\\Port 3 ::1 {tcp6}", f"Swoole\\Server\\Port 2 127.0.0.1 {udp}",
                         f"Swoole\\Server\\Port 5 {path} 0", f"Swoole\\Server\\Port 4 :: {udp6}"]
    s.stop()
    assert not os.path.exists(path)


def test_udp_up_to_its_limit(server):
    s = server(NOTES + "listen.php", ports=5)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as u:
        u.settimeout(1)
        data = "d" * 60000

        def answer():
            """A kernel that is short of memory may drop a datagram, ours or the answer: who uses UDP asks again."""
            u.sendto(data.encode(), ("127.0.0.1", s.ports[3]))
            try:
                return u.recv(65536).decode()
            except TimeoutError:
                return None
        assert until(answer, 20, message="an answer") == f"{s.ports[3]} 127.0.0.1 {data}"


# ---- settings (C1 to C45) --------------------------------------------------------------------------------------------

def test_settings_in_one_call(server):
    s = server(NOTES + "settings.php")
    out = s.wait_output("bool(false)")
    lines = out.splitlines()
    setting = json.loads(next(x for x in lines if x.startswith("{")))
    expected = {"max_conn": 2000, "reactor_num": 2, "worker_num": 4, "max_request": 50, "backlog": 128, "dispatch_mode": 1,
                "task_worker_num": 1, "log_level": 0, "heartbeat_check_interval": 60, "heartbeat_idle_time": 600, "daemonize": 0,
                "open_eof_check": True, "package_eof": "\r\n", "user": "root"}
    assert lines[0] == "bool(true)" and "from 1.3: 4" in lines
    assert {k: setting.get(k) for k in expected} == expected
    with Client(s.port) as c:
        c.send("a\r\n")
        c.says("a\r\n")


def test_max_conn(server):
    s = server(NOTES + "max_conn.php")
    until(lambda: refused_after(s) == 40, 20, every=0.1, message="40 connections are served")


def refused_after(s):
    """How many connections are served at the same time. The others are closed at once."""
    clients, served = connections(s, 45), 0
    for c in clients:
        try:
            c.send("x")
            c.says("x")
            served += 1
        except (AssertionError, OSError):
            pass
    for c in clients:
        c.close()
    return served


def test_max_request(server):
    s = server(NOTES + "max_request.php")
    with Client(s.port) as c:
        pids = [c.ask("pid") for _ in range(15)]
        tasks = [c.ask("task") for _ in range(9)]
    runs = [pids.count(p) for p in dict.fromkeys(pids)]
    assert runs == [5, 5, 5], pids       # the connection stays
    assert [tasks.count(p) for p in dict.fromkeys(tasks)] == [3, 3, 3], tasks
    out = s.wait_output("worker 0", count=4)
    assert out.count("task worker 1") >= 3


def test_tasks_need_their_callback(server):
    s = server(NOTES + "no_task.php", wait=False)
    s.expect_exit = 255
    out = s.to_end()
    assert "Fatal error" in out and "failed to start server" in out and "started" not in out


@pytest.mark.parametrize("level, written", [(0, True), (3, True), (4, False), (5, False)])
def test_log_level(server, level, written):
    s = server(NOTES + "log.php", env={"RS_LEVEL": str(level)})
    s.wait_output("to the terminal")
    with Client(s.port):
        pass
    log = s.folder + "/log"
    if written:
        until(lambda: os.path.exists(log) and "no_such_setting" in read(log), message="the line is in the log")
        line = next(x for x in read(log).splitlines() if "no_such_setting" in x)
        assert re.match(r"\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d [@#$*^]\d+\.\d+\]\tNOTICE\t", line), line
    s.stop()
    assert written or not os.path.exists(log) or "no_such_setting" not in read(log)
    assert not os.path.exists(log) or "to the terminal" not in read(log)
    assert "NOTICE" not in s.output()


@pytest.mark.parametrize("log", [True, False])
def test_daemonize(server, log):
    s = server(NOTES + "daemonize.php", env={"RS_LOG": "1" if log else ""}, wait=False)
    assert s.child.wait(20 * SLOW) == 0
    pid = int(until(lambda: os.path.exists(s.folder + "/pid") and read(s.folder + "/pid"), message="the pid file"))
    try:
        assert pid != s.child.pid and os.getsid(pid) == pid
        with Client(s.port) as c:
            c.send("hello")
            c.says(str(pid))
    finally:
        s.everyone()
        os.kill(pid, SIGTERM)
    until(lambda: not s.everyone(), 20, message="the daemon ends")
    assert s.output() == "before\n" and not os.path.exists(s.folder + "/pid")
    if log:
        text = read(s.folder + "/log")
        for part in (f"worker of {pid}\n", "printed hello\n", "to the errors\n", 'string(0) ""\n', "after\n"):
            assert part in text, (part, text)


def test_heartbeat_closes_the_silent(server):
    s = server(NOTES + "heartbeat.php")
    silent, alive = connections(s, 2)
    started, beats = time.monotonic(), 0
    silent.sock.setblocking(False)
    while True:
        alive.send("beat")
        alive.says("beat")
        beats += 1
        try:
            assert silent.sock.recv(10) == b""       # no probe: the end is all that comes
            break
        except BlockingIOError:
            assert time.monotonic() - started < 20 * SLOW
        alive.sock.settimeout(0.2)
        try:
            assert alive.sock.recv(10), "who sends is not closed"
        except socket.timeout:
            alive.sock.settimeout(20 * SLOW)
    assert time.monotonic() - started >= 1.9 and beats > 2
    assert "reactor" in s.wait_output("close")
    alive.send("still")
    alive.says("still")


def test_heartbeat_by_hand(server):
    s = server(NOTES + "heartbeat_list.php")
    old, talker = connections(s, 2)
    fd = int(old.ask("fd"))
    assert talker.json("list") == []
    listed = until(lambda: fd in talker.json("list"), 20, every=0.2, message="the silent one is listed")
    assert listed and talker.json("list") == [fd]
    assert talker.json("close") == [fd] and old.rest() == b""
    assert talker.json("list") == []


def test_eof(server):
    s = server(NOTES + "eof.php")
    with Client(s.port) as c:
        c.send("half")
        assert c.silent(0.3)
        c.send(" whole\r\n")
        c.says(json.dumps("half whole\r\n"))
        c.send("one\r\ntwo\r\n")
        c.says(json.dumps("one\r\ntwo\r\n"))      # only the end is looked at
    with Client(s.port) as c:
        c.send("never" * 30000)
        assert c.rest() == b""
    s.wait_output("close", count=3)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_user(server):
    import pwd
    nobody = pwd.getpwnam("nobody").pw_uid
    s = server(NOTES + "user.php")
    for name in (f"worker {nobody}", f"task {nobody}", f"process {nobody}", "master 0"):
        s.wait_output(name)


IDENTITY = """<?php
$server = new Swoole\\Server('127.0.0.1', 0, SWOOLE_PROCESS);
$server->set(json_decode($argv[1], true) + ['worker_num' => 1, 'log_level' => SWOOLE_LOG_WARNING]);
$server->on('receive', fn() => 1);
$server->on('workerStart', function ($server) {
    echo 'is ' . json_encode([posix_geteuid(), posix_getegid(), posix_getgroups()]), "\\n";
    $server->shutdown();
});
$server->start();
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
@pytest.mark.parametrize("settings, wanted, said", [
    ({"group": "nogroup"}, [0, 65534, [65534]], ""),                      # a group alone is honoured
    ({"user": "root", "group": "nogroup"}, [0, 65534, [65534]], ""),
    ({"user": "nobody", "group": "no.such"}, [65534, 65534, [65534]], 'group "no.such" is not known'),   # never root for that
])
def test_user_and_group(server, settings, wanted, said):
    s = server(code=IDENTITY, args=(json.dumps(settings),), ports=0)
    out = s.to_end()
    assert "is " + json.dumps(wanted, separators=(",", ":")) in out and said in out


# ---- start, numbers, properties (SV8, E.1, SVP1 to SVP7, SV17, SV36) --------------------------------------------------

def test_processes(server):
    s = server(NOTES + "information.php")
    s.wait_output('["worker"', count=4)
    s.wait_output('["manager"')
    s.wait_output('["start"')
    said = [json.loads(x) for x in s.output().splitlines() if x.startswith('["')]
    (start,) = [x for x in said if x[0] == "start"]
    (manager,) = [x for x in said if x[0] == "manager"]
    workers = [x for x in said if x[0] == "worker"]
    master_pid, manager_pid = start[1], start[2]
    assert start == ["start", master_pid, manager_pid, -1, master_pid] and master_pid == s.pid
    assert manager == ["manager", master_pid, manager_pid, -1, manager_pid]
    assert sorted(x[3] for x in workers) == [0, 1, 2, 3]
    for x in workers:
        assert x[1:3] == [master_pid, manager_pid] and x[4] == x[7] and x[3] == x[6] and x[5] is (x[3] >= 2)
        assert proc.ppid(x[4]) == manager_pid
    assert len({master_pid, manager_pid, *(x[4] for x in workers)}) == 6
    assert sorted(p for p in proc.pids() if proc.ppid(p) == manager_pid) == sorted(x[4] for x in workers)


def test_numbers_stay_after_restart(server):
    s = server(NOTES + "information.php")
    s.wait_output('["worker"', count=4)
    os.kill(s.pid, SIGUSR1)
    said = [json.loads(x) for x in s.wait_output('["worker"', count=8).splitlines() if x.startswith('["worker"')]
    assert sorted(x[3] for x in said[4:8]) == [0, 1, 2, 3] and len({x[4] for x in said}) == 8


def test_information(server):
    s = server(NOTES + "information.php")
    with Client(s.port) as c:
        until(lambda: c.json("stats")["connection_num"] == 1, message="the one who looked whether somebody listens has gone")
        info, again, nobody = c.json("info")
        host, port = c.sock.getsockname()
        assert (info["remote_ip"], info["remote_port"], info["server_port"], info["socket_type"]) == (host, port, s.port, 1)
        assert abs(info["connect_time"] - time.time()) < 60 and info["last_time"] >= info["connect_time"]
        assert info["close_errno"] == 0 and again is True and nobody is False
        assert c.ask("setting") == "2"
        before = c.json("stats")
        assert before["connection_num"] == 1 and abs(before["start_time"] - time.time()) < 600
        assert before["worker_num"] == 2 and before["task_worker_num"] == 2
        assert before["accept_count"] == before["close_count"] + 1
        others = connections(s, 3)
        fds = [int(x.ask("fd")) for x in others]
        after = c.json("stats")
        assert after["connection_num"] == 4 and after["accept_count"] == before["accept_count"] + 3
        # This request and its answer are not counted yet, or they are.
        assert after["request_count"] - before["request_count"] in (3, 4, 5)
        assert after["response_count"] - before["response_count"] in (3, 4, 5)
        own = int(c.ask("fd"))
        everyone = sorted([own, *fds])
        assert c.json("connections") == [everyone, False, 4, everyone, False]
        for x in others:
            x.close()
        until(lambda: c.json("stats")["close_count"] == before["close_count"] + 3, message="the others are gone")
        assert c.json("connections")[0] == [own]


def test_before_and_after_start(server):
    s = server(NOTES + "start.php")
    with Client(s.port) as c:
        assert c.ask("go") == "done"
    lines = s.output().splitlines()
    assert len([x for x in lines if x.startswith("E2 ")]) == 9, lines
    assert len([x for x in lines if x == "bool(false)"]) == 4
    for name in ("on", "set", "listen", "addProcess", "start", "send", "task", "reload", "shutdown"):
        assert any(x.startswith(f"E2 Swoole\\Server::{name}(): ") for x in lines), (name, lines)


# ---- sending (SV11, SV12, SV15, SV26, C35) ---------------------------------------------------------------------------

def test_send_up_to_the_limit(server):
    s = server(NOTES + "send.php")
    with Client(s.port) as c:
        c.send(f"send {2 << 20}")
        assert c.exactly(2 << 20) == b"x" * (2 << 20)
        assert s.wait_output("[true,")
        c.send(f"send {(2 << 20) + 1}")
        s.wait_output("[false,1203]")
        assert c.silent(0.2)


def test_send_failures(server):
    s = server(NOTES + "send.php")
    with Client(s.port) as c:
        c.send("nobody")
        c.says("[false,1005,false,1005]")
        c.send("gone")
        assert c.rest() == b""
    assert re.search(r"\[false,100[34]\]", s.wait_output("[false,100"))
    s.wait_output("closed from -1")


def test_close(server):
    s = server(NOTES + "send.php")
    with Client(s.port) as c:
        c.send("close")
        assert c.rest() == b"y" * 100000          # what was sent before arrives
    with Client(s.port) as c:
        c.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        c.send("reset")
        assert len(c.rest()) <= 2000000
    assert s.wait_output("closed from -1", count=2).count("bool(true)") == 2


def test_sendfile(server):
    s = server(NOTES + "send.php")
    with Client(s.port) as c:
        c.send("file")
        got = c.exactly(300000)
        with open(s.folder + "/test.jpg", "rb") as f:
            assert got == f.read()
        c.send("nofile")
        c.says("false")


# ---- processes of the server (SV7, PR4, SVP7, PR11, PR12) -------------------------------------------------------------

def test_process_that_sends_to_all(server):
    s = server(NOTES + "add_process.php")
    clients = connections(s, 5)
    stats = until(lambda: len(proc.descendants(s.pid)) >= 5 and True, message="everybody is there")
    assert stats
    # A connection counts when the server has taken it: who asked last is told last.
    for n, c in enumerate(clients):
        c.send(f"<{n}>")
    for c in clients:
        got = b""
        while not all(b"<%d>" % n in got for n in range(5)):
            got += c.exactly(1)
        assert sorted(re.findall(rb"<\d>", got)) == [b"<0>", b"<1>", b"<2>", b"<3>", b"<4>"]
    assert s.output().startswith("bool(true)\n")


def test_process_waits_for_its_children(server):
    s = server(NOTES + "process_signal.php")
    s.wait_output("PID=", count=3)
    out = s.output()
    children = re.findall(r"^child=(\d+)$", out, re.M)
    assert len(children) == 3 and sorted(re.findall(r"^PID=(\d+)$", out, re.M)) == sorted(children)


# ---- clients, foreign sockets (CL2 to CL5, B.14) ---------------------------------------------------------------------

def test_client(server):
    s = server(NOTES + "first.php")
    client = server(NOTES + "client.php", wait=False, env={"RS_TO": str(s.port)})
    assert client.to_end() == 'bool(false)\nbool(true)\n来自服务器\nstring(0) ""\n'


def test_client_of_nobody(server):
    out = server(NOTES + "client.php", wait=False, env={"RS_TO": str(free_port())}).to_end()
    assert re.search(r"Warning: +Swoole\\Client::connect\(\)", out) and out.endswith("connect failed.")


def test_stream_in_the_loop_of_a_worker(server):
    s = server(NOTES + "event_loop.php", ports=2)
    with Client(s.port) as c:
        for _ in range(3):
            c.send("x")
            c.says("from the other port")


# ---- timers (SV40 to SV43, TM1 to TM4, FN6) ---------------------------------------------------------------------------

def test_timers(server):
    s = server(NOTES + "timers.php")
    with Client(s.port) as c:
        c.send("x")
        c.says("hello world" * 5)
    out = s.wait_output("server after", count=2)
    assert out.count("tick 参数\n") == 3 and out.splitlines().count("after") == 1
    s.wait_output("once\nbool(true)\nbool(false)\n", count=2)
    lines = s.output().splitlines()
    assert lines.count("connected") == lines.count("deferred") == 2
    assert lines.index("deferred") > lines.index("connected")


def test_timers_end_with_their_worker(server):
    s = server(NOTES + "timers_die.php")
    c, other = connections(s, 2)
    c.send("x")
    old = c.line()
    c.send("reload")
    pid = old.rsplit(" ", 1)[1]
    until(lambda: other.ask("pid") != "pid " + pid, 20, every=0.05, message="another worker serves")
    until(lambda: not proc.alive(int(pid)), 20, message="the old one, which finishes meanwhile, ends")
    c.send("pid")
    while (line := c.line()) == old:
        pass
    assert line == other.ask("pid") != old.replace("tick of", "pid")
    assert c.silent(0.3)


def test_timers_before_start(server):
    s = server(NOTES + "timer_before.php", wait=False)
    out = s.to_end()
    assert re.search(r"Warning: +Swoole\\Server::start\(\): .*eventLoop has already been created", out) and out.endswith("bool(false)\n")


# ---- tasks (SV27 to SV31, D10, D11, C33, C79) -------------------------------------------------------------------------

def test_task(server):
    s = server(NOTES + "task.php")
    with Client(s.port) as c:
        worker, first = c.json("one")
        worker2, second = c.json("two")
    assert (worker2, first, second) == (worker, 0, 1)
    out = s.wait_output("task finish", count=2)
    assert re.search(rf"task 0 from {worker} in [2-9]\n", out) and re.search(rf"task 1 from {worker} in [2-9]\n", out)
    assert sorted(re.findall(r"task finish (\d)!", out)) == ["0", "1"]


@pytest.fixture
def tasks(server):
    s = server(NOTES + "task_kinds.php")
    with Client(s.port) as c:
        yield s, c


def test_task_callback(tasks):
    s, c = tasks
    worker = c.json("callback")
    out = s.wait_output(f"in {worker}\n")
    assert f'Task Callback: int(0)\nstring(17) "done taskcallback"\nin {worker}\n' in out and "finish" not in out


def test_taskwait(tasks):
    s, c = tasks
    assert c.json("wait") == ["done data", False, False]
    assert c.json("wait")[0] == "done data"      # the late result does not take the place of another one
    assert "finish" not in s.output()


def test_task_for_one_worker(tasks):
    assert tasks[1].json("dst") == [2, 3, 4, False]


def test_several_tasks(tasks):
    asked, results = tasks[1].json("multi")
    assert results == [f"result of {n}" for n in asked]


def test_task_sizes(tasks):
    s, c = tasks
    assert c.json("size") == [8000, 8192, 8193, 100000, 1900000]
    assert os.listdir(s.folder + "/tmp") == []


def test_task_too_big(tasks):
    s, c = tasks
    assert c.json("big") is False
    until(lambda: "task package is too big" in read(s.folder + "/log"), message="the warning is logged")
    assert os.listdir(s.folder + "/tmp") == []


def test_objects_are_copied(tasks):
    assert tasks[1].json("object") == ["mine", "Thing", "changed"]


def test_no_task_in_a_task(tasks):
    assert tasks[1].json("in task") == [False, False]


# ---- shared and not (E5, B.9, B.10, F) --------------------------------------------------------------------------------

def test_memory(server):
    s = server(NOTES + "memory.php")
    own, asked = {0: 0, 1: 0}, 0
    for c in connections(s, 4):
        for _ in range(3):
            asked += 1
            worker, mine, hits, num, name, task = c.json("x")
            own[worker] += 1
            assert mine == own[worker] and hits == num == task == asked and name == f"worker {worker}"
    assert all(own.values())


@pytest.mark.parametrize("mode, value", [("SWOOLE_BASE", 1), ("SWOOLE_PROCESS", 2)])
def test_modes(server, mode, value):
    s = server(NOTES + "modes.php", env={"RS_MODE": mode})
    with Client(s.port) as c:
        c.send("hello")
        c.says(f'[{value},"hello"]')


def test_no_thread_mode(server):
    assert server(code="<?php var_dump(defined('SWOOLE_THREAD'));", wait=False).to_end() == "bool(false)\n"


# ---- messages and the end (SV32, D12, SV34, E.6) ----------------------------------------------------------------------

def test_messages_and_shutdown(server):
    s = server(NOTES + "messages.php")
    with Client(s.port) as c:
        worker, sent = c.json("message")
        assert sent == [i != worker for i in range(3)]
        other = 1 - worker
        s.wait_output(json.dumps([other, worker, {"to": other}], separators=(",", ":")))
        s.wait_output(json.dumps([2, worker, {"to": 2}], separators=(",", ":")))
        assert '"self"' not in s.output()
        c.send("shutdown\n")
        assert s.child.wait(20 * SLOW) == 0
    lines = [x for x in s.output().splitlines() if not re.match(r"\[\d{4}-\d\d-\d\d ", x)]     # without the log
    assert lines[-3:] == ["manager stop", "shutdown", "bool(true)"]
    assert sorted(x for x in lines if x.startswith("stop")) == ["stop 0", "stop 1", "stop 2"]
