"""handle_static: files below document_root without PHP; everything that is not plainly a file is the application's."""

import email.utils
import os
import time

import pytest

from lib import http

FILES = {
    "index.html": (b"<p>index</p>", "text/html"),
    "style.css": (b"a{}", "text/css"),
    "app.js": (b"1;", "javascript"),
    "logo.svg": (b"<svg/>", "image/svg+xml"),
    "photo.jpg": (b"\xff\xd8\xff", "image/jpeg"),
    "photo.PNG": (b"\x89PNG", "image/png"),
    "font.woff2": (b"wOF2", "font/woff2"),
    "data.json": (b"{}", "application/json"),
    "robots.txt": (b"User-agent: *", "text/plain"),
    "sub/deep/file.txt": (b"deep", "text/plain"),
    "with space.txt": (b"space", "text/plain"),
    "\u00e9t\u00e9.txt": (b"summer", "text/plain"),
    "noextension": (b"\0\1", None),
    "empty.txt": (b"", "text/plain"),
    ".well-known/security.txt": (b"well", "text/plain"),
}
SECRET = {
    ".env": b"APP_KEY=x", ".htaccess": b"deny", ".git/config": b"[core]", "sub/.hidden": b"x",
    "index.php": b"<?php secret", "tool.PHP": b"<?php secret", "a.phtml": b"<?php", "x.phar": b"p",
    "database.sqlite": b"SQLite", "dump.sql": b"insert", "app.ini": b"a=b", "laravel.log": b"log", "old.bak": b"old",
    "trap.php.txt~": b"<?php",
}


@pytest.fixture
def site(daemon):
    d = daemon(ini={"laravels": {"handle_static": True}}, start=False)
    for name, (data, _) in FILES.items():
        d.write("public/" + name, data)
    for name, data in SECRET.items():
        d.write("public/" + name, data)
    d.write("outside.txt", b"outside the root")
    return d.start()


def test_files_are_served_with_their_type(site):
    from urllib.parse import quote
    with site.conn() as c:
        for name, (data, kind) in FILES.items():
            r = c.request("/" + quote(name))
            assert r.status == 200 and r.body == data, name
            assert int(r.get("content-length")) == len(data)
            if kind:
                assert kind in r.get("content-type"), (name, r)
            head = c.request("/" + quote(name), "HEAD")
            assert head.get("content-length") == str(len(data)) and head.body == b""
    assert site.status()["requests_total"] >= 2 * len(FILES)
    assert sum(w["requests"] for w in site.of(site.status(), "worker")) == 0, "no worker was asked"


def test_query_is_ignored(site):
    assert site.get("/style.css?v=123").body == b"a{}"


@pytest.mark.parametrize("name", SECRET)
def test_secrets_are_the_applications_business(site, name):
    r = site.get("/" + name)
    assert r.body == b"hello", f"served by the application, not as a file: {r}"


@pytest.mark.parametrize("target", [
    "/../outside.txt", "/sub/../../outside.txt", "/%2e%2e/outside.txt", "/..%2foutside.txt", "/sub/..%2f..%2foutside.txt",
    "/%2e%2e%2foutside.txt", "//outside.txt", "/./style.css", "/sub/../style.css", "/..\\outside.txt",
    "/style.css%00", "/style.css%00.txt", "/%00", "/style.css/", "/sub", "/sub/", "/", "/%", "/%zz", "/style%2", "/.%2e/x",
    "/%c0%ae%c0%ae/outside.txt", "/sub//deep/file.txt", "/....//outside.txt", "/index.php/style.css",
])
def test_no_traversal_no_directories_no_tricks(site, target):
    r = site.get(target)
    assert r.body == b"hello", r


def test_links_do_not_lead_out_of_the_root(site):
    os.symlink("/etc/passwd", os.path.join(site.app, "public/passwd.txt"))
    os.symlink("/etc", os.path.join(site.app, "public/etc"))
    for target in ("/passwd.txt", "/etc/hostname"):
        r = site.get(target)
        assert r.status in (200, 403, 404) and b"root:" not in r.body
        assert r.status != 200 or r.body == b"hello"


def test_laravels_storage_link_is_followed(site):
    """public/storage -> storage/app/public is how Laravel publishes uploads."""
    site.write("storage/app/public/avatar.png", b"\x89PNG avatar")
    os.symlink(os.path.join(site.app, "storage/app/public"), os.path.join(site.app, "public/storage"))
    r = site.get("/storage/avatar.png")
    assert r.body == b"\x89PNG avatar" and r.get("content-type") == "image/png"


def test_special_files_are_not_opened(site):
    """A FIFO would block whoever opens it."""
    os.mkfifo(os.path.join(site.app, "public/pipe.txt"))
    started = time.monotonic()
    assert site.get("/pipe.txt").body == b"hello"
    assert time.monotonic() - started < 2


def test_not_modified(site):
    path = os.path.join(site.app, "public/style.css")
    os.utime(path, (1700000000, 1700000000))
    with site.conn() as c:
        stamp = c.request("/style.css").get("last-modified")
        assert email.utils.parsedate_to_datetime(stamp).timestamp() == 1700000000
        r = c.request("/style.css", headers=[("If-Modified-Since", stamp)])
        assert r.status == 304 and r.body == b""
        later = email.utils.formatdate(1700000001, usegmt=True)
        assert c.request("/style.css", headers=[("If-Modified-Since", later)]).status == 304
        earlier = email.utils.formatdate(1699999999, usegmt=True)
        assert c.request("/style.css", headers=[("If-Modified-Since", earlier)]).status == 200
        assert c.request("/style.css", headers=[("If-Modified-Since", "yesterday or so")]).status == 200
        assert c.request("/style.css").status == 200


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "PATCH"])
def test_other_methods_are_the_applications(site, method):
    assert site.request(method, "/style.css").body == b"hello"


def test_large_file_to_a_slow_reader(site):
    from lib import proc
    site.write("public/large.bin", os.urandom(1 << 20) * 64)
    reactor = site.pid("reactor")
    before = proc.rss_kb(reactor)
    with site.conn(rcvbuf=4096) as c:
        c.send(http.build("/large.bin"))
        r = c.response(body=False)
        assert c.piece(r)
        for _ in range(100):
            assert site.get("/style.css").status == 200
        assert proc.rss_kb(reactor) - before < 12 << 10
        total = 0
        while piece := c.piece(r):
            total += len(piece)
        assert total > (64 << 20) - 100000


def test_file_that_vanishes_or_grows_under_way(site):
    path = os.path.join(site.app, "public/large.bin")
    with open(path, "wb") as f:
        f.write(b"x" * 30_000_000)
    with site.conn(rcvbuf=4096) as c:
        c.send(http.build("/large.bin"))
        r = c.response(body=False)
        os.unlink(path)
        got = 0
        while piece := c.piece(r):
            got += len(piece)
        assert got == 30_000_000


def test_truncated_file_cuts_honestly(site):
    path = os.path.join(site.app, "public/large.bin")
    with open(path, "wb") as f:
        f.write(b"x" * 30_000_000)
    with site.conn(rcvbuf=4096) as c:
        c.send(http.build("/large.bin"))
        r = c.response(body=False)
        os.truncate(path, 100)
        with pytest.raises(http.Closed):
            while c.piece(r):
                pass
    assert site.get("/style.css").status == 200, "the reactor lives (no SIGBUS)"


def test_off_by_default(daemon):
    d = daemon(start=False)
    d.write("public/style.css", b"a{}")
    d.start()
    assert d.get("/style.css").body == b"hello"


def test_document_root_option(daemon):
    d = daemon(start=False, ini={"laravels": {"handle_static": True}})
    d.write("web/style.css", b"web{}")
    d.set("swoole", document_root=os.path.join(d.app, "web"))
    d.start()
    assert d.get("/style.css").body == b"web{}"
