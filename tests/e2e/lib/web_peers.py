"""HTTP servers for clients to meet, well behaved and not, beside those of peers.py. What one does stands in the path it is asked for:

/echo               JSON of the request: method, target, fields, body (latin-1), number of the connection
/raw/STEP/END/HEX   those bytes, STEP at a time, then END: keep, close, reset
/code/CODING        "decoded" in that content coding
/bomb               much that is little when it is compressed
/file               "0123456789", in parts if asked for (Range); /whole: the same, never in parts
/last               answers, then closes without having said so
/drip, /flood       a body that never ends, byte by byte; a head that never ends
/torrent            a body that never ends, as fast as it can be read
/pings, /pongs      a WebSocket: such frames without end; answers to them are read
/early              answers 413 before it has read the body, and closes
/count, /forget     how many requests for it have come in all; closes without an answer
/silence            no answer
"""

import base64
import gzip
import hashlib
import json
import os
import socket
import ssl
import struct
import zlib

from .peers import Peers

BIG = 64 << 20


def reply(body, status="200 OK", fields=()):
    body = body if isinstance(body, bytes) else body.encode()
    head = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *fields, "", ""]
    return "\r\n".join(head).encode("latin-1") + body


def pump_nowhere(c):
    try:
        while c.recv(1 << 20):
            pass
    except OSError:
        pass


class Reader:
    """Requests of a connection."""

    def __init__(self, c):
        self.c, self.data = c, b""

    def more(self):
        piece = self.c.recv(65536)
        if not piece:
            raise EOFError
        self.data += piece

    def head(self):
        while b"\r\n\r\n" not in self.data:
            self.more()
        head, self.data = self.data.split(b"\r\n\r\n", 1)
        first, *lines = head.decode("latin-1").split("\r\n")
        return first.split(" ", 2), [line.split(": ", 1) for line in lines]

    def exactly(self, n):
        while len(self.data) < n:
            self.more()
        body, self.data = self.data[:n], self.data[n:]
        return body


class WebPeers(Peers):
    def __init__(self):
        self.counted = 0
        super().__init__()
        self.listen("web", self.web)
        self.listen("web6", self.web, socket.AF_INET6, ("::1", 0))
        self.listen("web_unix", self.web, socket.AF_UNIX, os.path.join(self.folder, "web.sock"))
        self.listen("web_tls", self.tls(then=self.web))
        self.listen("web_self", self.tls(cert="self", then=self.web))
        self.listen("web_other", self.tls(cert="other", then=self.web))
        self.listen("web_asks", self.tls(ask=True, then=self.web))
        self.listen("forwarder", self.forwarder)
        self.listen("banner", self.banner)

    def banner(self, c, number):
        c.sendall(b"SSH-2.0-OpenSSH_9.2\r\n")
        c.recv(65536)

    def forwarder(self, c, number):
        """A proxy: for absolute targets an echo, for CONNECT a way through, with the password alone."""
        r = Reader(c)
        while True:
            (method, target, _), fields = r.head()
            if ["Proxy-Authorization", "Basic dXM6c2VjcmV0"] not in fields:
                c.sendall(reply("", "407 Proxy Authentication Required"))
                continue
            if method == "CONNECT":
                with socket.create_connection(("127.0.0.1", int(target.split(":")[1]))) as there:
                    c.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
                    from .peers import pump
                    self.thread("forwarder", pump, there, c)
                    return pump(c, there)
            self.echo_request(c, r, number, method, target, fields)

    @staticmethod
    def length(fields):
        return int(dict((k.lower(), v) for k, v in fields).get("content-length", 0))

    def echo_request(self, c, r, number, method, target, fields):
        body = r.exactly(self.length(fields)).decode("latin-1")
        c.sendall(reply(json.dumps({"method": method, "target": target, "fields": fields, "body": body, "number": number})))

    def web(self, c, number):
        r = Reader(c)
        if not isinstance(c, ssl.SSLSocket) and c.family != socket.AF_UNIX:
            c.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        while True:
            (method, target, _), fields = r.head()
            words = target.split("?")[0].split("/")[1:]
            if words[0] == "early":
                c.sendall(reply("too much", "413 Content Too Large", ["Connection: close"]))
                return
            if words[0] != "echo":
                r.exactly(self.length(fields))
            habit = getattr(self, "do_" + words[0], None)
            if words[0] == "echo":
                self.echo_request(c, r, number, method, target, fields)
            elif habit is None:
                c.sendall(reply("no such page", "404 Not Found"))
            elif habit(c, method, words[1:], dict(fields)) == "end":
                return

    def do_raw(self, c, method, words, fields):
        step, end, data = int(words[0]), words[1], bytes.fromhex(words[2])
        for at in range(0, len(data), step):
            c.sendall(data[at:at + step])
        if end == "reset":
            c.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        return "end" if end != "keep" else None

    def do_code(self, c, method, words, fields):
        raw = zlib.compressobj(wbits=-15)
        bodies = {"gzip": gzip.compress(b"decoded"), "x-gzip": gzip.compress(b"deco") + gzip.compress(b"ded"),
                  "deflate": zlib.compress(b"decoded"), "bare": raw.compress(b"decoded") + raw.flush(), "zstd": b"as it is",
                  "cut": gzip.compress(b"decoded")[:-3], "wrong": b"not gzip at all"}
        coding = {"bare": "deflate", "cut": "gzip", "wrong": "gzip"}.get(words[0], words[0])
        c.sendall(reply(bodies[words[0]], fields=["Content-Encoding: " + coding]))

    def do_bomb(self, c, method, words, fields):
        pack = zlib.compressobj(9, wbits=31)
        zeros = bytes(1 << 20)
        body = b"".join(pack.compress(zeros) for _ in range(BIG >> 20)) + pack.flush()
        c.sendall(reply(body, fields=["Content-Encoding: gzip"]))

    def do_file(self, c, method, words, fields):
        if "Range" not in fields:
            return c.sendall(reply("0123456789"))
        at = int(fields["Range"].removeprefix("bytes=").removesuffix("-"))
        if at >= 10:
            return c.sendall(reply("no such range", "416 Range Not Satisfiable"))
        c.sendall(reply("0123456789"[at:], "206 Partial Content", [f"Content-Range: bytes {at}-9/10"]))

    def do_whole(self, c, method, words, fields):
        c.sendall(reply("0123456789"))

    def do_last(self, c, method, words, fields):
        c.sendall(reply("bye"))
        return "end"

    def do_drip(self, c, method, words, fields):
        c.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
        while not self.ended.wait(0.005):
            c.sendall(b"x")

    def do_flood(self, c, method, words, fields):
        c.sendall(b"HTTP/1.1 200 OK\r\n")
        while not self.ending:
            c.sendall(b"X-Flood: " + b"x" * 1000 + b"\r\n")

    def without_end(self, c, data):
        data *= (1 << 20) // len(data)
        while not self.ending:
            c.sendall(data)

    def do_torrent(self, c, method, words, fields):
        c.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        self.without_end(c, b"1000\r\n" + bytes(4096) + b"\r\n")

    def frames(self, c, fields, frame):
        accept = base64.b64encode(hashlib.sha1((fields["Sec-WebSocket-Key"] + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode()).digest())
        c.sendall(b"HTTP/1.1 101 x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: " + accept + b"\r\n\r\n")
        self.thread("sink", pump_nowhere, c)
        self.without_end(c, frame)

    def do_pings(self, c, method, words, fields):
        self.frames(c, fields, b"\x89\x04ping")

    def do_pongs(self, c, method, words, fields):
        self.frames(c, fields, b"\x8a\x04pong")

    def do_count(self, c, method, words, fields):
        self.counted += 1
        c.sendall(reply(str(self.counted)))

    def do_forget(self, c, method, words, fields):
        self.counted += 1
        return "end"

    def do_silence(self, c, method, words, fields):
        c.recv(1)
