"""Trailers of a hosted application: the fields that a response's Trailer header names follow the body, over HTTP/2 and over
HTTP/1.1 in pieces. Where nothing can follow they stay in the head."""

import os
import zlib

import pytest

from lib import http
from lib.h2 import Client

ROUTES = """
Route::get('trailers/{what}', function ($what) {
    $headers = ['Trailer' => 'Server-Timing, X-Checksum', 'X-Checksum' => 'c0ffee', 'X-Plain' => 'p', 'Server-Timing' => ['a;dur=1', 'b;dur=2']];
    $big = str_repeat("0123456789abcdef", 50_000);
    return match ($what) {
        'text' => response('text', 200, $headers),
        'empty' => response('', 200, $headers),
        'big' => response($big, 200, $headers),
        'json' => response()->json(['a' => 1], 200, $headers),
        'streamed' => response()->stream(function () { echo 'one'; flush(); echo 'two'; }, 200, $headers),
        'file' => response()->file(base_path('artisan'), $headers),
        'echo' => (function () use ($headers) { echo 'echoed'; return response('', 200, $headers); })(),
        'length' => response('text', 200, $headers + ['Content-Length' => '4']),
        'native' => (function () {
            header('Trailer: X-Native');
            header('X-Native: n');
            return response('text');
        })(),
        '204' => response('', 204, $headers),
        '304' => response('', 304, $headers),
        'absent' => response('text', 200, ['Trailer' => 'X-Absent']),
        'early' => response('text', 200, ['Trailer' => 'Set-Cookie, content-type ,X-A,,Cache-Control', 'X-A' => 'a', 'Set-Cookie' => 'a=b']),
        'several' => response('text', 200, ['Trailer' => ['X-A', 'x-b'], 'X-A' => 'a', 'X-B' => 'b']),
        'digest' => response($big, 200, ['Trailer' => 'Repr-Digest', 'Repr-Digest' => 'sha-256=:x:', 'Content-Type' => 'text/plain']),
    };
});
"""
TRAILERS = [("x-checksum", "c0ffee"), ("server-timing", "a;dur=1"), ("server-timing", "b;dur=2")]
BIG = b"0123456789abcdef" * 50_000


@pytest.fixture(params=["snapshot", "fork"])
def site(daemon, request):
    d = daemon.laravel(start=False, ini={"rserverd": {"isolation": request.param}, "swoole": {
        "open_http2_protocol": True, "http_compression": True}})
    with open(os.path.join(d.app, "routes", "web.php"), "a") as f:
        f.write(ROUTES)
    return d.start()


def low(fields):
    return [(n.lower(), v) for n, v in fields]


def in_pieces(d, target, method="GET", headers=()):
    """An answer over HTTP/1.1, and the fields behind its last piece."""
    with d.conn() as c:
        c.send(http.build(target, method, headers))
        r, body, fields = c.head(), b"", []
        if r.get("Transfer-Encoding") == "chunked":
            while size := int(c.line(), 16):
                body += c.exactly(size)
                assert c.exactly(2) == b"\r\n"
            while line := c.line():
                name, _, value = line.decode().partition(": ")
                fields.append((name, value))
        elif method != "HEAD" and r.status not in (204, 304):
            body = c.exactly(int(r.get("Content-Length")))
        # Nothing is out of step.
        c.send(http.build("/api/hello"))
        assert c.response().status == 200
        return r, body, low(fields)


BODIES = [("text", b"text"), ("empty", b""), ("big", BIG), ("streamed", b"onetwo"), ("file", None), ("echo", b"echoed"), ("length", b"text"),
          ("json", b'{"a":1}')]


def announced(r):
    return sorted(n.strip().lower() for n in r.get("trailer").split(","))


@pytest.mark.parametrize("what,body", BODIES, ids=[what for what, _ in BODIES])
def test_they_follow_the_body(site, what, body):
    body = open(os.path.join(site.app, "artisan"), "rb").read() if body is None else body
    r, got, trailers = in_pieces(site, f"/trailers/{what}")
    assert r.status == 200 and got == body and sorted(trailers) == sorted(TRAILERS)
    assert announced(r) == ["server-timing", "x-checksum"] and r.get("X-Plain") == "p"
    assert r.get("X-Checksum") is None and r.all("Server-Timing") == []
    with Client(site) as c:
        a = c.get(f"/trailers/{what}", headers=[("te", "trailers")])
        assert a.ended and a.body == body and sorted(a.trailers) == sorted(TRAILERS)
        assert announced(a) == ["server-timing", "x-checksum"] and a.get("x-checksum") is None
        assert c.get("/api/hello").status == 200


def test_of_header_and_in_several_fields(site):
    assert in_pieces(site, "/trailers/native")[2] == [("x-native", "n")]
    r, body, trailers = in_pieces(site, "/trailers/several")
    assert body == b"text" and sorted(trailers) == [("x-a", "a"), ("x-b", "b")] and announced(r) == ["x-a", "x-b"]


def test_what_must_be_known_before_stays_in_the_head(site):
    r, body, trailers = in_pieces(site, "/trailers/early")
    assert body == b"text" and trailers == [("x-a", "a")] and r.get("Trailer") == "X-A"
    assert any(v.startswith("a=") for v in r.all("Set-Cookie")) and r.get("Content-Type") and r.get("Cache-Control")


def test_a_name_without_a_field_is_not_announced(site):
    r, body, trailers = in_pieces(site, "/trailers/absent")
    assert (r.get("Trailer"), r.get("Content-Length"), body, trailers) == (None, "4", b"text", [])


def test_head_says_what_get_says(site):
    r, body, trailers = in_pieces(site, "/trailers/text", "HEAD")
    assert announced(r) == ["server-timing", "x-checksum"] and r.get("X-Checksum") is None and (body, trailers) == (b"", [])
    with Client(site) as c:
        a = c.get("/trailers/text", method="HEAD")
        assert a.ended and (a.body, a.trailers) == (b"", []) and a.get("x-checksum") is None


@pytest.mark.parametrize("status", [204, 304])
def test_without_a_body_they_are_headers(site, status):
    r, _, trailers = in_pieces(site, f"/trailers/{status}")
    assert r.status == status and trailers == [] and r.get("Trailer") is None and r.get("X-Checksum") == "c0ffee"
    with Client(site) as c:
        a = c.get(f"/trailers/{status}")
        assert a.ended and a.status == status and a.trailers == [] and a.get("x-checksum") == "c0ffee"


def test_an_old_client_gets_headers(site):
    with site.conn() as c:
        c.send(b"GET /trailers/text HTTP/1.0\r\n\r\n")
        r = c.response()
        assert r.body == b"text" and r.get("X-Checksum") == "c0ffee" and r.get("Trailer") is None
        assert r.all("Server-Timing") == ["a;dur=1", "b;dur=2"]


def test_behind_a_compressed_body(site):
    accepts = [("Accept-Encoding", "gzip")]
    r, body, trailers = in_pieces(site, "/trailers/big", headers=accepts)
    assert r.get("Content-Encoding") == "gzip" and zlib.decompress(body, 31) == BIG and sorted(trailers) == sorted(TRAILERS)
    r, body, trailers = in_pieces(site, "/trailers/digest", headers=accepts)
    assert r.get("Content-Encoding") is None and body == BIG and trailers == [("repr-digest", "sha-256=:x:")]
