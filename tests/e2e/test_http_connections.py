"""Keep-alive, pipelining, HEAD, connection ends, listeners."""

import os
import socket
import stat
import time

import pytest

from lib import http, proc
from lib.daemon import run
from lib.ports import free_port
from lib.wait import until


def test_keep_alive_is_the_default_of_1_1(daemon):
    d = daemon()
    with d.conn() as c:
        for _ in range(100):
            r = c.request("/")
            assert r.body == b"hello" and r.version == "1.1"
            assert "close" not in r.get("connection", "")
    assert d.status()["requests_total"] >= 100


def test_connection_close_is_honoured(daemon):
    d = daemon()
    with d.conn() as c:
        r = c.request("/", headers=[("Connection", "close")])
        assert r.get("connection") == "close"
        assert c.at_end()


@pytest.mark.parametrize("value", ["Close", "foo, close", "close , bar", "TE,CLOSE"])
def test_connection_close_in_any_spelling(daemon, value):
    d = daemon()
    with d.conn() as c:
        assert c.request("/", headers=[("Connection", value)]).status == 200
        assert c.at_end()


def test_http_1_0_closes(daemon):
    d = daemon()
    with d.conn() as c:
        r = c.request("/", version="1.0", host=None)
        assert r.body == b"hello"
        assert c.at_end()


def test_http_1_0_keep_alive_when_asked(daemon):
    d = daemon()
    with d.conn() as c:
        r = c.request("/", version="1.0", headers=[("Connection", "keep-alive")])
        assert "keep-alive" in r.get("connection", "").lower()
        assert c.request("/", version="1.0", headers=[("Connection", "keep-alive")]).body == b"hello"


def test_http_1_0_streamed_answer_ends_with_the_connection(daemon):
    d = daemon()
    with d.conn() as c:
        r = c.request("/chunks?n=3&ms=1", version="1.0", headers=[("Connection", "keep-alive")])
        assert r.get("transfer-encoding") is None
        assert r.body.count(b"chunk") == 3
        assert c.at_end()


def test_pipelining_answers_in_order(daemon):
    """Also when a later request is ready long before an earlier one."""
    d = daemon()
    paths = ["/sleep?ms=300", "/", "/status?code=404", "/sleep?ms=100", "/pid", "/big?n=300000", "/"]
    with d.conn() as c:
        c.send(b"".join(http.build(p) for p in paths))
        answers = [c.response() for _ in paths]
    assert [a.status for a in answers] == [200, 200, 404, 200, 200, 200, 200]
    assert [answers[i].body for i in (0, 1, 3, 6)] == [b"slept", b"hello", b"slept", b"hello"]
    assert len(answers[5].body) == 300000


def test_deep_pipeline(daemon):
    d = daemon()
    n = 2000
    seen = http.hammer(d.address, http.build("/"), n, batch=n)
    assert seen == {200: n}


def test_pipelined_bodies_are_not_mixed(daemon):
    d = daemon()
    with d.conn() as c:
        bodies = [(b"%d:" % i) * (i * 37 % 5000) for i in range(1, 40)]
        c.send(b"".join(http.build("/echo", "POST", body=b) if i % 2 else
                        http.build("/echo", "POST", [("Transfer-Encoding", "chunked")], http.chunked(b, 100))
                        for i, b in enumerate(bodies)))
        for b in bodies:
            assert c.response().body == b


def test_half_closed_client_counts_as_gone(daemon):
    """A FIN is all that a server sees of a client that left: as in nginx, what has not begun is not run."""
    d = daemon()
    with d.conn() as c:
        c.send(http.build("/sleep?ms=200"))
        c.shutdown_write()
        try:
            assert c.response().body == b"slept"
        except http.Closed:
            pass
        assert c.at_end()
    assert d.get("/").body == b"hello"


def test_request_in_single_bytes(daemon):
    d = daemon()
    with d.conn() as c:
        c.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for b in http.build("/echo", "POST", body=b"abc"):
            c.send(bytes([b]))
        assert c.response().body == b"abc"


def test_head_has_the_header_of_get_and_no_body(daemon):
    d = daemon()
    with d.conn() as c:
        get = c.request("/")
        head = c.request("/", "HEAD")
        assert head.status == 200 and head.body == b""
        assert head.get("content-length") == get.get("content-length") == "5"
        streamed = c.request("/chunks?n=2&ms=1", "HEAD")
        assert streamed.body == b""
        assert c.request("/").body == b"hello", "the connection is still in step"


@pytest.mark.parametrize("code", [204, 304])
def test_bodiless_statuses(daemon, code):
    d = daemon()
    with d.conn() as c:
        r = c.request(f"/status?code={code}")
        assert r.status == code and r.body == b""
        assert c.request("/").body == b"hello"


def test_date_header(daemon):
    from email.utils import parsedate_to_datetime
    import datetime
    d = daemon()
    date = d.get("/").get("date")
    assert date.endswith(" GMT")
    age = datetime.datetime.now(datetime.timezone.utc) - parsedate_to_datetime(date)
    assert abs(age.total_seconds()) < 3


@pytest.mark.parametrize("name", ["", "our server/1"])
def test_server_header(daemon, name):
    d = daemon(ini={"laravels": {"server": name}})
    assert d.get("/").get("server") == (name or None)


def test_keepalive_requests(daemon):
    d = daemon(ini={"rserverd": {"keepalive_requests": 3}})
    with d.conn() as c:
        got = [c.request("/").get("connection", "") for _ in range(3)]
        assert ["close" in g for g in got] == [False, False, True]
        assert c.at_end()


def test_keepalive_timeout(daemon):
    d = daemon(ini={"rserverd": {"keepalive_timeout": "1s"}})
    with d.conn() as c:
        assert c.request("/").status == 200
        assert c.at_end()


def test_keepalive_timeout_zero_is_one_request_per_connection(daemon):
    d = daemon(ini={"rserverd": {"keepalive_timeout": 0}})
    with d.conn() as c:
        assert "close" in c.request("/").get("connection")
        assert c.at_end()


def test_max_conn(daemon):
    """Connections that have begun a request are not disturbed; those that wait for one make room (test_http_limits.py)."""
    d = daemon(ini={"swoole": {"max_conn": 5}})
    held = [d.conn() for _ in range(5)]
    for c in held:
        assert c.request("/").status == 200
        c.send(b"GET / HTTP/1.1\r\nHost: a\r\n")
    assert d.status()["connections"] == 5
    with d.conn() as c:
        try:
            assert c.request("/").status == 503
        except (http.Closed, OSError):
            pytest.fail("an answer is due: 503, then close")
        assert c.at_end()
    for c in held:
        c.send(b"\r\n")
        assert c.response().status == 200, "those inside are not disturbed"
    held[0].close()

    def free():
        with d.conn() as c:
            return c.request("/").status == 200
    until(free, message="room again")


def test_many_connections(daemon):
    d = daemon()
    held = [d.conn() for _ in range(500)]
    for c in held:
        c.send(http.build("/"))
    for c in held:
        assert c.response().body == b"hello"
    assert d.status()["connections"] >= 500
    for c in held:
        c.close()
    until(lambda: d.status()["connections"] == 0)


def test_out_of_descriptors_is_survived(daemon):
    """RLIMIT_NOFILE exhausted: waiting clients wait, and are served when there is room. No spin, no death."""
    d = daemon(start=False)
    d.binary, real = "/bin/sh", d.binary
    d.command = lambda *w: ["/bin/sh", "-c", 'ulimit -n 64 && exec "$0" "$@"', real, *w, "-c", d.ini_path]
    d.start()
    reactor = d.pid("reactor")
    held = [d.conn(timeout=5) for _ in range(100)]
    until(lambda: proc.fds(reactor) is None or len(proc.fds(reactor)) >= 50, message="its table is full")
    ticks = proc.cpu_ticks(reactor)
    time.sleep(1)      # the subject of this test: a second in which it could spin
    assert proc.cpu_ticks(reactor) - ticks < 50, "the reactor spins on accept"
    for c in held:
        c.close()
    assert until(lambda: d.get("/").status == 200, message="serves again")
    d.allow_log = [r"EMFILE|[Tt]oo many open files|descriptors"]


def test_ipv6(daemon):
    if not socket.has_ipv6 or not os.path.exists("/proc/net/if_inet6") or "::1" not in run(
            "sh", "-c", "ip -6 addr show lo 2>/dev/null || cat /proc/net/if_inet6").stdout and \
            "00000000000000000000000000000001" not in open("/proc/net/if_inet6").read():
        pytest.skip("no IPv6 on this machine")
    d = daemon(host="::1")
    assert d.get("/", host=f"[::1]:{d.port}").body == b"hello"


def test_unix_socket(daemon):
    d = daemon(start=False)
    path = d.path("run/main.sock")
    d.set("laravels", listen_ip=path)
    d.set("rserverd", socket_mode="0666")
    d.start()
    assert stat.S_IMODE(os.lstat(path).st_mode) == 0o666
    assert http.fetch(path, "/").body == b"hello"
    got = run("curl", "-sS", "--unix-socket", path, "http://x/pid")
    assert got.returncode == 0 and int(got.stdout) in d.pids("worker")


def test_several_listeners(daemon):
    d = daemon(start=False)
    port, path = free_port(), d.path("run/second.sock")
    d.set("rserverd", listen=[f"127.0.0.1:{port}", path])
    d.start()
    for address in (d.address, ("127.0.0.1", port), path):
        assert http.fetch(address, "/").body == b"hello"
    proc.kill(d.pid("reactor"))
    d.wait_settled()
    for address in (d.address, ("127.0.0.1", port), path):
        assert http.fetch(address, "/").body == b"hello"


def test_curl_agrees(daemon):
    d = daemon()
    base = f"http://127.0.0.1:{d.port}"
    big = d.path("app/big")
    with open(big, "wb") as f:
        f.write(os.urandom(3_000_000))
    got = d.path("app/got")
    r = run("curl", "-sS", "-o", got, "-w", "%{http_code} %{num_connects}", "-H", "Expect: 100-continue",
            "--data-binary", "@" + big, base + "/echo")
    assert r.stdout == "200 1", r
    assert open(big, "rb").read() == open(got, "rb").read()
    r = run("curl", "-sS", "-I", base + "/")
    assert "Content-Length: 5" in r.stdout
    r = run("curl", "-sS", "--http1.0", base + "/chunks?n=3&ms=1")
    assert r.returncode == 0 and r.stdout.count("chunk") == 3
