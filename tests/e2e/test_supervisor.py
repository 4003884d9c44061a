"""The packaged supervisord sample, with a real supervisord."""

import os
import re
import shutil
import signal
import subprocess

import pytest

from lib import proc
from lib.daemon import TREE, run
from lib.wait import until

SUPERVISORD, SUPERVISORCTL = shutil.which("supervisord"), shutil.which("supervisorctl")
pytestmark = pytest.mark.skipif(not SUPERVISORD, reason="needs supervisord")


class Supervisor:
    """supervisord in the foreground around one daemon; the sample as it is shipped, its paths and its user replaced."""

    def __init__(self, d):
        self.d = d
        self.conf = d.path("supervisord.conf")
        with open(os.path.join(TREE, "packaging", "supervisor", "rserverd.conf")) as f:
            sample = f.read()
        for old, new in ((r"command=.*", "command=" + " ".join(d.command("start"))), (r"directory=.*", f"directory={d.folder}"),
                         (r"user=.*\n", ""), (r"startsecs=.*", "startsecs=1"), (r"stdout_logfile=.*", f"stdout_logfile={d.out_path}")):
            sample, n = re.subn(rf"(?m)^{old}", lambda _, text=new: text, sample)
            assert n == 1, f"the sample has {old} once"
        environment = ",".join(f'{k}="{v}"' for k, v in {"RSERVERD_TEST_ID": d.marker}.items())
        with open(self.conf, "w") as f:
            f.write(f"[supervisord]\nnodaemon=true\nlogfile={d.path('supervisord.log')}\npidfile={d.path('supervisord.pid')}\n"
                    f"[unix_http_server]\nfile={d.path('s.sock')}\n"
                    "[rpcinterface:supervisor]\nsupervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface\n"
                    f"[supervisorctl]\nserverurl=unix://{d.path('s.sock')}\n{sample}environment={environment}\n")
        self.child = subprocess.Popen([SUPERVISORD, "-c", self.conf], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                      stderr=subprocess.DEVNULL, env=d.environment(), start_new_session=True)

    def ctl(self, *words):
        return run(SUPERVISORCTL, "-c", self.conf, *words).stdout

    def state(self):
        return self.ctl("status", "rserverd")

    def running(self):
        """The pid that supervisord watches, once it calls it running."""
        m = re.search(r"RUNNING\s+pid (\d+)", self.state())
        return int(m.group(1)) if m else None

    def processes(self):
        """Of the daemon, found without its help."""
        self.d.reap()
        return set(self.d.everyone()) - {self.child.pid}

    def stop(self):
        if self.child.poll() is None:
            self.child.send_signal(signal.SIGTERM)
            self.child.wait(30)


@pytest.fixture
def supervised(daemon):
    d = daemon(start=False)
    s = Supervisor(d)
    d.master_pid = until(s.running, 30, every=0.2, message="RUNNING")
    until(d.settled, 30, message="serving")     # RUNNING is what has not ended after a second
    yield d, s
    s.stop()
    until(lambda: not proc.alive(d.master_pid), 20, message="the daemon ends with supervisord")
    d.master_pid = 0


def test_runs_in_the_foreground_and_serves(supervised):
    d, s = supervised
    assert d.get("/").status == 200
    assert s.running() == d.pid_in_file() == d.pid("master"), "supervisord watches the master itself"
    assert "reactor" in d.log(), "supervisord owns the output"
    assert d.ctl("reload", "--wait").returncode == 0
    assert s.running() == d.master_pid, "a reload keeps the process"
    assert d.settled()["processes"][0]["pid"] == d.master_pid


def test_a_killed_master_is_started_again(supervised):
    """What the dead one has left (pid file, sockets, listen port) never blocks its successor."""
    d, s = supervised
    old = s.processes()
    proc.kill(d.master_pid)
    d.master_pid = until(lambda: (p := s.running()) and p not in old and p, 30, every=0.2, message="RUNNING again")
    until(lambda: d.settled(), message="serving again")
    assert d.get("/").status == 200
    until(lambda: not old & s.processes(), message="nothing of the old one is left")


def test_stop_and_start(supervised):
    d, s = supervised
    old = s.processes()
    assert "stopped" in s.ctl("stop", "rserverd")
    assert "STOPPED" in s.state()
    assert old and not s.processes(), "stopped means that everybody is gone"
    assert "started" in s.ctl("start", "rserverd")
    d.master_pid = s.running()
    until(d.settled, 30, message="serving")
    assert d.get("/").status == 200


def test_stop_by_the_command_line_is_an_orderly_end(supervised):
    """autorestart=unexpected: exit status 0 is what was wanted."""
    d, s = supervised
    assert d.ctl("stop").returncode == 0
    until(lambda: "EXITED" in s.state(), every=0.1, message="EXITED, not started again")
