"""User code that nobody would write on purpose, in a script's server. The server is php/swoole/server/hostile.php."""

import os
import signal
import socket

import pytest

from lib import http, proc
from lib.wait import SLOW, until

SERVER = "server/hostile.php"


def pid_of(web):
    return int(web.get("/pid").body)


def test_headers_that_rewrite_themselves(server):
    web = server(SERVER)
    pid = pid_of(web)
    for path in ("/rewriting", "/by-reference", "/init"):
        r = web.get(path)
        assert (r.status, r.body) == (200, b"ok"), path
        if path == "/rewriting":
            assert r.get("x-first") == "text" and r.get("x-last") == "last"
    assert pid_of(web) == pid


def test_heads_too_large_to_be_sent(server):
    web = server(SERVER)
    for path in ("/huge-header", "/huge-header-write"):
        assert web.get(path).status == 500
    r = web.get("/huge-trailer")
    assert (r.status, r.body) == (200, b"ok")
    said = web.wait_output("huge-trailer: false")
    assert "huge-header: false" in said and "huge-header-write: [false,false]" in said


def test_an_answer_from_inside_an_answer(server):
    web = server(SERVER)
    c = web.conn()
    assert c.request("/re-entered").body == b"inner"
    assert c.request("/pid").status == 200


def test_objects_made_by_hand_or_taken_apart(server):
    web = server(SERVER)
    pid = pid_of(web)
    assert web.get("/made-by-hand").status == 200
    assert web.get("/misused").body == b"ok"
    assert pid_of(web) == pid and os.path.exists(web.path)


def test_a_child_that_comes_back_serves_nobody(server):
    for coroutine in ("", "1"):
        web = server(SERVER, env={"RS_COROUTINE": coroutine})
        pid = pid_of(web)
        assert web.get("/forks").body == b"0"
        assert pid_of(web) == pid


def read_all(c):
    n = 0
    while True:
        data = c.sock.recv(1 << 20)
        if not data:
            return n
        n += len(data)


def test_a_client_that_does_not_read_is_not_written_to_without_end(server):
    web = server(SERVER)
    c = web.conn()
    c.send(http.build("/flood", headers=[("Connection", "close")]))
    said = until(lambda: os.path.exists(os.path.join(web.folder, "flood"))
                 and open(os.path.join(web.folder, "flood")).read(), 20, message="write() has refused")
    pieces, error = map(int, said.split())
    assert error == 1009 and pieces < 1024       # socket_buffer_size is 8 MB, 128 pieces; the kernel takes some
    assert web.get("/pid").status == 200
    assert pieces * 65536 * 0.9 < read_all(c) < (pieces + 1) * 65536


def test_a_coroutine_waits_for_a_client_that_reads_slowly(server):
    web = server(SERVER, env={"RS_COROUTINE": "1"})
    c = web.conn()
    c.send(http.build("/stream", headers=[("Connection", "close")]))
    until(lambda: c.sock.recv(1), message="it has begun")
    assert web.get("/pid").status == 200         # the worker waits, and serves others meanwhile
    assert read_all(c) > 1024 * 65536
    path = os.path.join(web.folder, "stream")
    assert until(lambda: os.path.exists(path) and open(path).read(), message="all pieces were taken") == "1024"


@pytest.mark.parametrize("coroutine", ["", "1"])
def test_callbacks_that_end_what_they_are_called_for(server, coroutine):
    s = server("server/reentrant.php", env={"RS_COROUTINE": coroutine})
    s.allow_output = ["Allowed memory size", "in close"]
    for case in ("close in close", "throw in close", "exit in close", "fatal in close", "apart", "cancel"):
        with socket.create_connection(s.address, 10 * SLOW) as c:
            c.settimeout(10 * SLOW)
            c.sendall(case.encode() + b"\n")
            c.recv(100)
        # It serves, in this process or in a successor.
        with socket.create_connection(s.address, 10 * SLOW) as c:
            c.settimeout(10 * SLOW)
            c.sendall(b"pid\n")
            assert int(c.recv(100)) > 0, case


def test_workers_that_user_code_has_waited_for_are_replaced(server):
    web = server(SERVER, env={"RS_THIEF": "1"})
    pid = pid_of(web)
    for _ in range(5):
        os.kill(pid, signal.SIGKILL)
        until(lambda: not proc.alive(pid), message="it is gone")
        old, pid = pid, 0
        pid = until(lambda: web.get("/pid").status == 200 and pid_of(web), message="it has a successor")
        assert pid != old
    web.wait_output("stolen")


@pytest.mark.parametrize("seed", [1, 2])
def test_generated_requests_are_read_as_php_reads_them(server, seed):
    """Forms, queries, cookies, multipart bodies and broken requests: 10,000 of each seed."""
    s = server("http/hostile.php", args=[seed, 10000], ports=0, wait=False)
    out = s.to_end(300)
    assert "WRONG" not in out and out.endswith("memory small\ndone 10000 0\n"), out[-3000:]
