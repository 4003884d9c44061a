"""No space left: for a request body, for the logs, for the pid file.

Two ways to have no space. `tmpfs`: a small file system of the test's own that is filled up (ENOSPC); only root may mount
one. `rlimit`: RLIMIT_FSIZE (systemd's LimitFSIZE): no file may grow beyond ROOM (EFBIG, and a signal that kills who does
not ignore it); anybody can have that one. A test that takes `disk` runs on both, one that takes `tmpfs` on that only.
"""

import os
import re

import pytest

from lib import http, proc
from lib.disk import ROOM, Limited, Tmpfs
from lib.wait import until

BODY = bytes(range(256)) * (2 * ROOM // 256)    # more than any full disk here takes
LINE = re.compile(r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} \[[a-z]+\] \w+( \d+)? \d+( g\d+)?: .")


def lines(path):
    with open(path, errors="replace") as f:
        return [line for line in f.read().split("\n") if line]


def size(path):
    return os.stat(path).st_size


# ---- request bodies -------------------------------------------------------------------------------


def spooling(disk, daemon):
    d = daemon(start=False)
    d.set("swoole", upload_tmp_dir=disk.path(), package_max_length=4 * len(BODY))
    return d.start()


def send_body(c, framing):
    """All of it or what the server takes: it may answer and close before the end."""
    head = [("Content-Length", len(BODY))] if framing == "sized" else [("Transfer-Encoding", "chunked")]
    data = BODY if framing == "sized" else http.chunked(BODY, 10_000)
    try:
        c.send(http.build("/echo", "POST", head, body=None) + data)
    except (BrokenPipeError, ConnectionResetError):
        pass


@pytest.mark.parametrize("framing", ["sized", "chunked"])
def test_body_without_room_is_507_and_close(disk, daemon, framing):
    d = spooling(disk, daemon)
    before = d.status()
    disk.fill(d)
    kept = sorted(os.listdir(disk.folder))
    for _ in range(3):
        with d.conn() as c:
            send_body(c, framing)
            r = c.response()
            assert r.status == 507
            assert r.get("connection") == "close"
            assert c.at_end()
        # What needs no file is served as ever, and on.
        assert d.post("/echo", b"small").body == b"small"
        assert d.get("/").body == b"hello"
    assert sorted(os.listdir(disk.folder)) == kept, "no temporary file"
    assert d.wait_log(r"request body in " + re.escape(disk.folder) + r": (No space left|File too large)")
    disk.drain(d)
    assert d.post("/echo", BODY[:ROOM // 2]).body == BODY[:ROOM // 2]
    after = d.wait_settled()
    assert [p["pid"] for p in after["processes"]] == [p["pid"] for p in before["processes"]], "nobody died of it"


def test_a_body_without_room_costs_no_other_client_anything(disk, daemon):
    """A pipelined answer before it, a request that runs meanwhile, an idle connection."""
    d = spooling(disk, daemon)
    disk.fill(d)
    with d.conn() as idle, d.conn() as running, d.conn() as c:
        assert idle.request("/").body == b"hello"
        running.send(http.build("/sleep?ms=300"))
        c.send(http.build("/"))
        send_body(c, "sized")
        assert c.response().body == b"hello"
        assert c.response().status == 507
        assert c.at_end()
        assert running.response().status == 200
        assert idle.request("/").body == b"hello"


def test_expected_body_without_room(disk, daemon):
    """Expect: 100-continue: told to go on or told 507, never left waiting."""
    d = spooling(disk, daemon)
    disk.fill(d)
    with d.conn() as c:
        c.send(http.build("/echo", "POST", [("Content-Length", len(BODY)), ("Expect", "100-continue")]))
        r = c.response()
        if r.status == 100:
            try:
                c.send(BODY)
            except (BrokenPipeError, ConnectionResetError):
                pass
            r = c.response()
        assert r.status == 507
        assert c.at_end()


def test_body_directory_without_inodes(tmpfs, daemon):
    d = spooling(tmpfs, daemon)
    tmpfs.take_inodes()
    with d.conn() as c:
        send_body(c, "sized")
        assert c.response().status == 507
    assert d.post("/echo", b"small").body == b"small"
    tmpfs.drain()
    assert d.post("/echo", BODY[:ROOM // 2]).body == BODY[:ROOM // 2]


# ---- logs -----------------------------------------------------------------------------------------


def replace_worker(d):
    """Something to log: a worker is killed, and replaced."""
    gone = d.pids("worker")[0]
    proc.kill(gone)
    until(lambda: gone not in d.pids("worker"), message="the killed worker is replaced")
    d.wait_settled()
    return gone


def test_error_log_without_room(disk, daemon):
    d = daemon(start=False)
    log = disk.path("error.log")
    d.set("swoole", log_file=log)
    d.start()
    master = d.pid("master")
    disk.fill(d, log)
    full = size(log)
    lost = replace_worker(d)
    for _ in range(50):
        assert d.get("/").status == 200
    assert size(log) == full, "the disk was full indeed"
    disk.drain(d)
    gone = replace_worker(d)
    until(lambda: any(str(gone) in x for x in lines(log)), message="logging goes on when there is room")
    assert not any(str(lost) in x.split(": ", 1)[1] for x in lines(log)), "what was lost is lost"
    for line in lines(log):
        assert LINE.match(line), line
    assert d.pid("master") == master


def test_error_log_without_room_in_the_background(disk, daemon):
    """The same daemonized: standard output and error lead to the log, and to nobody else."""
    d = daemon(start=False)
    log = disk.path("error.log")
    d.set("swoole", log_file=log)
    assert d.start_daemonized().returncode == 0
    d.wait_ready()
    disk.fill(d, log)
    full = size(log)
    replace_worker(d)
    assert size(log) == full
    disk.drain(d)
    gone = replace_worker(d)
    until(lambda: any(str(gone) in x for x in lines(log)), message="logging goes on when there is room")
    assert d.ctl("stop").returncode == 0
    d.reap()


@pytest.mark.parametrize("fmt", ["combined", "json"])
def test_access_log_without_room(disk, daemon, fmt):
    d = daemon(start=False)
    log = disk.path("access.log")
    d.set("rserverd", access_log=log, access_log_format=fmt)
    d.start()
    assert d.get("/before").status == 200
    until(lambda: any("/before" in x for x in lines(log)))
    reactor = d.pid("reactor")
    disk.fill(d, log)
    full = size(log)
    for n in range(100):
        assert d.get(f"/lost{n}").status == 200
    d.wait_log(r"\[warn\] reactor \d+: the access log takes nothing: \d+ times something was lost")
    assert size(log) == full, "the disk was full indeed"
    disk.drain(d)
    assert d.get("/after").status == 200
    until(lambda: any("/after" in x for x in lines(log)), message="the access log goes on when there is room")
    assert len(lines(log)) == 2, "one line each of /before and /after"
    assert d.pid("reactor") == reactor


def test_reload_and_stop_with_full_logs(tmpfs, daemon):
    d = daemon(start=False)
    error, access = tmpfs.path("error.log"), tmpfs.path("access.log")
    d.set("swoole", log_file=error)
    d.set("rserverd", access_log=access)
    d.start()
    reactor = d.pid("reactor")
    tmpfs.fill(d, error, access)
    assert d.ctl("reload", "--wait").returncode == 0
    assert d.status()["generation"] == 2
    assert d.get("/").status == 200
    assert d.pid("reactor") == reactor
    assert d.stop() == 0


def test_reopen_without_room_keeps_the_old_files(tmpfs, daemon):
    """Rotation on a disk with no room for a new file: the renamed ones stay in use until the next try."""
    d = daemon(start=False)
    error, access = tmpfs.path("error.log"), tmpfs.path("access.log")
    d.set("swoole", log_file=error)
    d.set("rserverd", access_log=access)
    d.start()
    tmpfs.take_inodes()
    os.rename(error, error + ".1")
    os.rename(access, access + ".1")
    d.signal(1)
    for what in ("log file", "access log"):
        until(lambda: any(re.search(f"cannot open the {what} .*No space left on device; the old one stays in use", x)
                          for x in lines(error + ".1")), message=f"the reason for the {what}")
    assert d.get("/kept").status == 200
    until(lambda: any("/kept" in x for x in lines(access + ".1")))
    assert not os.path.exists(error) and not os.path.exists(access)
    tmpfs.drain()
    d.signal(1)
    until(lambda: os.path.exists(error) and os.path.exists(access), message="new files")
    assert d.get("/new").status == 200
    until(lambda: any("/new" in x for x in lines(access)))


# ---- the pid file ---------------------------------------------------------------------------------


def refused(d, result, names):
    """Exit 1, the file and the reason named, nothing left of the try."""
    assert result.returncode == 1
    said = result.stderr + result.stdout + d.log()
    assert re.search(re.escape(names) + r".*(No space left on device|File too large)", said), said
    assert not d.everyone()


@pytest.mark.parametrize("words", [(), ("-d",)], ids=["foreground", "background"])
@pytest.mark.parametrize("there", [None, "", "999999999\n"], ids=["new", "empty", "stale"])
def test_pid_file_without_room(disk, daemon, words, there):
    d = daemon(start=False)
    pid_file = disk.path("laravels.pid")
    d.set("swoole", pid_file=pid_file)
    if there is not None:
        with open(pid_file, "w") as f:
            f.write(there)
    disk.fill()
    if there and isinstance(disk, Tmpfs):
        # What is there has a block, which would do for the new number too: the disk fills up behind it.
        os.truncate(pid_file, 0)
        disk.pad(disk.path("ballast"))
    kept = {n for n in os.listdir(disk.folder) if n.startswith("ballast")}
    refused(d, disk.start(d, *words), pid_file)
    assert set(os.listdir(disk.folder)) == kept, "no pid file, no socket"


def test_pid_file_that_is_cut_short(daemon):
    """Two bytes fit: a number that names somebody else must not stay."""
    limited = Limited()
    try:
        d = daemon(start=False)
        d.set("swoole", pid_file=limited.path("laravels.pid"))
        refused(d, limited.start(d, room=2), limited.path("laravels.pid"))
        assert os.listdir(limited.folder) == []
    finally:
        limited.close()


def test_pid_file_without_inodes(tmpfs, daemon):
    d = daemon(start=False)
    d.set("swoole", pid_file=tmpfs.path("laravels.pid"))
    tmpfs.take_inodes()
    refused(d, tmpfs.start(d), tmpfs.path("laravels.pid"))
    assert not any(n.startswith("laravels") for n in os.listdir(tmpfs.folder))


def test_control_socket_without_inodes(tmpfs, daemon):
    """The pid file was the last that fitted: it goes again."""
    d = daemon(start=False)
    d.set("swoole", pid_file=tmpfs.path("laravels.pid"))
    tmpfs.take_inodes()
    os.unlink(tmpfs.path("inode0"))
    refused(d, tmpfs.start(d), tmpfs.path("control.sock"))
    assert all(n.startswith("inode") for n in os.listdir(tmpfs.folder))


def test_start_when_there_is_room_again(tmpfs, daemon):
    d = daemon(start=False)
    d.set("swoole", pid_file=tmpfs.path("laravels.pid"))
    tmpfs.fill()
    refused(d, tmpfs.start(d), tmpfs.path("laravels.pid"))
    tmpfs.drain()
    d.start()
    assert d.pid_in_file() == d.master_pid
    assert d.get("/").status == 200
