"""What the reactor accepts and refuses, byte for byte (RFC 9112, 9110): limits, smuggling, Expect, odd requests."""

import pytest

from lib import http
from lib.daemon import Daemon
from lib.wait import until

# Every row is sent alone; after the answer the connection must be closed, and a second request that was hidden
# behind it must never be answered.
REFUSED = {
    # framing
    "two lengths": (400, b"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd"),
    "two equal lengths": (400, b"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\nabc"),
    "list of lengths": (400, b"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3, 3\r\n\r\nabc"),
    "length with plus": (400, b"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: +3\r\n\r\nabc"),
    "length with minus": (400, b"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: -3\r\n\r\nabc"),
    "length in hex": (400, b"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 0x3\r\n\r\nabc"),
    "length with a blank inside": (400, b"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 1 0\r\n\r\nabc"),
    "empty length": (400, b"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: \r\n\r\n"),
    "length beyond 2^63": (400, b"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999\r\n\r\n"),
    "length and chunked": (400, b"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n"
                           b"\r\n0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n"),
    "chunked and length": (400, b"POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n"
                           b"\r\n0\r\n\r\n"),
    "chunked twice": (400, b"POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n"),
    "chunked on two lines": (400, b"POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n"
                             b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    "chunked not last": (400, b"POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n"),
    "chunked in 1.0": (400, b"POST /echo HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    "unknown coding": (501, b"POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n"),
    "disguised chunked": (None, b"POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n"),
    "chunked with vertical tab": (400, b"POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: \x0bchunked\r\n\r\n"),
    # lines
    "bare LF in head": (400, b"GET / HTTP/1.1\nHost: a\r\n\r\n"),
    "bare LF after field": (400, b"GET / HTTP/1.1\r\nHost: a\nX: b\r\n\r\n"),
    "bare LF at the end": (400, b"GET / HTTP/1.1\r\nHost: a\r\n\n"),
    "bare CR in value": (400, b"GET / HTTP/1.1\r\nHost: a\r\nX: a\rb\r\n\r\n"),
    "NUL in value": (400, b"GET / HTTP/1.1\r\nHost: a\r\nX: a\0b\r\n\r\n"),
    "NUL in name": (400, b"GET / HTTP/1.1\r\nHost: a\r\nX\0Y: b\r\n\r\n"),
    "control byte in value": (400, b"GET / HTTP/1.1\r\nHost: a\r\nX: a\x01b\r\n\r\n"),
    "obs-fold": (400, b"GET / HTTP/1.1\r\nHost: a\r\nX: a\r\n b\r\n\r\n"),
    "fold before the first field": (400, b"GET / HTTP/1.1\r\n Host: a\r\n\r\n"),
    "space before the colon": (400, b"GET / HTTP/1.1\r\nHost: a\r\nX : b\r\n\r\n"),
    "tab before the colon": (400, b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length\t: 3\r\n\r\nabc"),
    "no colon": (400, b"GET / HTTP/1.1\r\nHost: a\r\nNonsense\r\n\r\n"),
    "empty name": (400, b"GET / HTTP/1.1\r\nHost: a\r\n: b\r\n\r\n"),
    "name with a slash": (400, b"GET / HTTP/1.1\r\nHost: a\r\nA/B: b\r\n\r\n"),
    "name beyond ASCII": (400, b"GET / HTTP/1.1\r\nHost: a\r\nX\xe9: b\r\n\r\n"),
    # request line
    "no version": (400, b"GET /\r\nHost: a\r\n\r\n"),
    "two blanks": (400, b"GET  / HTTP/1.1\r\nHost: a\r\n\r\n"),
    "tab as blank": (400, b"GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n"),
    "blank at the end": (400, b"GET / HTTP/1.1 \r\nHost: a\r\n\r\n"),
    "blank at the start": (400, b" GET / HTTP/1.1\r\nHost: a\r\n\r\n"),
    "blank in the target": (400, b"GET /a b HTTP/1.1\r\nHost: a\r\n\r\n"),
    "fragment": (400, b"GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n"),
    "control byte in the target": (400, b"GET /a\x07 HTTP/1.1\r\nHost: a\r\n\r\n"),
    "NUL in the target": (400, b"GET /a\0 HTTP/1.1\r\nHost: a\r\n\r\n"),
    "target without a slash": (400, b"GET a HTTP/1.1\r\nHost: a\r\n\r\n"),
    "star for GET": (400, b"GET * HTTP/1.1\r\nHost: a\r\n\r\n"),
    "bad method": (400, b"G(T / HTTP/1.1\r\nHost: a\r\n\r\n"),
    "lower-case protocol": (400, b"GET / http/1.1\r\nHost: a\r\n\r\n"),
    "TLS hello": (400, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\0" * 40 + b"\r\n\r\n"),
    "HTTP/2 preface": (None, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
    "HTTP/2.0": (505, b"GET / HTTP/2.0\r\nHost: a\r\n\r\n"),
    "HTTP/3.0": (505, b"GET / HTTP/3.0\r\nHost: a\r\n\r\n"),
    "HTTP/0.9": (505, b"GET / HTTP/0.9\r\nHost: a\r\n\r\n"),
    "CONNECT": (501, b"CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n"),
    # Host
    "no Host": (400, b"GET / HTTP/1.1\r\n\r\n"),
    "two Hosts": (400, b"GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n"),
    "two Hosts in 1.0": (400, b"GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n"),
    "empty Host": (400, b"GET / HTTP/1.1\r\nHost:\r\n\r\n"),
    "Host with two dots": (400, b"GET / HTTP/1.1\r\nHost: a..b\r\n\r\n"),
    "Host with a path": (400, b"GET / HTTP/1.1\r\nHost: a/b\r\n\r\n"),
    "Host with user": (400, b"GET / HTTP/1.1\r\nHost: u@a\r\n\r\n"),
    "Host with blank": (400, b"GET / HTTP/1.1\r\nHost: a b\r\n\r\n"),
    "Host with bad port": (400, b"GET / HTTP/1.1\r\nHost: a:b\r\n\r\n"),
    # Expect
    "unknown expectation": (417, b"POST /echo HTTP/1.1\r\nHost: a\r\nExpect: miracle\r\nContent-Length: 3\r\n\r\nabc"),
    # chunked bodies
    "chunk size with plus": (400, b"POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n+3\r\nabc\r\n0\r\n\r\n"),
    "chunk size with 0x": (400, b"POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0x3\r\nabc\r\n0\r\n\r\n"),
    "empty chunk size": (400, b"POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n\r\nabc\r\n0\r\n\r\n"),
    "chunk with bare LF": (400, b"POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\nabc\n0\n\n"),
    "chunk too long for its size": (400, b"POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n0\r\n\r\n"),
    "chunk size of 17 digits": (400, b"POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
                                b"10000000000000003\r\nabc\r\n0\r\n\r\n"),
    "chunk extension without end": (400, b"POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3;"
                                    + b"a" * 5000 + b"\r\nabc\r\n0\r\n\r\n"),
    "chunk extension with bare LF": (400, b"POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
                                     b"3;\nxx\r\nabc\r\n0\r\n\r\n"),
    "endless trailers": (400, b"POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n"
                         + b"X: y\r\n" * 3000 + b"\r\n"),
}


@pytest.fixture(scope="module")
def shared():
    """One daemon for the rows below: none of them changes anything."""
    d = Daemon(ini={"swoole": {"package_max_length": "64K"}})
    d.start()
    yield d
    d.finish()


@pytest.mark.parametrize("name", REFUSED)
def test_refused_and_closed(shared, name):
    status, data = REFUSED[name]
    with shared.conn() as c:
        c.send(data + b"GET /hidden HTTP/1.1\r\nHost: a\r\n\r\n")
        r = c.response()
        if status is None:
            assert 400 <= r.status < 600
        else:
            assert r.status == status, r
        assert r.get("connection") == "close"
        assert c.at_end(), "nothing after the refusal"
    assert shared.get("/").status == 200


ACCEPTED = {
    "empty lines first": (b"\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", b"hello"),
    "absolute form": (b"GET http://a.test/head HTTP/1.1\r\nHost: other\r\n\r\n", b"GET /head HTTP/1.1"),
    "absolute form, no path": (b"GET http://a.test?head HTTP/1.1\r\nHost: other\r\n\r\n", None),
    "options star": (b"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", None),
    "unknown method": (b"BREW /head HTTP/1.1\r\nHost: a\r\n\r\n", b"BREW /head"),
    "no blank after the colon": (b"GET / HTTP/1.1\r\nHost:a\r\n\r\n", b"hello"),
    "many blanks around a value": (b"GET /head HTTP/1.1\r\nHost: a\r\nX: \t  v\t \r\n\r\n", b"X: v\n"),
    "empty value": (b"GET / HTTP/1.1\r\nHost: a\r\nX:\r\n\r\n", b"hello"),
    "bytes beyond ASCII in a value": (b"GET /head HTTP/1.1\r\nHost: a\r\nX: \xc3\xa9\xff\r\n\r\n", b"X: \xc3\xa9\xff\n"),
    "bytes beyond ASCII in a target": (b"GET /\xc3\xa9?\xff HTTP/1.1\r\nHost: a\r\n\r\n", b"hello"),
    "HTTP/1.2 is 1.1 and more": (b"GET /head HTTP/1.2\r\nHost: a\r\n\r\n", b"GET /head HTTP/1.1"),
    "TRACE is the application's": (b"TRACE / HTTP/1.1\r\nHost: a\r\n\r\n", b"hello"),
    "IPv6 host": (b"GET / HTTP/1.1\r\nHost: [::1]:80\r\n\r\n", b"hello"),
    "1.0 without host": (b"GET / HTTP/1.0\r\n\r\n", b"hello"),
    "length zero": (b"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n", b""),
    "leading zeros": (b"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 0003\r\n\r\nabc", b"abc"),
    "body of a GET": (b"GET /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc", b"abc"),
    "chunked in any case": (b"POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: Chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n", b"abc"),
    "chunk extensions and trailers": (b"POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
                                      b"03;a=\"b\";c\r\nabc\r\n0\r\nX-T: v\r\n\r\n", b"abc"),
    "upgrade ignored": (b"GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n", b"hello"),
    "post without a body": (b"POST /echo HTTP/1.1\r\nHost: a\r\n\r\n", b""),
}


@pytest.mark.parametrize("name", ACCEPTED)
def test_accepted(shared, name):
    data, body = ACCEPTED[name]
    with shared.conn() as c:
        c.send(data)
        r = c.response()
        assert r.status == 200, r
        if body is not None:
            assert body in r.body if body else r.body == b"", r
        if b"HTTP/1.0" not in data:
            assert c.request("/").body == b"hello", "the connection is in step"


@pytest.mark.parametrize("name", ["two lengths", "bare LF after field", "length and chunked", "chunk size with plus"])
def test_refused_in_every_cut(shared, name):
    """The verdict does not depend on how TCP cuts the bytes."""
    status, data = REFUSED[name]
    for cut in range(1, len(data) - 1, 3):
        with shared.conn() as c:
            c.send(data[:cut])
            c.send(data[cut:])
            assert c.response().status == status


def test_underscore_names_never_reach_the_application(shared):
    """X_Real_IP must not be taken for X-Real-IP."""
    r = shared.get("/head", [("X_Real_IP", "6.6.6.6"), ("X-Real-Thing", "yes"), ("Content_Length", "7")])
    assert b"X-Real-Thing: yes" in r.body
    assert b"6.6.6.6" not in r.body and b"Content_Length" not in r.body


def test_duplicate_fields_keep_their_order(shared):
    r = shared.get("/head", [("X-A", "1"), ("X-B", "2"), ("x-a", "3")])
    assert [line for line in r.text.split("\n") if line.lower().startswith("x-")] == ["X-A: 1", "X-B: 2", "x-a: 3"]


# -- limits -----------------------------------------------------------------------------------------------------

def test_414_uri_too_long(shared):
    with shared.conn() as c:
        c.send(b"GET /" + b"a" * 70000 + b" HTTP/1.1\r\nHost: a\r\n\r\n")
        assert c.response().status == 414
        assert c.at_end()


def test_431_one_field_too_large(shared):
    with shared.conn() as c:
        c.send(b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"a" * 70000 + b"\r\n\r\n")
        assert c.response().status == 431
        assert c.at_end()


def test_431_too_many_fields(shared):
    with shared.conn() as c:
        c.send(b"GET / HTTP/1.1\r\nHost: a\r\n" + b"".join(b"X%d: y\r\n" % i for i in range(200)) + b"\r\n")
        assert c.response().status == 431
        assert c.at_end()


def test_431_before_the_end_of_an_endless_head(shared):
    with shared.conn() as c:
        c.send(b"GET / HTTP/1.1\r\nHost: a\r\n")
        try:
            for _ in range(200):
                c.send(b"X-Filler: " + b"y" * 990 + b"\r\n")
        except OSError:
            pass
        assert c.response().status == 431


def test_header_limit_is_an_option(daemon):
    d = daemon(ini={"rserverd": {"header_max_size": "128K"}})
    r = d.get("/head", [("X", "a" * 100000)])
    assert r.status == 200 and len(r.body) > 100000
    with d.conn() as c:
        c.send(b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"a" * 140000 + b"\r\n\r\n")
        assert c.response().status == 431


def test_413_by_length_before_the_body(shared):
    with shared.conn() as c:
        c.send(b"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 65537\r\n\r\n")
        assert c.response().status == 413
        assert c.at_end()


def test_413_with_the_body_already_sent(shared):
    """A client that sends all of it first still gets to read the answer."""
    for _ in range(5):
        r = shared.post("/echo", b"x" * 1_000_000)
        assert r.status == 413


def test_413_in_a_chunked_body(shared):
    with shared.conn() as c:
        c.send(b"POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
        c.send(http.chunked(b"x" * 70000, 10000))
        assert c.response().status == 413
        assert c.at_end()


def test_body_at_the_limit_is_served(shared):
    assert len(shared.post("/echo", b"x" * 65536).body) == 65536


# -- Expect: 100-continue ------------------------------------------------------------------------------------------

def test_expect_continue(shared):
    with shared.conn() as c:
        c.send(b"POST /echo HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n")
        assert c.head().status == 100
        c.send(b"abc")
        assert c.response().body == b"abc"
        assert c.request("/").body == b"hello"


def test_expect_continue_with_the_body_already_there(shared):
    """The interim answer may be left out then, and nothing may come twice."""
    with shared.conn() as c:
        c.send(b"POST /echo HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\nabc")
        r = c.head()
        if r.status == 100:
            r = c.response()
        else:
            c.frame(r, "POST")
            r.body = c.piece(r)
        assert r.body == b"abc"
        assert c.request("/").body == b"hello"


def test_expect_continue_with_a_body_too_large(shared):
    with shared.conn() as c:
        c.send(b"POST /echo HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 99999999\r\n\r\n")
        assert c.response().status == 413, "no 100 for a body that is not wanted"


def test_expect_from_http_1_0_is_ignored(shared):
    with shared.conn() as c:
        c.send(b"POST /echo HTTP/1.0\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n")
        assert c.silent(0.2)
        c.send(b"abc")
        assert c.response().body == b"abc"


def test_expect_without_a_body(shared):
    with shared.conn() as c:
        c.send(b"GET / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n\r\n")
        r = c.head()
        if r.status == 100:
            r = c.head()
        assert r.status == 200


# -- slow clients ---------------------------------------------------------------------------------------------------

def test_408_slow_header(daemon):
    d = daemon(ini={"rserverd": {"header_timeout": "400ms"}})
    with d.conn() as c:
        c.send(b"GET / HTTP/1.1\r\nHost: a\r\n")
        r = c.response()
        assert r.status == 408
        assert c.at_end()


def test_408_drip_feeding_does_not_help(daemon):
    """The limit is for the whole head, not between two bytes."""
    d = daemon(ini={"rserverd": {"header_timeout": "500ms"}})
    with d.conn() as c:
        c.send(b"GET / HTTP/1.1\r\nHost: a\r\nX: ")

        def answered():
            if not c.silent(0.05):
                return True
            c.send(b"x")
            return False
        until(answered, every=0)
        assert c.response().status == 408


def test_408_slow_body(daemon):
    d = daemon(ini={"rserverd": {"body_timeout": "400ms"}})
    with d.conn() as c:
        c.send(b"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nabc")
        assert c.response().status == 408
        assert c.at_end()


def test_slow_body_that_moves_is_served(daemon):
    d = daemon(ini={"rserverd": {"body_timeout": "800ms"}})
    with d.conn() as c:
        c.send(b"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 12\r\n\r\n")
        for _ in range(12):
            assert c.silent(0.1)
            c.send(b"x")
        assert c.response().body == b"x" * 12


def test_silent_connection_is_closed_without_an_answer(daemon):
    """Nobody asked, so nobody is answered (browsers open connections ahead)."""
    d = daemon(ini={"rserverd": {"header_timeout": "300ms", "keepalive_timeout": "300ms"}})
    with d.conn() as c:
        assert c.at_end()


def test_hundred_slow_clients_cost_nobody_anything(daemon):
    d = daemon()
    slow = [d.conn() for _ in range(100)]
    for c in slow:
        c.send(b"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\nabc")
    assert http.hammer(d.address, http.build("/"), 500) == {200: 500}
    s = d.status()
    assert all(w["state"] == "idle" for w in d.of(s, "worker")), "half a request occupies no worker"
    for c in slow:
        c.send(b"x" * 997)
    for c in slow:
        assert len(c.response().body) == 1000


# -- bodies in files ---------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("size", [0, 1, 65535, 65536, 65537, 200_000, 5_000_000])
@pytest.mark.parametrize("how", ["length", "chunked"])
def test_bodies_of_every_size(daemon, size, how):
    d = daemon(ini={"swoole": {"package_max_length": "8M"}})
    body = (b"0123456789abcdef" * (size // 16 + 1))[:size]
    with d.conn() as c:
        if how == "length":
            c.send(http.build("/echo", "POST", body=body))
        else:
            c.send(http.build("/echo", "POST", [("Transfer-Encoding", "chunked")], http.chunked(body, 3333)))
        assert c.response().body == body


def test_client_that_leaves_in_its_upload_leaves_no_file(daemon):
    d = daemon(ini={"swoole": {"package_max_length": "8M"}})
    for how in ("close", "reset"):
        c = d.conn()
        c.send(b"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5000000\r\n\r\n" + b"x" * 1_000_000)
        until(lambda: d.status()["connections"] == 1)
        getattr(c, how)()
        until(lambda: d.status()["connections"] == 0)
    # finish() looks into the upload directory


def test_upload_directory_that_cannot_be_written(daemon):
    import os
    if os.getuid() == 0:
        bad = "/proc/self/nowhere"
    else:
        bad = "/root"
    d = daemon(start=False)
    d.set("swoole", upload_tmp_dir=bad)
    try:
        d.start()
    except AssertionError:
        d.expect_exit = d.child.poll()
        assert d.expect_exit == 1 and "upload_tmp_dir" in d.log()
        return
    assert d.post("/echo", b"x" * 200_000).status in (500, 503, 507)
    assert d.post("/echo", b"small").body == b"small"
