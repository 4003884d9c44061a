"""A real systemd as process 1 of namespaces of its own, on a copy of this system in memory; only root may make one.

It shares nothing with the machine but the kernel: processes, mounts, network, control groups and journal are its own, and all of it
is gone when process 1 is. machine.sh says how it comes to be.
"""

import os
import re
import shutil
import signal
import subprocess
import tempfile

import pytest

from . import proc
from .daemon import BINARY, TREE, run, sanitizer_environment
from .wait import SLOW, until

SYSTEMD = "/lib/systemd/systemd"
NAMESPACES = ["--mount", "--pid", "--uts", "--ipc", "--net"]
SCRIPT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "machine.sh")
NOT_PERMITTED = 77
PR_SET_PDEATHSIG = 1


class Machine:
    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="rs-e2e-machine-")
        self.child, self.pid = None, 0
        try:
            self.boot()
        except BaseException:
            self.stop()
            raise

    # -- life ----------------------------------------------------------------------------------

    def boot(self):
        for name in ("disk", "root", "cgroup"):
            os.mkdir(os.path.join(self.folder, name))
        with open(os.path.join(self.folder, "boot.log"), "wb") as log:
            self.child = subprocess.Popen(["unshare", *NAMESPACES, "--fork", "--kill-child", "sh", SCRIPT, self.folder],
                                          stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                          preexec_fn=lambda: proc.LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL))
        until(self.is_up, 30, message="systemd runs")

    def is_up(self):
        if self.child.poll() is not None:
            with open(os.path.join(self.folder, "boot.log")) as f:
                said = f.read().strip()
            if self.child.returncode == NOT_PERMITTED or said.startswith("unshare: "):
                pytest.skip("namespaces are not permitted here: " + said.splitlines()[-1])
            raise AssertionError(f"systemd has not come up ({self.child.returncode}): {said}")
        self.pid = next(iter(c for c in proc.descendants(self.child.pid) if proc.ppid(c) == self.child.pid), 0)
        return self.pid and proc.title(self.pid).startswith(SYSTEMD) and \
            self.systemctl("is-system-running").stdout.strip() in ("running", "degraded")

    def stop(self):
        if self.child and self.child.poll() is None:
            proc.kill(self.pid or self.child.pid)       # with process 1 everybody ends
        if self.child:
            self.child.wait(20 * SLOW)
        group = os.path.basename(self.folder)
        until(lambda: run("unshare", "--mount", "sh", "-c", 'mount -t cgroup2 cgroup2 "$1" && cd "$1" && '
                          '{ [ ! -e "$2" ] || find "$2" -depth -type d -exec rmdir {} +; }', "sh",
                          os.path.join(self.folder, "cgroup"), group).returncode == 0, message="its control groups are gone")
        shutil.rmtree(self.folder)

    # -- what is in it -----------------------------------------------------------------------------

    def path(self, name):
        """A file of it, seen from here; of a Unix socket, too."""
        return f"/proc/{self.pid}/root{name}"

    def write(self, name, text):
        os.makedirs(os.path.dirname(self.path(name)), exist_ok=True)
        with open(self.path(name), "w") as f:
            f.write(text)

    def read(self, name):
        with open(self.path(name)) as f:
            return f.read()

    def uid(self, name):
        return int(re.search(rf"(?m)^{name}:[^:]*:(\d+):", self.read("/etc/passwd"))[1])

    def run(self, *words, **kw):
        """A command in it, as root."""
        return run("nsenter", f"--target={self.pid}", *NAMESPACES, "--cgroup", *words, **kw)

    def install(self):
        """What `make install` installs."""
        if sanitizer_environment(BINARY) or not os.path.exists(os.path.join(os.path.dirname(BINARY), "rserverd-php.so")):
            pytest.skip("needs an ordinary build")
        stage = os.path.join(self.folder, "stage")
        made = run("make", "--no-print-directory", "-C", TREE, "install", f"BUILD={os.path.dirname(os.path.abspath(BINARY))}",
                   f"DESTDIR={stage}", timeout=300)
        assert made.returncode == 0, made.stderr
        copied = run("cp", "-a", stage + "/.", self.path("/"))
        assert copied.returncode == 0, copied.stderr

    # -- systemd -------------------------------------------------------------------------------------

    def systemctl(self, *words, **kw):
        return self.run("systemctl", "--no-pager", *words, **kw)

    def done(self, *words):
        """systemctl, which has to succeed."""
        result = self.systemctl(*words)
        assert result.returncode == 0, f"systemctl {words}: {result.stderr}\n{self.run('journalctl', '-n', '60').stdout}"
        return result

    def show(self, unit, name):
        return self.systemctl("show", "--value", "-p", name, unit).stdout.strip()

    def journal(self, unit, *words):
        return self.run("journalctl", "--no-pager", "-u", unit, *words).stdout

    def drop_in(self, unit, text):
        """Lines of [Service] for this unit alone. They are read when it is started next."""
        self.write(f"/etc/systemd/system/{unit}.d/test.conf", "[Service]\n" + text)
        self.done("daemon-reload")

    def processes(self, unit):
        """Of its control group, by their pids here; [] when it has none."""
        group = self.show(unit, "ControlGroup")
        try:
            with open(self.path(f"/sys/fs/cgroup{group}/cgroup.procs")) as f:
                return [int(p) for p in f.read().split()] if group else []
        except FileNotFoundError:
            return []

    def main_pid(self, unit):
        """By its pid here. 0: there is none."""
        inside = self.show(unit, "MainPID")
        for pid in self.processes(unit):
            m = re.search(rb"^NSpid:.*\t(\d+)$", proc.read(pid, "status"), re.M)
            if m and m[1].decode() == inside:
                return pid
        return 0
