"""One PHP script under `rserverd run`, and the questions asked at its end: is a process of it left, a zombie, a sanitizer's report.

A script says "ok NAME" or "not ok NAME: what was" for each check and "done" as its last line (php/swoole/memory/check.php).
"""

import os
import re
import shutil
import subprocess
import tempfile
import uuid

import pytest

from . import proc
from .daemon import BINARY, PHP_CASES, sanitizer_environment
from .wait import SLOW, until

# A longjmp on a coroutine's stack: the sanitizer says once that it does not follow it.
ASAN_AND_FIBERS = re.compile(r"==\d+==WARNING: ASan is ignoring requested __asan_handle_no_return.*\nFalse positive.*\nFor details.*\n")
SCRIPTS = os.path.join(PHP_CASES, "swoole")


class Script:
    """A script that runs: Script("process/pipe.php", "word", stdin=b"..."). Its folder is its working directory."""

    def __init__(self, name, *args, words=("run",), env=None, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                 stderr=subprocess.PIPE, code=None):
        self.folder = tempfile.mkdtemp(prefix="rs-e2e-script-")
        self.marker = "rst-" + uuid.uuid4().hex[:12]
        path = os.path.join(SCRIPTS, name) if name else None
        if code is not None:
            path = self.path("script.php")
            with open(path, "w", encoding="utf-8") as f:
                f.write(code)
        self.environment = {**os.environ, **sanitizer_environment(BINARY), **(env or {}), "RS_MARKER": self.marker}
        self.command = [BINARY, *words, *([path] if path else []), *(str(a) for a in args)]
        self.child = subprocess.Popen(self.command, cwd=self.folder, env=self.environment, stdin=stdin, stdout=stdout,
                                      stderr=stderr, start_new_session=True)
        self.out = self.err = ""

    @property
    def pid(self):
        return self.child.pid

    def path(self, *names):
        return os.path.join(self.folder, *names)

    def line(self):
        """The next line of its output; it is the condition to wait for. "" at the end."""
        text = self.child.stdout.readline().decode("utf-8", "replace")
        self.out += text
        return text.rstrip("\n")

    def lines_until(self, wanted):
        """Lines up to and with the one that is, or begins with, this."""
        got = []
        while True:
            got.append(self.line())
            if got[-1].startswith(wanted):
                return got
            assert got[-1] != "" or self.child.poll() is None, f"no line {wanted!r}: {got}"

    def signal(self, signo):
        self.child.send_signal(signo)

    def wait(self, timeout=30):
        """To the end: exit status, negative for a signal. Output is in out and err."""
        try:
            out, err = self.child.communicate(timeout=timeout * SLOW)
        except subprocess.TimeoutExpired as e:
            self.out += (e.stdout or b"").decode("utf-8", "replace")
            everyone = [f"{p} {proc.state(p)} {proc.title(p)}" for p in self.everyone()]
            self.clear()
            raise AssertionError(f"still runs after {timeout} s: {everyone}; {self.out!r} {self.err!r}") from None
        self.out += (out or b"").decode("utf-8", "replace")
        self.err += ASAN_AND_FIBERS.sub("", (err or b"").decode("utf-8", "replace"))
        return self.child.returncode

    def everyone(self):
        """Every process of it that is still there, however it has detached itself."""
        return [p for p in proc.descendants(os.getpid())
                if p == self.child.pid and self.child.returncode is None
                or b"RS_MARKER=" + self.marker.encode() in proc.read(p, "environ") or proc.uses(p, self.marker, self.folder)]

    def others(self):
        return [p for p in self.everyone() if p != self.child.pid]

    def reap(self):
        for pid in proc.descendants(os.getpid()):
            if proc.state(pid) == "Z" and proc.ppid(pid) == os.getpid() and pid != self.child.pid:
                try:
                    os.waitpid(pid, os.WNOHANG)
                except ChildProcessError:
                    pass

    def finish(self):
        """Nothing is left. Whatever is, is ended then."""
        try:
            def nobody():
                self.reap()
                return not self.everyone()
            if self.child.returncode is None:
                self.child.kill()
                self.child.communicate()
            until(nobody, message=f"no process left: {[(p, proc.title(p)) for p in self.everyone()]}")
            for word in ("AddressSanitizer", "runtime error: "):
                assert word not in self.err + self.out, self.err
        finally:
            self.clear()

    def clear(self):
        for pid in self.everyone():
            proc.kill(pid)
        for stream in (self.child.stdout, self.child.stderr):
            if stream:
                stream.close()
        self.child.wait()
        self.reap()
        shutil.rmtree(self.folder, ignore_errors=True)


def message_queue(key):
    """Is there a System V message queue with this key?"""
    with open("/proc/sysvipc/msg", encoding="ascii") as f:
        return any(int(line.split()[0]) == key for line in f.readlines()[1:])


@pytest.fixture
def script():
    """script(...): a Script; script.check(...): runs one of checks to its end."""
    started = []

    def start(*args, **kw):
        started.append(Script(*args, **kw))
        return started[-1]
    start.check = lambda name, *args, timeout=60, **kw: check(start(name, *args, **kw), timeout)
    yield start
    wrong = []
    for s in started:
        try:
            s.finish()
        except AssertionError as e:
            wrong.append(str(e))
    assert not wrong, "\n".join(wrong)


def check(script, timeout=60, status=0):
    """Runs it to its end and wants every check of it ok, and that it came to its end."""
    got = script.wait(timeout)
    bad = [line for line in script.out.splitlines() if line.startswith("not ok")]
    assert not bad, "\n".join(bad) + "\n" + script.err
    assert script.err == "", script.err
    assert got == status and "done" in script.out.splitlines(), f"status {got}\n{script.out}\n{script.err}"
    return script.out.splitlines()
