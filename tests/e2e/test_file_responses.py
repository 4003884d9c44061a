"""Responses whose body is a file: it leaves by sendfile from the reactor, and PHP reads nothing of it.

BinaryFileResponse in the Laravel application; X-Sendfile and X-Accel-Redirect from any script; isolation = fork relays them.
"""

import base64
import json
import os

import pytest

from lib import http, proc
from lib.wait import until

DATA = bytes(range(256)) * 4096     # 1 MB

ROUTES = """
use Illuminate\\Http\\Request as Asked;
use Symfony\\Component\\HttpFoundation\\BinaryFileResponse as FileAnswer;

Route::get('ffile', function (Asked $r) {
    $response = new FileAnswer($r->query('path'), 200, ['Content-Type' => 'application/x-data'], true, null, $r->query('etag') === '1');
    $r->query('delete') && $response->deleteFileAfterSend();
    if ($then = $r->query('then')) {
        app()->terminating(function () use ($then): void {
            preg_match('/rchar: (\\d+)/', file_get_contents('/proc/self/io'), $m);
            file_put_contents("$then.new", json_encode([(int) $m[1], getmypid()]));
            rename("$then.new", $then);
        });
    }
    return $response;
});
Route::get('fbreak', function (Asked $r) {
    $path = $r->query('path');
    $break = ['unlink' => fn () => unlink($path), 'loop' => fn () => unlink($path) && symlink($path, $path)][$r->query('how')];
    app('events')->listen(Illuminate\\Foundation\\Http\\Events\\RequestHandled::class, $break);
    return new FileAnswer($path);
});
"""


@pytest.fixture
def site(daemon):
    def make(more="", **kw):
        d = daemon.laravel(start=False, **kw)
        with open(os.path.join(d.app, "routes", "web.php"), "a") as f:
            f.write(ROUTES + more)
        os.makedirs(d.path("files"))
        os.chmod(d.path("files"), 0o777)
        with open(d.path("files/data.bin"), "wb") as f:
            f.write(DATA)
        return d.start()
    return make


def get(d, what, headers=(), method="GET", **query):
    from urllib.parse import urlencode
    return http.fetch(d.address, f"/{what}?" + urlencode(query), method, headers)


@pytest.mark.parametrize("isolation", ["snapshot", "fork"])
def test_binary_file_response_with_ranges(site, isolation):
    d = site(ini={"rserverd": {"isolation": isolation}})
    path = d.path("files/data.bin")
    r = get(d, "ffile", path=path, etag=1)
    assert r.status == 200 and r.body == DATA and r.get("content-type") == "application/x-data"
    assert r.get("accept-ranges") == "bytes" and r.get("content-length") == str(len(DATA))
    etag, modified = r.get("etag"), r.get("last-modified")

    for value, status, body, said in [
            ("bytes=100-199", 206, DATA[100:200], f"bytes 100-199/{len(DATA)}"),
            ("bytes=-50", 206, DATA[-50:], f"bytes {len(DATA) - 50}-{len(DATA) - 1}/{len(DATA)}"),
            ("bytes=1000000-", 206, DATA[1000000:], f"bytes 1000000-{len(DATA) - 1}/{len(DATA)}"),
            (f"bytes={len(DATA)}-{len(DATA) + 5}", 416, b"", f"bytes */{len(DATA)}"),
            ("lines=1-2", 200, DATA, None)]:
        r = get(d, "ffile", [("Range", value)], path=path)
        assert (r.status, r.get("content-range")) == (status, said), value
        assert r.body == body, value
    for only_if, status in [(etag, 206), ('"other"', 200), (modified, 206), ("Sat, 01 Jan 2000 00:00:00 GMT", 200)]:
        r = get(d, "ffile", [("Range", "bytes=0-9"), ("If-Range", only_if)], path=path, etag=1)
        assert (r.status, r.body) == (status, DATA[:10] if status == 206 else DATA), only_if
    r = get(d, "ffile", method="HEAD", path=path)
    assert (r.status, r.body, r.get("content-length")) == (200, b"", str(len(DATA)))
    # The same connection serves on after a file.
    with d.conn() as c:
        for _ in range(3):
            assert c.request(f"/ffile?path={path}").body == DATA


def test_php_reads_nothing_of_it_and_waits_for_nobody(site):
    """A sparse 1 GB file, a client that does not read: the one worker is free at once."""
    d = site()
    path, then = d.path("files/big.bin"), d.path("files/then")
    with open(path, "wb") as f:
        f.truncate(1 << 30)
    with d.conn() as slow:
        slow.send(http.build(f"/ffile?path={path}&then={then}"))
        r = slow.response(body=False)
        assert r.status == 200 and r.get("content-length") == str(1 << 30)
        assert d.get("/hello").status in (200, 404)
        got = sum(len(slow.piece(r)) for _ in range(200))
        assert got > 0
        reactor = d.pid("reactor")
        assert proc.rss_kb(reactor) < 64 << 10
    until(lambda: os.path.exists(then) and os.path.getsize(then), message="the request has ended")
    with open(then) as f:
        read, pid = json.load(f)
    assert pid in d.pids("worker")
    assert read < 256 << 20, "PHP has read the file"
    assert d.get("/hello").status in (200, 404)


def test_delete_after_send(site):
    d = site()
    for size in (0, 10, 300_000):
        path = d.path("files/once.bin")
        with open(path, "wb") as f:
            f.write(DATA[:size])
        os.chmod(path, 0o666)
        r = get(d, "ffile", path=path, delete=1)
        assert (r.status, r.body) == (200, DATA[:size])
        until(lambda: not os.path.exists(path), message="the file is deleted")
        assert r.get("content-length") == str(size)


def test_replaced_and_removed_while_it_is_sent(site):
    d = site()
    path = d.path("files/big.bin")
    with open(path, "wb") as f:
        f.write(b"old" * (4 << 20))
    with d.conn(rcvbuf=8192) as c:
        c.send(http.build(f"/ffile?path={path}"))
        r = c.response(body=False)
        with open(path + ".new", "wb") as f:
            f.write(b"new" * 100)
        os.rename(path + ".new", path)
        os.unlink(path)
        body = b""
        while piece := c.piece(r):
            body += piece
        assert body == b"old" * (4 << 20), "what was opened is what was sent"


def test_shorter_while_it_is_sent_is_cut(site):
    d = site()
    path = d.path("files/big.bin")
    with open(path, "wb") as f:
        f.truncate(64 << 20)
    with d.conn(rcvbuf=8192) as c:
        c.send(http.build(f"/ffile?path={path}"))
        r = c.response(body=False)
        os.truncate(path, 1 << 20)
        with pytest.raises(http.Closed):
            while c.piece(r):
                pass
    assert d.get("/hello").status in (200, 404)


@pytest.mark.parametrize("how", ["unlink", "loop"])
def test_gone_before_it_is_opened_is_500(site, how):
    d = site()
    path = d.path("files/gone.bin")
    with open(path, "wb") as f:
        f.write(DATA)
    os.chmod(path, 0o666)
    r = get(d, "fbreak", path=path, how=how)
    assert r.status == 500
    d.wait_log(r"file response: .*gone.bin .*answered 500")
    assert get(d, "ffile", path=d.path("files/data.bin")).body == DATA


def test_what_is_no_regular_file_is_an_error_of_the_framework(site):
    """A pipe would be waited for; Symfony takes none."""
    d = site()
    os.mkfifo(d.path("files/pipe"))
    for path in (d.path("files/pipe"), "/dev/zero", d.path("files"), d.path("files/none")):
        assert get(d, "ffile", path=path).status == 500, path
    assert get(d, "ffile", path=d.path("files/data.bin")).body == DATA


# ---- X-Sendfile ------------------------------------------------------------------------------------


SCRIPT = """<?php
return function () {
    foreach (json_decode(base64_decode($_SERVER['HTTP_X_HEADERS'] ?? 'W10='), true) as $line) {
        header($line);
    }
    echo json_encode([$_SERVER['HTTP_X_SENDFILE_TYPE'] ?? null, $_SERVER['HTTP_X_ACCEL_MAPPING'] ?? null]);
};
"""


@pytest.fixture
def sender(daemon):
    def make(**rserverd):
        d = daemon.callable(SCRIPT, start=False)
        os.makedirs(d.path("files/sub"))
        for name in ("data.bin", "sub/50%25 off.bin"):
            with open(d.path("files", name), "wb") as f:
                f.write(DATA)
        with open(d.path("secret"), "w") as f:
            f.write("secret")
        os.symlink(d.path("secret"), d.path("files/link"))
        os.symlink(d.path("files/data.bin"), d.path("files/inner"))
        d.set("rserverd", **{k: v(d) for k, v in rserverd.items()})
        return d.start()
    return make


def headers(*lines):
    return ("X-Headers", base64.b64encode(json.dumps(lines).encode()).decode())


@pytest.mark.parametrize("isolation", ["snapshot", "fork"])
def test_x_sendfile(sender, isolation):
    d = sender(x_sendfile=lambda d: [d.path("files")], isolation=lambda _: isolation)
    path = d.path("files/data.bin")
    r = d.get("/", [headers(f"X-Sendfile: {path}", "Content-Type: image/x-test", "ETag: \"one\"", "X-Own: 1",
                            "Content-Length: 5")])
    assert (r.status, r.body, r.get("content-type"), r.get("x-own")) == (200, DATA, "image/x-test", "1")
    assert r.get("x-sendfile") is None and r.get("content-length") == str(len(DATA))
    for extra, status, body in [([("Range", "bytes=5-9")], 206, DATA[5:10]),
                                ([("Range", "bytes=5-9"), ("If-Range", '"one"')], 206, DATA[5:10]),
                                ([("Range", "bytes=5-9"), ("If-Range", '"two"')], 200, DATA),
                                ([("Range", "bytes=1-2,8-9")], 200, DATA),
                                ([("Range", f"bytes={len(DATA)}-")], 416, b"")]:
        r = d.get("/", [headers(f"X-Sendfile: {path}", 'ETag: "one"'), *extra])
        assert (r.status, r.body) == (status, body), extra
    assert d.get("/", [headers(f"X-Sendfile: {d.path('files/inner')}")]).body == DATA
    for name, status in [("secret", 403), ("files/link", 403), ("files/../secret", 403), ("files/none", 404), ("files/sub", 404),
                         ("files", 403)]:
        r = d.get("/", [headers(f"X-Sendfile: {d.path(name)}")])
        assert r.status == status and b"secret" not in r.body, name
    d.wait_log(r"X-Sendfile: .*secret: not below a directory of x_sendfile")
    assert d.get("/", [headers("X-Sendfile: relative/path")]).status == 404
    # The application is told, whatever a client says.
    got = d.get("/", [("X-Own", "1")]).json()
    assert got[0] == "X-Sendfile"


def test_x_accel_redirect(sender):
    d = sender(x_sendfile=lambda d: ["/protected/=" + d.path("files")])
    assert d.get("/", [headers("X-Accel-Redirect: /protected/data.bin")]).body == DATA
    assert d.get("/", [headers("X-Accel-Redirect: %2Fprotected%2Fsub%2F50%2525%20off.bin")]).body == DATA
    assert d.get("/", [headers("X-Accel-Redirect: /protected/data.bin?a=b"), ("Range", "bytes=-3")]).body == DATA[-3:]
    for uri, status in [("/protected/../secret", 403), ("/protected/link", 403), ("/other/data.bin", 404), ("@named", 404),
                        ("/protected/%00", 404), ("/protected/", 404)]:
        r = d.get("/", [headers(f"X-Accel-Redirect: {uri}")])
        assert r.status in (status, 403) and r.status != 200 and b"secret" not in r.body, uri
    # No directory for paths: that header is not for us.
    assert d.get("/", [headers(f"X-Sendfile: {d.path('files/data.bin')}")]).get("x-sendfile") == d.path("files/data.bin")


def test_off_by_default(sender):
    d = sender()
    r = d.get("/", [headers(f"X-Sendfile: {d.path('files/data.bin')}")])
    assert r.get("x-sendfile") == d.path("files/data.bin") and r.body == b"[null,null]"


@pytest.mark.parametrize("value", ["relative", "/no/such/directory", "/x/=relative"])
def test_an_entry_that_is_no_directory_is_refused(sender, daemon, value):
    d = daemon.callable(SCRIPT, start=False)
    d.set("rserverd", x_sendfile=[value])
    r = d.ctl("start")
    assert r.returncode == 1 and "x_sendfile" in r.stderr + r.stdout and "directory" in r.stderr + r.stdout


def test_symfony_with_trusted_type_is_unchanged(site):
    """BinaryFileResponse::trustXSendfileTypeHeader(), as behind nginx or Apache."""
    d = site(ini={"rserverd": {"x_sendfile": ["/"]}}, more="FileAnswer::trustXSendfileTypeHeader();")
    path = d.path("files/data.bin")
    r = get(d, "ffile", [("Range", "bytes=5-9")], path=path)
    assert (r.status, r.body) == (206, DATA[5:10])
    assert get(d, "ffile", path=path).body == DATA
