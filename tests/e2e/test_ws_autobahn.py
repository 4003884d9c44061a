"""All public Autobahn cases of families 1 to 7, 9 and 10, by number, against an echo server (autobahn/)."""

import contextlib
import glob
import os
import subprocess

import pytest

from autobahn.cases import NUMBERS, build
from autobahn.judge import play
from lib.daemon import TREE, run
from lib.server import Server
from lib.wait import SLOW


@contextlib.contextmanager
def core_server(folder):
    """src/ws on a blocking socket, with sanitizers: the parser alone, no reactor, no PHP."""
    program, log = os.path.join(folder, "ws_echo"), os.path.join(folder, "log")
    sources = [os.path.join(TREE, "tests/e2e/autobahn/ws_echo.c"),
               *glob.glob(os.path.join(TREE, "src/ws/*.c")), *glob.glob(os.path.join(TREE, "src/http/http_[pfc]*.c")),
               *(os.path.join(TREE, "src/base", name) for name in ("rs_base.c", "rs_buf.c", "rs_log.c"))]
    made = run("gcc", "-std=gnu11", "-O1", "-g", "-D_GNU_SOURCE", "-Wall", "-Wextra", "-Werror", "-I" + os.path.join(TREE, "src"),
               "-fsanitize=address,undefined", "-fno-sanitize-recover=undefined", "-o", program, *sources,
               "-lwslay", "-lcrypto", timeout=120)
    assert made.returncode == 0, made.stderr
    with open(log, "w+") as errors:
        server = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, text=True)
        try:
            yield ("127.0.0.1", int(server.stdout.readline()))
        finally:
            server.stdin.close()
            code = server.wait(timeout=20 * SLOW)
            server.stdout.close()
        errors.seek(0)
        assert (code, errors.read()) == (0, "")


@contextlib.contextmanager
def script_server(folder):
    """A script with Swoole's server classes: every message goes through a worker."""
    script = Server("ws/echo.php").start()
    try:
        yield script.address
    finally:
        script.finish()


@contextlib.contextmanager
def coroutine_server(folder):
    """Coroutine\\Http\\Server: one process, a coroutine for each connection."""
    script = Server("coserver/echo.php").start()
    try:
        yield script.address
    finally:
        script.finish()


SERVERS = {"core": (core_server, True), "script": (script_server, True), "coroutine": (coroutine_server, True)}


@pytest.fixture(scope="module", params=SERVERS)
def server(request, tmp_path_factory):
    start, strict = SERVERS[request.param]
    with start(str(tmp_path_factory.mktemp("autobahn"))) as address:
        yield address, strict


def test_all_cases_are_there():
    assert len(NUMBERS) == 301


@pytest.mark.parametrize("number", NUMBERS)
def test_case(server, number):
    address, strict = server
    play(build(number), address, strict)
