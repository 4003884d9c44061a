"""Fixtures. A test asks for `daemon` and calls it for a private daemon; whatever it starts is ended and questioned
after the test (lib/daemon.py)."""

import json
import os
import signal
import sys

import pytest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from lib import proc  # noqa: E402
from lib.ask import Ask  # noqa: E402
from lib.daemon import BINARY, Daemon, copy_cases, ended, run, scaffold  # noqa: E402
from lib.disk import disk, tmpfs  # noqa: E402,F401 - fixtures
from lib.laravels import app, hosted, release, shared  # noqa: E402,F401 - fixtures
from lib.laravels import each_release, ini_too_is_true, together  # noqa: E402
from lib.server import Server  # noqa: E402
from lib.tls import certificate  # noqa: E402,F401 - a fixture

proc.become_subreaper()
# A shell that starts a job in the background has it ignore SIGINT, and what we start would inherit that.
if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_report_header(config):
    version = run(BINARY, "--version").stdout.strip() if os.path.exists(BINARY) else "not built"
    return f"rserverd: {BINARY} ({version})"


def pytest_generate_tests(metafunc):
    each_release(metafunc)


@pytest.hookimpl(tryfirst=True)     # before pytest-xdist looks for groups, and before -k has left anything out
def pytest_collection_modifyitems(config, items):
    if not any("::" in a for a in config.args):     # else not all tests of a file are here
        ini_too_is_true(items)
    for item in items:
        together(item)
        if os.environ.get("USE_ZEND_ALLOC") == "0" and item.get_closest_marker("memory_limit"):
            item.add_marker(pytest.mark.skip(reason="malloc() has no memory limit"))
    # Long ones begin first, or the last of them would have the machine to itself.
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    outcome = yield
    report = outcome.get_result()
    if report.failed:
        for d in getattr(item, "daemons", []):
            report.sections.append((f"log of {d.folder}", (getattr(d, "last_log", "") or d.log())[-6000:]))


class Factory:
    """daemon(...): the core with the fake engine. daemon.php(...): a callable. daemon.laravel(...): an application."""

    def __init__(self, started):
        self.started = started

    def __call__(self, engine="fake", start=True, **kw):
        d = Daemon(engine=engine, **kw)
        self.started.append(d)
        return d.start() if start else d

    def hosted(self, start=True, tasks=1, sockets=None, processes=(), timer=False, env=None, ini=None, **kw):
        """The fake application with a server (tests/fake/fake_server.c): sockets {name: {host, port, type}}, names of
        custom processes."""
        ini = {k: dict(v) for k, v in (ini or {}).items()}
        ini.setdefault("swoole", {}).setdefault("task_worker_num", tasks)
        ini["timer"] = {"enable": timer, "max_wait_time": 5, **ini.get("timer", {})}
        for name, keys in (sockets or {}).items():
            ini[f"sockets.{name}"] = {"handler": "Fake", **keys}
        for name in processes:
            ini[f"processes.{name}"] = {"class": "Fake", **ini.get(f"processes.{name}", {})}
        d = self("fake", start=False, env={"RS_FAKE_SERVER": "1", **(env or {})}, ini=ini, **kw)
        d.nprocesses = len(processes) + timer
        return d.start_hosted() if start else d

    def php(self, entry="entry.php", start=True, **kw):
        """The scripts of tests/e2e/php/cases behind framework = callable."""
        d = self("php", start=False, framework="callable", entry=entry, **kw)
        copy_cases(d.app)
        return d.start() if start else d

    def callable(self, code, start=True, **kw):
        """framework = callable with this text as the entry file."""
        d = self("php", start=False, framework="callable", entry="entry.php", **kw)
        d.write("entry.php", code)
        return d.start() if start else d

    def app(self, name, start=True, dotenv=(), **kw):
        """A runnable copy of tests/apps/NAME; dotenv: KEY=VALUE lines for its .env."""
        d = self("php", start=False, **kw)
        scaffold(d.app, name, dotenv)
        return d.start() if start else d

    def laravel(self, start=True, workers=1, dotenv=(), config=None, files=None, **kw):
        """The Laravel application with its test routes. One worker unless said: what a request leaves behind then
        meets the next one. config: text of config/laravels.php; files: {name: text}."""
        d = self.app("laravel", start=False, dotenv=["TEST_ROUTES=true", *dotenv], **kw)
        d.set("swoole", worker_num=workers)
        for name, text in {**(files or {}), **({"config/laravels.php": config} if config else {})}.items():
            d.write(name, text)
        return d.start() if start else d


@pytest.fixture
def server(request):
    """server("server/echo.php") or server(code="<?php ..."): a script with a server that runs (lib/server.py)."""
    assert os.path.exists(BINARY), f"{BINARY} is not built"
    started = request.node.daemons = getattr(request.node, "daemons", [])

    def make(name=None, start=True, wait=True, **kw):
        s = Server(name, **kw)
        started.append(s)
        return s.start(wait) if start else s
    yield make
    ended([s for s in started if isinstance(s, Server)])


@pytest.fixture
def asked(server):
    """asked(settings, ...): tests/e2e/php/swoole/server/ask.php with these settings, all of it up, and a client of it."""
    def make(settings=None, **kw):
        settings = settings or {}
        env = {"RS_SETTINGS": json.dumps(settings), **kw.pop("env", {})}
        s = server("server/ask.php", env=env, **kw)
        s.wait_output("start ")
        s.wait_output("managerStart ")
        s.wait_output("workerStart ", count=int(settings.get("worker_num", 1)) + int(settings.get("task_worker_num", 0)))
        return s, Ask(s.port)
    return make


@pytest.fixture
def daemon(request):
    assert os.path.exists(BINARY), f"{BINARY} is not built"
    started = request.node.daemons = getattr(request.node, "daemons", [])
    yield Factory(started)
    ended([d for d in started if isinstance(d, Daemon)])
