"""The packaged systemd unit: what systemd says of it, and its commands with its rights, without systemd."""

import os
import re
import shlex
import shutil
import signal
import socket
import subprocess

import pytest

from lib import fronts, http
from lib.daemon import OTHERS_MAY, run
from lib.fpm import ROOT
from lib.wait import SLOW, until

ANALYZE, SETPRIV = shutil.which("systemd-analyze"), shutil.which("setpriv")


def unit(d):
    """The sample for the instance `shop`, with only its paths replaced."""
    text = fronts.sample("systemd", "rserverd@.service")
    text = fronts.replaced(text, r"(?<==)/usr/local/sbin/rserverd", d.binary, 2)
    return fronts.replaced(text, r"/etc/rserverd/%i\.ini", d.ini_path, 2)


def setting(text, name):
    (value,) = re.findall(rf"(?m)^{name}=(.*)$", text)
    return value


@pytest.mark.skipif(not ANALYZE, reason="needs systemd-analyze")
def test_systemd_finds_nothing_wrong_with_it(daemon):
    d = daemon(start=False)
    path = d.path("rserverd@.service")
    with open(path, "w") as f:
        f.write(unit(d))
    result = run(ANALYZE, "verify", "--man=no", path)
    assert result.returncode == 0 and "rserverd@" not in result.stderr, result.stderr


@pytest.mark.skipif(ROOT and not OTHERS_MAY, reason="as root it needs a clone that others may look into")
def test_its_commands_serve_reload_and_stop(daemon):
    """Started as systemd would: told when ready, with the capabilities that the unit leaves to root and no others."""
    d = daemon.php(start=False)
    text = unit(d)
    command = shlex.split(setting(text, "ExecStart"))
    if ROOT and SETPRIV:
        caps = [c.removeprefix("CAP_").lower() for c in setting(text, "CapabilityBoundingSet").split()]
        command = [SETPRIV, "--bounding-set", ",".join(["-all", *(f"+{c}" for c in caps)]), *command]
        # What the unit is for: root starts it, PHP runs as somebody else, a Unix socket lies in the runtime directory.
        d.set("rserverd", user="www-data")
        for folder in (d.path("run"), d.app, d.path("tmp")):
            shutil.chown(folder, "www-data", "www-data")
    upstream = d.path("run/http.sock")
    d.set("rserverd", listen=[upstream])
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as told, open(d.out_path, "ab") as out:
        told.bind(d.path("notify.sock"))
        os.chmod(d.path("notify.sock"), 0o777)
        told.settimeout(20 * SLOW)
        d.child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, cwd="/", start_new_session=True,
                                   env={**d.environment(), "NOTIFY_SOCKET": d.path("notify.sock")})
        d.master_pid = d.child.pid
        assert "READY=1" in told.recv(4096).decode().split("\n")
        assert http.fetch(upstream, "/dump").status == 200 and d.get("/dump").status == 200
        if ROOT:
            s = os.stat(upstream)
            assert s.st_uid != 0 and s.st_mode & 0o777 == 0o660, "whoever runs as `user` may connect"
        assert run(*shlex.split(setting(text, "ExecReload")), env=d.environment()).returncode == 0
        until(lambda: d.settled_in(2), message="the next generation")
        worker = d.pids("worker")[0]
        os.kill(worker, signal.SIGKILL)
        until(lambda: (s := d.settled()) and worker not in d.pids("worker", s), message="root may still replace processes of the user")
    assert setting(text, "KillMode") == "mixed"
    assert d.stop(signal.SIGTERM) == 0
