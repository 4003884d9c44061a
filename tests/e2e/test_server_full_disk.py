"""No space left for a script's server: for what is uploaded, for its log, for its statistics. Disks: lib/disk.py."""

import contextlib
import json
import os
import re
import signal
import socket

from lib import http, proc
from lib.wait import until

CODE = """<?php
$server = new Swoole\\Http\\Server('127.0.0.1', (int)getenv('RS_PORT'), SWOOLE_PROCESS);
$server->set(json_decode(getenv('RS_SET'), true) + ['worker_num' => 1, 'enable_coroutine' => false, 'package_max_length' => 8 << 20]);
$server->on('request', function ($request, $response) {
    if (($request->get['log'] ?? '') !== '')
        swoole_error_log(SWOOLE_LOG_WARNING, $request->get['log']);
    $file = $request->files['f'] ?? null;
    $response->end(json_encode([getmypid(), $file['error'] ?? null, $file ? (int)@filesize($file['tmp_name']) : null, strlen($request->getContent())]));
});
$server->start();"""


def start(server, **settings):
    return server(code=CODE, env={"RS_SET": json.dumps(settings)})


def upload(s, n):
    body = b"--B\r\nContent-Disposition: form-data; name=\"f\"; filename=\"f\"\r\n\r\n" + b"x" * n + b"\r\n--B--\r\n"
    return s.request("POST", "/", [("Content-Type", "multipart/form-data; boundary=B")], body)


def test_upload_without_room(tmpfs, server):
    """A small form fits the request, its file not the disk: UPLOAD_ERR_CANT_WRITE. A large one does not even come in."""
    os.mkdir(tmpfs.path("up"), 0o777)
    s = start(server, upload_tmp_dir=tmpfs.path("up"))
    pid, error, n, length = upload(s, 50000).json()
    assert (error, n) == (0, 50000)
    until(lambda: os.listdir(tmpfs.path("up")) == [])
    tmpfs.fill(s)
    for _ in range(3):
        again, error, n, length = upload(s, 50000).json()
        assert (again, error, n) == (pid, 7, 0) and length > 50000
    until(lambda: os.listdir(tmpfs.path("up")) == [])
    try:
        assert upload(s, 600000).status == 507
    except (BrokenPipeError, ConnectionResetError):
        pass                                  # answered and closed while we were sending
    s.wait_output(" a request body in " + tmpfs.path("up") + ": No space left on device")
    assert s.get("/").json()[0] == pid
    tmpfs.drain()
    assert upload(s, 50000).json()[:3] == [pid, 0, 50000] and upload(s, 300000).json()[:3] == [pid, 0, 300000]
    until(lambda: os.listdir(tmpfs.path("up")) == [])


def lines(path):
    with open(path, errors="replace") as f:
        return [line for line in f.read().split("\n") if line]


def test_log_without_room(disk, server):
    s = start(server, log_file=disk.path("log"))
    os.chmod(disk.folder, 0o777)
    s.get("/?log=before")
    until(lambda: any("before" in x for x in lines(disk.path("log"))))
    disk.fill(s, disk.path("log"))
    full = os.stat(disk.path("log")).st_size
    pid = s.get("/?log=lost").json()[0]
    for n in range(100):
        assert s.get(f"/?log=lost{n}").json()[0] == pid
    proc.kill(pid)                            # the manager has something to say as well
    until(lambda: s.get("/").json()[0] != pid)
    assert os.stat(disk.path("log")).st_size == full
    disk.drain(s)
    until(lambda: s.get("/?log=after") and any("after" in x for x in lines(disk.path("log"))))
    assert not any("lost" in x for x in lines(disk.path("log")))
    assert all(re.match(r"\[[-0-9]+ [:0-9]+ [#$*]\d+\.0\]\t[A-Z]+\t", x) for x in lines(disk.path("log")))


def test_reload_with_a_full_log(tmpfs, server):
    s = start(server, log_file=tmpfs.path("log"))
    tmpfs.fill(s, tmpfs.path("log"))
    pid = s.get("/").json()[0]
    s.signal(10)
    until(lambda: s.get("/").json()[0] != pid)


def test_statistics_without_room(tmpfs, server):
    os.chmod(tmpfs.folder, 0o777)
    s = start(server, stats_file=tmpfs.path("stats.json"), stats_timer_interval=10)
    until(lambda: os.path.exists(tmpfs.path("stats.json")))
    tmpfs.fill(s)
    s.wait_output("cannot write stats_file " + tmpfs.path("stats.json"))
    assert json.load(open(tmpfs.path("stats.json")))["worker_num"] == 1      # the last whole one
    tmpfs.drain()
    before = json.load(open(tmpfs.path("stats.json")))["request_count"]
    assert s.get("/").status == 200
    until(lambda: json.load(open(tmpfs.path("stats.json")))["request_count"] > before)
    assert [n for n in os.listdir(tmpfs.folder)] == ["stats.json"]


IN_COROUTINE = """<?php
Swoole\\Coroutine\\run(function () {
    $server = new Swoole\\Coroutine\\Http\\Server('127.0.0.1', (int)getenv('RS_PORT'));
    $server->set(json_decode(getenv('RS_SET'), true) + ['package_max_length' => 8 << 20]);
    $server->handle('/', fn ($request, $response) => $response->end(strlen($request->getContent())));
    $server->start();
});"""


def test_body_without_room_in_a_coroutine_server(tmpfs, server):
    """The process that has the connections keeps the body, too: it refuses what it has no room for, and goes on."""
    os.mkdir(tmpfs.path("up"), 0o777)
    s = server(code=IN_COROUTINE, env={"RS_SET": json.dumps({"upload_tmp_dir": tmpfs.path("up")})})
    s.expect_exit = -signal.SIGTERM
    for _ in range(3):
        c = socket.create_connection(s.address, timeout=20)
        c.sendall(b"POST / HTTP/1.1\r\nHost: t\r\nContent-Length: 4000000\r\n\r\n")
        try:
            c.sendall(b"x" * 4000000)
        except (BrokenPipeError, ConnectionResetError):
            pass                              # answered and closed while we were sending
        with contextlib.suppress(ConnectionResetError):
            assert c.recv(100).startswith(b"HTTP/1.1 507 ")
        c.close()
        assert s.request("POST", "/", body=b"x" * 100).body == b"100"
    assert os.listdir(tmpfs.path("up")) == []
    s.wait_output(f"cannot keep a request body in {tmpfs.path('up')}: No space left on device", count=3)
