"""Started as root: who runs what, who owns what."""

import fcntl
import grp
import os
import pwd
import shutil
import stat

import pytest

from lib import proc
from lib.daemon import BINARY, TREE
from lib.wait import until

USER = "www-data"

pytestmark = pytest.mark.skipif(os.getuid() != 0, reason="needs a start as root")

WHO = """<?php
$boot = [posix_getuid(), posix_geteuid(), posix_getgid(), posix_getegid(), posix_getgroups()];
return function () use ($boot) {
    echo json_encode(['boot' => $boot, 'now' => [posix_getuid(), posix_geteuid(), posix_getgid(), posix_getegid(),
        posix_getgroups()], 'root' => @posix_setuid(0)]);
};
"""


@pytest.fixture
def made_for(daemon):
    """A daemon that can be run by anybody: the tree may lie where only its owner can read."""
    def make(owner=USER, hosted=False, **kw):
        d = daemon.hosted(start=False, **kw) if hosted else daemon.callable(WHO, start=False, **kw)
        place = d.path("bin")
        os.makedirs(place)
        build = os.path.dirname(os.path.realpath(BINARY))
        for name in os.listdir(build):
            if name.startswith("rserverd"):
                shutil.copy(os.path.join(build, name), place)
        shutil.copytree(os.path.join(TREE, "sapi", "php"), os.path.join(place, "php"))
        d.binary = os.path.join(place, "rserverd")
        uid, gid = pwd.getpwnam(owner)[2:4]
        for where, _, files in os.walk(d.app):
            os.chown(where, uid, gid)
            for f in files:
                os.chown(os.path.join(where, f), uid, gid)
        return d
    return make


def check_roles(d, uid, gid):
    for p in d.status()["processes"]:
        if p["role"] == "master":
            continue
        assert proc.uids(p["pid"]) == (uid,) * 4, p
        assert 0 not in proc.groups(p["pid"]), p


def test_owner_of_the_application_runs_it(made_for):
    d = made_for()
    d.start()
    uid, gid = pwd.getpwnam(USER)[2:4]
    check_roles(d, uid, gid)
    who = d.get("/").json()
    assert who["boot"][:4] == [uid, uid, gid, gid]
    assert who["now"][:4] == [uid, uid, gid, gid]
    assert 0 not in who["now"][4]
    assert who["root"] is False, "there is no way back"


@pytest.mark.parametrize("owner", [USER, 54321])
def test_group_of_the_folder_is_not_taken(made_for, owner):
    """chown -R www-data leaves root's group on the folder; nobody has said that the application runs with it."""
    d = made_for()
    uid, gid = pwd.getpwnam(USER)[2:4] if owner == USER else (owner, owner)
    for where, _, files in os.walk(d.app):
        os.chown(where, uid, 0)
        for f in files:
            os.chown(os.path.join(where, f), uid, 0)
    d.start()
    check_roles(d, uid, gid)
    assert d.get("/").json()["now"][:4] == [uid, uid, gid, gid]


def test_user_and_group_options(made_for):
    d = made_for(owner="root", ini={"rserverd": {"user": USER, "group": "daemon"}})
    d.start()
    uid, gid = pwd.getpwnam(USER).pw_uid, grp.getgrnam("daemon").gr_gid
    check_roles(d, uid, gid)
    assert d.get("/").json()["now"][:4] == [uid, uid, gid, gid]


def test_unknown_user_is_refused(made_for):
    d = made_for(ini={"rserverd": {"user": "nobody-of-that-name"}})
    d.expect_exit = 1
    d.start(wait=False)
    assert d.wait_exit() == 1
    assert "nobody-of-that-name" in d.log()


def test_unknown_group_is_refused(made_for):
    d = made_for(ini={"rserverd": {"user": USER, "group": "no-such-group"}})
    d.expect_exit = 1
    d.start(wait=False)
    assert d.wait_exit() == 1
    assert "no-such-group" in d.log()


def test_root_as_the_owner_is_warned_about(daemon):
    d = daemon.callable(WHO)
    assert "root" in d.log() and "[warn]" in d.log()


def test_pid_file_that_root_has_left(made_for):
    """A server that root had started was killed: its file is no reason not to start. One that is held is."""
    d = made_for()
    uid, gid = pwd.getpwnam(USER)[2:4]
    d.ini["swoole"]["pid_file"] = path = os.path.join(d.app, "laravels.pid")
    d.write_ini()
    with open(path, "w") as f:
        f.write("1\n")
        fcntl.lockf(f, fcntl.LOCK_EX)
        d.expect_exit = 1
        d.start(wait=False)
        assert d.wait_exit() == 1 and f"already running: process {os.getpid()} holds {path}" in d.log(), d.log()
        assert os.stat(path).st_uid == 0, "it was left alone"
    d.expect_exit = 0
    d.start()
    assert os.stat(path).st_uid == uid and d.pid_in_file() == d.master_pid


def test_run_time_files(made_for):
    """pid file and control socket belong to who started it, and are nobody else's business; the application's socket is
    for its user and group."""
    d = made_for(hosted=True, processes=["one"], ini={"swoole": {"worker_num": 1}})
    d.start_hosted()
    uid, gid = pwd.getpwnam(USER)[2:4]
    check_roles(d, uid, gid)

    def look(name):
        st = os.lstat(d.path("run", name))
        return stat.S_IMODE(st.st_mode), st.st_uid, st.st_gid
    mode, owner, _ = look("laravels.pid")
    assert owner == 0 and not mode & 0o022
    mode, owner, _ = look("control.sock")
    assert mode == 0o600 and owner == 0
    mode, owner, group = look("app.sock")
    assert mode == 0o660 and group == gid and owner == uid
    mode, owner, _ = look("laravels-custom-processes.pid")
    assert mode == 0o644


def test_application_cannot_use_the_control_socket(made_for):
    d = made_for()
    d.write("entry.php", """<?php return function () {
        $s = @stream_socket_client('unix://%s', $no, $error, 1);
        echo $s ? 'open' : 'refused';
    };""" % d.path("run/control.sock"))
    d.start()
    assert d.get("/").text == "refused"


def test_log_files_survive_a_reopen(made_for):
    import signal
    d = made_for()
    d.set("swoole", log_file=d.path("error.log"))
    d.set("rserverd", access_log=d.path("access.log"))
    d.start()
    os.rename(d.path("access.log"), d.path("access.1"))
    d.signal(signal.SIGHUP)
    until(lambda: os.path.exists(d.path("access.log")))
    d.get("/later")
    until(lambda: "/later" in open(d.path("access.log")).read())


def test_low_port(made_for):
    """Bound by the master as root, served by somebody else. The port is one nobody listens on."""
    import socket
    port = None
    for candidate in (81, 87, 631, 777, 988):
        with socket.socket() as s:
            try:
                s.bind(("127.0.0.1", candidate))
                port = candidate
                break
            except OSError:
                continue
    if port is None:
        pytest.skip("no free port below 1024")
    d = made_for()
    d.port = port
    d.set("laravels", listen_port=port)
    d.start()
    assert d.get("/").status == 200


def test_uploads_are_readable_by_the_application(made_for):
    """The reactor spools a large body; the worker, who is somebody else than root, reads it."""
    d = made_for()
    d.write("entry.php", "<?php return function () { echo strlen(file_get_contents('php://input')); };")
    os.chmod(d.path("tmp"), 0o777)
    d.start()
    assert d.post("/", b"x" * 1000000).text == "1000000"
