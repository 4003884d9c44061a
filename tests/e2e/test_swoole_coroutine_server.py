"""Swoole\\Coroutine\\Http\\Server and Swoole\\Coroutine\\Server (contract CS1, CS2): servers inside a coroutine, whose process has the
connections itself. The scripts are php/swoole/coserver; WebSocket by the Autobahn cases besides: test_ws_autobahn.py."""

import gzip
import hashlib
import json
import os
import signal
import socket
import subprocess
import time
import zlib

import pytest
import websocket

from lib import http, tls
from lib.wait import SLOW, until

HTTP, TCP = "coserver/http.php", "coserver/tcp.php"


@pytest.fixture
def web(server):
    return server(HTTP)


def settings(**kw):
    return {"RS_SET": json.dumps(kw)}


# ---- requests -----------------------------------------------------------------------------------------------------------

def test_request(web):
    with web.conn() as c:
        got = c.request("/a%20b?x=1&y[]=2", headers=[("X-Name", "v"), ("Cookie", "a=b%20c; d=e")]).json()
        local = c.sock.getsockname()[1]
    s = got["server"]
    assert (s["request_method"], s["request_uri"], s["path_info"], s["query_string"]) == ("GET", "/a%20b", "/a b", "x=1&y[]=2")
    assert (s["server_protocol"], s["server_port"], s["remote_addr"], s["remote_port"], s["server_addr"]) == (
        "HTTP/1.1", web.port, "127.0.0.1", local, "127.0.0.1")
    assert got["get"] == {"x": "1", "y": ["2"]} and got["cookie"] == {"a": "b c", "d": "e"} and got["header"]["x-name"] == "v"
    assert got["post"] is None and got["files"] is None and got["complete"] is True and got["fd"] > 2
    assert web.output().splitlines()[0] == json.dumps(["127.0.0.1", web.port, False, True, 0], separators=(",", ":"))


def test_forms_and_uploads(web):
    with web.conn() as c:
        form = [("Content-Type", "application/x-www-form-urlencoded")]
        assert c.request("/", "POST", form, b"a=1&b[]=x%20y").json()["post"] == {"a": "1", "b": ["x y"]}
        content = os.urandom(1 << 20)
        body = (b'--B\r\nContent-Disposition: form-data; name="t"\r\n\r\ntext\r\n'
                b'--B\r\nContent-Disposition: form-data; name="f"; filename="n.bin"\r\nContent-Type: a/b\r\n\r\n' + content +
                b"\r\n--B--\r\n")
        got = c.request("/", "POST", [("Content-Type", "multipart/form-data; boundary=B")], body).json()
    assert got["post"] == {"t": "text"} and got["files"]["f"]["size"] == 1 << 20 and got["files"]["f"]["name"] == "n.bin"
    assert got["content"]["f"] == hashlib.md5(content).hexdigest()
    until(lambda: not [n for n in os.listdir(web.folder) if n.startswith("swoole.upfile")], message="uploads are deleted")


@pytest.mark.parametrize("how", ["length", "chunked"])
def test_big_upload(server, how):
    """Above a megabyte it lies in a file; a gigabyte would, too."""
    web = server(HTTP, env=settings(package_max_length=64 << 20))
    data = os.urandom(1 << 20) * 40
    with web.conn() as c:
        if how == "length":
            c.send(http.build("/", "PUT", body=data))
        else:
            c.send(http.build("/", "PUT", headers=[("Transfer-Encoding", "chunked")]) + http.chunked(data, 70000))
        got = c.response("PUT").json()
        assert (got["length"], got["md5"]) == (len(data), hashlib.md5(data).hexdigest())
        assert c.request("/api").text == "api"


def test_expect_100_continue(web):
    with web.conn() as c:
        c.send(b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n")
        assert c.head().status == 100
        c.send(b"abc")
        assert c.response("POST").json()["length"] == 3


def test_keep_alive_and_pipelining(web):
    with web.conn() as c:
        c.send(b"".join(http.build(f"/api?{i}") for i in range(300)) + http.build("/later") + http.build("/", "POST", body=b"abc"))
        assert [c.response().text for _ in range(300)] == ["api"] * 300
        assert c.response().text == "later"
        assert c.response("POST").json()["length"] == 3
        c.send(http.build("/api", headers=[("Connection", "close")]))
        assert c.response().get("connection") == "close" and c.at_end()
    with web.conn() as c:
        c.send(b"GET /api HTTP/1.0\r\n\r\n")
        r = c.response()
        assert r.text == "api" and c.at_end()
        # in pieces of one byte
    with web.conn() as c:
        for byte in http.build("/", "POST", body=b"abc"):
            c.send(bytes([byte]))
        assert c.response("POST").json()["length"] == 3


def test_routes(web):
    """The longest pattern that the path begins with."""
    assert web.get("/api").text == "api" and web.get("/api/x").text == "api" and web.get("/api/users/7").text == "users"
    assert web.get("/other").json()["handler"] == "/"
    assert web.request("OPTIONS", "*").json()["handler"] == "/"


def test_no_route(server):
    web = server(code="""<?php Co\\run(function () {
        $s = new Co\\Http\\Server('127.0.0.1', (int)getenv('RS_PORT'));
        $s->handle('/a', fn ($q, $r) => $r->end('a'));
        Swoole\\Process::signal(SIGTERM, fn () => $s->shutdown());
        $s->start(); });""")
    with web.conn() as c:
        r = c.request("/b")
        assert r.status == 404 and b"Not Found" in r.body
        assert c.request("/a").text == "a"


# ---- answers ------------------------------------------------------------------------------------------------------------

def test_head_of_an_answer(web):
    r = web.get("/set")
    assert (r.status, r.reason, r.all("x-one")) == (201, "Made", ["1", "2"])
    assert r.all("set-cookie") == ["name=a+b; path=/; secure; httponly; samesite=Lax", "raw=a%20b; path=/"]
    assert r.get("server") == "swoole-http-server" and r.get("date") and r.get("content-type") == "text/html"
    lines = web.wait_output("[false,").splitlines()
    assert '["Swoole\\\\Coroutine\\\\Socket",true,true]' in lines and "[false,false,false,false]" in lines
    r = web.get("/redirect")
    assert (r.status, r.get("location")) == (301, "/elsewhere")


def test_head_requests(web):
    with web.conn() as c:
        for target in ("/api", "/big?n=100000", "/pieces"):
            r = c.request(target, "HEAD")
            assert r.status == 200 and r.body == b""
        assert c.request("/api").text == "api"


def test_pieces_and_trailer(web):
    with web.conn() as c:
        c.send(http.build("/pieces"))
        r = c.response(body=False)
        assert r.framing == "chunked"
        raw = b""
        while not raw.endswith(b"\r\n\r\n"):
            raw += c.exactly(1)
        assert raw == b"4\r\none \r\n4\r\ntwo \r\n6\r\nthree \r\n4\r\nlast\r\n0\r\nX-Sum: 6\r\n\r\n"
        assert c.request("/api").text == "api"
    with web.conn() as c:      # a client that knows no chunks
        c.send(b"GET /pieces HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
        r = c.response()
        assert r.body == b"one two three last" and r.framing == "close"


def test_compression(web):
    r = web.get("/big?n=50000", headers=[("Accept-Encoding", "gzip")])
    assert r.get("content-encoding") == "gzip" and gzip.decompress(r.body) == b"x" * 50000 and len(r.body) < 1000
    assert web.get("/big?n=50000").get("content-encoding") is None


def test_sendfile(web):
    data = os.urandom(3 << 20)
    with open(os.path.join(web.folder, "a.css"), "wb") as f:
        f.write(data)
    open(os.path.join(web.folder, "empty.txt"), "w").close()
    with web.conn() as c:
        r = c.request("/file?name=a.css")
        assert r.body == data and r.get("content-type") == "text/css" and r.framing == "length"
        assert c.request("/file?name=a.css&range=1000,2000").body == data[1000:3000]
        assert c.request("/file?name=empty.txt").body == b""
        assert c.request("/file?name=none").status == 404
        r = c.request("/file?name=a.css", "HEAD")
        assert r.get("content-length") == str(len(data))
        assert c.request("/api").text == "api"


def test_big_answer_to_a_slow_reader(web):
    """Who writes waits; others are served meanwhile."""
    n = 30 << 20
    with web.conn(rcvbuf=4096) as slow:
        slow.send(http.build(f"/big?n={n}"))
        r = slow.response(body=False)
        for _ in range(20):
            assert web.get("/api").text == "api"
        got = 0
        while piece := slow.piece(r):
            got += len(piece)
        assert got == n


def test_what_is_left_open_is_ended(web):
    with web.conn() as c:
        assert (c.request("/nothing").status, c.request("/dropped").status) == (500, 500)
        assert c.request("/unended").text == "unended" and c.request("/later").text == "later"
        assert c.request("/api").text == "api"


def test_mistakes_of_a_handler(web):
    with web.conn() as c:
        assert c.request("/bad-status").status == 500
        r = c.request("/bad-length")
        assert (r.status, r.text, r.get("content-length"), r.all("x-injected")) == (200, "short", "5", [])
        assert c.request("/api").text == "api"


def test_a_handler_that_throws(web):
    with web.conn() as c:
        assert c.request("/throw").status == 500 and c.request("/exit").status == 500 and c.request("/api").text == "api"
        c.send(http.build("/begun"))
        with pytest.raises(http.Closed):
            c.response()
    out = web.output()
    assert "Uncaught LogicException: thrown in a handler" in out and "Uncaught LogicException: thrown in an answer" in out
    assert "Uncaught Swoole\\ExitException" in out
    assert web.get("/api").text == "api"


def test_close_and_detach(web):
    with web.conn() as c:
        c.send(http.build("/close"))
        assert c.at_end()
    web.wait_output("[false,false]")
    with web.conn() as c:
        c.send(http.build("/detach") + b"early\n")       # another protocol, whose first line has come with the request
        assert c.head().get("upgrade") == "shout" and c.exactly(6) == b"EARLY\n"
        c.send(b"late\n")
        assert c.exactly(5) == b"LATE\n"
        c.shutdown_write()
        assert c.at_end()
    assert web.get("/api").text == "api"


def test_a_client_that_leaves(web):
    """write() tells; the process goes on."""
    c = web.conn()
    c.send(http.build("/gone"))
    c.exactly(1000)
    c.reset()
    web.wait_output("gone [true,false,false]")
    assert web.get("/api").text == "api"


# ---- hostile clients ------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("text,status", [
    (b"nonsense\r\n\r\n", 400), (b"GET / HTTP/1.1\r\n\r\n", 400), (b"GET / HTTP/1.1\nHost: h\n\n", 400),
    (b"GET / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
    (b"GET / HTTP/1.1\r\nHost: h\r\nContent-Length: +1\r\n\r\n", 400), (b"GET / HTTP/1.1\r\nHost : h\r\n\r\n", 400),
    (b"GET / HTTP/2.7\r\nHost: h\r\n\r\n", 505), (b"CONNECT h:1 HTTP/1.1\r\nHost: h\r\n\r\n", 501),
    (b"GET / HTTP/1.1\r\nHost: h\r\nX: " + b"a" * 70000 + b"\r\n\r\n", 431),
    (b"GET /" + b"a" * 70000 + b" HTTP/1.1\r\nHost: h\r\n\r\n", 414),
    (b"GET / HTTP/1.1\r\nHost: h\r\n" + b"X: 1\r\n" * 600 + b"\r\n", 431),
    (b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 99999999\r\n\r\n", 413),
    (b"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 400),
    (b"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n200001\r\n" + b"x" * 0x200001, 413),
    (b"GET / HTTP/1.1\r\nHost: h\r\nExpect: magic\r\n\r\n", 417), (b"\x16\x03\x01\x02\x00\x01\x00", 400),
    (b"\x00" * 100, 400),
], ids=lambda v: v[:24].decode("latin-1") if isinstance(v, bytes) else None)
def test_what_is_no_request_is_refused(web, text, status):
    with web.conn() as c:
        try:
            c.send(text)
        except (BrokenPipeError, ConnectionResetError):
            pass        # refused before the end of it
        r = c.response()
        assert r.status == status and r.get("connection") == "close" and c.at_end()
    assert web.get("/api").text == "api"


def test_requests_cannot_be_smuggled(web):
    """What follows a refused request is read by nobody."""
    with web.conn() as c:
        c.send(b"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX\r\n\r\n" + http.build("/api"))
        assert c.response("POST").status == 400 and c.at_end()
    with web.conn() as c:
        c.send(b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nGET /" + http.build("/api"))
        assert c.response("POST").json()["length"] == 5 and c.response().text == "api"


def test_limits_of_time(server):
    web = server(HTTP, env=settings(header_timeout=0.3, body_timeout=0.3, keepalive_timeout=0.3))
    with web.conn() as c:
        assert c.at_end()                                       # nothing was said
    with web.conn() as c:
        c.send(b"GET / HTTP/1.1\r\n")
        assert c.response().status == 408 and c.at_end()
    with web.conn() as c:
        c.send(b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nabc")
        assert c.response("POST").status == 408 and c.at_end()
    with web.conn() as c:
        assert c.request("/api").text == "api" and c.at_end()   # idle
    with web.conn() as c:                                       # one that drips has no more time for its head
        begun = time.monotonic()
        try:
            while True:
                c.send(b"GET /api HTTP/1.1\r\nHost: h\r\n" if time.monotonic() - begun < 0.01 else b"X: y\r\n")
                time.sleep(0.02)
                assert time.monotonic() - begun < 10 * SLOW
        except OSError:
            pass


def test_children_do_not_speak_to_clients(server, tmp_path):
    """A process forked while there are some ends without a word on its parent's connections, TLS or not."""
    cert, key = tls.Authority(tmp_path).server("localhost")
    code = """<?php Co\\run(function () {
        $s = new Co\\Http\\Server('127.0.0.1', (int)getenv('RS_PORT'), %s);
        $s->set(['ssl_cert_file' => '%s', 'ssl_key_file' => '%s', 'enable_static_handler' => true, 'document_root' => '/tmp']);
        $s->handle('/', function ($q, $r) {
            $pids = new chan(1);
            Swoole\\Timer::after(1, function () use ($pids) {
                $pid = pcntl_fork();
                $pid === 0 ? exit(0) : $pids->push($pid);
            });
            echo 'ended ' . Co\\System::waitPid($pids->pop())['code'] . "\\n";
            $r->end('parent');
        });
        Swoole\\Process::signal(SIGTERM, fn () => $s->shutdown());
        $s->start(); });"""
    s = server(code=code % ("true", cert, key))
    with tls.Conn(s.address, tls.client_context()) as c:
        for _ in range(3):
            assert c.request("/").text == "parent"
    assert "enable_static_handler has no effect" in s.output() and s.output().count("ended 0") == 3
    s = server(code=code % ("false", cert, key))
    with s.conn() as c:
        assert [c.request("/").text for _ in range(3)] == ["parent"] * 3


def test_no_keep_alive(server):
    web = server(HTTP, env=settings(keepalive_timeout=0))
    with web.conn() as c:
        assert c.request("/api").get("connection") == "close" and c.at_end()


def test_many_slow_clients(web):
    """200 that drip their requests, one process; a quick one does not wait for them."""
    request = http.build("/sleep?s=0.1")
    slow = [web.conn() for _ in range(200)]
    for at in range(0, len(request), 16):
        for c in slow:
            c.send(request[at:at + 16])
        assert web.get("/api").text == "api"
    for c in slow:
        assert c.response().text == "slept"
    for c in slow:
        c.close()


def test_no_descriptor_is_left(web):
    before = None
    for _ in range(3):
        conns = [web.conn() for _ in range(50)]
        for c in conns[:25]:
            assert c.request("/api").text == "api"
        for i, c in enumerate(conns):
            c.reset() if i % 2 else c.close()
        count = lambda: len(os.listdir(f"/proc/{web.pid}/fd"))
        if before is None:
            web.get("/api")
            before = until(lambda: count() < 20 and count(), message="connections are closed")
        else:
            until(lambda: count() <= before, message="connections are closed")


# ---- WebSocket --------------------------------------------------------------------------------------------------------------

def connect(web, path="/ws", **kw):
    return websocket.create_connection(f"ws://127.0.0.1:{web.port}{path}", timeout=20 * SLOW, **kw)


def test_websocket(web):
    ws = connect(web)
    assert "sec-websocket-protocol" not in ws.headers and ws.headers["server"] == "swoole-http-server"
    for text in ("hello", "x" * 200000, "", "été"):
        ws.send(text)
        assert ws.recv() == text
    ws.send_binary(b"\0\xff" * 1000)
    assert ws.recv() == b"\0\xff" * 1000
    ws.send("timeout")
    assert json.loads(ws.recv()) == [False, 110]
    ws.ping("p")
    assert ws.recv_data(control_frame=True) == (websocket.ABNF.OPCODE_PONG, b"p")
    ws.send("ping")
    assert ws.recv_data(control_frame=True) == (websocket.ABNF.OPCODE_PING, b"are you there")
    ws.send("both")         # three coroutines push at a time
    assert sorted(ws.recv() for _ in range(3)) == [c * 200000 for c in "123"]
    ws.close(4000, b"done")
    web.wait_output("closed 4000 done")
    assert "upgraded [false,false]" in web.output()


@pytest.mark.parametrize("word,code", [("close", 1000), ("disconnect", 4001), ("return", 1000), ("throw", 1011)])
def test_websocket_is_closed_by_the_server(web, word, code):
    ws = connect(web)
    ws.send(word)
    opcode, data = ws.recv_data()
    assert opcode == websocket.ABNF.OPCODE_CLOSE and int.from_bytes(data[:2], "big") == code
    if word == "disconnect":
        assert data[2:] == b"enough"
    ws.shutdown()
    assert web.get("/api").text == "api"


def test_websocket_client_leaves(web):
    ws = connect(web)
    ws.send("x")
    assert ws.recv() == "x"
    ws.sock.close()
    web.wait_output('over ""')


def test_websocket_that_breaks_the_rules(web):
    for frame, code in ((b"\x81\x01x", 1002), (b"\x81\x81\0\0\0\0\xff", 1007), (b"\x83\x80\0\0\0\0", 1002),
                        (b"\x81\xff\0\0\0\0\x7f\xff\xff\xff\0\0\0\0x", 1009)):
        ws = connect(web)
        ws.sock.sendall(frame)
        opcode, data = ws.recv_data()
        assert opcode == websocket.ABNF.OPCODE_CLOSE and int.from_bytes(data[:2], "big") == code
        ws.shutdown()
    web.wait_output("over false", count=4)


@pytest.mark.parametrize("headers,status", [
    ([("Sec-WebSocket-Key", "short"), ("Sec-WebSocket-Version", "13")], 400),
    ([("Sec-WebSocket-Version", "13")], 400),
    ([("Sec-WebSocket-Key", "AAAAAAAAAAAAAAAAAAAAAA=="), ("Sec-WebSocket-Version", "8")], 426),
])
def test_bad_handshakes(web, headers, status):
    with web.conn() as c:
        r = c.request("/ws", headers=[("Upgrade", "websocket"), ("Connection", "Upgrade"), *headers])
        assert r.status == status
    r = web.get("/ws")
    assert r.status == 400


def test_websocket_compression_and_protocol(server):
    web = server(HTTP, env=settings(websocket_compression=True, websocket_subprotocol="chat, other"))
    ws = connect(web, subprotocols=["x", "other"], header=["Sec-WebSocket-Extensions: permessage-deflate"])
    assert ws.subprotocol == "other" and "permessage-deflate" in ws.headers["sec-websocket-extensions"]
    text = b"compress me " * 1000
    z = zlib.compressobj(wbits=-15)
    packed = (z.compress(text) + z.flush(zlib.Z_SYNC_FLUSH))[:-4]
    mask = b"\1\2\3\4"
    masked = bytes(b ^ mask[i % 4] for i, b in enumerate(packed))
    assert len(packed) < 126
    ws.sock.sendall(bytes([0xC1, 0x80 | len(packed)]) + mask + masked)
    head = ws.sock.recv(2, socket.MSG_WAITALL)
    assert head[0] == 0xC1 and head[1] < 126
    assert zlib.decompressobj(wbits=-15).decompress(ws.sock.recv(head[1], socket.MSG_WAITALL) + b"\0\0\xff\xff") == text
    ws.shutdown()


def test_frames_behind_the_handshake(web):
    """Sent before the 101 has come: they are not lost."""
    with web.conn() as c:
        c.send(http.build("/ws", headers=[("Upgrade", "websocket"), ("Connection", "Upgrade"), ("Sec-WebSocket-Version", "13"),
                                          ("Sec-WebSocket-Key", "AAAAAAAAAAAAAAAAAAAAAA==")]) + b"\x81\x82\0\0\0\0hi" * 2000)
        assert c.head().status == 101
        assert c.exactly(4 * 2000) == b"\x81\x02hi" * 2000


# ---- TLS ----------------------------------------------------------------------------------------------------------------------

@pytest.fixture
def authority(tmp_path):
    return tls.Authority(tmp_path)


def test_tls(server, authority):
    cert, key = authority.server("localhost", "127.0.0.1")
    web = server(HTTP, env={**settings(ssl_cert_file=cert, ssl_key_file=key), "RS_TLS": "1"})
    data = os.urandom(2 << 20)
    with open(os.path.join(web.folder, "f"), "wb") as f:
        f.write(data)
    with tls.Conn(web.address, authority.context()) as c:
        assert c.request("/api").text == "api"
        assert c.request("/file?name=f").body == data
        assert c.request("/", "PUT", body=data[:1500000]).json()["md5"] == hashlib.md5(data[:1500000]).hexdigest()
    ws = websocket.create_connection(f"wss://localhost:{web.port}/ws", sslopt={"ca_certs": authority.cert}, timeout=20 * SLOW)
    ws.send("x" * 100000)
    assert ws.recv() == "x" * 100000
    ws.close()
    with web.conn() as c:           # no TLS at all
        c.send(http.build("/api"))
        c.at_end() or c.close()
    r = subprocess.run(["curl", "-sS", "--cacert", authority.cert, f"https://localhost:{web.port}/api"], capture_output=True, text=True)
    assert r.stdout == "api", r.stderr


def test_tls_without_a_certificate(server, tmp_path):
    web = server(HTTP, wait=False, env={**settings(ssl_cert_file=str(tmp_path / "none"), ssl_key_file=str(tmp_path / "none")), "RS_TLS": "1"})
    web.wait_output("start false")
    assert "No such file" in web.to_end()


# ---- life -----------------------------------------------------------------------------------------------------------------------

def test_shutdown(web):
    """Idle connections end at once, a request that runs is answered, a WebSocket is told; then start() returns."""
    idle, busy = web.conn(), web.conn()
    assert idle.request("/api").text == "api"
    ws = connect(web)
    ws.send("x")
    assert ws.recv() == "x"
    busy.send(http.build("/sleep?s=0.5"))
    web.get("/api")         # it has come before this one
    web.signal(signal.SIGTERM)
    assert idle.at_end()
    opcode, data = ws.recv_data()
    assert (opcode, int.from_bytes(data[:2], "big")) == (websocket.ABNF.OPCODE_CLOSE, 1001)
    r = busy.response()
    assert r.text == "slept" and r.get("connection") == "close" and busy.at_end()
    ws.shutdown()
    out = web.to_end()
    assert "start true\n" in out and out.endswith("end\n")
    assert web.child.returncode == 0


def test_signals_end_it_as_any_script(server):
    web = server(code="""<?php Co\\run(function () {
        $s = new Co\\Http\\Server('127.0.0.1', (int)getenv('RS_PORT'));
        $s->handle('/', fn ($q, $r) => $r->end('a'));
        $s->start(); });""")
    assert web.get("/").text == "a"
    web.expect_exit = -signal.SIGTERM
    assert web.stop() == -signal.SIGTERM


def test_names_and_failures(server):
    s = server(ports=0, code="""<?php
        use Swoole\\Coroutine\\Http\\Server;
        try { (new Server('127.0.0.1'))->start(); } catch (Swoole\\Error $e) { echo $e->getMessage(), "\\n"; }
        Co\\run(function () {
            $a = new Server('127.0.0.1', 0);
            echo json_encode([$a->port > 0, $a->fd > 2, $a->host, $a->ssl, $a->settings, $a->errCode, $a->errMsg]), "\\n";
            try {
                new Server('127.0.0.1', $a->port);
            } catch (Swoole\\Exception $e) {
                echo $e->getCode() === SOCKET_EADDRINUSE ? 'in use' : $e->getCode(), "\\n";
            }
            try { new Server('999.1.1.1', 0); } catch (Swoole\\Exception $e) { echo $e->getCode(), "\\n"; }
            try { new Server('127.0.0.1', 70000); } catch (Swoole\\Exception $e) { echo $e->getCode(), "\\n"; }
            try { new Swoole\\Coroutine\\Server('127.0.0.1', $a->port); } catch (Swoole\\Exception $e) { echo $e->getCode(), "\\n"; }
            $b = new Server('127.0.0.1', 0, false, true);
            $c = new Server('127.0.0.1', $b->port, false, true);
            echo json_encode($b->port === $c->port), "\\n";
            $six = new Server('::1', 0);
            $unix = new Server('unix:' . getenv('RS_DIR') . '/s.sock');
            $unix->handle('/', fn ($q, $r) => $r->end('by path ' . json_encode($q->server['remote_addr'])));
            go(fn () => $unix->start());
            $curl = shell_exec('true');
            go(function () use ($unix) {
                $c = new Co\\Socket(AF_UNIX, SOCK_STREAM, 0);
                $c->connect(getenv('RS_DIR') . '/s.sock');
                $c->sendAll("GET / HTTP/1.0\\r\\n\\r\\n");
                $answer = $c->recvAll(65536, 5);
                echo substr($answer, strpos($answer, "\\r\\n\\r\\n") + 4), "\\n";
                $unix->shutdown();
                Co::sleep(0.01);
                echo json_encode([file_exists(getenv('RS_DIR') . '/s.sock'), $unix->fd, $unix->start(), $unix->errCode]), "\\n";
            });
        });
        foreach (['Co\\\\Http\\\\Server', 'Co\\\\Server', 'Co\\\\Server\\\\Connection'] as $name) echo json_encode(class_exists($name)), "\\n";
        """)
    out = s.to_end().splitlines()
    assert out[0] == "API must be called in the coroutine"
    assert out[1:] == ['[true,true,"127.0.0.1",false,null,0,""]', "in use", "99", "22", "98", "true", 'by path ""', "[false,-1,false,9]",
                       "true", "true", "true"]


def test_start_in_several_coroutines(server):
    """Two servers, one process."""
    s = server(ports=2, code="""<?php
        Co\\run(function () {
            foreach (['RS_PORT', 'RS_PORT2'] as $name) {
                go(function () use ($name) {
                    $s = new Co\\Http\\Server('127.0.0.1', (int)getenv($name));
                    $s->handle('/', fn ($q, $r) => $r->end($name));
                    $s->handle('/stop', function ($q, $r) use ($s) { $r->end('bye'); $s->shutdown(); });
                    echo json_encode($s->start()), "\\n";
                });
            }
        });""")
    assert [http.fetch(("127.0.0.1", p)).text for p in s.ports] == ["RS_PORT", "RS_PORT2"]
    assert [http.fetch(("127.0.0.1", p), "/stop").text for p in s.ports] == ["bye", "bye"]
    assert s.to_end() == "true\ntrue\n"


def test_pool_with_reuse_port(server):
    """As think-swoole 4 serves: each worker of a Pool has a server of its own on the same port."""
    s = server(code="""<?php
        $pool = new Swoole\\Process\\Pool(3, SWOOLE_IPC_NONE, 0, true);
        $pool->on('workerStart', function ($pool, $id) {
            $s = new Co\\Http\\Server('127.0.0.1', (int)getenv('RS_PORT'), false, true);
            $s->handle('/', fn ($q, $r) => $r->end((string)$id));
            $s->handle('/kill', fn ($q, $r) => posix_kill(getmypid(), SIGKILL));
            $s->start();
        });
        $pool->start();""")
    seen = set()
    until(lambda: seen.add(s.get("/").text) or seen >= {"0", "1", "2"}, message="every worker serves")
    with s.conn() as c:
        c.send(http.build("/kill"))
        assert c.at_end()

    def all_serve():
        for _ in range(40):
            try:
                seen.add(s.get("/").text)
            except (http.Closed, OSError):
                pass        # it lay in the backlog of the one that died
        return seen >= {"0", "1", "2"}
    seen.clear()
    until(all_serve, message="the successor serves")


# ---- Coroutine\\Server -------------------------------------------------------------------------------------------------------------


class Raw:
    def __init__(self, port):
        self.sock = socket.create_connection(("127.0.0.1", port), 20 * SLOW)
        self.file = self.sock.makefile("rb")

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.file.close()
        self.sock.close()


def test_tcp(server):
    s = server(TCP)
    assert json.loads(s.output().splitlines()[0]) == ["127.0.0.1", s.port, False, 1]
    with Raw(s.port) as c:
        c.sock.sendall(b"hello")
        assert c.file.read(7) == b"[hello]"
        c.sock.sendall(b"who")
        assert json.loads(c.file.readline())["port"] == c.sock.getsockname()[1]
    s.wait_output('over "" 0\nclose [true,false]', count=2)    # the other one looked whether somebody listens
    assert s.stop() == 0
    assert s.output().endswith("shutdown [true,false]\nstart true\nend\n")


def test_tcp_framing(server):
    s = server(TCP, env=settings(open_eof_check=True, package_eof="\r\n", package_max_length=65536))
    with Raw(s.port) as c:
        for byte in b"one\r\ntwo\r\nthr":
            c.sock.sendall(bytes([byte]))
        assert c.file.read(14) == b"[one\r\n][two\r\n]"
        c.sock.sendall(b"ee\r\n")
        assert c.file.read(9) == b"[three\r\n]"
        c.sock.sendall(b"x" * 100000)       # a package that is too long
        try:
            assert c.file.read() == b""
        except ConnectionResetError:
            pass
    s.wait_output("over ")
    s.finish()
    s = server(TCP, env=settings(open_length_check=True, package_length_type="N", package_length_offset=0, package_body_offset=4))
    with Raw(s.port) as c:
        c.sock.sendall(b"\0\0\0\3abc\0\0\0\0\0\0\0\2d")
        assert c.file.read(15) == b"[\0\0\0\3abc][\0\0\0\0]"
        c.sock.sendall(b"e")
        assert c.file.read(8) == b"[\0\0\0\2de]"


def test_tcp_timeout_and_throw(server):
    s = server(TCP, env={"RS_TIMEOUT": "0.05"})
    with Raw(s.port) as c:
        assert c.file.read() == b""
    s.wait_output("over false 110")
    with Raw(s.port) as c:
        c.sock.sendall(b"throw")
        assert c.file.read() == b""
    s.wait_output("Uncaught LogicException: thrown in a connection")
    with Raw(s.port) as c:
        c.sock.sendall(b"lives")
        assert c.file.read(7) == b"[lives]"


def test_tcp_tls(server, authority):
    cert, key = authority.server("localhost")
    s = server(TCP, env={**settings(ssl_cert_file=cert, ssl_key_file=key), "RS_TLS": "1"})
    with Raw(s.port) as c:
        c.sock = authority.context().wrap_socket(c.sock, server_hostname="localhost")
        c.sock.sendall(b"hello")
        assert c.sock.recv(100) == b"[hello]"


def test_tcp_many(server):
    s = server(TCP)
    conns = [Raw(s.port) for _ in range(200)]
    for i, c in enumerate(conns):
        c.sock.sendall(b"%d" % i)
    for i, c in enumerate(conns):
        want = b"[%d]" % i
        assert c.file.read(len(want)) == want
    for c in conns:
        c.__exit__()
