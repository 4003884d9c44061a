"""TLS: clients that do what the standard allows, or nearly, to cost as much as they can. Slow ones and garbage: test_tls.py."""

import contextlib
import os
import re
import socket

import pytest

from lib import tls
from lib.http import Closed, build
from lib.wait import until


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    ca = tls.Authority(tmp_path_factory.mktemp("ca"))
    ca.localhost, ca.shop = ca.server("localhost", "127.0.0.1"), ca.server("shop.test")
    return ca


@pytest.fixture
def target(daemon, authority):
    """A daemon with two certificates. At its end it serves, nobody is left, and no client was worth a warning."""
    (cert, key), (shop, shop_key) = authority.localhost, authority.shop
    d = daemon("fake", ini={"swoole": {"ssl_cert_file": cert, "ssl_key_file": key, "log_level": 0},
                            "ssl.shop": {"cert_file": shop, "key_file": shop_key}})
    yield d
    assert tls.fetch(d.address, authority.context()).status == 200
    until(lambda: d.status()["connections"] == 0, message="nobody is left")
    assert not re.search(r"\[(warn|error|alert)\] reactor", d.log())


def records(data, size):
    """The one handshake record of data as many, of so many bytes each."""
    assert data[0] == 22 and int.from_bytes(data[3:5], "big") == len(data) - 5
    pieces = [data[i:i + size] for i in range(5, len(data), size)]
    return [data[:3] + len(p).to_bytes(2, "big") + p for p in pieces]


def finish(c, incoming, outgoing, o):
    """The rest of a handshake whose hello c has sent, then a request; its answer's first bytes."""
    for step in (o.do_handshake, lambda: o.write(build("/")), lambda: o.read(100)):
        while True:
            try:
                result = step()
                break
            except tls.ssl.SSLWantReadError:
                c.send(outgoing.read())
                assert c.fill(), "the server has left"
                incoming.write(c.buf)
                c.buf = b""
        if outgoing.pending:
            c.send(outgoing.read())
    return result


@pytest.mark.parametrize("cut", ["segments", "records"])
def test_hello_in_single_bytes(target, cut):
    first, *client = tls.hello()
    with target.conn() as c:
        c.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for piece in ([first[i:i + 1] for i in range(len(first))] if cut == "segments" else records(first, 1)):
            c.send(piece)
        assert finish(c, *client).startswith(b"HTTP/1.1 200 ")


def test_large_hello_is_understood_and_a_huge_one_refused(target):
    names = ["x" * 250 + f"{i:04}" for i in range(63)] + ["http/1.1"]
    first, *client = tls.hello(alpn=names)
    assert len(first) > 16000
    with target.conn() as c:
        c.send(first)
        assert finish(c, *client).startswith(b"HTTP/1.1 200 ")
    # a message of 16 MB, of which nothing is to be kept before it is refused
    with target.conn() as c:
        with contextlib.suppress(OSError, Closed):
            c.send(b"\x16\x03\x01\x40\x00\x01\xff\xff\xff" + b"\0" * 16380)
            for _ in range(1024):
                c.send(b"\x16\x03\x01\x40\x00" + b"\0" * 16384)
            pytest.fail("16 MB of a hello were taken")


def test_client_that_leaves_at_every_byte(target):
    first, *_ = tls.hello()
    for n in range(len(first) + 1):
        c = target.conn()
        c.send(first[:n])
        if n % 2:
            c.reset()
        else:
            c.close()


def test_client_that_leaves_at_every_byte_of_its_last_message(target):
    first, incoming, outgoing, o = tls.hello()
    size = None
    for n in range(0, 90):
        first, incoming, outgoing, o = tls.hello()
        with target.conn() as c, contextlib.suppress(Closed):
            c.send(first)
            while not size or outgoing.pending < size:
                assert c.fill()
                incoming.write(c.buf)
                c.buf = b""
                try:
                    o.do_handshake()
                    size = outgoing.pending
                except tls.ssl.SSLWantReadError:
                    continue
            c.send(outgoing.read()[:n])
            c.reset()
    assert size and size <= 90


@pytest.mark.parametrize("name", [b"a" * 255, b"." * 255, b".shop.test", b"shop.test.", b"..", b"shop..test", b"*.test", b"\xff\xfe.test",
                                  b"shop.test:443", b"[::1]", b" ", b"%00.test", b"SHOP.TEST"])
def test_names_that_are_none_get_the_main_certificate(target, authority, name):
    with tls.Odd(target.address, name) as c:
        assert c.shake() and c.write(build("/")) > 0 and c.read().startswith(b"HTTP/1.1 200 ")
    shown = tls.s_client(target.address, "-servername", os.fsdecode(name), send=b"Q\n")[1] if name.strip() else ""
    m = re.search(r"subject=CN ?= ?(\S+)", shown)
    wanted = "shop.test" if name.lower().rstrip(b".") == b"shop.test" else "localhost"
    assert not m or m[1] == wanted, shown


@pytest.mark.parametrize("name", [b"loc\0lhost", b"\0" * 9])
def test_name_with_a_nul_is_refused(target, name):
    first, *_ = tls.hello()
    assert first.count(b"localhost") == 1
    with target.conn() as c:
        c.send(first.replace(b"localhost", name))
        with contextlib.suppress(Closed):
            while c.fill():
                pass
        # an alert, fatal; nothing of a handshake
        assert c.buf[:1] in (b"\x15", b"") and len(c.buf) < 10, c.buf


@pytest.mark.parametrize("protocols", [b"\x00\x00", b"\xff", b"\x08\x00", b"\x03abcd", b"\x07\x00\x00\x00\x00\x00\x00\x00"])
def test_nonsense_as_protocol_is_refused(target, protocols):
    """In place of http/1.1 (9 bytes with its length): empty names, lengths beyond the list, names of zeros."""
    first, *_ = tls.hello(alpn=["http/1.1"])
    assert first.count(b"\x08http/1.1") == 1
    with target.conn() as c:
        c.send(first.replace(b"\x08http/1.1", (protocols + b"\0" * 9)[:9]))
        with contextlib.suppress(Closed):
            while c.fill():
                pass
        assert c.buf[:1] in (b"\x15", b"") and len(c.buf) < 10, c.buf


def test_keys_may_be_updated_but_not_for_ever(target):
    with tls.Odd(target.address) as c, tls.Odd(target.address) as other:
        assert c.shake() and other.shake()
        # as people do it
        for _ in range(100):
            assert c.update_keys() and c.write(build("/")) > 0 and c.read().startswith(b"HTTP/1.1 200 ")
        # in the middle of a request as well
        half = build("/")
        assert c.write(half[:10]) == 10 and c.update_keys() and c.update_keys() and c.write(half[10:]) > 0
        assert c.read().startswith(b"HTTP/1.1 200 ")
        sent = 0
        while sent < 100000 and c.update_keys():
            sent += 1
        assert sent < 100000 or not c.read(), "100,000 of them were taken"
        assert other.write(build("/")) > 0 and other.read().startswith(b"HTTP/1.1 200 ")
    target.wait_log("too many messages without data")


def test_early_data_is_refused(target):
    with tls.Odd(target.address) as c:
        assert c.shake() and c.write(build("/")) > 0 and c.read()
        session = c.session(early=16384)
    # a client that believes that it may
    with tls.Odd(target.address, session=session) as c:
        assert c.write_early(build("/")) and c.shake() and c.early_was_rejected()
        assert c.write(build("/")) > 0 and c.read().count(b"HTTP/1.1 200 ") == 1
