"""An HTTP/1.1 client for tests: sends exactly the bytes it is given, and parses answers so strictly that a server
cannot get away with anything."""

import json
import re
import socket
import time
import weakref

from .wait import SLOW

TOKEN = re.compile(rb"^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$")
TIMEOUT = 20.0
_open = weakref.WeakSet()


def close_all():
    """At the end of a test: a connection that a failed test still holds must not look like the server's leak."""
    for conn in list(_open):
        conn.close()


def close_at_end(sock):
    """Of other clients: a socket that they may keep beyond the test, in a circle that nobody has collected yet."""
    _open.add(sock)


class Closed(AssertionError):
    """The server closed (or reset) the connection where an answer was due."""


class Response:
    def __init__(self, version, status, reason, headers):
        self.version, self.status, self.reason, self.headers = version, status, reason, headers
        self.body = b""
        self.pieces = []    # (seconds since the head, bytes) of every chunk, in order
        self.framing = None

    def all(self, name):
        return [v for n, v in self.headers if n.lower() == name.lower()]

    def get(self, name, default=None):
        values = self.all(name)
        assert len(values) <= 1, f"{name} more than once: {values}"
        return values[0] if values else default

    @property
    def text(self):
        return self.body.decode("utf-8")

    def json(self):
        return json.loads(self.body)

    def __repr__(self):
        return f"<{self.status} {self.reason} {self.headers} {self.body[:200]!r}>"


class Conn:
    """One client connection."""

    def __init__(self, address, timeout=TIMEOUT, rcvbuf=None, lenient=False, source=None):
        family = socket.AF_UNIX if isinstance(address, str) else \
            socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        self.sock = socket.socket(family)
        if rcvbuf:
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, rcvbuf)
        if source:      # another address of ours: 127.0.0.2
            self.sock.bind((source, 0))
        self.sock.settimeout(timeout * SLOW)
        self.buf = b""
        self.lenient = lenient      # for reference servers: nginx 1.22 leaves the blank out before an empty reason
        _open.add(self)
        self.sock.connect(address)

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.close()

    def close(self):
        self.sock.close()

    def reset(self):
        """Goes away with a RST instead of a FIN."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
        self.sock.close()

    def send(self, data):
        self.sock.sendall(data)

    def shutdown_write(self):
        self.sock.shutdown(socket.SHUT_WR)

    def fill(self):
        """Reads once; False at the end of the stream."""
        try:
            data = self.sock.recv(65536)
        except ConnectionResetError:
            raise Closed("connection reset") from None
        self.buf += data
        return bool(data)

    def line(self):
        while b"\n" not in self.buf:
            assert len(self.buf) < 1 << 20, "endless line"
            if not self.fill():
                raise Closed(f"closed in a line: {self.buf!r}")
        line, self.buf = self.buf.split(b"\n", 1)
        assert line.endswith(b"\r"), f"bare LF after {line!r}"
        assert b"\r" not in line[:-1], f"bare CR in {line!r}"
        return line[:-1]

    def exactly(self, n):
        parts, have = [self.buf[:n]], min(n, len(self.buf))
        self.buf = self.buf[have:]
        while have < n:
            if not self.fill():
                raise Closed(f"closed after {have} of {n} bytes")
            take = min(n - have, len(self.buf))
            parts.append(self.buf[:take])
            self.buf = self.buf[take:]
            have += take
        return b"".join(parts)

    def head(self):
        """Status line and fields; interim answers are returned like final ones."""
        line = self.line()
        if self.lenient and re.match(rb"^HTTP/1\.1 \d{3}$", line):
            line += b" "
        m = re.match(rb"^HTTP/1\.([01]) (\d{3}) ([\t\x20-\x7e\x80-\xff]*)$", line)
        assert m, f"bad status line: {line!r}"
        headers = []
        while True:
            line = self.line()
            if not line:
                break
            name, colon, value = line.partition(b":")
            assert colon and TOKEN.match(name), f"bad header line: {line!r}"
            assert not re.search(rb"[\x00-\x08\x0a-\x1f\x7f]", value), f"control byte in {line!r}"
            headers.append((name.decode("ascii"), value.strip(b" \t").decode("latin-1")))
        return Response("1." + m.group(1).decode(), int(m.group(2)), m.group(3).decode("latin-1"), headers)

    def response(self, method="GET", body=True):
        """One whole final answer. body=False stops after the head: read on with piece()."""
        r = self.head()
        assert r.status >= 200 or r.status == 100, f"unexpected interim answer {r}"
        self.frame(r, method)
        if body:
            started = time.monotonic()
            while True:
                piece = self.piece(r)
                if not piece:
                    break
                r.pieces.append((time.monotonic() - started, piece))
            r.body = b"".join(p for _, p in r.pieces)
        return r

    def frame(self, r, method):
        lengths, codings = r.all("content-length"), r.all("transfer-encoding")
        assert len(lengths) <= 1 and len(codings) <= 1, f"framed twice: {r}"
        assert not (lengths and codings), f"both Content-Length and Transfer-Encoding: {r}"
        if lengths:
            assert re.match(r"^\d+$", lengths[0]), f"bad Content-Length: {r}"
        if codings:
            assert codings == ["chunked"], f"unknown coding: {r}"
        bodiless = r.status < 200 or r.status in (204, 304)
        if bodiless and r.status != 304:
            assert not lengths and not codings, f"framing header in {r}"
        if bodiless or method == "HEAD":
            r.framing, r.left = "none", 0
        elif codings:
            r.framing, r.left = "chunked", 0
        elif lengths:
            r.framing, r.left = "length", int(lengths[0])
        else:
            r.framing, r.left = "close", 0
            assert "close" in r.get("connection", "").lower() or r.version == "1.0", \
                f"ends with the connection but does not say so: {r}"

    def piece(self, r):
        """Next piece of a body as it arrives; b"" at the end of the answer."""
        if r.framing == "none":
            return b""
        if r.framing == "chunked":
            line = self.line()
            assert re.match(rb"^[0-9a-fA-F]{1,15}$", line), f"bad chunk size {line!r}"
            size = int(line, 16)
            data = self.exactly(size)
            assert self.exactly(2) == b"\r\n", "chunk without CRLF"
            return data
        if r.framing == "length":
            if not r.left:
                return b""
            if not self.buf and not self.fill():
                raise Closed(f"closed with {r.left} bytes of the body missing")
            data, self.buf = self.buf[:r.left], self.buf[r.left:]
            r.left -= len(data)
            return data
        if not self.buf and not self.fill():
            return b""
        data, self.buf = self.buf, b""
        return data

    def request(self, target="/", method="GET", headers=(), body=None, host="localhost", version="1.1"):
        self.send(build(target, method, headers, body, host, version))
        return self.response(method)

    def at_end(self):
        """Nothing more comes: the server has closed in good order."""
        assert not self.buf, f"bytes after the answer: {self.buf[:200]!r}"
        try:
            return not self.fill()
        except Closed:
            return True

    def silent(self, seconds):
        """True when the server sends nothing and does not close for this long."""
        if self.buf:
            return False
        old = self.sock.gettimeout()
        self.sock.settimeout(seconds)
        try:
            self.fill()
            return False
        except socket.timeout:
            return True
        finally:
            self.sock.settimeout(old)


def build(target="/", method="GET", headers=(), body=None, host="localhost", version="1.1"):
    """The bytes of a request. target and header values may be bytes or text."""
    def b(x):
        return x if isinstance(x, bytes) else str(x).encode("utf-8")
    headers = list(headers.items()) if isinstance(headers, dict) else list(headers)
    names = {b(n).lower() for n, _ in headers}
    lines = [b(method) + b" " + b(target) + b" HTTP/" + b(version)]
    if host is not None and b"host" not in names:
        lines.append(b"Host: " + b(host))
    lines += [b(n) + b": " + b(v) for n, v in headers]
    if body is not None and not names & {b"content-length", b"transfer-encoding"}:
        lines.append(b"Content-Length: " + b(len(body)))
    return b"\r\n".join(lines) + b"\r\n\r\n" + (body or b"")


def chunked(data, size=1000):
    out = []
    for i in range(0, len(data), size):
        part = data[i:i + size]
        out.append(b"%x\r\n%s\r\n" % (len(part), part))
    return b"".join(out) + b"0\r\n\r\n"


def fetch(address, target="/", method="GET", headers=(), body=None, host="localhost", timeout=TIMEOUT):
    """One request on a connection of its own."""
    headers = list(headers.items()) if isinstance(headers, dict) else list(headers)
    with Conn(address, timeout) as c:
        c.send(build(target, method, headers + [("Connection", "close")], body, host))
        r = c.response(method)
        assert c.at_end(), "the connection stayed open after Connection: close"
        return r


def hammer(address, request, count, batch=50):
    """count identical requests, pipelined in batches on one connection; {status: number}."""
    seen = {}
    method = request.split(b" ", 1)[0].decode()
    with Conn(address, 60) as c:
        while count > 0:
            n = min(batch, count)
            c.send(request * n)
            for _ in range(n):
                r = c.response(method)
                seen[r.status] = seen.get(r.status, 0) + 1
            count -= n
    return seen


def multipart(fields, boundary="----rserverd7MA4YWxk"):
    """fields: (name, value) or (name, filename, content type, bytes). Returns (content type, body)."""
    out = []
    for field in fields:
        if len(field) == 2:
            name, value = field
            value = value if isinstance(value, bytes) else value.encode()
            out.append(f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n'.encode() + value)
        else:
            name, filename, kind, value = field
            out.append(f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"; filename="{filename}"\r\n'
                       f'Content-Type: {kind}\r\n\r\n'.encode() + value)
    return f"multipart/form-data; boundary={boundary}", b"\r\n".join(out) + f"\r\n--{boundary}--\r\n".encode()


class Browser:
    """A user: one keep-alive connection and a cookie jar (name and value only, which is all that the tests need)."""

    def __init__(self, address, host="localhost"):
        self.address, self.host, self.cookies, self.conn = address, host, {}, None

    def request(self, target, method="GET", headers=(), body=None):
        headers = list(headers.items()) if isinstance(headers, dict) else list(headers)
        if self.cookies:
            headers.append(("Cookie", "; ".join(f"{n}={v}" for n, v in self.cookies.items())))
        if self.conn is None:
            self.conn = Conn(self.address)
        r = self.conn.request(target, method, headers, body, self.host)
        for line in r.all("set-cookie"):
            pair, *attributes = line.split(";")
            name, _, value = pair.strip().partition("=")
            gone = any(a.strip().lower() in ("max-age=0",) for a in attributes) or value == "deleted"
            if gone:
                self.cookies.pop(name, None)
            else:
                self.cookies[name] = value
        if "close" in r.get("connection", "").lower():
            self.close()
        return r

    def get(self, target, headers=()):
        return self.request(target, "GET", headers)

    def post(self, target, form, headers=()):
        from urllib.parse import urlencode
        body = urlencode(form).encode()
        return self.request(target, "POST",
                            list(headers) + [("Content-Type", "application/x-www-form-urlencoded")], body)

    def close(self):
        if self.conn:
            self.conn.close()
            self.conn = None
