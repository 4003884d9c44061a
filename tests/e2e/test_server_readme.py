"""What the two READMEs show of the server API, run as it stands there (acceptance point 15): php/swoole/readme/*.php. The package's
classes are stood in for by glue.php; the READMEs differ in words only for these snippets."""

import json
import os
import re
import signal
import socket
import time

import pytest
import websocket

from lib import http, proc
from lib.line_client import Client
from lib.wait import SLOW, until

README = "readme/"


def dial(port, path="/"):
    ws = websocket.create_connection(f"ws://127.0.0.1:{port}{path}", timeout=20 * SLOW)
    http.close_at_end(ws.sock)
    return ws


def dial_first(s):
    """The connection with $fd 1: nobody has asked yet whether the server listens."""
    def attempt():
        try:
            return dial(s.port)
        except ConnectionRefusedError:
            return None
    return until(attempt, 20, message="the server listens")


# ---- WebSocket ---------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("dispatch", [2, 4, 5])
def test_websocket_service(server, dispatch):
    s = server(README + "websocket.php", wait=False, env={"RS_DISPATCH": str(dispatch)})
    ws = dial_first(s)
    assert ws.recv() == "Welcome to LaravelS"
    ws.send("hello")
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", ws.recv())
    s.wait_output('Received message [1,"hello",1,true]')
    assert s.get("/push").body == b"bool(true)\n" and ws.recv() == "Push data to fd#1 in Controller"
    ws.send("throw")
    s.wait_output("an exception")
    ws.send("still there")
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", ws.recv())
    ws.close()
    s.wait_output("close [1,true]")
    assert s.get("/push").body == b"bool(false)\n"
    s.wait_output(",false]")            # the plain connections


def test_table_of_users(server):
    s = server(README + "table.php")
    clients, fds = [dial(s.port) for _ in range(4)], []
    for ws in clients:
        fds.append(int(re.fullmatch(r"Welcome to LaravelS #(\d+)", ws.recv())[1]))
    assert s.get("/").body == b"8"
    assert s.wait_output("bool(true)", count=4).count("bool(true)") == 4
    clients[1].send("news")
    for ws in clients:
        assert ws.recv() == f'Broadcast: new message "news" from #{fds[1]}'
    guest = dial(s.port, "/?guest=1")
    assert guest.recv_data() == (websocket.ABNF.OPCODE_CLOSE, b"\x03\xe8")      # 1000
    clients.pop().close()
    until(lambda: s.get("/").body == b"6", message="the rows of who has gone are deleted")
    clients[0].send("more")
    for ws in clients:
        assert ws.recv() == f'Broadcast: new message "more" from #{fds[0]}'
        ws.close()
    until(lambda: s.get("/").body == b"0", message="all rows are deleted")


# ---- several ports -----------------------------------------------------------------------------------------------

@pytest.fixture
def sockets(server):
    return server(README + "sockets.php", ports=5)


def test_tcp_socket(sockets):
    with Client(sockets.ports[1]) as c:
        c.says("Welcome to LaravelS.")
        c.send("hel")
        assert c.silent(0.2)
        c.send("lo\r\n")
        c.says("LaravelS: hello\r\n")
        c.send("quit\r\n")
        assert c.rest() == b"LaravelS: quit\r\nLaravelS: bye\n"
    out = sockets.wait_output("Close TCP connection")
    assert re.search(rf'Received data \[\d+,"hello\\r\\n",{sockets.ports[1]}\]', out)


def test_udp_socket(sockets):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as u:
        u.sendto(b"Hello LaravelS\n", ("127.0.0.1", sockets.ports[2]))
    sockets.wait_output('Packet ["Hello LaravelS\\n","127.0.0.1"]')


def test_http_and_websocket_sockets(sockets):
    with sockets.conn(sockets.ports[3]) as c:
        assert c.request("/").body == b"http port"
    main, other = dial(sockets.port), dial(sockets.ports[4])
    assert main.recv() == "main port" and other.recv() == "websocket port"
    main.send("a")
    other.send("b")
    assert main.recv() == "main: a" and other.recv() == "port: b"
    with Client(sockets.ports[1]) as tcp:
        tcp.says("Welcome to LaravelS.")
        # The main port has its WebSocket and the connection that asks; TCP and the other WebSocket are on others.
        first, everybody = until(lambda: (got := sockets.get("/").json()) == [2, 4] and got, message="old connections are gone")
        assert (first, everybody) == (2, 4)
    assert main.recv() == "Send websocket message"
    other.send("c")
    assert other.recv() == "port: c"
    main.close()
    other.close()


# ---- tasks, timers, processes ------------------------------------------------------------------------------------

@pytest.mark.parametrize("ipc", [1, 2])
def test_task(server, ipc):
    s = server(README + "tasks.php", env={"RS_IPC": str(ipc)})
    started = time.monotonic()
    assert s.get("/task").body == b"bool(true)\n"
    answered = time.monotonic() - started
    s.wait_output("the end")
    assert time.monotonic() - started >= 0.2 and answered < 20 * SLOW
    lines = s.output().splitlines()
    said = [x for x in lines if x.startswith(("TestTask", "the end"))]
    assert said == ['TestTask:handle start ["task data",true]', 'TestTask:finish start ["the result of task data",false]',
                    'TestTask:handle start ["task2 data",true]', "the end []"]


def test_event(server):
    s = server(README + "tasks.php", env={"RS_IPC": "1"})
    assert s.get("/event").body == b"bool(true)\n"
    s.wait_output("the end")
    out = s.output()
    assert 'TestListener1:handle start ["event data"]' in out and "bool(true)" in out
    assert 'TestTask:handle start ["task data of a listener",true]' in out
    assert 'TestTask:finish start ["the result of task data of a listener",false]' in out


def test_cron_job(server):
    s = server(README + "cron.php")
    out = s.wait_output('task ["task data"]')
    runs = [json.loads(x.split(" ", 1)[1]) for x in out.splitlines() if x.startswith("App\\Jobs\\Timer\\TestCronJob::run ")]
    starts, ends = [x for x in runs if x[0] == "start"], [x for x in runs if x[0] == "end"]
    assert [x[1] for x in ends][:10] == list(range(1, 11)) and len([x for x in runs if x[0] == "stop"]) >= 1
    assert starts[9][2] - starts[0][2] >= 0.4           # an interval apart
    assert ends[0][2] - starts[0][2] >= 0.028           # a coroutine slept
    assert "bool(true)" in out and s.get("/").body == b"x"


def running(s):
    return [int(x) for x in re.findall(r"^Test process: running \[(\d+)\]$", s.output(), re.M)]


@pytest.mark.parametrize("sig, word", [(signal.SIGUSR1, "reloading"), (signal.SIGTERM, "stopping")])
def test_custom_process(server, sig, word):
    s = server(README + "process.php")
    s.wait_output('task ["task data"]', count=2)
    pid = running(s)[-1]
    os.kill(pid, sig)
    s.wait_output(f"Test process: {word}")
    until(lambda: running(s)[-1] != pid, 20, message="the process runs again")
    assert not proc.alive(pid) and s.output().count("bool(true)") >= 2


def test_custom_process_at_the_end(server):
    s = server(README + "process.php")
    s.wait_output("Test process: running")
    assert s.stop() == 0
    assert "Test process: stopping" in s.output()


def test_process_is_written_to(server):
    s = server(README + "process.php")
    for _ in range(3):
        assert re.search(r'"TestProcess: TestController: write data\d+"\n', s.get("/").text)
    s.wait_output("TestProcess: read data", count=3)


# ---- events, the server itself -----------------------------------------------------------------------------------

@pytest.fixture
def events(server):
    return server(README + "events.php", env={"RS_MAX": "0"})


def test_events_and_counter(events):
    s = events
    counts = [s.get("/count").text.split() for _ in range(10)]
    assert [int(n) for n, _ in counts] == list(range(2234, 2244))
    s.wait_output("worker 0")
    s.wait_output("worker 1")
    s.wait_output("server start")
    r = None
    try:
        r = s.get("/die")
    except AssertionError:
        pass
    assert r is None or r.status in (500, 502)
    s.wait_output(" 0 9\n")             # onWorkerError: no status, signal 9
    assert int(s.get("/count").text.split()[0]) == 2244
    assert s.stop() == 0
    out = s.output()
    assert re.search(r"worker error [01] 0 9\n", out) and out.count("worker stop") == 2 and "server stop\n" in out


def test_reload(events):
    s = events
    s.wait_output("worker ", count=2)
    os.kill(s.pid, signal.SIGUSR1)
    s.wait_output("worker 0", count=2)
    s.wait_output("worker 1", count=2)
    assert int(s.get("/count").text.split()[0]) == 2234         # the counter lives on


def test_stats(events):
    text = events.get("/stats").text
    for key in ("start_time", "connection_num", "request_count", "worker_num", "idle_worker_num", "task_worker_num"):
        assert re.search(rf'\["{key}"\]=>\n  int\(\d+\)', text), key


def test_memory_is_not_lost(events):
    with events.conn() as c:
        for _ in range(200):
            last = c.request("/debug-memory-leak").json()
        assert last["diff_mem"] == 0
        assert [c.request("/leak?param1=a&param2=bb").text for _ in range(3)][-1] in ("2", "4", "6")     # and statics stay


def test_one_request_per_worker(server):
    """"The ultimate solution" of the READMEs for code that is not reloaded: max_request = 1."""
    s = server(README + "events.php", env={"RS_MAX": "1"})
    pids = [s.get("/count").text.split()[1] for _ in range(6)]
    assert len(set(pids)) == 6
