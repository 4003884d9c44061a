"""A real redis-server, and a question to it."""

import shutil
import socket
import subprocess
import tempfile

import pytest

from .ports import free_port
from .wait import SLOW, until

REDIS = shutil.which("redis-server")


@pytest.fixture
def redis():
    """Its port."""
    assert REDIS, "redis-server is not installed: bin/deps test"
    folder, port = tempfile.mkdtemp(prefix="rs-e2e-redis-"), free_port()
    child = subprocess.Popen([REDIS, "--port", str(port), "--bind", "127.0.0.1", "--dir", folder, "--save", "", "--appendonly", "no"],
                             stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def up():
        with socket.socket() as s:
            return s.connect_ex(("127.0.0.1", port)) == 0
    until(up, message="redis-server listens")
    yield port
    child.terminate()
    child.wait(10)
    shutil.rmtree(folder, ignore_errors=True)


def ask_redis(port, *words):
    """One command in RESP; the answer's first line, and the bulk behind it."""
    with socket.create_connection(("127.0.0.1", port), timeout=10 * SLOW) as s:
        s.sendall(b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(w.encode()), w.encode()) for w in words))
        data = s.recv(65536).decode()
    lines = data.split("\r\n")
    return lines[1] if lines[0].startswith("$") and lines[0] != "$-1" else lines[0]
