"""One private rserverd: its folder, its ini, its processes, and the questions asked at the end of every test.

Daemon.finish() ends the daemon and then asks what DESIGN section 8 rule 8 wants asked: exit code, alerts and sanitizer
reports in the log, leaked descriptors per role (0, 1, 2 still what they were), zombies, processes and files left
behind, memory. A test that provokes one of these says so beforehand (expect_exit, allow_log, check_fds).
"""

import atexit
import collections
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import tempfile
import time
import uuid
from signal import SIGTERM

import pytest

from . import control, http, proc
from .ports import free_port
from .wait import SLOW, until

TREE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
BINARY = os.environ.get("RSERVERD", os.path.join(TREE, "build", "rserverd"))
# Whether another user than root may run it: in a clone below /root nobody else may.
OTHERS_MAY = all(os.stat(folder).st_mode & 0o001 for folder in map(str, pathlib.Path(BINARY).absolute().parents))
PHP_CASES = os.path.join(TREE, "tests", "e2e", "php")

ALARMS = re.compile(r"\[alert\]|\tALERT\t|AddressSanitizer|LeakSanitizer|UndefinedBehaviorSanitizer|runtime error: "
                    r"|ThreadSanitizer|stack smashing|free\(\): |malloc\(\): |double free|corrupted")
RSS_KB = {"master": 32 << 10, "reactor": 64 << 10, "manager": 192 << 10, "worker": 192 << 10}
ROLES = ("master", "reactor", "manager", "worker")


def sanitizer_environment(binary):
    """What a sanitizer build needs to run PHP; {} for an ordinary one."""
    if binary not in _sanitizer:
        _sanitizer[binary] = {}
        if "libasan" in run("ldd", binary).stdout:
            folder = tempfile.mkdtemp(prefix="rs-e2e-asan-")
            atexit.register(shutil.rmtree, folder, True)
            os.chmod(folder, 0o755)
            shim = os.path.join(folder, "nodeepbind.so")
            source = os.path.join(os.path.dirname(os.path.abspath(__file__)), "nodeepbind.c")
            made = run("gcc", "-shared", "-fPIC", "-o", shim, source)
            assert made.returncode == 0, made.stderr
            # Leaks at the end of PHP processes are PHP's; the daemon has its own tests for that.
            _sanitizer[binary] = {"LD_PRELOAD": shim,
                                  "ASAN_OPTIONS": "verify_asan_link_order=0:detect_leaks=0:handle_segv=0:handle_abort=0"}
    return _sanitizer[binary]


_sanitizer = {}


def run(*args, timeout=60, **kw):
    """A command to its end; output as text."""
    return subprocess.run([str(a) for a in args], timeout=timeout * SLOW, text=True, errors="replace",
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, **kw)


def scaffold(folder, name, dotenv=()):
    """A runnable copy of tests/apps/NAME in this folder."""
    shutil.rmtree(folder, ignore_errors=True)
    result = run(os.path.join(TREE, "bin", "app-scaffold"), folder, name, *dotenv)
    assert result.returncode == 0, result.stderr


def copy_cases(folder):
    """The scripts of tests/e2e/php for framework = callable; what is there for others stays there."""
    shutil.copytree(PHP_CASES, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("swoole", "doctor"))


class Daemon:
    def __init__(self, engine="fake", ini=None, framework=None, entry=None, app=None, host="127.0.0.1", env=None,
                 args=(), binary=None):
        self.folder = tempfile.mkdtemp(prefix="rs-e2e-")
        os.chmod(self.folder, 0o755)
        self.marker = "rst-" + uuid.uuid4().hex[:12]
        self.binary = binary or BINARY
        self.host, self.port = host, free_port()
        self.args, self.env = list(args), dict(env or {})
        self.engine = engine
        self.app = app or self.path("app")
        for name in ("app", "app/public", "run", "tmp"):
            os.makedirs(self.path(name), exist_ok=True)
        self.ini = {
            "laravels": {"listen_ip": host, "listen_port": self.port, "laravel_base_path": self.app,
                         "process_prefix": self.marker},
            "swoole": {"worker_num": 2, "pid_file": self.path("run/laravels.pid"),
                       "upload_tmp_dir": self.path("tmp"), "max_wait_time": 10, "log_level": 1},
            "rserverd": {"engine": engine},
            "php": dict(word.split("=") for word in os.environ.get("RS_PHP_INI", "").split()),   # bin/valgrind
        }
        if framework:
            self.ini["rserverd"]["framework"] = framework
        if entry:
            self.ini["rserverd"]["entry"] = entry
        for section, keys in (ini or {}).items():
            self.ini.setdefault(section, {}).update(keys)
        self.ini_path = self.path("laravels.ini")
        self.write_ini()
        self.out_path = self.path("out.log")
        self.child = None           # the foreground daemon
        self.master_pid = 0
        self.base_fds = None
        self.base_workers = 0
        # What the test declares about its end.
        self.expect_exit = 0
        self.allow_log = []         # regular expressions of log lines that would otherwise fail the test
        self.check_fds = True
        self.check_rss = True
        self.stop_within = 15
        self.finished = False
        self.nprocesses = 0         # user processes of a hosted server

    # -- files ---------------------------------------------------------------------------------

    def path(self, *names):
        return os.path.join(self.folder, *names)

    def write_ini(self):
        lines = []
        for section, keys in self.ini.items():
            lines.append(f"[{section}]")
            for key, value in keys.items():
                if isinstance(value, (list, tuple)):
                    lines += [f"{key}[] = {v}" for v in value]
                elif isinstance(value, bool):
                    lines.append(f"{key} = {'true' if value else 'false'}")
                elif value is not None:
                    lines.append(f"{key} = {value}")
        with open(self.ini_path, "w") as f:
            f.write("\n".join(lines) + "\n")

    def set(self, section, **keys):
        self.ini.setdefault(section, {}).update(keys)
        self.write_ini()

    def write(self, name, text):
        """A file of the application."""
        full = os.path.join(self.app, name)
        os.makedirs(os.path.dirname(full), exist_ok=True)
        with open(full, "wb" if isinstance(text, bytes) else "w") as f:
            f.write(text)
        return full

    def log(self):
        text = ""
        for name in (self.out_path, self.ini["swoole"].get("log_file")):
            if name and os.path.exists(name):
                with open(name, errors="replace") as f:
                    text += f.read()
        return text

    def wait_log(self, pattern, timeout=10):
        return until(lambda: re.search(pattern, self.log()), timeout, message=f"/{pattern}/ in the log")

    # -- life ----------------------------------------------------------------------------------

    def environment(self):
        keep = {k: v for k, v in os.environ.items()
                if not re.match(r"^(LARAVEL|APP_|RSERVERD_(?!SLOW)|NOTIFY_SOCKET|SYMFONY|VAR_DUMPER)", k)}
        keep.update(RSERVERD_TEST_ID=self.marker, **sanitizer_environment(self.binary))
        keep.update(self.env)
        return keep

    def command(self, *words):
        return [self.binary, *words, "-c", self.ini_path]

    def start(self, wait=True, timeout=30, cwd=None, new_group=True):
        """In the foreground, as our child."""
        with open(self.out_path, "ab") as out:
            self.child = subprocess.Popen(self.command("start", *self.args), stdin=subprocess.DEVNULL, stdout=out,
                                          stderr=out, cwd=cwd or self.folder, env=self.environment(),
                                          start_new_session=new_group)
        self.master_pid = self.child.pid
        if wait:
            self.wait_ready(timeout)
        return self

    def start_daemonized(self, timeout=60):
        """`start -d`: returns when that returns, with its result."""
        result = self.ctl("start", "-d", *self.args, timeout=timeout)
        if result.returncode == 0:
            self.master_pid = self.pid_in_file()
        return result

    def pid_in_file(self):
        try:
            with open(self.ini["swoole"]["pid_file"]) as f:
                return int(f.read().strip() or 0)
        except (OSError, ValueError):
            return 0

    def ctl(self, *words, timeout=60):
        """The command line of this daemon: status, reload, stop ..."""
        return run(*self.command(*words), timeout=timeout, env=self.environment(), cwd=self.folder)

    def status(self):
        """What `status --json` prints, parsed; None when nothing answers. (The command itself: test_cli.py.)"""
        path = self.ini["rserverd"].get("control_socket")
        path = path or os.path.join(os.path.dirname(self.ini["swoole"]["pid_file"]), "control.sock")
        answer = control.ask(path, "status --json")
        return json.loads(answer) if answer else None

    def exited(self):
        return self.child is not None and self.child.poll() is not None

    def wait_ready(self, timeout=30):
        def ready():
            if self.exited():
                raise AssertionError(f"rserverd exited with {self.child.returncode}:\n{self.log()[-4000:]}")
            return self.settled()
        until(ready, timeout, message=f"serving; log: {self.log()[-2000:]}")
        if self.base_fds is None:
            self.wait_asleep()
            s = self.status()
            self.base_workers = len(self.of(s, "worker"))
            self.base_fds = self.fd_table(s)

    def wait_asleep(self, timeout=2):
        """Each process has waited for something since it was ready: what it opens once is open now. Not all at one moment, for on a
        busy machine one of them always waits for a processor; and who never sleeps is not waited for."""
        slept, end = set(), time.monotonic() + timeout * SLOW
        while time.monotonic() < end:
            there = {p["pid"] for p in (self.status() or {"processes": []})["processes"]}
            slept |= {p for p in there - slept if proc.state(p) == "S"}
            if there <= slept:
                return
            time.sleep(0.002)

    def settled(self, workers=None):
        """Every process there, idle, of one generation; no client, no queue. Returns the status then."""
        s = self.status()
        if not s:
            return None
        found = self.of(s, "worker")
        wanted = workers or int(self.ini["swoole"]["worker_num"])
        fit = (len(found) == wanted and all(w["state"] == "idle" for w in found)
               and len({w["generation"] for w in found}) == 1 and not s["queue_length"]
               and all(len(self.of(s, r)) == 1 for r in ("master", "reactor", "manager"))
               and all(p["state"] != "booting" for p in s["processes"])
               and all(proc.alive(p["pid"]) for p in s["processes"]))
        return s if fit else None

    def settled_in(self, generation, later=False):
        """Settled, and of that generation (or a later one). One reading decides: between two of them much may happen."""
        s = self.settled()
        return s if s and (s["generation"] == generation or later and s["generation"] > generation) else None

    def settled_without(self, *pids):
        """Settled, and these are no longer among its processes: by one reading."""
        s = self.settled()
        return s if s and not {p["pid"] for p in s["processes"]} & set(pids) else None

    def start_hosted(self):
        """A server with task workers and user processes: all of them are up."""
        self.start()
        self.wait_processes()
        self.wait_asleep()
        self.base_fds = self.fd_table(self.status())
        return self

    def settled_processes(self):
        """Task workers and user processes, too, of the generation that serves. Returns the status then."""
        s = self.settled()
        if not s:
            return None
        others = self.of(s, "task worker") + self.of(s, "process")
        wanted = int(self.ini["swoole"].get("task_worker_num", 0)) + self.nprocesses
        fit = len(others) == wanted and all(p["state"] == "idle" and p["generation"] == s["generation"] for p in others)
        return s if fit else None

    def wait_processes(self, timeout=15):
        return until(self.settled_processes, timeout, message=f"all processes idle (status {self.status()})")

    def wait_settled(self, timeout=15, **kw):
        return until(lambda: self.settled(**kw), timeout,
                     message=f"all workers idle (status {self.status()})")

    # -- processes -----------------------------------------------------------------------------

    @staticmethod
    def of(status, role):
        return [p for p in status["processes"] if p["role"] == role]

    def pids(self, role, status=None):
        return [p["pid"] for p in self.of(status or self.status(), role)]

    def pid(self, role):
        (pid,) = self.pids(role)
        return pid

    def everyone(self):
        """Every process that belongs to this daemon, found without its help."""
        return [p for p in proc.descendants(os.getpid())
                if p == self.master_pid or proc.uses(p, self.marker, self.folder)]

    def fd_table(self, status):
        """{role: [(pid, {fd: kind})]}"""
        table = {}
        for p in status["processes"]:
            got = proc.fds(p["pid"])
            if got is not None:
                table.setdefault(p["role"], []).append((p["pid"], {n: kind(t) for n, t in got.items()}))
        return table

    # -- requests ------------------------------------------------------------------------------

    @property
    def address(self):
        return (self.host, self.port)

    def conn(self, **kw):
        return http.Conn(self.address, **kw)

    def get(self, target="/", headers=(), **kw):
        return http.fetch(self.address, target, "GET", headers, **kw)

    def post(self, target, body, headers=(), **kw):
        return http.fetch(self.address, target, "POST", headers, body, **kw)

    def request(self, method, target, headers=(), body=None, **kw):
        return http.fetch(self.address, target, method, headers, body, **kw)

    def wait_idle(self, role="worker"):
        """After an answer the worker may still terminate and clean up."""
        until(lambda: (s := self.status()) and all(p["state"] == "idle" for p in self.of(s, role)), message="workers idle")

    def browser(self, **kw):
        return http.Browser(self.address, **kw)

    # -- the end -------------------------------------------------------------------------------

    def signal(self, sig):  # noqa: F811 - a method, not the module
        os.kill(self.master_pid, sig)

    def running(self):
        return bool(self.master_pid) and proc.alive(self.master_pid)

    def wait_exit(self, timeout=None):
        """Exit status of the foreground daemon (negative: a signal)."""
        timeout = self.stop_within if timeout is None else timeout
        try:
            return self.child.wait(timeout * SLOW)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"still running {timeout} s after it was told to stop:\n{self.log()[-3000:]}") from None

    def stop(self, sig=SIGTERM, timeout=None):
        self.signal(sig)
        return self.wait_exit(timeout)

    def finish(self):
        """Called by the fixture after every test; every question is asked even when an earlier one failed."""
        if self.finished:
            return
        self.finished = True
        wrong = []
        http.close_all()
        try:
            if self.running() and self.base_fds is not None:
                self.ask(wrong, self.question_fds)
                self.ask(wrong, self.question_rss)
            self.ask(wrong, self.question_exit)
            self.ask(wrong, self.question_processes)
            self.ask(wrong, self.question_log)
            self.ask(wrong, self.question_files)
        finally:
            self.clear()
        assert not wrong, "\n".join(wrong) + "\n--- log ---\n" + self.last_log

    def clear(self):
        """Whatever happened: nothing of this daemon survives the test."""
        for pid in self.everyone():
            proc.kill(pid)
        if self.child:
            self.child.wait()
        self.reap()
        self.last_log = self.log()[-6000:]
        shutil.rmtree(self.folder, ignore_errors=True)

    @staticmethod
    def ask(wrong, question):
        try:
            question()
        except AssertionError as e:
            wrong.append(f"{question.__name__}: {e}")
        except Exception as e:  # noqa: BLE001 - a question that cannot be asked is an answer too
            wrong.append(f"{question.__name__}: {type(e).__name__}: {e}")

    def longest_end(self):
        """Seconds that a user process of an earlier generation may take: it is asked, terminated, killed."""
        return float(self.ini["swoole"].get("max_wait_time", 10)) + 5 if self.nprocesses else 0

    def question_fds(self):
        if not self.check_fds:
            return
        base = {}
        for role, processes in self.base_fds.items():
            for _, table in processes:
                base[role] = base.get(role, collections.Counter()) | collections.Counter(table.values())
        standard = {role: {n: t for n, t in ps[0][1].items() if n < 3} for role, ps in self.base_fds.items()}
        trouble = ["not settled"]

        def same():
            s = self.settled(self.base_workers)
            if not s or s["connections"]:
                trouble[0] = f"not settled: {s or self.status()}"
                return False
            # Processes of the application's own have their time; until then the master has their log.
            late = [p["pid"] for p in s["processes"] if p["generation"] < s["generation"]]
            if late:
                trouble[0] = f"of earlier generations there still are {late}"
                return False
            trouble[0] = ""
            for role, processes in self.fd_table(s).items():
                for pid, table in processes:
                    more = collections.Counter(table.values()) - base.get(role, collections.Counter())
                    if role not in ("master", "reactor"):   # an application may keep its database and its log open
                        more = {t: n for t, n in more.items() if not t.startswith(self.folder + "/")}
                    now = {n: t for n, t in table.items() if n < 3}
                    if more:
                        trouble[0] += f"{role} {pid} has more descriptors than at the start: {dict(more)}; "
                    if now != standard.get(role, now):
                        trouble[0] += f"{role} {pid}: 0, 1, 2 were {standard[role]}, are {now}; "
            return not trouble[0]

        try:
            until(same, 10 + self.longest_end(), every=0.05)
        except AssertionError:
            raise AssertionError(trouble[0]) from None

    def question_rss(self):
        if not self.check_rss:
            return
        status = self.status()
        assert status, "the daemon does not answer `status`"
        for p in status["processes"]:
            limit = RSS_KB.get(p["role"], RSS_KB["worker"]) * (8 if proc.sanitized(p["pid"]) else 1)
            rss = proc.rss_kb(p["pid"])
            assert rss <= limit, f"{p['role']} {p['pid']} has {rss} kB resident, at most {limit} allowed"

    def question_exit(self):
        if self.child:
            if self.child.poll() is None:
                self.child.send_signal(signal.SIGTERM)
                self.wait_exit()
            assert self.child.returncode == self.expect_exit, \
                f"exit status {self.child.returncode}, expected {self.expect_exit}"
        elif self.master_pid:
            proc.kill(self.master_pid, signal.SIGTERM)
            until(lambda: not proc.alive(self.master_pid), self.stop_within, message="the daemon ends on TERM")
            self.reap()

    def question_processes(self):
        started = time.monotonic()

        def nobody():
            self.reap()
            return not self.everyone()
        try:
            until(nobody, every=0.02)
        except AssertionError:
            raise AssertionError("left behind: " + "; ".join(
                f"{p} {proc.state(p)} {proc.title(p)!r}" for p in self.everyone())) from None
        if self.child and self.expect_exit == 0:
            assert time.monotonic() - started < 5 * SLOW, "processes outlived the master by seconds"

    def reap(self):
        """Orphans of the daemon are handed to us (we are a subreaper)."""
        for pid in proc.descendants(os.getpid()):
            if proc.state(pid) == "Z" and proc.ppid(pid) == os.getpid() and not (self.child and pid == self.child.pid):
                try:
                    os.waitpid(pid, os.WNOHANG)
                except ChildProcessError:
                    pass

    def question_log(self):
        bad = [line for line in self.log().splitlines()
               if ALARMS.search(line) and not any(re.search(a, line) for a in self.allow_log)]
        assert not bad, "alarms in the log:\n" + "\n".join(bad[:20])

    def question_files(self):
        left = [n for n in os.listdir(self.path("tmp"))]
        assert not left, f"temporary files left: {left}"
        if self.master_pid and self.expect_exit in (0, 1):
            left = os.listdir(self.path("run"))
            assert not left, f"run-time files left: {left}"


def ended(started):
    """Every one is asked, also when an earlier one has failed."""
    wrong = []
    for d in reversed(started):
        try:
            d.finish()
        except AssertionError as e:
            wrong.append(str(e))
    if wrong:
        pytest.fail("\n\n".join(wrong), pytrace=False)


def kind(target):
    """socket:[4711] -> socket; a file stays a path, but for the random name of OPcache's lock file and valgrind's log."""
    target = re.sub(r"^(socket|pipe):\[\d+\]$", r"\1", target)
    target = re.sub(r"/valgrind/\d+$", "/valgrind/PID", target)
    return re.sub(r"/\.ZendSem\.\w+", "/.ZendSem", target)
