"""Swoole\\Client, blocking, swoole_client_select() (contract B.15), and with callbacks (L.3), against servers of lib/peers.py.

The checks are in php/swoole/client/*.php and client_async/*.php, which get JSON of where the peers are, print "ok ..." or "not ok ..." for each check and
"done" at their end."""

import json
import os

import pytest

from lib.daemon import PHP_CASES, run
from lib.peers import Peers

SCRIPTS = os.path.join(PHP_CASES, "swoole", "client")
ASYNC = os.path.join(PHP_CASES, "swoole", "client_async")
NAMES = sorted([n for n in os.listdir(SCRIPTS) if n != "peers.php"] + ["../client_async/" + n for n in os.listdir(ASYNC) if n != "log.php"])


@pytest.fixture(scope="module")
def peers():
    p = Peers()
    yield p
    p.close()


@pytest.fixture
def script(daemon, peers):
    d = daemon(start=False)

    def call(code, timeout=60):
        if not code.endswith(".php"):
            code = d.write("case.php", f"<?php\nrequire '{SCRIPTS}/peers.php';\n" + code)
        return run(d.binary, "run", code, json.dumps(peers.where), env=d.environment(), timeout=timeout)
    return call


@pytest.mark.parametrize("name", NAMES)
def test_script(script, name):
    r = script(os.path.join(SCRIPTS, name))
    lines = r.stdout.splitlines()
    assert [x for x in lines if x.startswith("not ok")] == []
    assert r.stderr == ""
    assert r.returncode == 0 and lines[-1] == "done", r.stdout[-1000:]
    assert len(lines) > 5


CLIENT = "$c = new Swoole\\Client(SWOOLE_SOCK_TCP, SWOOLE_SOCK_ASYNC); "
ALL = CLIENT + "foreach (['connect', 'receive', 'error', 'close'] as $e) $c->on($e, fn() => print(\"$e \")); "


@pytest.mark.parametrize("call", ["$c->on('connect', 'strlen')", "$c->sleep()", "$c->wakeup()", "$c->pause()", "$c->resume()"])
def test_only_for_asynchronous_clients(script, call):
    """AC1: style "fatal"."""
    r = script("$c = new Swoole\\Client(SWOOLE_SOCK_TCP); echo 'before'; " + call + "; echo 'after';")
    assert r.returncode == 255 and r.stdout.startswith("before") and "after" not in r.stdout
    assert "only used with async client" in r.stderr + r.stdout


@pytest.mark.parametrize("missing", ["connect", "receive", "error", "close"])
def test_a_handler_is_missing(script, missing):
    """AC2: style "fatal"."""
    r = script(CLIENT + f"foreach (array_diff(['connect', 'receive', 'error', 'close'], ['{missing}']) as $e) $c->on($e, 'strlen');"
               "$c->connect(HOST, at('echo')); echo 'after';")
    assert r.returncode == 255 and "after" not in r.stdout
    assert f"no '{missing}' callback" in r.stderr + r.stdout


def test_the_end_of_a_script_waits(script):
    """L.3: Event::wait() is implicit."""
    r = script(ALL + "$c->connect(HOST, at('hello'), MUCH); echo 'end ';")
    assert (r.returncode, r.stderr) == (0, "")
    assert r.stdout.replace("done\n", "") == "end connect receive close "


def test_an_exception_ends_the_script(script):
    r = script(ALL + "$c->on('receive', fn() => throw new LogicException('mine'));"
               "$c->connect(HOST, at('hello'), MUCH); Swoole\\Event::wait(); echo 'after';")
    assert r.returncode == 255 and "after" not in r.stdout
    assert "Uncaught LogicException: mine" in r.stderr + r.stdout


def test_an_exception_of_close_goes_to_its_caller(script):
    r = script(ALL + "$c->on('close', fn() => throw new LogicException('mine'));"
               "$c->connect(HOST, at('echo'), MUCH);"
               "try { $c->close(); } catch (LogicException $e) { echo $e->getMessage(), ' '; } "
               "var_dump($c->isConnected());")
    assert (r.returncode, r.stderr) == (0, "")
    assert r.stdout.startswith("mine bool(false)\n")
