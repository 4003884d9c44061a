"""Error log, access log, rotation."""

import json
import os
import re
import signal

import pytest

from lib import http, proc
from lib.wait import until

LINE = re.compile(r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} \[(debug|info|notice|warn|error|alert)\] "
                  r"(master|reactor|manager|worker \d+) \d+( g\d+)?: .")


def lines(path):
    if not os.path.exists(path):
        return []
    with open(path, errors="replace") as f:
        return f.read().splitlines()


def with_access_log(daemon, fmt="combined", **ini):
    d = daemon(start=False)
    d.access = d.path("access.log")
    d.set("rserverd", access_log=d.access, access_log_format=fmt, **ini)
    return d.start()


def entries(d, n):
    until(lambda: len(lines(d.access)) >= n, message=f"{n} lines in the access log")
    return lines(d.access)


def test_error_log_lines_name_level_role_pid_generation(daemon):
    d = daemon()
    worker = d.pids("worker")[0]
    proc.kill(worker)
    d.wait_log(str(worker))
    for line in d.log().splitlines():
        assert LINE.match(line), line


def test_log_file_in_the_background(daemon):
    d = daemon(start=False)
    d.set("swoole", log_file=d.path("error.log"))
    assert d.start_daemonized().returncode == 0
    until(lambda: lines(d.path("error.log")), message="lines in log_file")
    assert d.ctl("stop").returncode == 0
    d.reap()


@pytest.mark.parametrize("sig", [signal.SIGHUP, signal.SIGRTMIN])
def test_logs_are_reopened_after_a_rename(daemon, sig):
    d = daemon(start=False)
    error, access = d.path("error.log"), d.path("access.log")
    d.set("swoole", log_file=error)
    d.set("rserverd", access_log=access)
    d.start()
    d.get("/one")
    until(lambda: any("/one" in x for x in lines(access)))
    pids = {p["pid"] for p in d.status()["processes"]}
    os.rename(error, error + ".1")
    os.rename(access, access + ".1")
    d.signal(sig)
    until(lambda: os.path.exists(error) and os.path.exists(access), message="new files")
    d.get("/two")
    until(lambda: any("/two" in x for x in lines(access)), message="the new access log is written")
    assert not any("/two" in x for x in lines(access + ".1"))
    proc.kill(d.pids("worker")[0])
    until(lambda: lines(error), message="the new error log is written")
    d.wait_settled()
    assert len(pids & {p["pid"] for p in d.status()["processes"]}) == len(pids) - 1, "reopening is no reload"


def test_a_reload_by_signal_opens_the_log_anew(daemon):
    """As Swoole's does: log rotation that sends USR1 goes on writing into the new file."""
    d = daemon(start=False)
    error = d.path("error.log")
    d.set("swoole", log_file=error)
    d.start()
    os.rename(error, error + ".1")
    d.signal(signal.SIGUSR1)
    until(lambda: os.path.exists(error) and any("generation 2 serves" in x for x in lines(error)), message="the new file is written")
    d.wait_settled()
    assert not any("generation 2 serves" in x for x in lines(error + ".1"))


def test_many_reopens_leak_nothing(daemon):
    d = daemon(start=False)
    d.set("swoole", log_file=d.path("error.log"))
    d.set("rserverd", access_log=d.path("access.log"))
    d.start()
    for n in range(20):
        os.rename(d.path("access.log"), d.path(f"access.{n}"))
        d.signal(signal.SIGHUP)
        until(lambda: os.path.exists(d.path("access.log")))
    assert d.get("/").status == 200


def test_access_log_common(daemon):
    d = with_access_log(daemon, "common")
    d.get("/status?code=404")
    (line,) = entries(d, 1)
    assert re.match(r'^127\.0\.0\.1 - - \[\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d [+-]\d{4}\] '
                    r'"GET /status\?code=404 HTTP/1\.1" 404 (\d+|-)$', line), line


def test_access_log_combined(daemon):
    d = with_access_log(daemon)
    d.get("/", {"User-Agent": "agent/1.0 (x)", "Referer": "http://from.test/a?b=c"})
    (line,) = entries(d, 1)
    assert re.match(r'^127\.0\.0\.1 - - \[[^]]+\] "GET / HTTP/1\.1" 200 5 '
                    r'"http://from\.test/a\?b=c" "agent/1\.0 \(x\)"$', line), line


def test_access_log_json(daemon):
    d = with_access_log(daemon, "json")
    d.get('/?q="quote"\\x'.replace('"', "%22"), {"User-Agent": 'a"b\\c\xff'.encode("latin-1")})
    (line,) = entries(d, 1)
    entry = json.loads(line)
    text = json.dumps(entry)
    assert entry["status"] == 200
    assert "GET" in text and "127.0.0.1" in text and "%22quote%22" in text


@pytest.mark.parametrize("fmt", ["common", "combined", "json"])
def test_clients_cannot_forge_lines(daemon, fmt):
    d = with_access_log(daemon, fmt)
    agent = b'x" 200 5\t"\xe2\x80\xa8evil\x9b2J\\'
    d.get('/a%0a127.0.0.1%20-%20-"quoted"', {"User-Agent": agent, "Referer": b'"\\"'})
    d.get("/end")
    got = entries(d, 2)
    assert len(got) == 2
    raw = open(d.access, "rb").read()
    assert not re.search(rb"[\x00-\x09\x0b-\x1f\x7f-\xff]", raw), "only printable ASCII"
    if fmt == "json":
        assert [json.loads(x)["status"] for x in got] == [200, 200]
    elif fmt == "combined":
        # Every quote that the client sent is escaped: exactly the three fields of the format are delimited.
        assert len(re.findall(r'(?<!\\)"', re.sub(r"\\\\", "", got[0]))) == 6, got[0]


def test_access_log_of_requests_that_never_reach_php(daemon):
    d = with_access_log(daemon)
    with d.conn() as c:
        c.send(b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n")
        assert c.response().status == 400
    d.get("/end")
    got = entries(d, 2)
    assert '" 400 ' in got[0]
    assert "GET /end" in got[1]


def test_access_log_size_is_the_body_sent(daemon):
    d = with_access_log(daemon)
    d.get("/big?n=100000")
    d.request("HEAD", "/big?n=100000")
    got = entries(d, 2)
    assert '" 200 100000 ' in got[0]
    assert re.search(r'"HEAD [^"]+" 200 (0|-) ', got[1])


def test_access_log_is_in_order_of_completion_and_complete(daemon):
    d = with_access_log(daemon)
    with d.conn() as c:
        c.send(b"".join(http.build(f"/n{i}") for i in range(200)))
        for _ in range(200):
            assert c.response().status == 200
    assert [re.search(r'"GET /n(\d+) ', x).group(1) for x in entries(d, 200)] == [str(i) for i in range(200)]


def test_access_log_survives_a_stop(daemon):
    """What was answered is in the file when the daemon has ended."""
    d = with_access_log(daemon)
    for _ in range(50):
        d.get("/")
    assert d.stop() == 0
    assert len(lines(d.access)) == 50


def test_php_error_log_goes_to_our_log_and_cannot_forge_lines(daemon):
    d = daemon.callable("<?php return function () { error_log(\"first\\n2026-01-01 00:00:00.000 [alert] forged\"); "
                        "echo 'ok'; };", start=False)
    d.allow_log = ["forged"]
    d.start()
    assert d.get("/").body == b"ok"
    d.wait_log("first")
    d.wait_log("forged")
    for line in d.log().splitlines():
        assert LINE.match(line), line
    assert not any(line.startswith("2026-01-01") for line in d.log().splitlines())
