"""What one client may have: connections and requests of an address, headers, time. And what of that a reload changes."""

import os
import select
import socket
import ssl
import time

import pytest

from lib import h2, http, tls
from lib.wait import SLOW, until

# Loopback is trusted by default, and who is trusted has no limits.
STRANGERS = {"trusted_proxies": ["10.9.9.9"]}
OTHER = "127.0.0.2"


def limits(d):
    s = d.status()
    return s["limited_connections_total"], s["limited_requests_total"]


def held(d, n, **kw):
    """Connections that have had a request answered each."""
    conns = [d.conn(**kw) for _ in range(n)]
    for c in conns:
        assert c.request("/").status == 200
    return conns


def served(d, **kw):
    """A connection that gets in now, or None."""
    c = d.conn(**kw)
    try:
        if c.request("/").status == 200:
            return c
    except (http.Closed, OSError):
        pass
    c.close()
    return None


# -- limit_conn ----------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("status", [503, 429])
def test_limit_conn(daemon, status):
    d = daemon(ini={"rserverd": {**STRANGERS, "limit_conn": 3, "limit_conn_status": status}})
    conns = held(d, 3)
    with d.conn() as c:
        r = c.response()
        assert r.status == status and r.get("connection") == "close"
        assert c.at_end()
    assert limits(d) == (1, 0)
    assert "limits        1 connections" in d.ctl("status").stdout
    for c in conns:
        assert c.request("/").status == 200, "those inside are not disturbed"
    with d.conn(source=OTHER) as c:
        assert c.request("/").status == 200, "another address has a limit of its own"
    conns.pop().close()
    until(lambda: served(d), message="room again")
    assert d.wait_log("client 127.0.0.1 is above limit_conn")


def test_limit_conn_without_an_answer(daemon):
    """444 is nginx's word for it."""
    d = daemon(ini={"rserverd": {**STRANGERS, "limit_conn": 1, "limit_conn_status": 444}})
    inside = held(d, 1)
    with d.conn() as c:
        assert c.at_end()
    assert inside[0].request("/").status == 200


def test_refused_connections_do_not_fill_the_place(daemon):
    """Who is refused is told and then waited for; if all were, refusals would be the attack."""
    d = daemon(ini={"rserverd": {**STRANGERS, "limit_conn": 2}})
    inside = held(d, 2)
    outside = []
    for _ in range(60):
        s = socket.create_connection(d.address, timeout=20 * SLOW)
        outside.append(s)
    until(lambda: limits(d)[0] == 60)
    assert d.status()["connections"] <= 2 + 8
    for s in outside:
        s.close()
    assert [c.request("/").status for c in inside] == [200, 200]
    until(lambda: d.status()["connections"] == 2)


def test_trusted_peers_and_unix_sockets_have_no_limit(daemon):
    d = daemon(start=False, ini={"rserverd": {"limit_conn": 1, "limit_req": "1r/m", "trusted_proxies": ["127.0.0.1"]}})
    path = d.path("run/second.sock")
    d.set("rserverd", listen=[path])
    d.start()
    inside = held(d, 5)
    assert inside[0].request("/").status == 200
    for _ in range(5):
        assert http.fetch(path, "/").status == 200
    c = held(d, 1, source=OTHER)[0]
    assert c.request("/").status == 503
    assert limits(d) == (0, 1)


def test_one_ipv6_customer_is_one_address(daemon):
    if "00000000000000000000000000000001" not in (open("/proc/net/if_inet6").read() if os.path.exists("/proc/net/if_inet6") else ""):
        pytest.skip("no IPv6 on this machine")
    d = daemon(host="::1", ini={"rserverd": {**STRANGERS, "limit_conn": 2}})
    inside = held(d, 2)
    with d.conn() as c:
        assert c.response().status == 503
    assert [c.request("/").status for c in inside] == [200, 200]


# -- limit_req -----------------------------------------------------------------------------------------------------------

def statuses(c, n):
    return [c.request("/").status for _ in range(n)]


@pytest.mark.slow
@pytest.mark.parametrize("status", [503, 429])
def test_limit_req(daemon, status):
    d = daemon(ini={"rserverd": {**STRANGERS, "limit_req": "6r/m", "limit_req_burst": 4, "limit_req_status": status}})
    with d.conn() as c:
        assert statuses(c, 8) == [200] * 5 + [status] * 3, "one, four before their time; the connection lives on"
        with d.conn() as more:
            assert more.request("/").status == status, "of the address, not of the connection"
        with d.conn(source=OTHER) as other:
            assert other.request("/").status == 200
        until(lambda: c.request("/").status == 200, timeout=30, message="a tenth of a minute later there is one more")
    assert d.status()["limited_requests_total"] >= 4
    assert d.wait_log("client 127.0.0.1 is above limit_req")


def test_limit_req_counts_files_and_bodies(daemon):
    d = daemon(start=False, ini={"laravels": {"handle_static": True}, "rserverd": {**STRANGERS, "limit_req": "1r/m", "limit_req_burst": 1}})
    d.write("public/a.txt", "a")
    d.start()
    assert [d.get("/a.txt").status, d.get("/a.txt").status, d.get("/a.txt").status] == [200, 200, 503]
    with d.conn() as c:
        c.send(http.build("/echo", "POST", body=b"x" * 100000) + smuggled())
        r = c.response()
        assert r.status == 503 and r.get("connection") == "close", "its body is not waited for"
        assert c.at_end()


def smuggled():
    return http.build("/hidden")


def test_limit_req_without_an_answer(daemon):
    d = daemon(ini={"rserverd": {**STRANGERS, "limit_req": "1r/m", "limit_req_status": 444}})
    with d.conn() as c:
        assert c.request("/").status == 200
        c.send(http.build("/"))
        assert c.at_end()


# -- behind a proxy ------------------------------------------------------------------------------------------------------

def client(address):
    return [("X-Real-IP", address)]


def test_limit_req_counts_clients_behind_a_trusted_proxy(daemon):
    """Over one connection of the proxy, by a Unix socket and by TCP: nginx's realip in front of limit_req."""
    d = daemon(start=False, ini={"rserverd": {"limit_req": "1r/m", "limit_req_burst": 1, "limit_req_status": 429}})
    path = d.path("run/second.sock")
    d.set("rserverd", listen=[path])
    d.start()
    for proxy in (http.Conn(path), d.conn()):
        with proxy:
            first, second = ("192.0.2.1", "192.0.2.2") if proxy.sock.family == socket.AF_UNIX else ("192.0.2.3", "2001:db8::1")
            assert [proxy.request("/", headers=client(first)).status for _ in range(3)] == [200, 200, 429]
            assert [proxy.request("/", headers=client(second)).status for _ in range(3)] == [200, 200, 429]
            assert [proxy.request("/", headers=client(local)).status for local in ("127.0.0.9",) * 4] == [200] * 4, "one of ours"
            assert [proxy.request("/").status for _ in range(4)] == [200] * 4, "the proxy itself"
            assert [proxy.request("/", headers=client("rubbish")).status for _ in range(4)] == [200] * 4
    assert d.get("/", client("2001:db8::ffff")).status == 429, "of the same /64"
    assert d.wait_log("client 192.0.2.1 is above limit_req")
    assert limits(d) == (0, 5)


@pytest.mark.parametrize("header,field", [("X-Forwarded-For", "6.6.6.%d, 192.0.2.1"), ("Forwarded", "for=6.6.6.%d, for=192.0.2.1")])
def test_limit_req_believes_the_proxy_and_nobody_else(daemon, header, field):
    """What the client itself writes into the list gives it no new address; of a stranger the header is nothing."""
    d = daemon(ini={"rserverd": {"limit_req": "1r/m", "limit_req_burst": 2, "real_ip_header": header, "real_ip_recursive": True,
                                 "trusted_proxies": ["127.0.0.1"]}})
    with d.conn() as proxy:
        assert [proxy.request("/", headers=[(header, field % n)]).status for n in range(5)] == [200] * 3 + [503] * 2
    with d.conn(source=OTHER) as stranger:
        assert [stranger.request("/", headers=[(header, field % n)]).status for n in range(5)] == [200] * 3 + [503] * 2


def unread(c, address):
    """A request whose answer is in work for as long as we do not read it."""
    c.send(http.build("/big?n=30000000", headers=client(address)))
    return c.response(body=False).status


def test_limit_conn_counts_requests_in_work_behind_a_trusted_proxy(daemon):
    d = daemon(ini={"rserverd": {"limit_conn": 2, "limit_conn_status": 429}, "swoole": {"worker_num": 4}})
    slow = [d.conn(rcvbuf=4096) for _ in range(2)]
    assert [unread(c, "192.0.2.1") for c in slow] == [200, 200]
    with d.conn() as proxy:
        assert proxy.request("/", headers=client("192.0.2.1")).status == 429
        assert proxy.request("/", headers=client("192.0.2.2")).status == 200, "another client, over the same connection"
        assert proxy.request("/").status == 200
        slow.pop().close()
        until(lambda: proxy.request("/", headers=client("192.0.2.1")).status == 200, message="room again: the proxy has left")
        assert [proxy.request("/", headers=client("192.0.2.1")).status for _ in range(20)] == [200] * 20, "each ends before the next"
    assert d.wait_log("client 192.0.2.1 is above limit_conn")
    assert limits(d)[0] >= 1 and limits(d)[1] == 0
    slow.pop().close()


def test_limits_over_http2_from_a_trusted_proxy(daemon):
    """Each stream is a request of its own client, whatever else is on the connection."""
    d = daemon(ini={"rserverd": {"limit_conn": 1, "limit_req": "1r/m", "limit_req_burst": 3, "limit_req_status": 429},
                    "swoole": {"open_http2_protocol": True, "worker_num": 4}})
    x = ("x-real-ip", "192.0.2.1")
    with h2.Client(d) as proxy:
        proxy.eat = False       # of its stream; the connection has room
        proxy.h2.increment_flow_control_window(1 << 24)
        slow = proxy.ask("/big?n=30000000", headers=[x])
        until(lambda: proxy.answers[slow].status == 200 or not proxy.read(), message="the head of the answer")
        assert proxy.get("/", headers=[x]).status == 503, "limit_conn: one stream at a time"
        assert proxy.get("/", headers=[("x-real-ip", "192.0.2.2")]).status == 200
        proxy.h2.reset_stream(slow)
        proxy.flush()
        until(lambda: proxy.get("/", headers=[x]).status == 200, message="room again")
        assert 429 in [proxy.get("/", headers=[x]).status for _ in range(4)]
        assert [proxy.get("/").status for _ in range(6)] == [200] * 6


def test_limit_req_over_http2(daemon):
    d = daemon(ini={"rserverd": {**STRANGERS, "limit_req": "1r/m", "limit_req_burst": 1}, "swoole": {"open_http2_protocol": True}})
    with h2.Client(d) as c:
        assert [c.get("/", headers=[("x-real-ip", f"6.6.6.{n}")]).status for n in range(4)] == [200, 200, 503, 503]


def test_limits_come_and_go_with_a_reload(daemon):
    d = daemon(ini={"rserverd": {**STRANGERS}})
    old = held(d, 4)
    d.set("rserverd", limit_conn=2, limit_req="1r/m", limit_req_burst=3)
    assert d.ctl("reload", "--wait").returncode == 0
    assert [c.request("/").status for c in old] == [200] * 4, "who came before is not counted, but asks"
    assert old[0].request("/").status == 503
    d.set("rserverd", limit_conn=0, limit_req="")
    assert d.ctl("reload", "--wait").returncode == 0
    assert len(held(d, 5)) == 5


@pytest.mark.parametrize("value", ["100", "100r", "0r/s", "1r/h", "-1r/s", "fast"])
def test_a_bad_rate_is_a_clear_error(daemon, value):
    d = daemon(start=False, ini={"rserverd": {"limit_req": value}})
    result = d.ctl("start")
    assert result.returncode != 0
    assert f"`{value}` is not a rate" in result.stderr + result.stdout and "r/m for requests in a minute" in result.stderr + result.stdout


# -- headers -------------------------------------------------------------------------------------------------------------

def test_header_max_count(daemon):
    d = daemon(ini={"rserverd": {"header_max_count": 10}})
    assert d.get("/", [(f"X-{i}", "y") for i in range(8)]).status == 200, "Host and Connection are the others"
    with d.conn() as c:
        c.send(b"GET / HTTP/1.1\r\nHost: a\r\n" + b"".join(b"X%d: y\r\n" % i for i in range(10)) + b"\r\n")
        assert c.response().status == 431
        assert c.at_end()
    d.set("rserverd", header_max_count=300)
    assert d.ctl("reload", "--wait").returncode == 0
    r = d.get("/head", [(f"X-{i}", "y") for i in range(250)])
    assert r.status == 200 and b"X-249: y" in r.body


# -- slow clients ----------------------------------------------------------------------------------------------------------

SHORT = {"header_timeout": "1s", "body_timeout": "1s", "write_timeout": "1s", "min_rate_grace": "1s"}


def drip(c, data, every=0.1, most=15):
    """A byte at a time until the server has something to say; the seconds that it took."""
    started = time.monotonic()
    c.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    for byte in data:
        try:
            c.send(bytes([byte]))
        except OSError:
            break
        if not c.silent(every):
            break
        assert time.monotonic() - started < most, "it goes on for ever"
    return time.monotonic() - started


def test_headers_are_bounded_in_total(daemon):
    """A byte before each timeout does not help: the time is for the whole head."""
    d = daemon(ini={"rserverd": SHORT})
    with d.conn() as c:
        c.send(b"GET / HTTP/1.1\r\nHost: a\r\nX: ")
        assert drip(c, b"y" * 200) < 10
        assert c.response().status == 408
        assert c.at_end()


@pytest.mark.parametrize("framing", ["length", "chunks", "chunk extensions"])
def test_bodies_have_a_minimal_rate(daemon, framing):
    """Each byte is in time for body_timeout; the average is not enough."""
    d = daemon(ini={"rserverd": {**SHORT, "body_min_rate": 100}})
    coding = b"Content-Length: 5000" if framing == "length" else b"Transfer-Encoding: chunked"
    data = {"length": b"x" * 300, "chunks": b"1\r\nx\r\n" * 50, "chunk extensions": b"1;" + b"a" * 250}[framing]
    with d.conn() as c:
        c.send(b"POST /echo HTTP/1.1\r\nHost: a\r\n" + coding + b"\r\n\r\n")
        assert drip(c, data) < 10
        assert c.response().status == 408
        assert c.at_end()


def test_a_body_that_is_quick_enough_may_take_long(daemon):
    d = daemon(ini={"rserverd": {**SHORT, "body_timeout": "2s", "body_min_rate": 100}})
    with d.conn() as c:
        c.send(b"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3000\r\n\r\n")
        for _ in range(30):
            c.send(b"x" * 100)
            assert c.silent(0.1) or _ == 29
        assert c.response().body == b"x" * 3000


def test_a_minimal_rate_of_zero_is_none(daemon):
    d = daemon(ini={"rserverd": {**SHORT, "body_timeout": "2s", "body_min_rate": 0}})
    with d.conn() as c:
        c.send(b"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 25\r\n\r\n")
        assert drip(c, b"x" * 25) > 2
        assert c.response().body == b"x" * 25


@pytest.mark.parametrize("kind", ["file", "answer"])
def test_reading_has_a_minimal_rate(daemon, kind):
    """Who takes a little before each write_timeout is cut off, whoever feeds him."""
    d = daemon(start=False, ini={"laravels": {"handle_static": True}, "swoole": {"buffer_output_size": "64K"}, "rserverd": {
        **SHORT, "write_timeout": "20s", "write_min_rate": "1M"}})
    d.write("public/big.bin", b"x" * 40_000_000)
    d.start()
    with d.conn(rcvbuf=4096) as c:
        c.send(http.build("/big.bin" if kind == "file" else "/big?n=40000000"))
        # The subject of this test: a slow reader. What the kernel has taken it may still read after the end.
        until(lambda: time.sleep(0.2) or c.sock.recv(4096) and d.status()["connections"] == 0, timeout=15,
              message="it is cut off, however regularly it reads")
    d.wait_idle()


def test_a_reader_that_waits_for_its_application_is_not_slow(daemon):
    """The rate counts while bytes wait for the client, not while none are there."""
    d = daemon(ini={"rserverd": {**SHORT, "write_min_rate": "1M"}})
    r = d.get("/chunks?n=4&ms=800")
    assert r.body.count(b"chunk") == 4


# -- idle connections ------------------------------------------------------------------------------------------------------

def test_idle_connections_make_room(daemon):
    """At max_conn the one that waits for longest goes: who does nothing cannot lock others out."""
    d = daemon(ini={"swoole": {"max_conn": 5}})
    first, *others = held(d, 5)
    assert others[0].request("/").status == 200     # now it waits for a shorter time than the others
    with d.conn() as c:
        assert c.request("/").status == 200
        assert first.at_end(), "it had waited for longest"
        for o in others:
            assert o.request("/").status == 200
    s = d.status()
    assert s["idle_closed_total"] == 1 and s["refused_total"] == 0
    assert d.wait_log("idle connections are closed for new ones")


def test_silent_connections_make_room(daemon):
    """The same for those that never sent anything."""
    d = daemon(ini={"swoole": {"max_conn": 5}})
    silent = [socket.create_connection(d.address) for _ in range(5)]
    for _ in range(20):
        assert d.get("/").status == 200
    for s in silent:
        s.close()


def test_a_request_that_was_sent_in_time_is_served(daemon):
    """It may still lie in the kernel when its connection would make room."""
    d = daemon(ini={"swoole": {"max_conn": 3}})
    conns = held(d, 3)
    for _ in range(10):
        for c in conns:
            c.send(http.build("/"))
        extra = [d.conn() for _ in range(3)]
        for c in conns:
            assert c.response().status == 200
        for c in conns:
            c.close()
        for c in extra:
            c.close()
        until(lambda: d.status()["connections"] == 0)
        conns = held(d, 3)


def test_busy_connections_do_not_make_room(daemon):
    d = daemon(ini={"swoole": {"max_conn": 4, "worker_num": 4}})
    busy = [d.conn() for _ in range(2)]
    for c in busy:
        c.send(http.build(f"/sleep?ms={2500 * SLOW:.0f}"))      # for longer than the rest takes
    half = [d.conn() for _ in range(2)]
    for c in half:
        c.send(b"GET / HTTP/1.1\r\nHost")
    until(lambda: d.status()["requests_total"] == 2)
    with d.conn() as c:
        assert c.response().status == 503
        assert c.at_end()
    for c in half:
        c.send(b": a\r\n\r\n")
        assert c.response().status == 200
    for c in busy:
        assert c.response().body == b"slept"


# -- TLS and HTTP/2 --------------------------------------------------------------------------------------------------------

H2 = {"open_http2_protocol": True}


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    ca = tls.Authority(tmp_path_factory.mktemp("ca"))
    ca.localhost = ca.server("localhost", "127.0.0.1")
    return ca


def encrypted(daemon, authority, **rserverd):
    cert, key = authority.localhost
    return daemon(ini={"swoole": {**H2, "ssl_cert_file": cert, "ssl_key_file": key}, "rserverd": {**STRANGERS, **rserverd}})


def h2_over_tls(d, authority, source=None):
    sock = socket.create_connection(d.address, timeout=20, source_address=(source, 0) if source else None)
    return h2.Client(d, sock=authority.context(alpn=["h2"]).wrap_socket(sock, server_hostname="localhost"))


def test_limit_conn_with_tls(daemon, authority):
    """Above it there is no handshake: that would be the costly part. Those inside, of both protocols, are not disturbed."""
    d = encrypted(daemon, authority, limit_conn=2)
    with tls.Conn(d.address, authority.context()) as one, h2_over_tls(d, authority) as two:
        assert one.request("/").status == 200 and two.get("/").status == 200
        for _ in range(3):
            with pytest.raises((ssl.SSLError, OSError)):
                h2_over_tls(d, authority)
        assert limits(d) == (3, 0)
        assert one.request("/").status == 200 and two.get("/").status == 200
        with h2_over_tls(d, authority, OTHER) as other:
            assert other.get("/").status == 200
        two.sock.close()

        def again():
            try:
                with h2_over_tls(d, authority) as c:
                    return c.get("/").status == 200
            except (ssl.SSLError, OSError):
                return False
        until(again, message="room again")


def test_limit_conn_counts_connections_and_not_streams(daemon):
    d = daemon(ini={"swoole": H2, "rserverd": {**STRANGERS, "limit_conn": 1}})
    with h2.Client(d) as c:
        streams = [c.ask("/sleep?ms=50") for _ in range(20)]
        assert all(c.wait(s).status == 200 for s in streams)
        with d.conn() as refused:
            assert refused.response().status == 503


@pytest.mark.parametrize("status", [503, 429])
@pytest.mark.parametrize("secure", [True, False])
def test_limit_req_counts_streams(daemon, authority, secure, status):
    """A refused stream is answered, the connection and its other streams live."""
    rserverd = {"limit_req": "1r/m", "limit_req_burst": 4, "limit_req_status": status}
    d = encrypted(daemon, authority, **rserverd) if secure else daemon(ini={"swoole": H2, "rserverd": {**STRANGERS, **rserverd}})
    with (h2_over_tls(d, authority) if secure else h2.Client(d)) as c:
        streams = [c.ask("/sleep?ms=100")] + [c.ask("/") for _ in range(9)]
        answers = [c.wait(s) for s in streams]
        assert [a.status for a in answers] == [200] * 5 + [status] * 5
        assert all(a.ended and a.reset is None for a in answers) and answers[0].body == b"slept"
        # One with a body: what follows of it is dropped.
        a = c.get("/echo", method="POST", body=b"x" * 100_000)
        assert a.status == status
        assert c.get("/").status == status and c.goaway is None
    assert limits(d) == (0, 7)


def test_limit_req_without_an_answer_resets_the_stream(daemon):
    d = daemon(ini={"swoole": H2, "rserverd": {**STRANGERS, "limit_req": "1r/m", "limit_req_status": 444}})
    with h2.Client(d) as c:
        slow = c.ask("/sleep?ms=100")
        a = c.get("/")
        assert a.status is None and a.reset is not None
        assert c.wait(slow).body == b"slept" and c.goaway is None


def test_limit_req_with_tls(daemon, authority):
    d = encrypted(daemon, authority, limit_req="1r/m", limit_req_burst=1, limit_req_status=429)
    with tls.Conn(d.address, authority.context()) as c:
        assert [c.request("/").status for _ in range(3)] == [200, 200, 429]


def drip_body(c, stream, n, every=0.1, most=15):
    """A byte in a frame at a time until there is an answer; how many went."""
    end = time.monotonic() + most * SLOW
    for i in range(n):
        c.h2.send_data(stream, b"x")
        c.flush()
        if select.select([c.sock], [], [], every)[0]:
            c.read()
        if c.answers[stream].status or c.answers[stream].reset is not None:
            return i
        assert time.monotonic() < end, "it goes on for ever"
    return n


def test_bodies_of_streams_have_a_minimal_rate(daemon):
    """One drips; the others of its connection are not touched, and do not make up for it."""
    d = daemon(ini={"swoole": H2, "rserverd": {**SHORT, "body_min_rate": 100}})
    with h2.Client(d) as c:
        slow = c.ask("/echo", "POST", headers=[("content-length", "5000")], end=False)
        assert c.get("/echo", method="POST", body=b"y" * 500_000).body == b"y" * 500_000
        assert drip_body(c, slow, 300) < 300
        assert c.wait(slow).status == 408
        assert c.get("/").status == 200 and c.goaway is None


def test_a_body_of_a_stream_that_pauses(daemon):
    d = daemon(ini={"swoole": H2, "rserverd": SHORT})
    with h2.Client(d) as c:
        slow = c.ask("/echo", "POST", body=b"abc", end=False)
        assert c.wait(slow).status == 408
        assert c.get("/").status == 200 and c.goaway is None


def test_a_stream_that_is_not_taken_costs_itself_alone(daemon):
    """Its window stays shut, or opens by little: it is reset in its time; the connection lives."""
    d = daemon(ini={"swoole": {**H2, "buffer_output_size": "64K"}, "rserverd": {**SHORT, "write_timeout": "20s", "write_min_rate": "1M"}})
    with h2.Client(d, window=20_000) as c:
        c.eat = False
        s = c.ask("/big?n=1000000")

        def dripping():
            if c.answers[s].reset is not None:
                return True
            c.h2.increment_flow_control_window(100, s)
            c.flush()
            if select.select([c.sock], [], [], 0.1)[0]:
                c.read()
        until(dripping, timeout=15)
        assert not c.answers[s].ended
        c.eat = True
        assert c.get("/").status == 200 and c.goaway is None
    d.wait_idle()


def test_a_connection_that_is_not_read_has_a_minimal_rate(daemon):
    """Its windows are wide open; it reads the socket slowly, before each write_timeout."""
    d = daemon(ini={"swoole": {**H2, "buffer_output_size": "64K"}, "rserverd": {**SHORT, "write_timeout": "20s", "write_min_rate": "1M"}})
    s = socket.socket()
    s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    s.settimeout(20)
    s.connect(d.address)
    with h2.Client(d, window=1 << 30, sock=s) as c:
        c.h2.increment_flow_control_window(1 << 30)
        c.flush()
        c.ask("/big?n=40000000")
        until(lambda: time.sleep(0.2) or s.recv(4096) and d.status()["connections"] == 0, timeout=15,
              message="it is cut off, however regularly it reads")
    d.wait_idle()
