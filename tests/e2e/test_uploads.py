"""Uploads: large ones on the disk and nowhere else, limits as under php-fpm, refusals that a client can read while it still sends, and
nothing left on the disk whatever dies.

RSERVERD_BIG=1 runs the 2 GB upload as well (it needs 5 GB below the temporary directory).
"""

import hashlib
import json
import os
import shutil
import signal
import threading

import pytest

from lib import http, proc
from lib.disk import Tmpfs
from lib.fpm import FPM, NGINX, Fpm
from lib.wait import SLOW, until

MB = 1 << 20
BLOCK = os.urandom(MB)

APP = """<?php
function answer(): void
{
    $files = [];
    foreach ($_FILES as $name => $f) {
        foreach ((array) $f['name'] as $i => $n) {
            $error = ((array) $f['error'])[$i];
            $tmp = ((array) $f['tmp_name'])[$i];
            $files[] = [$name, $n, $error, ((array) $f['size'])[$i], $error === 0 && is_uploaded_file($tmp) ? md5_file($tmp) : null];
        }
    }
    if (isset($_GET['hold'])) {
        file_put_contents($_GET['hold'] . '.new', getmypid());
        rename($_GET['hold'] . '.new', $_GET['hold']);
        sleep(60);
    }
    header('Content-Type: application/json');
    echo json_encode(['files' => $files, 'post' => count($_POST, COUNT_RECURSIVE), 'some' => array_slice($_POST, 0, 3),
        'input' => isset($_GET['input']) ? md5_file('php://input') : null, 'peak' => memory_get_peak_usage() >> 20]);
}
"""


@pytest.fixture
def site(daemon):
    def make(php=None, tmp=None, start=True, **ini):
        d = daemon.callable(APP + "return answer(...);", start=False)
        d.tmp = tmp or d.path("tmp")
        os.makedirs(d.tmp, exist_ok=True)
        d.set("swoole", upload_tmp_dir=d.tmp, **{"worker_num": 2, "package_max_length": "3G", **ini.pop("swoole", {})})
        d.set("php", **{"post_max_size": "3G", "upload_max_filesize": "3G", "memory_limit": "128M", **(php or {})})
        for section, keys in ini.items():
            d.set(section, **keys)
        return d.start() if start else d
    return make


def parts(size, name="file"):
    """Content type, length and pieces of a multipart body with one file of so many megabytes; the file's md5."""
    boundary = "----rserverdUpload"
    head = (f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"; filename="big.bin"\r\n'
            "Content-Type: application/octet-stream\r\n\r\n").encode()
    tail = f"\r\n--{boundary}--\r\n".encode()
    md5 = hashlib.md5()
    for _ in range(size):
        md5.update(BLOCK)

    def pieces():
        yield head
        for _ in range(size):
            yield BLOCK
        yield tail
    return f"multipart/form-data; boundary={boundary}", len(head) + size * MB + len(tail), pieces, md5.hexdigest()


def head_of(target, kind, length, more=()):
    return http.build(target, "POST", [("Content-Type", kind), ("Content-Length", length), *more])


def on_disk(pids):
    """Bytes that these processes' open files below the temporary directory take."""
    seen = {}
    for pid in pids:
        try:
            for fd in os.listdir(f"/proc/{pid}/fd"):
                st = os.stat(f"/proc/{pid}/fd/{fd}")
                if os.path.isabs(os.readlink(f"/proc/{pid}/fd/{fd}")) and st.st_size > MB:
                    seen[(st.st_dev, st.st_ino)] = st.st_blocks * 512
        except OSError:
            pass
    return sum(seen.values())


def left(d):
    """Files below upload_tmp_dir, and directories of nobody."""
    return sorted(os.path.join(folder, n) for folder, _, names in os.walk(d.tmp) for n in names)


def spools(d):
    """Spooled bodies that the reactor or a worker still has open."""
    count = 0
    for pid in [d.pid("reactor")] + d.pids("worker"):
        try:
            count += sum("(deleted)" in os.readlink(f"/proc/{pid}/fd/{fd}") and d.tmp in os.readlink(f"/proc/{pid}/fd/{fd}")
                         for fd in os.listdir(f"/proc/{pid}/fd"))
        except OSError:
            pass
    return count


def clean(d):
    until(lambda: left(d) == [], message="no file is left")
    until(lambda: spools(d) == 0, message="no spooled body is left")


# ---- large ------------------------------------------------------------------------------------------


@pytest.mark.timeout(900)
@pytest.mark.parametrize("size", [200, pytest.param(2048, marks=pytest.mark.skipif(
    not os.environ.get("RSERVERD_BIG"), reason="RSERVERD_BIG is not set"))])
def test_large_upload_in_flat_memory(site, size):
    d = site()
    if shutil.disk_usage(d.tmp).free < 3 * size * MB:
        pytest.skip("not enough space")
    kind, length, pieces, md5 = parts(size)
    reactor, workers = d.pid("reactor"), d.pids("worker")
    before, rss, disk, over = proc.rss_kb(reactor), [], [], threading.Event()

    def look():
        while not over.is_set():
            rss.append(proc.rss_kb(reactor))
            disk.append(on_disk([reactor, *workers]))
            over.wait(0.02)
    watch = threading.Thread(target=look)
    watch.start()
    try:
        with d.conn(timeout=300) as c:
            c.send(head_of("/", kind, length))
            for p in pieces():
                c.send(p)
            r = c.response()
    finally:
        over.set()
        watch.join()
        print(f"{size} MB: reactor from {before} to {max(rss)} kB, at most {max(disk) // MB} MB on the disk")
    got = r.json()
    assert got["files"] == [["file", "big.bin", 0, size * MB, md5]]
    assert got["peak"] < 16, "PHP holds none of it"
    assert max(rss) < before + (8 << 10), "the reactor holds none of it"
    assert max(disk) < 1.3 * size * MB, "the disk holds it once: what PHP has copied is given back"
    clean(d)


def test_large_body_that_is_no_form(site):
    """php://input of 64 MB, sized and chunked."""
    d = site(swoole={"worker_num": 1})
    body = BLOCK * 64
    md5 = hashlib.md5(body).hexdigest()
    for head, data in [([("Content-Length", len(body))], body), ([("Transfer-Encoding", "chunked")], http.chunked(body, MB))]:
        with d.conn(timeout=120) as c:
            c.send(http.build("/?input=1", "POST", [("Content-Type", "application/x-data"), *head]) + data)
            got = c.response().json()
        assert got["input"] == md5 and got["peak"] < 16
    clean(d)


def test_chunked_upload(site):
    d = site()
    kind, _, pieces, md5 = parts(20)
    with d.conn(timeout=60) as c:
        c.send(http.build("/", "POST", [("Content-Type", kind), ("Transfer-Encoding", "chunked")]))
        c.send(http.chunked(b"".join(pieces()), 100_000))
        assert c.response().json()["files"] == [["file", "big.bin", 0, 20 * MB, md5]]
    clean(d)


def test_many_uploads_at_once(site):
    d = site(swoole={"worker_num": 4})
    kind, length, pieces, md5 = parts(3)
    body, answers = b"".join(pieces()), []

    def client():
        with d.conn(timeout=120) as c:
            for _ in range(2):
                c.send(head_of("/", kind, length))
                for at in range(0, len(body), 50_000):
                    c.send(body[at:at + 50_000])
                answers.append(c.response().json()["files"])
    threads = [threading.Thread(target=client) for _ in range(40)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert answers == [[["file", "big.bin", 0, 3 * MB, md5]]] * 80
    clean(d)


# ---- limits, as php-fpm has them -----------------------------------------------------------------------


LIMITS = {"post_max_size": "300K", "upload_max_filesize": "100K", "max_file_uploads": "3", "max_input_vars": "20",
          "max_multipart_body_parts": "12", "memory_limit": "128M", "display_errors": "0"}


def form(*sizes, fields=0):
    return http.multipart([(f"v{i}", str(i)) for i in range(fields)] +
                          [(f"f{i}", f"n{i}.bin", "application/x-data", BLOCK[:n]) for i, n in enumerate(sizes)])


CASES = {
    "fits": form(10, 100 << 10, fields=3),
    "empty file": form(0),
    "one file too large": form(50, (100 << 10) + 1, 60),
    "too many files": form(1, 2, 3, 4, 5),
    "body too large": form(90 << 10, 90 << 10, 90 << 10, fields=1)[:1] + (form(*[90 << 10] * 3)[1].ljust(310 << 10, b"x"),),
    "too many variables": form(fields=11),
    "too many parts": form(1, fields=14),
    "no boundary": ("multipart/form-data", b"something"),
    "cut": (form(50)[0], form(50)[1][:-20]),
    "name of a path": http.multipart([("f", "../../etc/passwd", "text/plain", b"x")]),
    "name in brackets": http.multipart([("f[a][b]", "x.txt", "text/plain", b"x"), ("f[a][c]", "y.txt", "text/plain", b"yy")]),
    "urlencoded, too many": ("application/x-www-form-urlencoded", "&".join(f"a{i}={i}" for i in range(30)).encode()),
    "urlencoded, too large": ("application/x-www-form-urlencoded", b"a=" + b"x" * (301 << 10)),
}


@pytest.mark.skipif(not (FPM and NGINX), reason="no php-fpm or nginx")
def test_limits_are_those_of_php_fpm(site, tmp_path):
    root = tmp_path / "public"
    root.mkdir()
    (root / "index.php").write_text(APP + "answer();")
    os.chmod(tmp_path, 0o755)
    for folder in tmp_path.parents:
        if str(folder).startswith("/tmp/pytest"):
            os.chmod(folder, 0o755)
    fpm = Fpm(str(root), php_values=LIMITS)
    try:
        d = site(php=LIMITS)
        for what, (kind, body) in CASES.items():
            theirs = http.fetch(fpm.address, "/", "POST", [("Content-Type", kind)], body, fpm.host)
            ours = d.post("/", body, [("Content-Type", kind)])
            same = [{k: v for k, v in json.loads(r.body or b"{}").items() if k != "peak"} for r in (ours, theirs)]
            assert (ours.status, same[0]) == (theirs.status, same[1]), what
        clean(d)
    finally:
        fpm.stop()


# ---- refusals --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("framing", ["sized", "chunked"])
def test_413_is_read_by_a_client_that_sends_all_first(site, framing):
    """A hundred megabytes more than allowed: they are sent to the end, then the answer is read."""
    d = site(swoole={"package_max_length": "1M"})
    kind, length, pieces, _ = parts(100)
    for _ in range(2):
        with d.conn(timeout=60) as c:
            if framing == "sized":
                c.send(head_of("/", kind, length))
                for p in pieces():
                    c.send(p)
            else:
                c.send(http.build("/", "POST", [("Content-Type", kind), ("Transfer-Encoding", "chunked")]))
                for p in pieces():
                    c.send(b"%x\r\n%s\r\n" % (len(p), p))
                c.send(b"0\r\n\r\n")
            r = c.response()
            assert r.status == 413 and r.get("connection") == "close"
            c.shutdown_write()
            assert c.at_end()
    assert d.post("/", b"a=1", [("Content-Type", "application/x-www-form-urlencoded")]).json()["post"] == 1
    clean(d)


def test_413_comes_before_the_body(site):
    d = site(swoole={"package_max_length": "1M"})
    with d.conn() as c:
        c.send(head_of("/", "multipart/form-data; boundary=x", 50 * MB))
        assert c.response().status == 413


def test_expected_body_that_is_too_large_is_refused_at_once(site):
    d = site(swoole={"package_max_length": "1M"})
    with d.conn() as c:
        c.send(head_of("/", "multipart/form-data; boundary=x", 50 * MB, [("Expect", "100-continue")]))
        assert c.head().status == 413, "and no 100 before it"
    kind, length, pieces, md5 = parts(0)
    with d.conn() as c:
        c.send(head_of("/", kind, length, [("Expect", "100-continue")]))
        assert c.head().status == 100
        c.send(b"".join(pieces()))
        assert c.response().json()["files"][0][2:4] == [0, 0]


def test_a_client_that_sends_for_ever_after_413_is_let_go(site):
    d = site(swoole={"package_max_length": "1M"})
    connections = d.status()["connections"]
    with d.conn() as c:
        c.send(head_of("/", "text/plain", 50 * MB))
        assert c.response().status == 413
        until(lambda: d.status()["connections"] == connections, 20, message="silence after the answer is closed")


# ---- nothing is left ----------------------------------------------------------------------------------------


def test_aborted_uploads_leave_nothing(site):
    d = site()
    kind, length, pieces, _ = parts(8)
    body = b"".join(pieces())
    for n in (0, 1000, 100_000, 5 * MB, length - 1):
        for end in ("close", "reset", "shutdown_write"):
            c = d.conn()
            c.send(head_of("/", kind, length) + body[:n])
            if n > MB:
                until(lambda: spools(d) == 1, message="it is spooled")
            getattr(c, end)()
            until(lambda: spools(d) == 0, message="what has come is dropped")
            c.close()
    clean(d)
    assert d.wait_settled()["connections"] == 0


def test_slow_upload_is_408_and_leaves_nothing(site):
    d = site(rserverd={"body_timeout": "0.5"})
    kind, length, pieces, _ = parts(2)
    with d.conn() as c:
        c.send(head_of("/", kind, length) + b"".join(pieces())[:MB])
        assert c.response().status == 408
    clean(d)


def hold(d, size=2, where="/"):
    """An upload that PHP has in its hands: its connection, and the pid of who runs it."""
    kind, length, pieces, _ = parts(size)
    told = d.path("held")
    if os.path.exists(told):
        os.unlink(told)
    c = d.conn(timeout=60)
    c.send(head_of(f"{where}?hold={told}", kind, length) + b"".join(pieces()))
    until(lambda: os.path.exists(told), message="PHP has the upload")
    assert len(left(d)) == 1, left(d)
    with open(told) as f:
        return c, int(f.read())


@pytest.mark.parametrize("isolation", ["snapshot", "fork"])
def test_killed_php_process_leaves_nothing(site, isolation):
    d = site(rserverd={"isolation": isolation})
    for _ in range(2):
        c, pid = hold(d)
        proc.kill(pid)
        assert c.response().status in (500, 502)
        c.close()
        clean(d)
    assert d.post("/", CASES["fits"][1], [("Content-Type", CASES["fits"][0])]).json()["files"][0][2] == 0
    clean(d)


def test_killed_worker_of_request_processes_leaves_nothing(site):
    d = site(rserverd={"isolation": "fork"})
    c, pid = hold(d)
    workers = d.pids("worker")
    for w in workers:
        proc.kill(w)
    c.close()
    until(lambda: not proc.alive(pid), message="the request process has ended with its worker")
    until(lambda: len(d.pids("worker")) == 2 and not set(d.pids("worker")) & set(workers))
    for w in d.pids("worker"):
        proc.kill(w)    # whoever comes now cleans up
    clean(d)


def test_killed_reactor_leaves_nothing(site):
    d = site(swoole={"max_wait_time": 2})
    kind, length, pieces, _ = parts(8)
    with d.conn() as c:
        c.send(head_of("/", kind, length) + b"".join(pieces())[:5 * MB])
        until(lambda: spools(d) == 1)
        held, pid = hold(d)
        proc.kill(d.pid("reactor"))
        with pytest.raises((http.Closed, AssertionError)):
            held.response()
        held.close()
    until(lambda: not proc.alive(pid), 30, message="the worker ends with its reactor")
    until(lambda: d.status()["processes"] and d.get("/").status == 200, message="a new reactor serves")
    clean(d)


def test_what_a_killed_daemon_has_left_goes_with_the_next_start(site, daemon):
    d = site()
    c, pid = hold(d)
    everyone = d.everyone()
    for sig in (signal.SIGSTOP, signal.SIGKILL):    # all at once
        for p in everyone:
            proc.kill(p, sig)
    d.child.wait()
    until(lambda: not any(proc.alive(p) for p in everyone))
    c.close()
    assert len(left(d)) == 1, "nobody could remove it"
    d.expect_exit = -9
    again = site(tmp=d.tmp)
    clean(again)


def test_directories_in_use_are_nobody_elses(site):
    """Two daemons share a temporary directory: neither takes the other's files."""
    d = site()
    c, pid = hold(d)
    other = site(tmp=d.tmp)
    proc.kill(other.pids("worker")[0])
    other.wait_settled()
    assert len(left(d)) == 1
    proc.kill(pid)
    assert c.response().status == 502
    clean(d)


def test_php_without_room_for_its_copy(site):
    """The body fits on the disk, the copy that PHP makes does not: an upload error, as under php-fpm, and life goes on."""
    disk = Tmpfs()
    try:
        d = site(tmp=disk.folder)
        kind, body = form(700 << 10)
        r = d.post("/", body, [("Content-Type", kind)])
        assert r.status == 200
        assert r.json()["files"][0][2] in (3, 7), "UPLOAD_ERR_PARTIAL or UPLOAD_ERR_CANT_WRITE"
        clean(d)
        assert d.post("/", form(200 << 10)[1], [("Content-Type", kind)]).json()["files"][0][2] == 0
        d.stop()
    finally:
        disk.close()
