"""One script with a server in it, under `rserverd run`: its processes, its output, and the questions at its end.

The script learns its port from the environment (RS_PORT, and RS_PORT2 ... for more) and its folder from RS_DIR. It is
ready when something listens on RS_PORT.
"""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from signal import SIGTERM

from . import http, proc
from .daemon import ALARMS, BINARY, PHP_CASES, Daemon, sanitizer_environment
from .ports import free_port
from .wait import SLOW, until

FOLDER = os.path.join(PHP_CASES, "swoole")


class Server:
    def __init__(self, name=None, code=None, args=(), ports=1, env=None, cwd=None):
        """name: a file below tests/e2e/php/swoole; code: the text of a script instead."""
        self.folder = tempfile.mkdtemp(prefix="rs-server-")
        self.output_file = os.path.join(self.folder, "output")
        self.ports = [free_port() for _ in range(ports)]
        self.port = self.ports[0] if ports else None
        self.path = os.path.join(FOLDER, name) if name else os.path.join(self.folder, "script.php")
        if code is not None:
            with open(self.path, "w") as f:
                f.write(code)
        self.args, self.cwd = list(args), cwd
        self.env = {**os.environ, **sanitizer_environment(BINARY), **(env or {}), "RS_DIR": self.folder}
        for i, port in enumerate(self.ports):
            self.env["RS_PORT" + (str(i + 1) if i else "")] = str(port)
        self.child = None
        self.expect_exit = 0
        self.stop_within = 10
        self.allow_output = []
        self.finished = False
        self.seen = set()     # (pid, when it started) of processes that have been ours: a pid may be somebody else's soon

    # ---- life ------------------------------------------------------------------------------------

    def start(self, wait=True, timeout=20):
        with open(self.output_file, "ab") as out:
            self.child = subprocess.Popen([BINARY, "run", self.path, *map(str, self.args)], stdin=subprocess.DEVNULL, stdout=out,
                                          stderr=out, env=self.env, cwd=self.cwd or self.folder, start_new_session=True)
        if wait and self.ports:
            self.wait_listening(timeout)
        return self

    def wait_listening(self, timeout=20):
        def listening():
            if self.child.poll() is not None:
                raise RuntimeError(f"the script ended with {self.child.returncode}:\n{self.output()}")
            with socket.socket() as s:
                return s.connect_ex(("127.0.0.1", self.port)) == 0
        until(listening, timeout, message=f"somebody listens on {self.port}")
        self.wait_bound(self.ports[1:])

    def wait_bound(self, ports, timeout=2):
        """A script takes its ports one after the other. One that it does not take at all, or not at once, is not waited for."""
        def bound():
            taken = set()
            for table in ("tcp", "tcp6", "udp", "udp6"):
                with open(f"/proc/net/{table}") as f:
                    taken |= {int(line.split()[1].rsplit(":", 1)[1], 16) for line in f.readlines()[1:]}
            return taken.issuperset(ports)
        end = time.monotonic() + timeout * SLOW
        while not bound() and time.monotonic() < end and self.child.poll() is None:
            time.sleep(0.01)

    def to_end(self, timeout=60):
        """Waits for the script's end; the output. For scripts that end by themselves."""
        self.child.wait(timeout * SLOW)
        return self.output()

    @property
    def pid(self):
        return self.child.pid

    def output(self):
        try:
            with open(self.output_file, errors="replace") as f:
                return f.read()
        except FileNotFoundError:
            return ""

    def wait_output(self, text, timeout=10, count=1):
        return until(lambda: self.output().count(text) >= count and self.output(), timeout,
                     message=f"{text!r} {count} times in the output:\n{self.output()[-2000:]}")

    def signal(self, sig):
        os.kill(self.child.pid, sig)

    def stop(self, sig=SIGTERM, timeout=None):
        self.signal(sig)
        return self.child.wait((timeout or self.stop_within) * SLOW)

    def everyone(self):
        """Living processes of the script: descendants, what it has left to us (we are a subreaper), and what has been one and
        lives on."""
        tree = {} if proc.childless() else proc.tree()
        now = set(proc.descendants(self.child.pid, tree)) | {self.child.pid} if tree and self.child else set()
        marked = {p for p in set(proc.descendants(os.getpid(), tree)) - now if proc.uses(p, self.folder, self.folder)}
        self.seen |= {(p, proc.started(p)) for p in now | marked}
        return [p for p, started in self.seen if proc.alive(p) and proc.state(p) != "Z" and proc.started(p) == started]

    # ---- clients ---------------------------------------------------------------------------------

    @property
    def address(self):
        return ("127.0.0.1", self.port)

    def conn(self, port=None, **kw):
        return http.Conn(("127.0.0.1", port or self.port), **kw)

    def get(self, target="/", headers=(), **kw):
        return http.fetch(self.address, target, headers=headers, **kw)

    def request(self, method, target, headers=(), body=None, **kw):
        return http.fetch(self.address, target, method, headers, body, **kw)

    # ---- the questions ------------------------------------------------------------------------------

    def finish(self):
        if self.finished:
            return
        self.finished = True
        http.close_all()
        wrong = []
        try:
            if self.child:
                Daemon.ask(wrong, self.question_exit)
                Daemon.ask(wrong, self.question_processes)
            Daemon.ask(wrong, self.question_output)
        finally:
            self.clear()
        assert not wrong, "\n".join(wrong) + "\n--- output ---\n" + self.last_log

    def question_exit(self):
        self.everyone()
        if self.child.poll() is None:
            self.child.send_signal(signal.SIGTERM)
            self.child.wait(self.stop_within * SLOW)
        assert self.child.returncode == self.expect_exit, \
            f"exit status {self.child.returncode}, expected {self.expect_exit}"

    def question_processes(self):
        until(lambda: not self.everyone(), every=0.02, message="nothing is left behind")

    def question_output(self):
        bad = [line for line in self.output().splitlines() if ALARMS.search(line)
               and not any(a in line for a in self.allow_output)]
        assert not bad, "alarms in the output:\n" + "\n".join(bad[:20])

    def log(self):
        return self.output()

    def clear(self):
        if self.child:
            for pid in self.everyone():
                proc.kill(pid)
            self.child.wait()
        for pid in proc.descendants(os.getpid()):
            if proc.state(pid) == "Z" and proc.ppid(pid) == os.getpid():
                try:
                    os.waitpid(pid, os.WNOHANG)
                except ChildProcessError:
                    pass
        self.last_log = self.output()[-6000:]
        shutil.rmtree(self.folder, ignore_errors=True)
