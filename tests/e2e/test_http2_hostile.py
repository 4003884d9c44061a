"""HTTP/2 with clients that mean harm: each is stopped, the reactor's memory stays as it is, and a good client beside it notices
nothing. What each costs: src/h2/h2_calm.def."""

import contextlib
import socket

import pytest

from lib import proc
from lib.h2 import Client, Raw, flood
from lib.wait import SLOW, until

pytest.importorskip("h2")
from hyperframe import frame  # noqa: E402

CALM = 11
GROWTH_KB = 24 << 10


@pytest.fixture
def d(daemon):
    return daemon(ini={"swoole": {"open_http2_protocol": True},
                       "rserverd": {"header_timeout": 1, "write_timeout": 2, "body_timeout": 1, "keepalive_timeout": 30}})


@contextlib.contextmanager
def unharmed(d):
    """A good client before, while and after; and the reactor's memory."""
    with Client(d) as good:
        assert good.get("/").body == b"hello"
        before = proc.rss_kb(d.pid("reactor"))
        yield good
        assert good.get("/").body == b"hello"
        grown = proc.rss_kb(d.pid("reactor")) - before
        assert grown < GROWTH_KB, f"the reactor has grown by {grown} KB"


def reset(stream):
    return frame.RstStreamFrame(stream, error_code=8).serialize()


def test_rapid_reset(d):
    with unharmed(d), Raw(d) as bad:
        assert flood(bad, lambda i: bad.request(2 * i + 1, "/sleep?ms=50") + reset(2 * i + 1)) == CALM


def test_resets_of_a_busy_page_are_no_attack(d):
    with unharmed(d), Client(d) as c:
        for _ in range(5):
            streams = [c.ask("/sleep?ms=200") for _ in range(15)]
            for s in streams:
                c.h2.reset_stream(s, 8)
            c.flush()
        assert c.get("/").body == b"hello" and c.goaway is None


@pytest.mark.parametrize("piece", [b"", b"x" * 100], ids=["empty", "full"])
def test_continuation_flood(d, piece):
    with unharmed(d), Raw(d) as bad:
        bad.send(bad.request(1, flags=()))
        assert flood(bad, lambda i: frame.ContinuationFrame(1, data=piece).serialize()) in (CALM, 9, 1, None)
    assert d.running()


def test_settings_flood(d):
    with unharmed(d), Raw(d) as bad:
        assert flood(bad, lambda i: frame.SettingsFrame(0, settings={4: 65535}).serialize()) == CALM


def test_ping_flood(d):
    with unharmed(d), Raw(d) as bad:
        assert flood(bad, lambda i: frame.PingFrame(0, opaque_data=b"12345678").serialize()) == CALM


def test_empty_data_flood(d):
    with unharmed(d), Raw(d) as bad:
        bad.send(bad.request(1, "/echo", flags=("END_HEADERS",), method="POST"))
        assert flood(bad, lambda i: frame.DataFrame(1, data=b"").serialize()) == CALM


def test_priority_flood(d):
    with unharmed(d), Raw(d) as bad:
        assert flood(bad, lambda i: frame.PriorityFrame(2 * (i % 1000) + 3, depends_on=1).serialize()) == CALM


def test_window_update_flood(d):
    with unharmed(d), Raw(d) as bad:
        assert flood(bad, lambda i: frame.WindowUpdateFrame(0, window_increment=1).serialize()) == CALM


def test_window_overflow(d):
    with unharmed(d), Raw(d) as bad:
        bad.send(frame.WindowUpdateFrame(0, window_increment=0x7fffffff).serialize())
        assert bad.goaway() == 3


def test_window_overflow_of_streams_is_counted(d):
    def piece(i):
        n = 2 * i + 1
        return bad.request(n, "/sleep?ms=50") + frame.WindowUpdateFrame(n, window_increment=0x7fffffff).serialize()
    with unharmed(d), Raw(d) as bad:
        assert flood(bad, piece) == CALM


def test_malformed_requests_are_counted(d):
    with unharmed(d), Raw(d) as bad:
        assert flood(bad, lambda i: bad.request(2 * i + 1, headers=[("connection", "close")])) == CALM


def test_more_streams_than_agreed(d):
    with unharmed(d), Raw(d) as bad:
        bad.send(b"".join(bad.request(2 * i + 1, "/sleep?ms=1000") for i in range(1000)))
        refused, f = 0, True
        while (f := bad.frame()) is not None and not isinstance(f, frame.GoAwayFrame):
            refused += isinstance(f, frame.RstStreamFrame)
        assert refused > 0 or f is not None


def test_header_bomb(d):
    """One entry of the compression table, named again and again."""
    with unharmed(d), Raw(d) as bad:
        bad.send(bad.request(1, headers=[("x", "y" * 3500)]))
        index = bytes([0x80 | 62])  # the newest entry
        block = bad.head() + index * 15_000

        def piece(i):
            f = frame.HeadersFrame(2 * i + 3, data=block)
            f.flags |= {"END_HEADERS", "END_STREAM"}
            return f.serialize()
        assert flood(bad, piece, most=1000) == CALM


def test_a_head_that_never_ends(d):
    with unharmed(d), Raw(d) as bad:
        bad.send(bad.request(1, flags=()))
        assert bad.goaway() == 0


def test_a_preface_and_no_more(d):
    with unharmed(d), Raw(d, settings=False) as bad:
        bad.goaway()


def test_a_body_that_never_ends(d):
    with unharmed(d), Client(d) as c:
        s = c.ask("/echo", "POST", body=b"abc", end=False)
        assert c.wait(s).status == 408
        assert c.get("/").body == b"hello"


def test_zero_window(d):
    """It never opens the window: its answers wait with their workers, then their time is over."""
    with unharmed(d), Client(d, window=0) as c:
        streams = [c.ask("/big?n=50000000") for _ in range(2)]
        assert all(c.wait(s).reset is not None for s in streams)
    d.wait_idle()


def test_a_reader_that_reads_nothing(d):
    with unharmed(d):
        s = socket.socket()
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        s.settimeout(20 * SLOW)
        s.connect(d.address)
        with Client(d, window=1 << 30, sock=s) as c:
            c.h2.increment_flow_control_window(1 << 30)
            c.flush()
            for _ in range(2):
                c.ask("/big?n=100000000")
            d.wait_idle()


def test_answers_nobody_reads(d):
    """Who does not read is not read: 200 MB are asked for, and do not lie anywhere."""
    with unharmed(d), Raw(d) as bad:
        bad.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        with contextlib.suppress(OSError):      # it may be cut off, or not listened to any more
            for i in range(0, 100_000, 100):
                bad.sock.sendall(b"".join(bad.request(2 * j + 1, "/big?n=2000") for j in range(i, i + 100)))


def test_garbage(d):
    with unharmed(d):
        for junk in (b"\xff" * 1000, b"\0" * 1000, b"\0\0\x08\x06\0\0\0\0\1" + b"x" * 8, b"\xff\xff\xff\0\0\0\0\0\1"):
            with Raw(d) as bad:
                bad.send(junk)
                bad.send(b"\0" * 9000)
                assert bad.goaway() in (None, 0, 1, 6)


def test_data_on_a_stream_that_is_not(d):
    with unharmed(d), Raw(d) as bad:
        bad.send(frame.DataFrame(5, data=b"x").serialize())
        assert bad.goaway() == 1
