"""A server of a script without PHP (tests/script/script_server.c): its lines, its processes, its clients."""

import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import threading

from . import proc
from .daemon import ALARMS, BINARY
from .wait import SLOW, until

PROGRAM = os.path.join(os.path.dirname(os.path.realpath(BINARY)), "script-server")


class Client:
    def __init__(self, port):
        self.sock = socket.create_connection(("127.0.0.1", port), timeout=20 * SLOW)
        self.file = self.sock.makefile("rb")

    def send(self, line):
        self.sock.sendall(line.encode() + b"\n")

    def line(self):
        return self.file.readline().decode().rstrip("\n")

    def ask(self, line):
        self.send(line)
        return self.line()

    def worker(self):
        """(pid, id, fd) of who serves this connection."""
        m = re.fullmatch(r"pid (\d+) id=(\d+) fd=(\d+)", self.ask("pid"))
        return tuple(int(x) for x in m.groups())

    def close(self):
        self.file.close()
        self.sock.close()


class Server:
    """What it prints is kept in .lines: (when, name, pid, rest)."""

    def __init__(self, folder=None, **options):
        self.folder = os.path.realpath(folder or tempfile.mkdtemp(prefix="rs-script-"))
        os.chmod(self.folder, 0o755)
        self.lines, self.clients, self.options = [], [], options
        self.log_path = os.path.join(self.folder, "log")
        self.status = None

    def start(self, wait=True, port=True):
        """port: wait for the line that says it, which does not come when it cannot listen."""
        words = [f"{k}={v}" for k, v in self.options.items()]
        self.log_file = open(self.log_path, "ab")
        self.process = subprocess.Popen([PROGRAM, *words], cwd=self.folder, stdout=subprocess.PIPE, stderr=self.log_file,
                                        stdin=subprocess.DEVNULL, start_new_session=True)
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()
        if port:
            self.port = int(self.line("port")[3])
        if wait:
            self.line("started")
            n = int(self.options.get("workers", 2)) + int(self.options.get("tasks", 0))
            self.line("worker_started", n)
            self.line("manager_started")
        return self

    def read(self):
        for line in self.process.stdout:
            m = re.fullmatch(r"(\d+) (\w+) (\d+) ?(.*)", line.decode("utf-8", "replace").rstrip("\n"))
            assert m, line
            self.lines.append((int(m[1]) / 1e6, m[2], int(m[3]), m[4]))

    # ---- lines

    def named(self, name, rest=""):
        return [x for x in self.lines if x[1] == name and re.search(rest, x[3])]

    def line(self, name, count=1, rest="", timeout=10):
        """Waits for that many of them; the last one."""
        until(lambda: len(self.named(name, rest)) >= count, timeout, message=f"{count} x {name} {rest}: {self.lines}\n{self.log()}")
        return self.named(name, rest)[count - 1]

    def order(self):
        return [x[1] for x in self.lines]

    def log(self):
        with open(self.log_path, encoding="utf-8", errors="replace") as f:
            return f.read()

    def logged(self, pattern, timeout=10):
        until(lambda: re.search(pattern, self.log()), timeout, message=f"{pattern} in the log: {self.log()}")

    # ---- processes

    @property
    def script(self):
        return self.named("started")[0][2]

    @property
    def manager(self):
        return self.named("manager_started")[0][2]

    @property
    def master(self):
        """The daemon, child of the script process."""
        return proc.ppid(self.manager)

    @property
    def reactor(self):
        master = self.master

        def find():
            return [p for p in proc.pids() if proc.ppid(p) == master and "reactor process" in proc.title(p) and proc.alive(p)]

        return until(find, message="a reactor")[0]

    def worker(self, n):
        """pid of process n now."""
        return [x for x in self.lines if x[1] in ("worker_started", "user_process") and re.search(rf"\bid={n}\b", x[3])][-1][2]

    def everybody(self):
        return [p for p in proc.descendants(os.getpid()) if proc.alive(p) and proc.uses(p, self.folder, self.folder)]

    # ---- clients

    def client(self):
        c = Client(self.port)
        self.clients.append(c)
        return c

    def client_of(self, n):
        """A connection that process n serves."""
        while True:
            c = self.client()
            if c.worker()[1] == n:
                return c

    def accepts(self):
        try:
            socket.create_connection(("127.0.0.1", self.port), timeout=5).close()
            return True
        except OSError:
            return False

    # ---- the end

    def wait(self, timeout=15):
        """The exit status of the script process."""
        self.status = self.process.wait(timeout * SLOW)
        self.reader.join(10)
        return self.status

    def stop(self, timeout=15):
        if self.process.poll() is None:
            os.kill(self.process.pid, signal.SIGTERM)
        return self.wait(timeout)

    def gone(self, timeout=10.0):
        until(lambda: not self.everybody(), timeout, message=f"processes left: {[(p, proc.title(p)) for p in self.everybody()]}")

    def finish(self):
        wrong = []
        try:
            if self.status is None:
                status = self.stop()
                if status:
                    wrong.append(f"exit status {status}")
            self.gone()
        except (AssertionError, subprocess.TimeoutExpired) as e:
            wrong.append(str(e))
            for pid in self.everybody():
                proc.kill(pid)
        for c in self.clients:
            c.close()
        self.log_file.close()
        if ALARMS.search(self.log()):
            wrong.append(self.log())
        shutil.rmtree(self.folder, True)
        assert not wrong, "\n".join(wrong) + "\n" + "\n".join(str(x) for x in self.lines)
