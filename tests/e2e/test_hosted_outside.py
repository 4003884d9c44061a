"""PHP processes that are none of the server's: app.sock. The client is in C (`script-server outside=PATH`; contract 2.3, 8.2)."""

import os
import re
import signal
import socket
import subprocess

import pytest

from lib.daemon import BINARY
from lib.line_client import Client
from lib.ports import free_port
from lib.wait import SLOW, until

PROGRAM = os.path.join(os.path.dirname(BINARY), "script-server")


class Outside:
    def __init__(self, path):
        self.child = subprocess.Popen([PROGRAM, f"outside={path}"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                      stderr=subprocess.PIPE, text=True, bufsize=1)

    def ask(self, line, lines=1):
        self.child.stdin.write(line + "\n")
        self.child.stdin.flush()
        out = [self.child.stdout.readline().strip() for _ in range(lines)]
        return out[0] if lines == 1 else out

    def close(self):
        _, errors = self.child.communicate(timeout=20 * SLOW)
        assert self.child.returncode == 0, errors
        return errors


@pytest.fixture
def outside():
    made = []

    def make(path):
        made.append(Outside(path))
        return made[-1]
    yield make
    for o in made:
        if o.child.poll() is None:
            o.child.kill()
        o.child.wait()


@pytest.fixture
def d(daemon):
    port = {"host": "127.0.0.1", "port": free_port(), "type": "tcp"}
    d = daemon.hosted(sockets={"echo": port})
    d.line = lambda: Client(port["port"])
    return d


def said(d, pattern):
    return until(lambda: re.search(r"said: fake (" + pattern + ")", d.log()), message=pattern)


def test_it_sends_tasks_messages_and_bytes(d, outside):
    o = outside(d.path("run/app.sock"))
    assert o.ask("here") == "here 0 role -1"
    assert o.ask("task 0 early") == "task -1"
    assert o.ask("connect") == "connected"
    assert o.ask("here") == "here 1 role 5"
    assert o.ask("task 0 abc") == "task 0"
    said(d, r"task \d+ id=2 from=\d+ data=abc")
    said(d, r"finish \d+ id=[01] data=ABC")
    assert o.ask("message 1 hello") == "message 0"
    said(d, r"message \d+ id=1 data=hello")
    assert o.ask("message 99 hello") == "message 1005"
    with d.line() as c:
        fd = c.ask("fd").split()[1]
        assert o.ask("connections") == "connections 1"
        assert o.ask(f"push {fd} from-outside") == "push 0"
        c.says("from-outside")
    assert o.ask("push 77 nobody") == "push 1005"
    assert o.close() == ""


def test_it_cannot_wait_for_a_result(d, outside):
    o = outside(d.path("run/app.sock"))
    assert o.ask("connect") == "connected"
    assert re.match(r"wait [^0]+ flags=0$", o.ask("wait abc"))
    assert o.ask("task 0 marker") == "task 0"
    said(d, "task .* data=marker")
    assert "data=abc" not in d.log()


def test_delayed_tasks_outlive_it(d, outside):
    o = outside(d.path("run/app.sock"))
    assert o.ask("connect") == "connected"
    assert o.ask("task 800 later") == "task 0"
    o.close()
    said(d, r"task \d+ id=2 from=\d+ data=later")


def test_a_fork_has_its_own_connection(d, outside):
    o = outside(d.path("run/app.sock"))
    assert o.ask("connect") == "connected"
    assert o.ask("fork of-the-child", 3) == ["child alive=0", "child task 0", "parent alive=1"]
    said(d, "task .* data=of-the-child")
    assert o.ask("task 0 of-the-parent") == "task 0"
    said(d, "task .* data=of-the-parent")


def test_the_connection_is_made_again(d, outside):
    o = outside(d.path("run/app.sock"))
    assert o.ask("connect") == "connected"
    d.check_fds = False
    os.kill(d.pid("reactor"), signal.SIGKILL)
    until(d.settled_processes, 15)
    until(lambda: o.ask("alive") == "alive 0")
    assert o.ask("task 0 again") == "task 0"
    assert o.ask("alive") == "alive 1"
    said(d, "task .* data=again")
    assert d.ctl("reload", "--wait").returncode == 0
    assert o.ask("task 0 after-a-reload") == "task 1"
    said(d, "task .* data=after-a-reload")


def test_why_it_cannot_connect(daemon, outside):
    d = daemon.hosted()
    path = d.path("run/app.sock")
    if os.getuid() == 0:
        o = outside(path)
        assert o.ask("become 65534") == "become 1"
        assert o.ask("connect") == f"no: {path}: no permission; it is for user root and group root (mode 660)"
    o = outside(d.path("run/none.sock"))
    assert re.match("no: no rserverd runs there: .*none.sock: No such file", o.ask("connect"))
    dead = socket.socket(socket.AF_UNIX)
    dead.bind(d.path("tmp/dead.sock"))
    dead.close()
    o = outside(d.path("tmp/dead.sock"))
    assert re.match("no: no rserverd runs there: .*dead.sock: Connection refused", o.ask("connect"))
    os.unlink(d.path("tmp/dead.sock"))
    silent = socket.socket(socket.AF_UNIX)
    silent.bind(d.path("tmp/silent.sock"))
    silent.listen()
    o = outside(d.path("tmp/silent.sock"))
    assert re.match("no: .*silent.sock: it does not answer", o.ask("connect"))
    silent.close()
    os.unlink(d.path("tmp/silent.sock"))
    assert o.ask("here") == "here 0 role -1"


def test_the_server_ends(d, outside):
    o = outside(d.path("run/app.sock"))
    assert o.ask("connect") == "connected"
    assert d.stop() == 0
    assert o.ask("task 0 nobody") == "task -1"
    assert o.ask("alive") == "alive 0"
    assert "no rserverd runs there" in o.close()
