"""A TCP (or Unix stream) client for the servers of scripts that tests start: words and lines, and the end."""

import json
import socket

from .wait import SLOW

TIMEOUT = 20.0


class Client:
    def __init__(self, where, family=None):
        """where: a port of 127.0.0.1, an address pair, or the path of a Unix socket."""
        if isinstance(where, str):
            family = socket.AF_UNIX
        elif isinstance(where, int):
            where = ("127.0.0.1", where)
        self.sock = socket.socket(family or (socket.AF_INET6 if ":" in where[0] else socket.AF_INET))
        self.sock.settimeout(TIMEOUT * SLOW)
        self.sock.connect(where)
        self.buf = b""

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.close()

    def close(self):
        self.sock.close()

    def send(self, data):
        self.sock.sendall(data.encode() if isinstance(data, str) else data)

    def exactly(self, n):
        while len(self.buf) < n:
            data = self.sock.recv(65536)
            assert data, f"closed after {self.buf!r}"
            self.buf += data
        out, self.buf = self.buf[:n], self.buf[n:]
        return out

    def says(self, text):
        """The next bytes are exactly these."""
        want = text.encode() if isinstance(text, str) else text
        got = self.exactly(len(want))
        assert got == want, f"{got!r}, expected {want!r}"

    def line(self):
        while b"\n" not in self.buf:
            data = self.sock.recv(65536)
            assert data, f"closed in a line: {self.buf!r}"
            self.buf += data
        out, self.buf = self.buf.split(b"\n", 1)
        return out.decode()

    def ask(self, line):
        self.send(line + "\n")
        return self.line()

    def json(self, line):
        return json.loads(self.ask(line))

    def rest(self):
        """Everything to the end of the connection, a reset included."""
        try:
            while data := self.sock.recv(65536):
                self.buf += data
        except ConnectionResetError:
            pass
        out, self.buf = self.buf, b""
        return out

    def silent(self, seconds):
        """Nothing comes, and the connection stays, for this long."""
        assert not self.buf
        self.sock.settimeout(seconds)
        try:
            self.buf = self.sock.recv(65536)
            return False
        except socket.timeout:
            return True
        finally:
            self.sock.settimeout(TIMEOUT * SLOW)
