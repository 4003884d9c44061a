"""An HTTP/2 client for tests over python3-h2 (a good one), and bare frames for the others (hyperframe, hpack)."""

import select
import socket
import time

import h2.config
import h2.connection
import h2.errors
import h2.events
import h2.settings
from hpack import Encoder
from hyperframe import frame

from .wait import SLOW

# After a GOAWAY the streams that are open go on (RFC 9113 6.8); the library would refuse what comes for them.
_State, _Input = h2.connection.ConnectionState, h2.connection.ConnectionInputs
h2.connection.H2ConnectionStateMachine._transitions[(_State.CLIENT_OPEN, _Input.RECV_GOAWAY)] = (None, _State.CLIENT_OPEN)

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
TIMEOUT = 20.0


class Answer:
    def __init__(self):
        self.status, self.headers, self.body, self.trailers = None, [], b"", []
        self.interim = []
        self.ended, self.reset = False, None

    def get(self, name):
        values = [v for n, v in self.headers if n == name]
        assert len(values) <= 1, f"{name} more than once: {values}"
        return values[0] if values else None


class Client:
    """Requests over one connection; answers by stream."""

    def __init__(self, d, window=None, sock=None):
        self.sock = sock or socket.create_connection(d.address, timeout=TIMEOUT * SLOW)
        self.authority = "%s:%s" % d.address
        # What the library would refuse to send is what is tested here.
        self.h2 = h2.connection.H2Connection(h2.config.H2Configuration(
            client_side=True, header_encoding="utf-8", validate_outbound_headers=False, normalize_outbound_headers=False))
        if window is not None:
            self.h2.local_settings = h2.settings.Settings(initial_values={
                h2.settings.SettingCodes.ENABLE_PUSH: 0, h2.settings.SettingCodes.INITIAL_WINDOW_SIZE: window})
        self.h2.initiate_connection()
        self.answers, self.goaway, self.closed, self.eat = {}, None, False, True
        self.pings = 0
        self.flush()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.sock.close()

    def flush(self):
        data = self.h2.data_to_send()
        if data:
            self.sock.sendall(data)

    def ask(self, target="/", method="GET", body=None, headers=(), end=True, pseudo=None):
        """Begins a request; the number of its stream."""
        stream = self.h2.get_next_available_stream_id()
        fields = list(pseudo) if pseudo is not None else [
            (":method", method), (":scheme", "http"), (":authority", self.authority), (":path", target)]
        fields += list(headers)
        self.answers[stream] = Answer()
        self.h2.send_headers(stream, fields, end_stream=end and body is None)
        if body is not None:
            self.send(stream, body, end)
        self.flush()
        return stream

    def send(self, stream, body, end=True):
        while body:
            room = min(self.h2.local_flow_control_window(stream), self.h2.max_outbound_frame_size, len(body))
            if room == 0:
                self.flush()
                self.read()
                continue
            self.h2.send_data(stream, body[:room], end_stream=end and room == len(body))
            body = body[room:]
        self.flush()

    def read(self):
        """What the server sends next. False: it has closed."""
        data = self.sock.recv(65536)
        if not data:
            self.closed = True
            return False
        for e in self.h2.receive_data(data):
            self.take(e)
        self.flush()
        return True

    def take(self, e):
        a = self.answers.setdefault(getattr(e, "stream_id", 0), Answer())
        if isinstance(e, h2.events.InformationalResponseReceived):
            a.interim.append(e.headers)
        elif isinstance(e, h2.events.ResponseReceived):
            assert all(n == n.lower() for n, _ in e.headers)
            a.status, a.headers = int(dict(e.headers)[":status"]), e.headers
        elif isinstance(e, h2.events.TrailersReceived):
            a.trailers = e.headers
        elif isinstance(e, h2.events.DataReceived):
            a.body += e.data
            if self.eat:
                self.h2.acknowledge_received_data(e.flow_controlled_length, e.stream_id)
        elif isinstance(e, h2.events.StreamEnded):
            a.ended = True
        elif isinstance(e, h2.events.StreamReset):
            a.reset = e.error_code
        elif isinstance(e, h2.events.PingAckReceived):
            self.pings += 1
        elif isinstance(e, h2.events.ConnectionTerminated):
            self.goaway = e.error_code

    def wait(self, stream):
        """The answer, complete or reset."""
        a = self.answers[stream]
        while not a.ended and a.reset is None and self.read():
            pass
        return a

    def get(self, target="/", **kw):
        return self.wait(self.ask(target, **kw))

    def until_closed(self):
        try:
            while self.read():
                pass
        except ConnectionResetError:
            self.closed = True
        return self.goaway


class Raw:
    """Frames as they are given, without any care. What comes back is kept as frames."""

    def __init__(self, d, settings=True):
        self.sock = socket.create_connection(d.address, timeout=TIMEOUT * SLOW)
        self.encoder = Encoder()
        self.authority = "%s:%s" % d.address
        self.data = b""
        self.sock.sendall(PREFACE + (frame.SettingsFrame(0).serialize() if settings else b""))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.sock.close()

    def head(self, target="/", method="GET", headers=()):
        return self.encoder.encode([(":method", method), (":scheme", "http"), (":authority", self.authority), (":path", target),
                                    *headers])

    def request(self, stream, target="/", flags=("END_HEADERS", "END_STREAM"), **kw):
        f = frame.HeadersFrame(stream, data=self.head(target, **kw))
        f.flags |= set(flags)
        return f.serialize()

    def send(self, data):
        """False: the server has closed."""
        try:
            self.sock.sendall(data)
            return True
        except (BrokenPipeError, ConnectionResetError):
            return False

    def frame(self):
        """The next frame; None: the server has closed."""
        while True:
            if len(self.data) >= 9:
                f, n = frame.Frame.parse_frame_header(memoryview(self.data[:9]))
                if len(self.data) >= 9 + n:
                    f.parse_body(memoryview(self.data[9:9 + n]))
                    self.data = self.data[9 + n:]
                    return f
            try:
                more = self.sock.recv(65536)
            except ConnectionResetError:
                more = b""
            if not more:
                return None
            self.data += more

    def goaway(self):
        """The reason of the last GOAWAY before the end; None: closed without one."""
        why = None
        while (f := self.frame()) is not None:
            if isinstance(f, frame.GoAwayFrame):
                why = f.error_code
        return why


def flood(raw, piece, most=100_000, seconds=20):
    """Sends pieces until the server says that it has had enough. The reason it gave; None: it closed without one; False: it bore
    all of it."""
    end = time.monotonic() + seconds * SLOW
    for i in range(0, most, 100):
        data = b"".join(piece(j) for j in range(i, i + 100))
        while data:
            can_read, can_write, _ = select.select([raw.sock], [raw.sock], [], max(0, end - time.monotonic()))
            if not can_read and not can_write:
                return False
            if can_read:
                f = raw.frame()
                if f is None:
                    return None
                if isinstance(f, frame.GoAwayFrame):
                    return f.error_code
            raw.sock.settimeout(0.05)
            try:
                data = data[raw.sock.send(data):]
            except socket.timeout:
                pass
            except OSError:     # closed; the reason is behind all that has not been read yet
                raw.sock.settimeout(TIMEOUT * SLOW)
                return raw.goaway()
            raw.sock.settimeout(TIMEOUT * SLOW)
    return False
