"""Requests seen from outside: ids, Server-Timing, the slow log, access_log_format."""

import base64
import json
import math
import os
import re

import pytest

from lib import http
from lib.wait import SLOW, until

MADE = re.compile(r"^[0-9a-f]{32}$")


def lines(path):
    if not os.path.exists(path):
        return []
    with open(path, errors="surrogateescape") as f:
        return f.read().splitlines()


def run(d, code, headers=(), **kw):
    return d.get("/run", [("X-Code", base64.b64encode(code.encode())), *headers], **kw)


def with_format(daemon, fmt, engine="php", **ini):
    d = daemon.php(start=False) if engine == "php" else daemon(start=False)
    d.access = d.path("access.log")
    d.set("rserverd", access_log=d.access, access_log_format=fmt, **ini)
    return d.start()


def entries(d, n=1):
    until(lambda: len(lines(d.access)) >= n, message=f"{n} lines in the access log")
    return lines(d.access)


# ---- ids -------------------------------------------------------------------------------------------------

def test_every_request_has_an_id_of_its_own(daemon):
    d = with_format(daemon, "$request_id")
    ids = [d.get("/dump").json()["server"]["REQUEST_ID"] for _ in range(100)]
    assert len(set(ids)) == 100 and all(MADE.match(i) for i in ids)
    assert sorted(entries(d, 100)) == sorted(ids)


@pytest.mark.parametrize("said,taken", [
    ("7b44b9b2-d1a4-4f3f-8d0a-1c2e3f405162", True), ("Root=1-67891233-abcdef012345678912345678", True), ("a" * 64, True),
    ("a" * 65, False), ("a b", False), ('a"b', False), ("<script>", False), ("", False), ("a;b", False), ("\xe4", False)])
def test_the_id_of_a_trusted_proxy(daemon, said, taken):
    d = with_format(daemon, "$request_id", request_id_response="true")
    r = d.get("/dump", [("X-Request-Id", said.encode("latin-1"))])
    got = r.json()["server"]["REQUEST_ID"]
    assert got == said if taken else MADE.match(got)
    assert r.get("x-request-id") == got and entries(d) == [got]


def test_a_strangers_id_is_only_a_header(daemon):
    d = with_format(daemon, "$request_id", trusted_proxies=["10.0.0.0/8"])
    s = d.get("/dump", [("X-Request-Id", "forged")]).json()["server"]
    assert MADE.match(s["REQUEST_ID"]) and s["HTTP_X_REQUEST_ID"] == "forged"


def test_the_id_in_responses(daemon):
    d = daemon.php(start=False)
    d.access = d.path("access.log")
    d.write("public/a.txt", "a")
    d.set("laravels", handle_static="true")
    d.set("rserverd", access_log=d.access, access_log_format="$request_id", request_id_response="true", request_id_header="X-Trace")
    d.start()
    assert MADE.match(d.get("/a.txt").get("x-trace")), "of a file"
    assert run(d, "header('X-Trace: mine');").all("x-trace") == ["mine"], "what the application says stays alone"
    assert d.get("/dump", [("X-Trace", "abc")]).get("x-trace") == "abc"
    assert run(d, "posix_kill(getmypid(), 9);").status == 502
    shown = entries(d, 4)[-1]
    d.wait_log(f"request {shown} is answered 502")


def test_server_timing(daemon):
    d = with_format(daemon, "$queue_time $upstream_response_time $request_time", server_timing="true")
    timing = run(d, "usleep(200000);").get("server-timing")
    queue, app = re.match(r"^queue;dur=([\d.]+), app;dur=([\d.]+)$", timing).groups()
    assert 200 <= float(app) < 30000 and 0 <= float(queue) < 30000
    queue, app, whole = map(float, entries(d)[0].split())
    assert 0.2 <= app <= whole and queue + app <= whole + 0.001
    assert d.get("/dump").get("server-timing"), "in every response"


# ---- the slow log -------------------------------------------------------------------------------------------

ENTRY = re.compile(r"\[\d\d-\w{3}-\d{4} \d\d:\d\d:\d\d\]  \[pool (worker \d+)\] pid (\d+)\nrequest = (.*)\nrequest_id = (\S+)\n"
                   r"elapsed = ([\d.]+)\nscript_filename = (\S+)\n((?:\[0x[0-9a-f]{16}\] .*\n)+)")

SLEEPS = "class Slow { function nap() { return $this->deep(); } function deep() { $t = microtime(true); %s return microtime(true) - $t; } } echo (new Slow)->nap();"


def slow(daemon, ms=300, **ini):
    d = daemon.php(start=False)
    d.slow = d.path("slow.log")
    d.set("swoole", request_slowlog_timeout=f"{ms:.0f}ms", request_slowlog_file=d.slow)
    if ini:
        d.set("rserverd", **ini)
    return d.start()


def slow_entries(d, n=1):
    def found():
        with open(d.slow) as f:
            return ENTRY.findall(f.read())
    until(lambda: os.path.exists(d.slow) and len(found()) >= n, message=f"{n} entries in the slow log")
    return found()


@pytest.mark.parametrize("isolation", ["snapshot", "fork"])
def test_a_request_that_sleeps_is_noted_and_sleeps_on(daemon, isolation):
    d = slow(daemon, ms=600 * SLOW, isolation=isolation)      # the others take less, whatever else the machine does
    assert d.get("/dump").status == 200
    r = run(d, SLEEPS % f"sleep({math.ceil(SLOW)});", [("X-Request-Id", "slow-1")])
    assert r.status == 200 and float(r.text) >= math.ceil(SLOW), "sleep() is not cut short"
    (pool, pid, request, request_id, elapsed, script, trace), = slow_entries(d)
    assert request == "GET /run" and request_id == "slow-1" and 0.6 * SLOW <= float(elapsed)
    calls = [line.split("] ", 1)[1] for line in trace.splitlines()]
    assert calls[0].startswith("sleep() ") and calls[1].startswith("Slow::deep() ") and calls[2].startswith("Slow::nap() "), trace
    assert script.endswith("/public/index.php") and int(pid) in {p["pid"] for p in d.status()["processes"]} | {int(pid)}
    assert d.get("/dump").status == 200
    assert len(slow_entries(d)) == 1, "once, and nobody else"


def test_a_request_that_computes_is_noted(daemon):
    d = slow(daemon)
    r = run(d, SLEEPS % "while (microtime(true) - $t < 1) { $x = md5(str_repeat('x', 1000)); }")
    assert r.status == 200
    trace = slow_entries(d)[0][6]
    assert "Slow::deep() " in trace and "Slow::nap() " in trace, trace


def test_without_a_file_it_stands_in_the_log(daemon):
    d = daemon.php(start=False)
    d.set("swoole", request_slowlog_timeout="300ms")
    d.start()
    assert run(d, SLEEPS % "usleep(700000);", [("X-Request-Id", "s-2")]).status == 200
    d.wait_log(r"request s-2: slow request, \d+\.\d+ s so far: GET /run; PHP is at:")
    d.wait_log(r"usleep\(\) ")


def test_a_line_cannot_be_forged_in_the_slow_log(daemon):
    d = slow(daemon)
    with d.conn() as c:
        c.send(http.build("/run?\xe4%0a[0x00]\\x", headers=[("X-Code", base64.b64encode(b"usleep(600000);"))]))
        assert c.response().status == 200
    assert slow_entries(d)[0][2] == "GET /run?\\xe4%0a[0x00]\\x5cx" or "\\xc3\\xa4" in slow_entries(d)[0][2]


def test_an_overdue_request_is_named_by_its_id(daemon):
    d = daemon.php(start=False)
    d.set("rserverd", request_timeout="500ms")
    d.start()
    r = run(d, "sleep(10);", [("X-Request-Id", "late-1")])
    assert r.status == 504
    d.wait_log("request late-1: request overdue, worker ends: GET /run; PHP backtrace")
    d.wait_log("request late-1 is answered 504")


# ---- ids in the log -------------------------------------------------------------------------------------------

TROUBLE = r"""
error_log("one\ntwo\x1b[31m\r2026-11-21 09:30:00.123 [error] master 1: three");
trigger_error('four', E_USER_WARNING);
register_shutdown_function(fn () => error_log('five'));
throw new LogicException('six');
"""


@pytest.mark.parametrize("isolation", ["snapshot", "fork"])
def test_what_a_request_logs_has_its_id(daemon, isolation):
    d = daemon.php(start=False)
    d.set("rserverd", isolation=isolation)
    d.set("php", log_errors="1", error_reporting="32767")
    d.start()
    before = len(d.log())
    assert run(d, TROUBLE, [("X-Request-Id", "trouble-1")]).status == 500
    d.wait_log("five")
    assert run(d, "undefined_function();", [("X-Request-Id", "trouble-2")]).status == 500
    d.wait_log("Call to undefined function")
    assert run(d, "error_log('seven');", [("X-Request-Id", "x" * 65)]).status == 200
    d.wait_log("seven")
    lines = [re.match(r"\S+ \S+ \[\w+\] worker \d+ \d+ g1: (?:request (\S+): )?(.*)", line) for line in d.log()[before:].splitlines()]
    said = [(m[1], m[2]) for m in lines if m]
    for text, request in (("one", "trouble-1"), ("two\\x1b[31m\\x0d2026-11-21 09:30:00.123 [error] master 1: three", "trouble-1"),
                          ("four", "trouble-1"), ("five", "trouble-1"), ("six", "trouble-1"), ("undefined_function", "trouble-2")):
        assert {r for r, t in said if text in t} == {request}, (text, said)
    (made, _), = [s for s in said if s[1] == "seven"]
    assert MADE.match(made), "what is no id is not taken"


@pytest.mark.parametrize("isolation", ["snapshot", "fork"])
def test_a_fatal_error_has_the_id_and_its_successor_has_none(daemon, isolation):
    d = daemon.php(start=False, ini={"rserverd": {"isolation": isolation}, "php": {"log_errors": "1"}, "swoole": {"worker_num": 1}})
    d.start()
    run(d, "ini_set('memory_limit', '16M'); str_repeat('x', 1 << 28);", [("X-Request-Id", "fatal-1")])
    d.wait_log("request fatal-1: PHP Fatal error:  Allowed memory")
    d.wait_log("request fatal-1: fatal error, .*: GET /run")
    d.wait_settled()
    for line in d.log().splitlines():
        if "booted" in line or "generation 1 serves" in line:
            assert "request " not in line, line


# ---- access_log_format -----------------------------------------------------------------------------------------

def test_variables(daemon):
    d = with_format(daemon, "'$remote_addr|$remote_user|$request_method|${request_uri}|$server_protocol|$scheme|$host|$server_addr|$server_port|"
                    "$status|$body_bytes_sent|$http_x_a|$http_referer|$connection_requests'")
    user = base64.b64encode(b"joe:secret").decode()
    r = d.get("/dump?a=1", [("Authorization", f"Basic {user}"), ("X-A", "1 2"), ("X-Real-IP", "192.0.2.1")], host="shop.test")
    assert entries(d) == [f"192.0.2.1|joe|GET|/dump?a=1|HTTP/1.1|http|shop.test|127.0.0.1|{d.port}|200|{len(r.body)}|1 2|-|1"]


def test_times_and_numbers(daemon):
    d = with_format(daemon, "'[$time_local] [$time_iso8601] $msec $connection $worker'")
    d.get("/dump")
    assert re.match(r"^\[\d\d/\w{3}/\d{4}:\d\d:\d\d:\d\d [+-]\d{4}\] \[\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d{4}\] \d+\.\d{3} \d+ \d+$", entries(d)[0])


HOSTILE = ['" 200 0 "-" "x', "a\\", "a\tb", "\x80\xff\xe4", "</script>", "$remote_addr", "'; --", "\x7f" * 0 + "%0d%0a1.2.3.4"]


@pytest.mark.parametrize("fmt", ["combined", "common", "json", "'\"$request\" \"$http_user_agent\" $http_cookie'",
                                 "'escape=json {\"ua\":\"$http_user_agent\",\"w\":$worker,\"u\":\"$remote_user\",\"r\":\"$request\"}'"])
def test_lines_cannot_be_forged(daemon, fmt):
    d = with_format(daemon, fmt, engine="fake")
    for i, text in enumerate(HOSTILE):
        user = base64.b64encode(text.encode("latin-1") + b"\n\x00\x1b:x")
        r = d.get("/x", [("User-Agent", text.encode("latin-1")), ("Referer", text.encode("latin-1")), ("Cookie", text.encode("latin-1")),
                         ("Authorization", b"Basic " + user)])
        assert r.status == 200
    with d.conn() as c:
        c.send(b'GET /\x01"\\\x1b[31m HTTP/1.1\r\nHost: x\r\n\r\n')
        assert c.response().status == 400
    found = entries(d, len(HOSTILE) + 1)
    assert len(found) == len(HOSTILE) + 1, "one line for each, and no more"
    for line in found:
        assert all(0x20 <= ord(ch) < 0x7f for ch in line), repr(line)
        if "json" in fmt:
            json.loads(line)
    if "escape=json" in fmt:
        assert json.loads(found[0])["ua"] == HOSTILE[0]
        assert json.loads(found[-1])["w"] is None, "answered without a worker"
    if fmt == "combined":
        shape = re.compile(r'^[\d.]+ - [^"]* \[[^]"]+\] "[^"]*" \d{3} \d+ "[^"]*" "[^"]*"$')
        assert all(shape.match(line) for line in found), found


def test_the_format_applies_with_a_reload(daemon):
    d = with_format(daemon, "'one $status'", engine="fake")
    d.get("/x")
    d.set("rserverd", access_log_format="'two $status'")
    d.write_ini()
    assert d.ctl("reload", "--wait").returncode == 0
    d.get("/x")
    assert entries(d, 2) == ["one 200", "two 200"]


@pytest.mark.parametrize("fmt,says", [("xml", "json"), ("$remote_adr", "$remote_adr"), ("escape=none $request", "escape="), ("'${request'", "brace")])
def test_a_bad_format_is_refused(daemon, fmt, says):
    d = daemon(start=False)
    d.set("rserverd", access_log_format=fmt)
    d.write_ini()
    done = d.ctl("start", "-t")
    assert done.returncode != 0 and "access_log_format" in done.stderr + done.stdout and says in done.stderr + done.stdout
