"""A WebSocket client for tests: sends exactly the bytes it is given, malformed ones too, cut as told; reads so strictly
that a server cannot get away with anything."""

import base64
import hashlib
import os
import select
import socket
import struct
import time

from lib.wait import SLOW

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10
GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
TIMEOUT = 20.0


class Wrong(AssertionError):
    """The server did what RFC 6455 forbids, or not what it demands."""


def mask(payload, key):
    """payload ^ key, repeated."""
    n = len(payload)
    pad = (key * (n // 4 + 1))[:n]
    return (int.from_bytes(payload, "big") ^ int.from_bytes(pad, "big")).to_bytes(n, "big")


def frame(opcode, payload=b"", fin=True, rsv=0, key=None, announce=None):
    """The bytes of one client frame. announce: length to claim in its head, when only the beginning of the payload
    comes with it. key b"": not masked."""
    n = len(payload) if announce is None else announce
    key = os.urandom(4) if key is None else key
    head = bytes([fin << 7 | rsv << 4 | opcode])
    masked = 0x80 if key else 0
    if n < 126:
        head += bytes([masked | n])
    elif n < 65536:
        head += struct.pack("!BH", masked | 126, n)
    else:
        head += struct.pack("!BQ", masked | 127, n)
    return head + key + (mask(payload, key) if key else payload)


def close_frame(code=None, reason=b""):
    return frame(CLOSE, (b"" if code is None else struct.pack("!H", code)) + reason)


class Client:
    """One connection, open after construction. Events are ("text", bytes), ("binary", bytes), ("ping", bytes),
    ("pong", bytes), ("close", code or None, reason) and, at the end of the connection, ("end", "fin" or "reset")."""

    def __init__(self, address, path="/", headers=(), timeout=TIMEOUT):
        self.deadline = time.monotonic() + timeout * SLOW
        self.sock = socket.create_connection(address, timeout=timeout * SLOW)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buf = bytearray()
        self.ended = None        # "fin" or "reset"
        self.joined = None       # (kind, fragments) of the message that is coming
        self.answer = self._handshake(address, path, headers)
        self.sock.setblocking(False)

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.sock.close()

    def _handshake(self, address, path, headers):
        key = base64.b64encode(os.urandom(16))
        lines = [f"GET {path} HTTP/1.1", f"Host: {address[0]}:{address[1]}", "Upgrade: websocket",
                 "Connection: Upgrade", f"Sec-WebSocket-Key: {key.decode()}", "Sec-WebSocket-Version: 13", *headers]
        self.sock.sendall("\r\n".join([*lines, "", ""]).encode())
        while b"\r\n\r\n" not in self.buf:
            piece = self.sock.recv(65536)
            if not piece:
                raise Wrong(f"end of the connection in the handshake: {bytes(self.buf)!r}")
            self.buf += piece
        head, _, rest = bytes(self.buf).partition(b"\r\n\r\n")
        self.buf = bytearray(rest)
        status, *fields = head.split(b"\r\n")
        answer = {}
        for field in fields:
            name, colon, value = field.partition(b":")
            if not colon or name.lower() in answer:
                raise Wrong(f"bad or repeated header line {field!r}")
            answer[name.lower()] = value.strip()
        accept = base64.b64encode(hashlib.sha1(key + GUID).digest())
        if not status.startswith(b"HTTP/1.1 101 ") or answer.get(b"upgrade", b"").lower() != b"websocket" \
                or answer.get(b"connection", b"").lower() != b"upgrade" \
                or answer.get(b"sec-websocket-accept") != accept:
            raise Wrong(f"bad handshake: {head!r}")
        return answer

    # ---- out ----

    def send(self, data, chop=0):
        """All bytes; chop: at most that many in one segment. Goes on quietly when the server has closed: what it
        said before is then what counts. Reads meanwhile, so that neither side waits for the other for ever."""
        step = chop or len(data) or 1
        view = memoryview(data)
        for at in range(0, len(data), step):
            if not self._send(view[at:at + step]):
                return

    def _send(self, piece):
        while piece and self.ended != "reset":
            readable, writable, _ = select.select([] if self.ended else [self.sock], [self.sock], [], self._left())
            if not readable and not writable:
                raise Wrong("the server takes no more bytes")
            if readable:
                self._fill()
            if writable:
                try:
                    piece = piece[self.sock.send(piece):]
                except BlockingIOError:
                    continue
                except OSError:     # EPIPE, ECONNRESET
                    return False
        return self.ended != "reset"

    # ---- in ----

    def _left(self):
        return max(0.0, self.deadline - time.monotonic())

    def _fill(self):
        try:
            piece = self.sock.recv(1 << 20)
        except BlockingIOError:
            return
        except OSError:
            self.ended = self.ended or "reset"
            return
        if piece:
            self.buf += piece
        else:
            self.ended = self.ended or "fin"

    def event(self, seconds=None):
        """The next event; None when none came within seconds (of those given), or at all: that is an error."""
        until = self.deadline if seconds is None else time.monotonic() + seconds
        while True:
            found = self._take()
            if found:
                return found
            if self.ended:
                if self.buf or self.joined:
                    raise Wrong(f"the connection ended inside a frame or message: {bytes(self.buf[:80])!r}")
                return ("end", self.ended)
            if not select.select([self.sock], [], [], max(0.0, until - time.monotonic()))[0]:
                if seconds is not None:
                    return None
                raise Wrong("the server is silent")
            self._fill()

    def _take(self):
        """One event out of the buffer, or None: more bytes are needed."""
        while True:
            got = self._frame()
            if got is None:
                return None
            fin, opcode, payload = got
            if opcode == CLOSE:
                return self._close(payload)
            if opcode in (PING, PONG):
                return ("ping" if opcode == PING else "pong", payload)
            if (opcode == CONTINUATION) != (self.joined is not None):
                raise Wrong(f"opcode {opcode} {'inside' if self.joined else 'outside'} a message")
            if opcode != CONTINUATION:
                self.joined = ("text" if opcode == TEXT else "binary", [])
            self.joined[1].append(payload)
            if fin:
                kind, fragments = self.joined
                self.joined = None
                message = b"".join(fragments)
                if kind == "text":
                    message.decode("utf-8")
                return (kind, message)

    def _frame(self):
        """(fin, opcode, payload) of a complete frame, checked by itself."""
        buf = self.buf
        if len(buf) < 2:
            return None
        fin, rsv, opcode, n, at = buf[0] >> 7, buf[0] >> 4 & 7, buf[0] & 15, buf[1] & 127, 2
        if rsv or buf[1] & 0x80 or opcode not in (CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG) \
                or opcode >= 8 and (n > 125 or not fin):
            raise Wrong(f"bad frame: {bytes(buf[:20])!r}")
        if n >= 126:
            size, least = (2, 126) if n == 126 else (8, 65536)
            if len(buf) < at + size:
                return None
            n = int.from_bytes(buf[at:at + size], "big")
            at += size
            if n < least:
                raise Wrong(f"length {n} in {size} bytes")
        if len(buf) < at + n:
            return None
        payload = bytes(buf[at:at + n])
        del buf[:at + n]
        return fin, opcode, payload

    @staticmethod
    def _close(payload):
        if not payload:
            return ("close", None, b"")
        if len(payload) == 1:
            raise Wrong("close frame with one byte")
        code, reason = struct.unpack("!H", payload[:2])[0], payload[2:]
        reason.decode("utf-8")
        if not (1000 <= code <= 1014 and code not in (1004, 1005, 1006) or 3000 <= code <= 4999):
            raise Wrong(f"close frame with code {code}")
        return ("close", code, reason)
