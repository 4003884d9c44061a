"""Many WebSocket connections from one thread: they open, they may be asked to say something each, and nothing is lost."""

import select
import socket

from .wait import SLOW

REQUEST = ("GET {path} HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
           "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")


def frames(data):
    """(opcode, payload) of the whole frames in unmasked bytes, and the rest of the bytes."""
    out = []
    while len(data) >= 2:
        n, at = data[1], 2
        if n == 126:
            if len(data) < 4:
                break
            n, at = int.from_bytes(data[2:4], "big"), 4
        if len(data) < at + n:
            break
        out.append((data[0] & 15, data[at:at + n]))
        data = data[at + n:]
    return out, data


class Crowd:
    def __init__(self, address, count, path="/ws-plain", at_a_time=100):
        self.address, self.poll = address, select.epoll()
        self.sockets, self.buffers, self.ended = {}, {}, []
        self.request = REQUEST.format(path=path).encode()
        while len(self.sockets) < count:
            new = [self.connect() for _ in range(min(at_a_time, count - len(self.sockets)))]
            self.collect(set(new), head=True)

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        for s in self.sockets.values():
            s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
            s.close()
        self.poll.close()

    def connect(self):
        s = socket.create_connection(self.address, timeout=20 * SLOW)
        self.sockets[s.fileno()], self.buffers[s.fileno()] = s, b""
        self.poll.register(s.fileno(), select.EPOLLIN)
        s.sendall(self.request)
        return s.fileno()

    def collect(self, waiting, head=False):
        """Reads until each of them has had one frame (behind its 101 first); {fd: payload}."""
        got = {}
        while waiting:
            events = self.poll.poll(20 * SLOW)
            assert events, f"{len(waiting)} connections of {len(self.sockets)} hear nothing"
            for fd, _ in events:
                data = self.sockets[fd].recv(65536)
                assert data, "the server has closed a connection"
                self.buffers[fd] += data
                if head and fd in waiting and not self.heads(fd):
                    continue
                found, self.buffers[fd] = frames(self.buffers[fd])
                for opcode, payload in found:
                    assert opcode == 1, (opcode, payload)
                    assert fd in waiting, f"a text too many: {payload}"
                    got[fd] = payload
                    waiting.discard(fd)
        return got

    def heads(self, fd):
        """Whether the answer to the upgrade is over."""
        data = self.buffers[fd]
        if not data.startswith(b"HTTP/"):
            return True
        head, end, rest = data.partition(b"\r\n\r\n")
        if not end:
            return False
        assert head.startswith(b"HTTP/1.1 101 "), head
        self.buffers[fd] = rest
        return True

    def ask(self, text):
        """Everybody says it; everybody's answer."""
        payload = text.encode()
        assert len(payload) < 126
        frame = bytes([0x81, 0x80 | len(payload)]) + bytes(4) + payload
        for s in self.sockets.values():
            s.sendall(frame)
        return list(self.collect(set(self.sockets)).values())

    def hear(self):
        """A text that comes to everybody."""
        return list(self.collect(set(self.sockets)).values())
