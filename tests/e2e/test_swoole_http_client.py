"""Swoole\\Coroutine\\Http\\Client (contract B.16.1: HC1 to HC7), swoole_http_client (L.6: AH1 to AH5) and Swoole\\Coroutine\\Http\\get()
and its like (FN12), against servers of lib/web_peers.py that do as they should and that do not, our own servers, and nginx.

The checks are in php/swoole/http_client/*.php, which print "ok ..." or "not ok ..." for each and "done" at their end."""

import json
import os
import re

import pytest

from lib.daemon import PHP_CASES, run
from lib.fpm import Nginx
from lib.server import Server
from lib.web_peers import WebPeers

SCRIPTS = os.path.join(PHP_CASES, "swoole", "http_client")


@pytest.fixture(scope="module")
def peers():
    p = WebPeers()
    yield p
    p.close()


@pytest.fixture
def script(daemon, peers):
    d = daemon(start=False)

    def call(code, timeout=90, **more):
        if not code.endswith(".php"):
            code = d.write("case.php", f"<?php\nrequire '{SCRIPTS}/web.php';\n" + code)
        return run(d.binary, "run", code, json.dumps({**peers.where, **more}), env=d.environment(), timeout=timeout)
    return call


def judge(r):
    lines = r.stdout.splitlines()
    assert [x for x in lines if x.startswith("not ok")] == []
    assert r.stderr == ""
    assert r.returncode == 0 and lines[-1] == "done", r.stdout[-1000:]
    assert len(lines) > 5


@pytest.mark.parametrize("name", ["requests", "answers", "hostile", "uploads", "ways", "async"])
def test_script(script, name):
    judge(script(os.path.join(SCRIPTS, name + ".php")))


# ---- our own servers -----------------------------------------------------------------------------------------------------

@pytest.fixture
def echo():
    s = Server("http_client/server.php").start()
    yield s
    s.stop()
    s.finish()


@pytest.mark.parametrize("name", ["websocket", "websocket_async", "own"])
def test_own_server(script, echo, name):
    judge(script(os.path.join(SCRIPTS, name + ".php"), own=echo.port))


def test_in_a_worker(peers):
    """In an event worker with coroutines, in its timer, and in a task worker's coroutine; the asynchronous one in a worker without."""
    for coroutine in (1, 0):
        s = Server("http_client/worker.php", args=[json.dumps({**peers.where, "coroutine": coroutine})]).start()
        try:
            got = s.get("/sync" if coroutine else "/async")
            assert (got.status, got.body) == (200, b"GET /echo 200"), s.output()
        finally:
            s.stop()
            s.finish()


@pytest.mark.parametrize("release", ["37"])
def test_in_a_laravel_application(hosted, release, peers):
    """In its timer and in a custom process, where code runs in coroutines; in a worker, where it does not."""
    d = hosted(release)
    ask = f"$c = new \\Swoole\\Coroutine\\Http\\Client('127.0.0.1', {peers.where['web']}); $c->set(['timeout' => 20]);"
    ask += "$ok = $c->get('/echo'); return [$ok, $c->statusCode, json_decode($c->body, true)['target'] ?? null];"
    assert d.inbox("timer", ask) == [True, 200, "/echo"]
    assert d.inbox("process", ask) == [True, 200, "/echo"]
    assert d.code("try { " + ask + " } catch (\\Swoole\\Error $e) { return $e->getMessage(); }") == "API must be called in the coroutine"


# ---- nginx ---------------------------------------------------------------------------------------------------------------

def test_nginx(script):
    n = Nginx(lambda n: f"""
        gzip on; gzip_min_length 1; gzip_types *; keepalive_requests 3;
        server {{ listen 127.0.0.1:{n.port}; root {n.folder}; location = /text {{ return 200 "{'nginx ' * 200}"; }} location / {{ }} }}
    """)
    try:
        with open(os.path.join(n.folder, "file"), "wb") as f:
            f.write(b"0123456789" * 100000)
        judge(script(os.path.join(SCRIPTS, "nginx.php"), nginx=n.port))
    finally:
        n.stop()


# ---- how a process ends ---------------------------------------------------------------------------------------------------

def test_an_exception_in_a_callback_ends_the_script(script):
    r = script("$c = new swoole_http_client(HOST, at('web')); $c->get('/echo', fn() => throw new LogicException('mine'));"
               "Swoole\\Event::wait(); echo 'after';")
    assert r.returncode == 255 and "after" not in r.stdout
    assert "Uncaught LogicException: mine" in r.stderr + r.stdout


def test_upgrade_without_a_handler(script):
    """AH4: style "fatal"."""
    r = script("$c = new swoole_http_client(HOST, at('web')); echo 'before'; $c->upgrade('/', 'strlen'); echo 'after';")
    assert r.returncode == 255 and r.stdout.startswith("before") and "after" not in r.stdout
    assert "no 'message' callback" in r.stderr + r.stdout


def test_the_process_ends_while_it_waits(script):
    r = script("Co\\run(function () { go(fn () => web()->get('/silence')); Co::sleep(0.01); throw new LogicException('mine'); });")
    assert r.returncode == 255
    assert set(re.findall(r"Uncaught (\w+: \w+)", r.stderr)) == {"LogicException: mine"}
