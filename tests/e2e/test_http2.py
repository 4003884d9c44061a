"""HTTP/2 with good clients: the same requests and answers as over HTTP/1.1, many at a time."""

import os
import re
import socket

import pytest

from lib.daemon import run
from lib.h2 import PREFACE, Client
from lib.wait import SLOW, until

pytest.importorskip("h2")
ON = {"swoole": {"open_http2_protocol": True}}


@pytest.fixture
def d(daemon):
    return daemon(ini=ON)


def test_curl_with_prior_knowledge(d):
    got = run("curl", "-s", "-i", "--max-time", 20, "--http2-prior-knowledge", f"http://{d.host}:{d.port}/head", "-d", "x=1")
    assert got.stdout.startswith("HTTP/2 200")
    assert "POST /head HTTP/2\n" in got.stdout and f"host: {d.host}:{d.port}" in got.stdout


def test_nghttp(d):
    got = run("nghttp", "-nv", f"http://{d.host}:{d.port}/")
    assert re.search(r":status: 200", got.stdout) and "END_STREAM" in got.stdout, got.stdout + got.stderr


def test_h2load_has_nothing_to_complain_of(d):
    got = run("h2load", "-n", 10_000, "-c", 4, "-m", 100, f"http://{d.host}:{d.port}/", timeout=120)
    assert "10000 succeeded, 0 failed, 0 errored, 0 timeout" in got.stdout, got.stdout
    assert "status codes: 10000 2xx" in got.stdout
    assert d.status()["requests_total"] >= 10_000


def test_it_is_off_unless_it_is_wanted(daemon):
    d = daemon()
    with d.conn() as c:
        c.send(PREFACE)
        assert c.response().status == 505


def test_http_1_is_spoken_beside_it(d):
    with Client(d) as c, d.conn() as old:
        assert c.get("/").body == b"hello"
        assert old.request("/").body == b"hello"
        assert old.request("/head", method="PATCH").body.startswith(b"PATCH /head HTTP/1.1\n")


def test_the_preface_in_pieces(d):
    with socket.create_connection(d.address) as s:
        s.settimeout(10 * SLOW)
        for i in range(len(PREFACE)):
            s.sendall(PREFACE[i:i + 1])
        s.sendall(b"\0\0\0\4\0\0\0\0\0")
        assert s.recv(9)[3] == 4


def test_what_php_and_logs_see(daemon):
    d = daemon(start=False)
    d.ini["swoole"]["open_http2_protocol"] = True
    d.set("rserverd", access_log=d.path("access.log"))
    d.start()
    with Client(d) as c:
        a = c.get("/head?x=1", headers=[("cookie", "a=b"), ("x-y", "z"), ("cookie", "c=d")])
        assert a.body.decode().splitlines() == ["GET /head?x=1 HTTP/2", f"host: {c.authority}", "x-y: z", "cookie: a=b; c=d"]
    until(lambda: '"GET /head?x=1 HTTP/2.0" 200' in open(d.path("access.log")).read())


def test_php_sees_the_protocol(daemon):
    d = daemon.php("entry.php", start=False)
    d.ini["swoole"]["open_http2_protocol"] = True
    d.write_ini()
    d.start()
    with Client(d) as c:
        a = c.get("/dump")
        assert b"HTTP\\/2\"" in a.body or b"HTTP/2\"" in a.body, a.body[:3000]


def test_many_at_a_time_and_in_any_order(d):
    with Client(d) as c:
        slow = c.ask(f"/sleep?ms={2000 * SLOW:.0f}")
        quick = [c.ask("/") for _ in range(50)]
        for s in quick:
            assert c.wait(s).body == b"hello"
        assert not c.answers[slow].ended
        assert c.wait(slow).body == b"slept"


def test_over_tls_by_alpn(daemon, certificate):
    d = daemon(ini={"swoole": {"open_http2_protocol": True, "ssl_cert_file": certificate / "cert.pem",
                               "ssl_key_file": certificate / "key.pem"}})
    url = f"https://{d.host}:{d.port}/head"
    assert "GET /head HTTP/2\n" in run("curl", "-sk", "--http2", "--max-time", 20, url).stdout
    assert "GET /head HTTP/1.1\n" in run("curl", "-sk", "--http1.1", "--max-time", 20, url).stdout
    got = run("h2load", "-n", 500, "-c", 2, "-m", 20, url, timeout=60)
    assert "500 succeeded, 0 failed" in got.stdout, got.stdout


@pytest.mark.parametrize("length", [True, False])
@pytest.mark.parametrize("n", [0, 1, 1000, 65536, 65537, 3_000_000])
def test_bodies_with_and_without_a_length(d, n, length):
    body = os.urandom(n)
    with Client(d) as c:
        s = c.ask("/echo", "POST", headers=[("content-length", str(n))] if length else [], end=False)
        c.send(s, body, end=False)
        c.h2.end_stream(s)
        c.flush()
        a = c.wait(s)
        assert a.status == 200 and a.body == body and a.get("content-length") == str(n)
    assert os.listdir(d.path("tmp")) == []


def test_many_big_bodies_at_once_each_way(d):
    body = os.urandom(500_000)
    with Client(d) as c:
        streams = [c.ask("/echo", "POST", body=body) for _ in range(8)]
        assert all(c.wait(s).body == body for s in streams)


def test_answers_without_a_length_and_with_a_slow_worker(d):
    with Client(d) as c:
        assert c.get("/big?n=5000000").body == b"x" * 5_000_000
        a = c.get("/chunks?n=3&ms=50")
        assert a.body == b"chunk 0\nchunk 1\nchunk 2\n" and a.get("content-length") is None


def test_small_windows_are_kept(d):
    with Client(d, window=100) as c:
        assert c.get("/big?n=20000").body == b"x" * 20_000


def test_head_204_304(d):
    with Client(d) as c:
        a = c.get("/", method="HEAD")
        assert a.ended and a.body == b"" and a.get("content-length") == "5"
        for code in (204, 304):
            a = c.get(f"/status?code={code}")
            assert (a.status, a.ended, a.body) == (code, True, b"")


def test_100_continue(d):
    with Client(d) as c:
        s = c.ask("/echo", "POST", headers=[("expect", "100-continue"), ("content-length", "3")], end=False)
        until(lambda: c.read() and c.answers[s].interim)
        assert dict(c.answers[s].interim[0])[":status"] == "100"
        c.send(s, b"abc")
        assert c.wait(s).body == b"abc"


def test_trailers_of_a_request_are_dropped(d):
    with Client(d) as c:
        s = c.ask("/echo", "POST", body=b"abc", end=False)
        c.h2.send_headers(s, [("x-sum", "1")], end_stream=True)
        c.flush()
        assert c.wait(s).body == b"abc"


def test_files_without_php(daemon):
    d = daemon(start=False, ini={"laravels": {"handle_static": True}, **ON})
    big = os.urandom(3_000_000)
    d.write("public/big.bin", big)
    d.write("public/small.txt", "small")
    d.start()
    with Client(d) as c:
        streams = [c.ask("/big.bin") for _ in range(4)]
        assert c.get("/small.txt").body == b"small"
        assert all(c.wait(s).body == big for s in streams)
        a = c.get("/big.bin", headers=[("range", "bytes=1000000-2999998")])
        assert a.body in (big[1000000:2999999], big)
        assert c.get("/big.bin", method="HEAD").get("content-length") == "3000000"


def test_a_file_is_sent_behind_a_body(daemon):
    """END_STREAM on an empty DATA frame is how some clients send every GET."""
    d = daemon(start=False, ini={**ON, "laravels": {"handle_static": True}})
    d.write("public/a.txt", b"0123456789")
    d.start()
    with Client(d) as c:
        for data in (b"", b"abc"):
            stream = c.ask("/a.txt", end=False)
            c.h2.send_data(stream, data, end_stream=True)
            c.flush()
            a = c.wait(stream)
            assert a.status == 200 and a.body == b"0123456789"


def test_too_big_a_body_is_answered_while_it_comes(daemon):
    d = daemon(ini={"swoole": {"open_http2_protocol": True, "package_max_length": "64K"}})
    with Client(d) as c:
        s = c.ask("/echo", "POST", headers=[("content-length", "1000000")], end=False)
        a = c.wait(s)
        assert a.status == 413
        until(lambda: a.reset is not None or not c.read())
        assert a.reset == 0
        s = c.ask("/echo", "POST", end=False)
        c.send(s, b"x" * 70_000, end=False)
        assert c.wait(s).status == 413
        assert c.get("/").body == b"hello"


def test_a_request_that_is_taken_back_ends_its_work(d):
    with Client(d) as c:
        s = c.ask("/chunks?n=1000&ms=20")
        until(lambda: c.read() and c.answers[s].body)
        c.h2.reset_stream(s, 8)
        c.flush()
        assert c.get("/").body == b"hello"
        d.wait_idle()


def test_a_client_that_leaves_ends_all_of_its_work(d):
    with Client(d) as c:
        streams = [c.ask("/chunks?n=1000&ms=20") for _ in range(2)]
        until(lambda: c.read() and all(c.answers[s].body for s in streams))
    d.wait_idle()


def test_a_worker_that_dies(d):
    with Client(d) as c:
        d.allow_log.append("worker")
        a = c.get("/crash")
        assert a.status == 502
        d.wait_settled()
        assert c.get("/").body == b"hello"


def test_stopping_lets_requests_end(d):
    with Client(d) as c:
        s = c.ask("/chunks?n=10&ms=50")
        until(lambda: c.read() and c.answers[s].body)
        d.signal(15)
        assert c.wait(s).body.endswith(b"chunk 9\n")
        assert c.until_closed() == 0
    assert d.wait_exit() == 0


def test_a_reload_keeps_connections(d):
    with Client(d) as c:
        s = c.ask("/sleep?ms=500")
        assert d.ctl("reload", "--wait").returncode == 0
        assert c.wait(s).body == b"slept"
        assert c.get("/").body == b"hello"


def test_keepalive_requests(daemon):
    d = daemon(ini={**ON, "rserverd": {"keepalive_requests": 5}})
    with Client(d) as c:
        for _ in range(5):
            assert c.get("/").body == b"hello"
        assert c.until_closed() == 0


def test_keepalive_timeout(daemon):
    d = daemon(ini={**ON, "rserverd": {"keepalive_timeout": "1s"}})
    with Client(d) as c:
        assert c.get("/").body == b"hello"
        assert c.until_closed() == 0


def test_malformed_requests_cost_their_stream_alone(d):
    good = [(":method", "GET"), (":scheme", "http"), (":authority", "a"), (":path", "/")]
    bad = [
        good + [("connection", "close")],
        good + [("transfer-encoding", "chunked")],
        good + [("te", "gzip")],
        good + [("X-Upper", "1")],
        good + [("host", "b")],
        good + [("x", "a\r\nb: c")],
        good[1:],
        good + [(":method", "GET")],
        good[:3] + [(":path", "x")],
        good[:3] + [(":path", "")],
        good[:3] + [(":path", "http://b/")],
        [(":method", "CONNECT"), (":authority", "a")],
        good + [(":protocol", "websocket")],
        good + [("content-length", "5")],
    ]
    with Client(d) as c:
        for pseudo in bad:
            a = c.wait(c.ask(pseudo=pseudo))
            assert a.reset is not None or a.status in (400, 501), pseudo
            assert a.body != b"hello", pseudo
            assert c.goaway is None, pseudo
        assert c.get("/").body == b"hello"


def test_heads_have_their_size(daemon):
    d = daemon(ini={**ON, "rserverd": {"header_max_size": "2K"}})
    with Client(d) as c:
        assert c.get("/", headers=[("x", "y" * 1500)]).status == 200
        assert c.get("/", headers=[("x", "y" * 3000)]).status == 431
        assert c.get("/" + "y" * 3000).status == 414
        assert c.get("/").status == 200


# ---- informational responses --------------------------------------------------------------------------------------

HINTS = """<?php
return function () {
    $n = (int) ($_GET['n'] ?? 2);
    for ($i = 1; $i <= $n; $i++) {
        $long = str_repeat('x', (int) ($_GET['long'] ?? 0));
        header("Link: </$i$long.css>; rel=preload; as=style", $long !== '');
        headers_send(103);
        usleep((int) ($_GET['us'] ?? 0));
    }
    file_put_contents(__DIR__ . '/hinted', "hinted\\n", FILE_APPEND);
    header_remove('Link');
    header('X-Final: 1');
    echo 'body';
};
"""


@pytest.fixture
def hints(daemon):
    def make(**rserverd):
        d = daemon.callable(HINTS, start=False)
        d.set("swoole", open_http2_protocol=True, worker_num=2)
        d.set("rserverd", **rserverd)
        d.start()
        return d
    return make


@pytest.mark.parametrize("isolation", ["snapshot", "fork"])
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
def test_early_hints(hints, isolation, method):
    d = hints(isolation=isolation)
    with Client(d) as c:
        for _ in range(2):
            a = c.get("/?n=3", method=method, body=b"x" if method == "POST" else None)
            assert [dict(h)[":status"] for h in a.interim] == ["103"] * 3
            links = [[v for n, v in h if n == "link"] for h in a.interim]
            assert [len(x) for x in links] == [1, 2, 3] and links[0] == ["</1.css>; rel=preload; as=style"]
            for h in a.interim:
                assert {n for n, _ in h} <= {":status", "link"}, h
            assert a.status == 200 and a.get("link") is None and a.get("x-final") == "1" and a.ended
            assert a.body == (b"" if method == "HEAD" else b"body") and a.trailers == []


def test_early_hints_of_many_streams(hints):
    d = hints()
    with Client(d) as c:
        streams = [c.ask(f"/?n={n % 4}") for n in range(40)]
        assert [len(c.wait(s).interim) for s in streams] == [n % 4 for n in range(40)]
        assert all(c.answers[s].body == b"body" for s in streams)


def test_early_hints_with_curl(hints):
    d = hints()
    got = run("curl", "-s", "-i", "--max-time", 20, "--http2-prior-knowledge", f"http://{d.host}:{d.port}/")
    assert re.findall(r"^HTTP/2 (\d+)", got.stdout, re.M) == ["103", "103", "200"], got.stdout
    assert got.stdout.endswith("body")


def test_a_client_that_resets_between_hints_and_answer(hints):
    d = hints()
    with Client(d) as c:
        for _ in range(3):
            s = c.ask("/?n=5&us=50000")
            until(lambda: c.read() and c.answers[s].interim)
            c.h2.reset_stream(s, 8)
            c.flush()
        a = c.get("/")
        assert a.body == b"body" and len(a.interim) == 2 and c.goaway is None
        d.wait_idle()


def test_hints_for_a_client_that_does_not_read_are_left_out(hints):
    """They are no reason to keep memory: beyond a bound they wait for nobody."""
    d = hints()
    with Client(d) as c:
        c.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        s = c.ask("/?n=8000&long=2000")
        until(lambda: os.path.exists(f"{d.app}/hinted"))
        c.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        a = c.wait(s)
        assert a.status == 200 and a.body == b"body" and 1 <= len(a.interim) < 8000


def test_early_hints_of_laravel(daemon):
    d = daemon.laravel(start=False)
    d.set("swoole", open_http2_protocol=True)
    d.start()
    with Client(d) as c:
        for method in ("GET", "HEAD"):
            a = c.get("/test/early-hints", method=method)
            assert [dict(h)[":status"] for h in a.interim] == ["103", "103"]
            assert dict(a.interim[0])["link"] == "</app.css>; rel=preload; as=style"
            assert a.status == 200 and a.body == (b"" if method == "HEAD" else b"the page")
            assert a.get("link") == "</app.css>; rel=preload; as=style"
