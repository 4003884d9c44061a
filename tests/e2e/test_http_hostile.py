"""Strangers' bytes: what becomes of odd targets, that no answer and no log line can be split, and a day on which all of it comes at once.
The rules are told in docs/SECURITY.md."""

import base64
import json
import os
import random
import re
import resource
import socket
import threading
import time

import pytest

from lib import http, proc, smuggling
from lib.daemon import Daemon
from lib.load import Load
from lib.wait import until

# -- targets -----------------------------------------------------------------------------------------------------------------

ENTRY = """<?php return function () {
    header('Content-Type: application/json');
    echo json_encode(array_map(bin2hex(...), array_intersect_key($_SERVER, array_flip(
        ['REQUEST_URI', 'QUERY_STRING', 'PATH_INFO', 'SCRIPT_NAME', 'HTTP_HOST', 'REQUEST_METHOD']))));
};"""
FILES = {"a.txt": "file a", "dir/b.txt": "file b", ".env": "SECRET", "dir/.hidden": "SECRET", ".well-known/c.txt": "file c", "x.php": "<?php SECRET",
         "\u00e9.txt": "file e"}

# target: the file that is served, PHP (with the target as it was sent), or a status.
PHP = object()
TARGETS = {
    "plain": (b"/a.txt", "file a"), "query": (b"/a.txt?x=%00", "file a"), "in a folder": (b"/dir/b.txt", "file b"),
    "escaped letter": (b"/%61.txt", "file a"), "escaped dot": (b"/a%2etxt", "file a"), "escaped twice": (b"/a%252etxt", PHP),
    "two slashes": (b"//a.txt", PHP), "two slashes inside": (b"/dir//b.txt", PHP), "dot": (b"/./a.txt", PHP), "dot inside": (b"/dir/./b.txt", PHP),
    "dots": (b"/dir/../a.txt", PHP), "dots at the start": (b"/../a.txt", PHP), "dots at the end": (b"/dir/..", PHP), "escaped dots": (b"/%2e%2e/a.txt", PHP),
    "half escaped dots": (b"/.%2e/a.txt", PHP), "escaped dot alone": (b"/%2e/a.txt", PHP), "overlong dots": (b"/%c0%ae%c0%ae/a.txt", PHP),
    "escaped slash": (b"/dir%2fb.txt", PHP), "escaped slash and dots": (b"/..%2fa.txt", PHP), "backslash": (b"/dir\\b.txt", PHP),
    "escaped backslash": (b"/dir%5cb.txt", PHP), "backslash and dots": (b"/..\\a.txt", PHP), "NUL": (b"/a.txt%00", PHP), "NUL and a suffix": (b"/x.php%00.txt", PHP),
    "line feed": (b"/a.txt%0a", PHP), "slash behind": (b"/a.txt/", PHP), "path info": (b"/a.txt/b", PHP), "semicolon": (b"/a.txt;x", PHP),
    "another case": (b"/A.TXT", PHP), "malformed escape": (b"/%zz", PHP), "cut escape": (b"/a.txt%", PHP), "cut escape of one": (b"/a.txt%2", PHP),
    "IIS escape": (b"/%u0061.txt", PHP), "hidden file": (b"/.env", PHP), "hidden file, escaped": (b"/%2eenv", PHP), "hidden file inside": (b"/dir/.hidden", PHP),
    "well-known": (b"/.well-known/c.txt", "file c"), "source": (b"/x.php", PHP), "source, escaped": (b"/x%2ephp", PHP), "source, another case": (b"/x.PHP", PHP),
    "bytes above 127": (b"/\xc3\xa9.txt", "file e"), "bytes above 127, escaped": (b"/%C3%A9.txt", "file e"), "not UTF-8": (b"/\xff\xfe", PHP),
    "quotes and brackets": (b"/a\"b<c>{d}|e^f`", PHP), "colon": (b"/a:80", PHP), "at": (b"/@a", PHP), "two question marks": (b"/p?a?b", PHP),
    "query alone": (b"/?", PHP), "query that is a path": (b"/?/../a.txt", PHP), "address in the path": (b"/http://b/", PHP),
    "fragment": (b"/a.txt#x", 400), "escaped fragment": (b"/p%23x", PHP), "control byte": (b"/a\x01", 400), "DEL": (b"/a\x7f", 400), "NUL byte": (b"/a\0", 400),
    "no slash": (b"a.txt", 400), "question mark": (b"?a", 400), "backslash first": (b"\\a.txt", 400), "star": (b"*", 400),
    "authority": (b"localhost:80", 400),
}


@pytest.fixture(scope="module")
def site():
    d = Daemon("php", framework="callable", entry="entry.php", ini={"laravels": {"handle_static": True}})
    d.write("entry.php", ENTRY)
    for name, text in FILES.items():
        d.write("public/" + name, text)
    d.start()
    yield d
    d.finish()


def seen(r):
    """What PHP saw."""
    return {k: bytes.fromhex(v) for k, v in r.json().items()}


@pytest.mark.parametrize("name", TARGETS)
def test_target(site, name):
    target, becomes = TARGETS[name]
    with site.conn() as c:
        r = c.request(target)
        if becomes is PHP:
            assert r.status == 200, r
            got = seen(r)
            assert got["REQUEST_URI"] == target, "as it was sent: nothing is decoded, merged or left out"
            assert got["QUERY_STRING"] == target.partition(b"?")[2]
        elif isinstance(becomes, int):
            assert r.status == becomes, r
        else:
            assert r.text == becomes, r
        assert b"SECRET" not in r.body


def test_other_forms_of_a_target(site):
    with site.conn() as c:
        got = seen(c.request("http://other.test:81/dir/../p?q", host="a.test"))
        assert (got["REQUEST_URI"], got["HTTP_HOST"]) == (b"/dir/../p?q", b"other.test:81"), "the authority wins over Host (RFC 9112 3.2.2)"
        assert c.request("http://other.test/a.txt").text == "file a"
        got = seen(c.request("http://other.test"))
        assert got["REQUEST_URI"] == b"/"
        got = seen(c.request("http://other.test:81?q=/a", host="a.test"))
        assert (got["REQUEST_URI"], got["QUERY_STRING"], got["HTTP_HOST"]) == (b"/?q=/a", b"q=/a", b"other.test:81"), "an empty path is /"
        got = seen(c.request("*", "OPTIONS"))
        assert (got["REQUEST_URI"], got["REQUEST_METHOD"]) == (b"*", b"OPTIONS")
    with site.conn() as c:
        assert c.request("a.test:443", "CONNECT").status == 501


def test_no_descriptor_left_is_no_404(site):
    """A 404 would be kept by caches; and a worker whose file cannot be taken has done nothing wrong."""
    reactor = site.pid("reactor")
    soft, hard = resource.prlimit(reactor, resource.RLIMIT_NOFILE)
    with site.conn() as c:
        assert c.request("/a.txt").text == "file a"
        resource.prlimit(reactor, resource.RLIMIT_NOFILE, (0, hard))
        try:
            r = c.request("/a.txt")
            assert (r.status, r.get("retry-after")) == (503, "1")
            assert c.request("/b.txt").status == 503, "nobody can know"
            assert c.request("/p", "POST").status == 200, "what needs none goes on"
        finally:
            resource.prlimit(reactor, resource.RLIMIT_NOFILE, (soft, hard))
        assert c.request("/a.txt").text == "file a"


# -- answers that cannot be split ------------------------------------------------------------------------------------------------

EVIL = r"\r\nX-Evil: 1\r\n\r\nGET"
PHP_ANSWERS = {
    "header, CRLF": r'header("X-A: a' + EVIL + '");', "header, LF": r'header("X-A: a\nX-Evil: 1");', "header, CR": r'header("X-A: a\rX-Evil: 1");',
    "header, NUL": r'header("X-A: a\0X-Evil: 1");', "header name, CRLF": r'header("X-A\r\nX-Evil: 1: a");', "header name, blank": r'header("X-Evil : 1");',
    "header, fold": r'header("X-A: a\r\n X-Evil: 1");', "header, byte 1": r'header("X-A: a\x01b");', "header, vertical tab": r'header("X-A: a\x0bb");',
    "header, DEL": r'header("X-A: a\x7fb");', "header, tab": r'header("X-A: a\tb");', "header, bytes above 127": r'header("X-A: \xe2\x80\xa8\xff");',
    "Location": r'header("Location: /a' + EVIL + '");', "Location, escaped": r'header("Location: /a%0d%0aX-Evil: 1");',
    "status line": r'header("HTTP/1.1 200 OK\r\nX-Evil: 1");', "reason, CR": r'header("HTTP/1.1 200 OK\rX-Evil: 1");', "reason, byte 1": r'header("HTTP/1.1 200 O\x01K");',
    "Status": r'header("Status: 200 OK\r\nX-Evil: 1");', "type": r'header("Content-Type: text/html\r\nX-Evil: 1");',
    "cookie name": r'try { setcookie("a\r\nX-Evil: 1", "b"); } catch (ValueError) {}', "cookie value": r'setcookie("a", "b\r\nX-Evil: 1");',
    "raw cookie": r'try { setrawcookie("a", "b\r\nX-Evil: 1"); } catch (ValueError) {}', "cookie path": r'try { setcookie("a", "b", ["path" => "/\r\nX-Evil: 1"]); } catch (ValueError) {}',
    "cookie domain": r'try { setcookie("a", "b", ["domain" => "a\r\nX-Evil: 1"]); } catch (ValueError) {}',
    "cookie samesite": r'try { setcookie("a", "b", ["samesite" => "Lax\r\nX-Evil: 1"]); } catch (ValueError) {}',
    "session path": r'ini_set("session.save_path", sys_get_temp_dir()); ini_set("session.cookie_path", "/\r\nX-Evil: 1"); session_start(); session_destroy();',
    "default charset": r'ini_set("default_charset", "x\r\nX-Evil: 1");', "default type": r'ini_set("default_mimetype", "a/b\r\nX-Evil: 1");',
    "length too small": r'header("Content-Length: 2"); echo "GET /evil HTTP/1.1";', "length that is none": r'header("Content-Length: 2, 3"); echo "ok";',
    "two lengths": r'header("Content-Length: 2"); header("Content-Length: 20", false); echo "ok";', "coding": r'header("Transfer-Encoding: chunked"); echo "0\r\n\r\nok";',
    "connection": r'header("Connection: upgrade"); header("Upgrade: evil"); echo "ok";', "keep-alive": r'header("Keep-Alive: timeout=9"); echo "ok";',
    "status 100": r'http_response_code(100); echo "ok";', "status 0": r'http_response_code(0);', "status 1000": r'header("X-A: b", true, 1000);',
    "status 101": r'header("HTTP/1.1 101 Switching Protocols"); echo "HTTP/1.1 200 OK\r\n\r\n";',
    "204 with a body": r'http_response_code(204); echo "HTTP/1.1 200 OK\r\nX-Evil: 1\r\n\r\n";', "304 with a body": r'http_response_code(304); echo "HTTP/1.1 200 OK\r\n\r\n";',
}


# Not as long as was said: the connection ends, perhaps in the middle.
CUT = {"length too small", "two lengths"}


@pytest.fixture(scope="module")
def answers():
    d = Daemon("php", framework="callable", entry="entry.php", ini={"swoole": {"worker_num": 1}})
    d.write("entry.php", "<?php return function () { eval(base64_decode($_SERVER['HTTP_X_CODE'])); };")
    d.start()
    yield d
    d.finish()


def whole(r):
    names = {n.lower() for n, _ in r.headers}
    assert not names & {"x-evil", "upgrade", "keep-alive"}, r
    assert not re.search(r"[\x00-\x08\x0a-\x1f\x7f]", r.reason), r


@pytest.mark.parametrize("name", PHP_ANSWERS)
def test_php_cannot_split_its_answer(answers, name):
    """One answer with no header of the attacker's; if the connection goes on it is in step, and the worker lives."""
    (worker,) = answers.pids("worker")
    code = [("X-Code", base64.b64encode(PHP_ANSWERS[name].encode()))]
    with answers.conn() as c:
        c.send(http.build("/", headers=code))
        r = c.response(body=False)
        whole(r)
        assert 200 <= r.status <= 599
        try:
            while c.piece(r):
                pass
        except http.Closed:
            assert name in CUT
        if name in CUT or r.get("connection") == "close":
            assert c.at_end(), "nothing more comes"
        else:
            after = c.request("/", headers=[("X-Code", base64.b64encode(b"echo 'in step';"))])
            assert after.text == "in step"
    assert answers.pids("worker") == [worker], "nothing of this costs a worker"


SCRIPT = r"""<?php
$web = new Swoole\Http\Server('127.0.0.1', (int) getenv('RS_PORT'));
$web->set(['worker_num' => 1, 'log_level' => 5]);
$web->on('request', function ($request, $response) {
    $evil = "a\r\nX-Evil: 1\r\n\r\nGET";
    $cases = [
        'value' => fn () => $response->header('X-A', $evil),
        'value, LF' => fn () => $response->header('X-A', "a\nX-Evil: 1"),
        'value, CR' => fn () => $response->header('X-A', "a\rX-Evil: 1"),
        'value, NUL' => fn () => $response->header('X-A', "a\0X-Evil: 1"),
        'values' => fn () => $response->header('X-A', ['b', $evil]),
        'name' => fn () => $response->header("X-A\r\nX-Evil: 1\r\nX-B", 'a'),
        'name, colon' => fn () => $response->header('X-A: b', 'a'),
        'name, blank' => fn () => $response->header('X-Evil ', '1'),
        'name, empty' => fn () => $response->header('', 'X-Evil: 1'),
        'type' => fn () => $response->header('Content-Type', $evil),
        'server' => fn () => $response->header('Server', $evil),
        'date' => fn () => $response->header('Date', $evil),
        'length' => fn () => $response->header('Content-Length', $evil),
        'length, small' => fn () => $response->header('Content-Length', '1'),
        'coding' => fn () => $response->header('Transfer-Encoding', 'chunked'),
        'connection' => fn () => $response->header('Connection', $evil),
        'reason' => fn () => $response->status(200, $evil),
        'reason, CR' => fn () => $response->status(200, "a\rX-Evil: 1"),
        'reason, NUL' => fn () => $response->status(200, "a\0b"),
        'status' => fn () => $response->status(99999, 'a'),
        'cookie name' => fn () => $response->cookie($evil, 'a'),
        'cookie value' => fn () => $response->cookie('a', $evil),
        'raw cookie' => fn () => $response->rawcookie('a', $evil),
        'cookie path' => fn () => $response->cookie('a', 'b', 0, $evil),
        'cookie domain' => fn () => $response->cookie('a', 'b', 0, '/', $evil),
        'cookie samesite' => fn () => $response->cookie('a', 'b', 0, '/', '', false, false, $evil),
        'cookie priority' => fn () => $response->cookie('a', 'b', 0, '/', '', false, false, '', $evil),
        'redirect' => fn () => $response->redirect("/a$evil"),
        'redirect, LF' => fn () => $response->redirect("/a\nX-Evil: 1"),
        'trailer' => fn () => [$response->write('x'), $response->trailer('X-T', $evil)],
        'trailer name' => fn () => [$response->write('x'), $response->trailer("X-T\r\nX-Evil", 'a')],
    ];
    if ($request->server['request_uri'] === '/cases') {
        $response->end(json_encode(array_keys($cases)));
        return;
    }
    try {
        $cases[urldecode(substr($request->server['request_uri'], 1))]();
    } catch (Throwable $e) {
    }
    if ($response->isWritable()) {
        $response->end('ok');
    }
});
$web->start();
"""


def test_a_server_script_cannot_split_its_answer(server):
    web = server(code=SCRIPT)
    from urllib.parse import quote
    names = http.fetch(("127.0.0.1", web.port), "/cases").json()
    assert len(names) >= 30
    for name in names:
        with http.Conn(("127.0.0.1", web.port)) as c:
            c.send(http.build("/" + quote(name)))
            try:
                r = c.head()
                c.frame(r, "GET")
                if name.startswith("trailer"):
                    while r.framing == "chunked" and c.line() != b"0":
                        c.line()
                    rest = b""
                    while (line := c.line()):
                        rest += line + b"\n"
                    assert b"X-Evil" not in rest, (name, rest)
                else:
                    while c.piece(r):
                        pass
                whole(r)
            except (AssertionError, http.Closed) as e:
                raise AssertionError(f"{name}: {e}") from None
            if r.get("connection") != "close":
                assert c.request("/cases").json() == names, f"{name}: in step"


# -- logs ------------------------------------------------------------------------------------------------------------------------

def test_the_error_log_is_text_whatever_it_is_told(daemon):
    """Control characters, terminal sequences above 127, what is not UTF-8 or turns text around: escaped. Other text stays."""
    d = daemon.callable("<?php return function () { error_log('says ' . base64_decode($_SERVER['HTTP_X_TEXT']) . ' end'); echo 'ok'; };")
    texts = [b"a\x1b[2Jb", b"a\x9b2Jb", b"a\xc2\x9b2Jb", b"a\xff\xfeb", b"a\xc3(b", b"a\xed\xa0\x80b", "a\u2028b".encode(), "a\u202eb".encode(),
             b"a\x7f\x08b", b"a\r\n2026-01-01 00:00:00.000 [alert] forged", "z\u00e9\u20ac\U0001f600".encode(), b"x" * 100000]
    d.allow_log = ["forged"]
    for text in texts:
        assert d.get("/", [("X-Text", base64.b64encode(text)[:30000])]).body == b"ok"
    d.wait_log("z\u00e9\u20ac\U0001f600 end")
    with open(d.out_path, "rb") as f:
        raw = f.read()
    raw.decode("utf-8")
    assert not re.search(rb"[\x00-\x08\x0b-\x1f\x7f]|\xc2[\x80-\x9f]|\xe2\x80[\xa8-\xae]", raw)
    assert all(len(line) < 4100 and re.match(rb"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} \[\w+\] ", line) for line in raw.splitlines())


def test_the_access_log_is_one_line_for_each_answer_whatever_was_sent(daemon):
    d = daemon(start=False)
    path = d.path("access.log")
    d.set("rserverd", access_log=path, access_log_format="json", header_timeout=1, body_timeout=1, header_max_size="256K")
    d.start()
    sent = 0
    for name in ("TE.CL", "line: TLS", "line: NUL in a name", "start: no version", "Host bytes above 127", "pipeline of three"):
        with d.conn() as c:
            c.send(smuggling.CASES[name].data + smuggling.END)
            try:
                while c.response():
                    sent += 1
            except http.Closed:
                pass
    d.get(b"/" + b"\xff\"\\'<%s>" * 5000, [("User-Agent", b"\xf0\x9f\x98" * 9000), ("Referer", b"\xe2\x80\xae" * 9000)])
    sent += 1
    d.get("/end")
    sent += 1
    lines = until(lambda: (read := open(path, "rb").read().splitlines()) and len(read) >= sent and read)
    assert len(lines) == sent
    for line in lines:
        assert json.loads(line)["status"] in (200, 400), line
        assert re.match(rb"^[\x20-\x7e]+$", line) and len(line) < 80000


# -- a hostile day ---------------------------------------------------------------------------------------------------------------

MANY = 8    # addresses from which they come


class Hostile:
    """Threads that each do one bad thing again and again, from addresses of their own."""

    def __init__(self, address):
        self.address, self.stopping, self.count, self.died = address, threading.Event(), 0, []
        habits = [self.smuggle, self.silent, self.half_heads, self.slow_bodies, self.slow_readers, self.resets, self.garbage, self.huge_heads,
                  self.pipelines, self.uploads, self.churn]
        self.threads = [threading.Thread(target=self.run, args=(h, i), daemon=True) for i, h in enumerate(habits)]

    def __enter__(self):
        for t in self.threads:
            t.start()
        return self

    def __exit__(self, *exc):
        self.stopping.set()
        for t in self.threads:
            t.join(30)
        assert not self.died, self.died

    def run(self, habit, i):
        r = random.Random(i)
        while not self.stopping.is_set():
            conns = []
            try:
                habit(lambda: conns.append(self.connect(i)) or conns[-1], r)
            except OSError:
                pass        # refused, reset, timed out: as it should be
            except BaseException as e:  # noqa: BLE001 - told at the end
                self.died.append(f"{habit.__name__}: {e!r}")
                return
            finally:
                for s in conns:
                    s.close()
            self.count += 1

    def connect(self, i):
        s = socket.socket()
        s.bind((f"127.0.1.{1 + i % MANY}", 0))
        s.settimeout(1)
        s.connect(self.address)
        return s

    def smuggle(self, connect, r):
        s = connect()
        s.sendall(r.choice(list(smuggling.CASES.values())).data + smuggling.END)
        s.recv(65536)

    def silent(self, connect, r):
        for _ in range(40):
            connect()
        self.stopping.wait(1)

    def half_heads(self, connect, r):
        conns = [connect() for _ in range(20)]
        for _ in range(20):
            for s in conns:
                s.sendall(r.choice([b"GET / HT", b"X-Y: z\r\n", b"a"]))
            self.stopping.wait(0.1)

    def slow_bodies(self, connect, r):
        conns = [connect() for _ in range(20)]
        for s in conns:
            s.sendall(b"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n")
        for _ in range(30):
            for s in conns:
                s.sendall(b"x")
            self.stopping.wait(0.1)

    def slow_readers(self, connect, r):
        for _ in range(10):
            s = connect()
            s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
            s.sendall(http.build("/big?n=1500000") * 3)    # within buffer_output_size: no worker waits for them
        self.stopping.wait(2)

    def resets(self, connect, r):
        s = connect()
        s.sendall(http.build("/big?n=100000") if r.random() < 0.5 else b"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 999\r\n\r\nabc")
        s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")

    def garbage(self, connect, r):
        s = connect()
        s.sendall(r.randbytes(r.randrange(1, 100000)))
        s.recv(65536)

    def huge_heads(self, connect, r):
        s = connect()
        s.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n")
        for _ in range(200):
            s.sendall(b"X-" + b"y" * 1000 + b": z\r\n")

    def pipelines(self, connect, r):
        s = connect()
        s.sendall(http.build("/big?n=20000") * 500)
        self.stopping.wait(0.5)

    def uploads(self, connect, r):
        s = connect()
        s.sendall(b"POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
        for _ in range(60):
            s.sendall(b"10000\r\n" + b"x" * 0x10000 + b"\r\n")

    def churn(self, connect, r):
        for _ in range(50):
            connect().close()


@pytest.mark.slow
def test_a_hostile_day(daemon):
    """Everything at once, for ten seconds: whoever behaves is served, always; memory stays bounded, nothing is left behind."""
    # 8 addresses with 12 connections and 8 refusals each: there is room for others.
    d = daemon(ini={
        "swoole": {"max_conn": 200, "package_max_length": "2M", "log_level": 3},
        "rserverd": {"trusted_proxies": ["10.9.9.9"], "limit_conn": 12, "header_timeout": "1s", "body_timeout": "1s", "write_timeout": "2s",
                     "keepalive_timeout": "2s", "min_rate_grace": "1s", "body_min_rate": "1K", "write_min_rate": "10K"}})
    reactor, most = d.pid("reactor"), 0
    with Load(d.address, "/", threads=1) as keeps, Load(d.address, "/head", threads=1, keepalive=False) as comes:
        with Hostile(d.address) as hostile:
            ends = time.monotonic() + 10
            while time.monotonic() < ends:
                most = max(most, proc.rss_kb(reactor))
                time.sleep(0.1)
    assert d.pid("reactor") == reactor, "the same one as before"
    s = d.status()
    assert s["limited_connections_total"] > 0 and s["refused_total"] == 0
    assert hostile.count > 50
    keeps.ok(5)
    comes.ok(5)
    assert most < (64 << 10) + proc.quarantine_kb(reactor), f"the reactor had {most} kB"
    until(lambda: d.status()["connections"] == 0)
    d.wait_idle()
