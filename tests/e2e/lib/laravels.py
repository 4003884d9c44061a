"""A hosted application: tests/apps/laravels35 or laravels37 under a private daemon, with clients for all of its ports.

The application reports what happens in it (app/Testing/Report.php); tests wait for reports. It also runs PHP code that a test
sends: in a request (code), a WebSocket message, a task, the timer process, a custom process, Artisan.
"""

import json
import os
import re
import socket
import struct
import subprocess
import zlib
import threading

import pytest
import websocket

from . import http, proc
from .daemon import RSS_KB, Daemon, ended, run, scaffold
from .line_client import Client as Line
from .ports import free_port
from .wait import SLOW, until

# laravels35, laravels37, and laravels37 configured by its ini alone. `release` of a test is each of the first two, and the
# third where IN_INI_TOO says so.
RELEASES = ["35", "37", "37-ini"]
newer = pytest.mark.newer       # what 3.5 has not

# The tests that run a third time, with the application's laravels.ini instead of its config/laravels.php. What is in force
# is the same thing from then on, so these need only show that every kind of setting arrives (contract 1, 10.1): by kind.
IN_INI_TOO = {
    "[laravels] cleaners, providers": ("config", [
        "published_configuration_starts", "nothing_of_it_is_called_unknown", "no_errors_and_no_deprecations_in_the_logs",
        "cleaners_and_providers", "check_only"]),
    "[event_handlers]": ("events", [
        "server_start_before_anything_is_forked", "several_handlers_run_in_their_order",
        "worker_start_in_workers_and_task_workers", "handler_that_throws_is_logged_and_the_next_runs",
        "stop_fires_worker_stop_and_then_server_stop", "worker_error_upon_a_kill"]),
    "[websocket]": ("websocket", [
        "the_upgrade_is_a_request_of_laravel", "user_in_on_open", "push_from", "handshake_by_hand"]),
    "[sockets.NAME]": ("ports", [
        "packages_by_their_end", "packages_by_their_length", "port_object_of_a_handler", "datagrams",
        "http_on_an_extra_port", "websocket_on_an_extra_port", "optional_port_in_use_is_left_out"]),
    "[processes.NAME]": ("processes", [
        "process_runs_under_its_name", "disabled_process_does_not_run", "write_and_read_through_the_pipe",
        "processes_of_the_server_object", "redirected_output_comes_through_the_pipe", "message_queue", "several_of_one",
        "process_that_ends_is_started_again_after_its_interval", "bad_class_stops_the_start"]),
    "[timer]": ("timer", [
        "one_process_runs_all_jobs", "interval_of_a_job", "interval_and_immediate_from_the_registration",
        "stop_ends_a_job_and_no_other", "no_jobs_no_process", "timer_that_is_off", "bad_job_stops_the_start",
        "one_of_two_instances_runs_the_jobs"]),
    "[swoole] task_worker_num, [events]": ("tasks", [
        "deliver_from", "no_task_workers", "listeners_of_the_event_and_of_the_configuration"]),
    "[swoole_tables.NAME]": ("tables", ["tables_are_on_the_server", "columns", "declared_rows_fit"]),
    "what status, info, config and ps say of them": ("cli", [
        "titles", "status_knows_every_process", "info_names_components_and_ports", "config_prints_what_is_in_force"]),
    "a reload reads them again": ("reload", ["reload_from_php"]),
}
RESTLESS = ("returning", "throwing")    # processes that end and are started again
PORTS = ("EOF", "LENGTH", "UDP", "HTTP", "WS", "OFF")


class Hosted(Daemon):
    def __init__(self, release="37", workers=2, tasks=2, dotenv=(), files=None, ini=None, timer=True, processes=True,
                 name=None, **kw):
        super().__init__("php", ini=ini, **kw)
        self.release, self.workers, self.tasks = release, workers, tasks
        self.ports = {name: free_port() for name in PORTS}
        values = {"LISTEN_PORT": self.port, "WORKER_NUM": workers, "TASK_WORKER_NUM": tasks, "GLOBAL_LOCK": "false",
                  "WS_HANDLER": r"App\Services\WebSocketService"}
        values.update({"PORT_" + name: port for name, port in self.ports.items()})
        values.update(line.split("=", 1) for line in dotenv)
        lines = [f"{'LARAVELS_' if k in ('LISTEN_PORT', 'WORKER_NUM', 'TASK_WORKER_NUM') else ''}{k}={v}" for k, v in values.items()]
        scaffold(self.app, name or "laravels" + release[:2], lines)
        self.shipped(values)
        for name, text in (files or {}).items():
            self.write(name, text)
        if not timer:
            self.configure("timer", enable=False)
        if not processes:
            self.without_processes()
        # The command line and Artisan find the daemon by the application's folder, as they do where it is deployed.
        os.unlink(self.ini_path)
        self.ini_path = os.path.join(self.app, "laravels.ini")
        self.ini["swoole"]["pid_file"] = os.path.join(self.app, "storage/laravels.pid")
        if not self.of_ini:
            del self.ini["laravels"]["listen_ip"], self.ini["laravels"]["listen_port"], self.ini["swoole"]["worker_num"]
        self.write_ini()
        self.wanted = {"worker": workers, "task": tasks}
        self.user_names = self.expected_processes(timer, processes)
        self.nprocesses = len(self.user_names)
        self.clients = []       # closed at the end of a test
        self.report_at = 0
        self.reports = []
        self.tells = True       # its processes report their start
        self.reading = threading.Lock()     # tests wait for reports in threads, too (lib/load.py, Background)

    # -- configuration ------------------------------------------------------------------------------------------------

    @property
    def of_ini(self):
        return self.release.endswith("ini")

    def shipped(self, values):
        """37-ini: the application's laravels.ini into ours, and no config/laravels.php."""
        path = os.path.join(self.app, "laravels.ini")
        if not self.of_ini:
            if os.path.exists(path):
                os.unlink(path)
            return
        os.unlink(os.path.join(self.app, "config/laravels.php"))
        with open(path) as f:
            text = re.sub(r"@(\w+)@", lambda m: str(values[m[1]]), f.read())
        section = None
        for line in text.splitlines():
            if not line or line.startswith(";"):
                continue
            if m := re.fullmatch(r"\[(.+)\]", line):
                section = self.ini.setdefault(m[1], {})
            elif m := re.fullmatch(r"(.+?)\[\] = (.*)", line):
                section.setdefault(m[1], []).append(m[2])
            else:
                key, value = line.split(" = ", 1)
                section.setdefault(key, value)      # the harness's own word counts
        self.ini["swoole"].update(worker_num=values["WORKER_NUM"], task_worker_num=values["TASK_WORKER_NUM"])

    def configure(self, section, **keys):
        """A change of the ini, which is stronger than config/laravels.php."""
        self.ini.setdefault(section, {}).update(keys)

    def config_php(self, change):
        """A change of config/laravels.php: PHP code with $c, the configuration."""
        path, shipped = os.path.join(self.app, "config/laravels.php"), os.path.join(self.app, "config.laravels.shipped.php")
        if not os.path.exists(shipped):
            os.rename(path, shipped)
            self.write("config/laravels.php", "<?php\n$c = require base_path('config.laravels.shipped.php');\nreturn $c;\n")
        with open(path) as f:
            text = f.read()
        self.write("config/laravels.php", text.replace("return $c;", change + "\nreturn $c;"))

    def without_events(self):
        if self.of_ini:
            self.ini.pop("events", None)
        else:
            self.config_php("$c['events'] = [];")

    def without_processes(self):
        if self.of_ini:
            for name in [s for s in self.ini if s.startswith("processes.")]:
                del self.ini[name]
        else:
            self.config_php("$c['processes'] = [];")

    def expected_processes(self, timer, processes):
        names = ["timer"] if timer else []
        if processes:
            names += ["inbox", "pipe", "blocking", "returning", "throwing", "printing"]
            if self.release != "35":
                names += ["queue", "copied", "copied", "copied"]
        return names

    # -- life -----------------------------------------------------------------------------------------------------------

    @staticmethod
    def of(status, role):
        """"task" is short for "task worker"."""
        return Daemon.of(status, "task worker" if role == "task" else role)

    def settled(self, workers=None):
        """All of it there, workers and task workers idle, of one generation."""
        s = self.status()
        if not s:
            return None
        found = self.of(s, "worker") + self.of(s, "task")
        wanted = (workers or self.wanted["worker"]) + self.wanted["task"]
        fit = (len(found) == wanted and all(w["state"] == "idle" for w in found)
               and len({w["generation"] for w in found}) == 1 and not s["queue_length"]
               and all(len(self.of(s, r)) == 1 for r in ("master", "reactor", "manager"))
               and all(proc.alive(p["pid"]) for p in s["processes"]))
        return s if fit else None

    def wait_ready(self, timeout=30):
        super().wait_ready(timeout)
        steady = [n for n in self.user_names if n not in RESTLESS]

        def all_run():
            titles = self.titles()
            return all(self.titled(n, titles) for n in steady)
        until(all_run, timeout, every=0.02, message=f"{steady} run: {self.titles()}")
        self.now_is_the_base()

    def now_is_the_base(self):
        """The descriptors that are open now are those that may be open at the end: every process sleeps, in what it opens
        once (the loop of a process that waits for its queue, a connection to Redis). Not all at one moment: on a busy
        machine one of them always waits for a processor."""
        slept = set()

        def asleep():
            titles = self.titles()
            now = {(n, p) for n in self.user_names if n not in RESTLESS for p in self.titled(n, titles)}
            slept.update((n, p) for n, p in now - slept if proc.state(p) == "S"
                         and (n == "timer" or not self.tells or self.report("process.start", pid=p)))
            return now <= slept
        until(asleep, every=0.02, message=f"each has slept: {self.titles()}")
        self.base_fds = self.fd_table(self.status())

    def fd_table(self, status):
        """User processes each by its name, but for those that come and go; the master has a pidfd of each process."""
        table = super().fd_table({"processes": [
            dict(p, role=f"process {p['name']}" if p["role"] == "process" else p["role"])
            for p in status["processes"] if p.get("name") not in RESTLESS]})
        for _, fds in table.get("master", []):
            pidfds = [n for n, target in fds.items() if target.endswith("[pidfd]")]
            if len(pidfds) > len(status["processes"]) + 2:
                # Some have come since that was asked, and those that come and go may be away just now.
                known = len((self.status() or status)["processes"])
                assert len(pidfds) <= known + 2 + len(RESTLESS), f"{len(pidfds)} pidfds for {known} processes"
            for n in pidfds:
                del fds[n]
        return table

    def titles(self):
        return {pid: proc.title(pid) for pid in self.everyone()}

    def titled(self, name, titles=None):
        """Processes by what ps says of them: "timer", "inbox", "task worker process 2"; titles: of one look at all."""
        wanted = f" laravels: {name}" + ("" if "process" in name else " process")
        return sorted(pid for pid, title in (titles or self.titles()).items() if title.endswith(wanted) and proc.alive(pid))

    def successor(self, name, old, timeout=20):
        """The pid of the one process of that name, when it is no longer the old one. One reading decides: between two
        readings the old one may end."""
        def there():
            now = self.titled(name)
            return now[0] if len(now) == 1 and now[0] != old else None
        return until(there, timeout, message=f"another process {name} than {old}")

    def kill(self, pid, sig=9):
        proc.kill(pid, sig)
        until(lambda: not proc.alive(pid), message=f"{pid} has gone")

    def log(self):
        folder = os.path.join(self.app, "storage/logs")
        text = super().log()
        for name in sorted(os.listdir(folder)) if os.path.isdir(folder) else ():
            if name.startswith("swoole-"):
                with open(os.path.join(folder, name), errors="replace") as f:
                    text += f.read()
        return text

    def laravel_log(self):
        path = os.path.join(self.app, "storage/logs/laravel.log")
        if not os.path.exists(path):
            return ""
        with open(path, errors="replace") as f:
            return f.read()

    # -- what the application reports -------------------------------------------------------------------------------------

    def report(self, what=None, **facts):
        """Reports so far, those that have these facts."""
        path = os.path.join(self.app, "storage/report.jsonl")
        with self.reading:
            if os.path.exists(path):
                with open(path, "rb") as f:
                    f.seek(self.report_at)
                    text = f.read()
                whole = text.rfind(b"\n") + 1
                self.report_at += whole
                self.reports += [json.loads(line) for line in text[:whole].splitlines()]
        return [r for r in self.reports if (what is None or r["what"] == what) and all(r.get(k) == v for k, v in facts.items())]

    def wait(self, what, count=1, timeout=10, **facts):
        """The count-th such report, when it comes."""
        def there():
            found = self.report(what, **facts)
            return found if len(found) >= count else None
        try:
            return until(there, timeout)[count - 1]
        except AssertionError:
            near = self.report(what)[-5:] or self.reports[-10:]
            raise AssertionError(f"not within {timeout * SLOW:g} s: {count} x {what} {facts}; last: {near}; "
                                 f"log: {self.log()[-1500:]}") from None

    # -- code that runs in it -----------------------------------------------------------------------------------------------

    def code(self, text, **kw):
        """The value of PHP code in a request; an exception of it is ours."""
        r = self.post("/code", text.encode(), **kw)
        assert r.status == 200, r
        return value(r.json())

    def inbox(self, name, text):
        """The value of PHP code in the timer process or in the custom process "process"."""
        before = len(self.report("inbox", of=name))
        self.leave(name, text)
        return value(self.wait("inbox", before + 1, of=name))

    def leave(self, name, text):
        """Code for that process, whole at once: it never sees a file that is still empty."""
        path = os.path.join(self.app, f"storage/inbox-{name}")
        with open(path + ".new", "w") as f:
            f.write(text)
        os.rename(path + ".new", path)

    def artisan(self, *words, timeout=60):
        """An Artisan command on this host, outside the server."""
        return run(self.binary, "php", os.path.join(self.app, "artisan"), *words, cwd=self.app, env=self.environment(), timeout=timeout)

    def artisan_code(self, text):
        r = self.artisan("hosted:code", text)
        assert r.returncode == 0, r.stdout + r.stderr
        return value(json.loads(r.stdout.strip().splitlines()[-1]))

    def deliver(self, task):
        """Code that delivers a task, as the release documents it for places that are no worker."""
        return f"\\Hhxsv5\\LaravelS\\Swoole\\Task\\Task::deliver({task}{', true' if self.release == '35' else ''})"

    # -- clients ------------------------------------------------------------------------------------------------------------

    def login(self, name):
        b = self.browser()
        r = b.get(f"/test/login?user={name}")
        assert r.json()["auth"] == f"{name}@example.test"
        return b

    def ws(self, path="/ws-plain", browser=None, port=None, **kw):
        cookie = "; ".join(f"{n}={v}" for n, v in browser.cookies.items()) if browser else None
        c = Chat(f"ws://127.0.0.1:{port or self.port}{path}", cookie=cookie, **kw)
        self.clients.append(c.ws)
        return c

    def upgrade(self, path, headers=(), port=None, key="dGhlIHNhbXBsZSBub25jZQ=="):
        """An upgrade request by hand: the connection and the answer."""
        c = http.Conn((self.host, port or self.port))
        wanted = [("Upgrade", "websocket"), ("Connection", "Upgrade"), ("Sec-WebSocket-Version", "13"), ("Sec-WebSocket-Key", key)]
        c.send(http.build(path, headers=wanted + list(headers)))
        r = c.head()
        if r.status != 101:
            c.frame(r, "GET")
            while piece := c.piece(r):
                r.body += piece
        return c, r

    def line(self, name):
        c = Line(self.ports[name])
        self.clients.append(c)
        return c

    def udp(self):
        s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.clients.append(s)
        s.settimeout(10 * SLOW)
        s.connect(("127.0.0.1", self.ports["UDP"]))
        return s

    # -- the questions ---------------------------------------------------------------------------------------------------------

    def finish(self):
        self.hang_up()
        try:
            super().finish()
        finally:    # it outlives the server by design
            key = zlib.crc32(f"{self.ini['swoole']['pid_file']}\0queue".encode()) & 0x7fffffff
            subprocess.run(["ipcrm", "-Q", hex(key)], stderr=subprocess.DEVNULL)

    def hang_up(self):
        """What a test has left open."""
        http.close_all()
        while self.clients:
            c = self.clients.pop()
            if isinstance(c, websocket.WebSocket):
                c.shutdown()
            else:
                c.close()

    def quiet(self):
        """Between tests that share a daemon: it is whole, clients of the test are gone, and nothing in its log says otherwise."""
        until(lambda: (s := self.settled()) and not s["connections"], 15, message=f"all of it idle: {self.status()}")
        self.question_log()

    def question_rss(self):
        for p in self.status()["processes"]:
            limit = RSS_KB.get(p["role"], RSS_KB["worker"]) * (8 if proc.sanitized(p["pid"]) else 1)
            rss = proc.rss_kb(p["pid"])
            assert rss <= limit, f"{p['role']} {p['pid']} has {rss} kB resident, at most {limit} allowed"

    def question_files(self):
        super().question_files()
        storage = os.path.join(self.app, "storage")
        left = [n for n in os.listdir(storage) if n.endswith((".pid", ".sock", ".conf", ".json"))]
        assert not left, f"run-time files left: {left}"


def quoted(text):
    """A string as PHP code."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def task(tag, handle="", finish=""):
    """A task that runs code, as PHP code."""
    return f"(new \\App\\Tasks\\CodeTask({quoted(tag)}, {quoted(handle)}, {quoted(finish)}))"


class Thrown(Exception):
    def __init__(self, answer):
        super().__init__(f"{answer['throws']}: {answer['message']}")
        self.name, self.message = answer["throws"], answer["message"]


def value(answer):
    if "throws" in answer:
        raise Thrown(answer)
    return answer["value"]


class Chat:
    """A WebSocket client of the main port's handler (app/Services/WebSocketService.php)."""

    def __init__(self, url, welcome=True, cookie=None, **kw):
        self.ws = websocket.create_connection(url, timeout=10 * SLOW, cookie=cookie, **kw)
        self.opened = json.loads(self.ws.recv()) if welcome else None

    @property
    def fd(self):
        return self.opened["fd"]

    def send(self, text):
        self.ws.send(text)

    def recv(self):
        return self.ws.recv()

    def ask(self, text):
        self.ws.send(text)
        return self.ws.recv()

    def code(self, text):
        return value(json.loads(self.ask("code " + text)))

    def alive(self):
        assert self.ask("echo are you there") == "are you there"
        return True

    def closed(self):
        """(code, reason) of the close frame that comes, None for an end without one."""
        try:
            opcode, data = self.ws.recv_data()
        except (websocket.WebSocketConnectionClosedException, OSError):
            return None
        assert opcode == websocket.ABNF.OPCODE_CLOSE, (opcode, data)
        return (struct.unpack("!H", data[:2])[0], data[2:].decode()) if data else (None, "")

    def close(self):
        self.ws.close(timeout=2)

    def reset(self):
        self.ws.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
        self.ws.shutdown()


# -- fixtures (tests/e2e/conftest.py has them for everybody) -------------------------------------------------------------------

@pytest.fixture(scope="module")
def release(request):
    """"35", "37" or "37-ini": each_release() says which."""
    return request.param


def each_release(metafunc):
    """The releases of a test that asks for `release`, itself or through `app` (called by pytest_generate_tests)."""
    test = metafunc.definition
    marks = [m for m in test.iter_markers("parametrize") if "release" in str(m.args[0])]
    if "release" not in metafunc.fixturenames or marks:
        return
    name = test.originalname.removeprefix("test_")
    module = metafunc.module.__name__.rpartition("test_laravels_")[2]
    releases = [r for r in RELEASES if r != "35" or not test.get_closest_marker("newer")]
    if not any(module == m and name in names for m, names in IN_INI_TOO.values()):
        releases.remove("37-ini")
    metafunc.parametrize("release", releases, indirect=True, scope="module")


def ini_too_is_true(items):
    """A name in IN_INI_TOO that no test has would be a hole that nobody sees."""
    collected = {}
    for item in items:
        module = item.module.__name__.rpartition("test_laravels_")[2]
        collected.setdefault(module, set()).add(item.originalname.removeprefix("test_"))
    for module, names in IN_INI_TOO.values():
        gone = set(names) - collected.get(module, set(names))
        if gone:
            raise pytest.UsageError(f"IN_INI_TOO: test_laravels_{module}.py has no test {', '.join(sorted(gone))}")


def together(item):
    """Tests that share a daemon go to the same process of pytest-xdist (--dist loadgroup: bin/e2e)."""
    for fixture in ("shared", "running"):
        if fixture in item.fixturenames:
            params = item.callspec.params if hasattr(item, "callspec") else {}
            which = params.get("release") or params.get(fixture)
            if which:   # others have fixtures of these names, too
                item.add_marker(pytest.mark.xdist_group(f"{item.module.__name__}-{which}"))


class Shared:
    daemon = None


@pytest.fixture(scope="module")
def shared(release):
    """One daemon for the tests of a module that do not disturb each other."""
    holder = Shared()
    holder.release = release
    yield holder
    if holder.daemon:
        try:
            holder.daemon.finish()
        except AssertionError as e:
            pytest.fail(str(e), pytrace=False)


@pytest.fixture
def app(request, shared):
    """The shared daemon of this release. A new one comes when a test has left it broken."""
    if shared.daemon is None:
        shared.daemon = Hosted(shared.release)
        try:
            shared.daemon.start()
        except BaseException:
            d, shared.daemon = shared.daemon, None
            d.clear()
            request.node.daemons = [d]
            raise
    d = shared.daemon
    request.node.daemons = [d]
    yield d
    d.hang_up()
    try:
        d.quiet()
    except AssertionError as e:
        shared.daemon = None
        try:
            d.finish()
        except AssertionError as more:
            e = AssertionError(f"{e}\n{more}")
        pytest.fail(str(e), pytrace=False)


@pytest.fixture
def hosted(request):
    """hosted(release, ...): a private daemon."""
    started = request.node.daemons = getattr(request.node, "daemons", [])

    def make(release="37", start=True, **kw):
        d = Hosted(release, **kw)
        started.append(d)
        return d.start() if start else d
    yield make
    ended(started)
