"""handle_static: files below document_root without PHP; everything that is not plainly a file is the application's."""

import email.utils
import os
import time

import pytest

from lib import http
from lib.wait import SLOW

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
    "/style.css%00", "/style.css%00.txt", "/%00", "/style.css/", "/sub", "/sub/", "/%", "/%zz", "/style%2", "/.%2e/x",
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
    assert time.monotonic() - started < 10 * SLOW


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


# ---- ready-made codings ---------------------------------------------------------------------------------------------

STAMP = 1700000000


def put(d, name, data, stamp=STAMP):
    path = d.write("public/" + name, data) or os.path.join(d.app, "public", name)
    os.utime(os.path.join(d.app, "public", name), (stamp, stamp))
    return path


def made(daemon, files=(), laravels=(), **rserverd):
    d = daemon(ini={"laravels": {"handle_static": True, **dict(laravels)}, "rserverd": rserverd}, start=False)
    for name, data in dict(files).items():
        put(d, name, data)
    return d.start()


CODED = {"a.css": b"plain", "a.css.br": b"brotl", "a.css.gz": b"gzip-", "a.css.zst": b"zstd-", "b.css": b"plain", "b.css.gz": b"gzip-",
         "c.css": b"plain", "index.php": b"<?php", "index.php.gz": b"secret"}


def accepting(c, target, value, *headers, method="GET"):
    return c.request(target, method, headers=[("Accept-Encoding", value), *headers])


def test_precompressed(daemon):
    d = made(daemon, CODED, static_precompressed=["br", "zstd", "gzip"])
    with d.conn() as c:
        for value, coding in (("gzip, deflate, br, zstd", "br"), ("gzip, zstd", "zstd"), ("gzip", "gzip"), ("br;q=0.1, gzip;q=0.2", "gzip"),
                              ("deflate", None), ("", None), ("*", "br"), ("*, br;q=0", "zstd"), ("identity, *;q=0.1", None),
                              ("br;q=0, gzip;q=0, zstd;q=0", None), ("identity;q=0.5, gzip", "gzip")):
            r = accepting(c, "/a.css", value)
            assert (r.get("Content-Encoding"), r.get("Vary")) == (coding, "Accept-Encoding"), (value, r)
            assert r.body == {"br": b"brotl", "zstd": b"zstd-", "gzip": b"gzip-", None: b"plain"}[coding]
            assert r.get("Content-Type") == "text/css; charset=utf-8"
        tags = {accepting(c, "/a.css", v).get("ETag") for v in ("br", "zstd", "gzip", "none")}
        assert len(tags) == 4, "same time, same size, other bytes"
        tag = accepting(c, "/a.css", "br").get("ETag")
        same = accepting(c, "/a.css", "br", ("If-None-Match", tag))
        assert same.status == 304 and same.get("ETag") == tag and same.get("Vary") == "Accept-Encoding"
        assert accepting(c, "/a.css", "gzip", ("If-None-Match", tag)).status == 200
        part = accepting(c, "/a.css", "br", ("Range", "bytes=1-2"), ("If-Range", tag))
        assert part.status == 206 and part.body == b"ro" and part.get("Content-Encoding") == "br"
        assert accepting(c, "/a.css", "gzip", ("Range", "bytes=1-2"), ("If-Range", tag)).body == b"gzip-"
        assert accepting(c, "/b.css", "br, gzip").body == b"gzip-"
        alone = accepting(c, "/c.css", "br, gzip")
        assert alone.body == b"plain" and alone.get("Vary") is None
        two = c.request("/a.css", headers=[("Accept-Encoding", "br;q=0.5"), ("Accept-Encoding", "gzip")])
        assert two.body == b"gzip-", "one list in two lines"
        assert accepting(c, "/a.css.gz", "gzip").get("Content-Encoding") is None, "asked for by its name it is an archive"
        assert accepting(c, "/index.php", "gzip").body == b"hello"
        put(d, "a.css", b"plainer", STAMP + 1)
        stale = accepting(c, "/a.css", "br, gzip")
        assert stale.body == b"plainer" and stale.get("Content-Encoding") is None and stale.get("Vary") is None


def test_not_precompressed_by_default(daemon):
    r = made(daemon, CODED).get("/a.css", headers=[("Accept-Encoding", "gzip, br")])
    assert r.body == b"plain" and r.get("Vary") is None


# ---- entity tags ----------------------------------------------------------------------------------------------------

def test_two_versions_of_one_second_have_two_tags(site):
    path = os.path.join(site.app, "public/style.css")
    tags = set()
    for ns in (0, 1, 999_999_999):
        os.utime(path, ns=(STAMP * 10**9 + ns, STAMP * 10**9 + ns))
        r = site.get("/style.css")
        assert r.get("Last-Modified") == "Tue, 14 Nov 2023 22:13:20 GMT"
        assert site.get("/style.css", headers=[("If-None-Match", r.get("ETag"))]).status == 304
        tags.add(r.get("ETag"))
    assert len(tags) == 3 and f'"{STAMP:x}-3"' in tags, "without nanoseconds it is nginx's"


def test_file_from_the_future(site):
    """RFC 9110 8.8.2.1: Last-Modified is never later than Date."""
    os.utime(os.path.join(site.app, "public/style.css"), (time.time() + 10**6,) * 2)
    r = site.get("/style.css")
    modified, date = (email.utils.parsedate_to_datetime(r.get(n)) for n in ("Last-Modified", "Date"))
    assert modified <= date
    assert site.get("/style.css", headers=[("If-Modified-Since", r.get("Date"))]).status == 200


# ---- ranges ---------------------------------------------------------------------------------------------------------

def test_large_parts_to_a_slow_reader(site):
    from lib import proc
    data = os.urandom(1 << 20) * 48
    site.write("public/large.bin", data)
    before = proc.rss_kb(site.pid("reactor"))
    ranges = [(0, 9), (1 << 20, 20 << 20), (30 << 20, 47 << 20), (len(data) - 1, len(data) - 1)]
    with site.conn(rcvbuf=4096) as c:
        c.send(http.build("/large.bin", headers=[("Range", "bytes=" + ",".join(f"{a}-{b}" for a, b in ranges))]))
        r = c.response(body=False)
        assert r.status == 206
        assert site.get("/style.css").status == 200
        body = b"".join(iter(lambda: c.piece(r), b""))
        assert len(body) == int(r.get("Content-Length"))
        boundary = r.get("Content-Type").partition("boundary=")[2].encode()
        pieces = body.split(b"--" + boundary)
        assert pieces[0] == b"" and pieces[-1] == b"--\r\n"
        for piece, (a, b) in zip(pieces[1:-1], ranges, strict=True):
            head, _, rest = piece.partition(b"\r\n\r\n")
            assert b"Content-Range: bytes %d-%d/%d" % (a, b, len(data)) in head and rest == data[a:b + 1] + b"\r\n"
        assert c.request("/style.css").body == b"a{}", "the next request on the same connection"
    assert proc.rss_kb(site.pid("reactor")) - before < 12 << 10


def test_file_that_shrinks_between_its_parts(site):
    path = os.path.join(site.app, "public/large.bin")
    with open(path, "wb") as f:
        f.write(b"x" * 30_000_000)
    with site.conn(rcvbuf=4096) as c:
        c.send(http.build("/large.bin", headers=[("Range", "bytes=0-9999999,20000000-29999999")]))
        r = c.response(body=False)
        os.truncate(path, 100)
        with pytest.raises(http.Closed):
            while c.piece(r):
                pass
    assert site.get("/style.css").status == 200


# ---- directories ----------------------------------------------------------------------------------------------------

TREE = {"index.html": b"root", "docs/index.html": b"docs", "docs/index.htm": b"htm", "old/index.htm": b"old", "bare/a.txt": b"a",
        "app/index.php": b"<?php secret", "odd/index.html/a.txt": b"a"}


def test_index_files(daemon):
    d = made(daemon, TREE)
    for target, body in (("/", b"root"), ("/?a=1", b"root"), ("/docs/", b"docs"), ("/docs/?a", b"docs"), ("/old/", b"hello"), ("/bare/", b"hello"),
                         ("/app/", b"hello"), ("/odd/", b"hello"), ("/bare", b"hello"), ("/app", b"hello"), ("/odd", b"hello"), ("/old", b"hello"),
                         ("/docs//", b"hello"), ("/docs/index.php", b"hello"), ("/docs/.", b"hello"), ("//docs", b"hello"), ("//evil.test/..", b"hello")):
        r = d.get(target)
        assert (r.status, r.body) == (200, body), target
    for target, to in (("/docs", "/docs/"), ("/docs?a=1&b", "/docs/?a=1&b"), ("/d%6Fcs", "/d%6Fcs/")):
        r = d.get(target)
        assert (r.status, r.get("Location")) == (301, to)
    head = d.request("HEAD", "/docs/")
    assert head.get("Content-Length") == "4" and head.get("ETag")
    assert d.request("POST", "/docs/", body=b"x").body == b"hello"


def test_index_files_of_ones_own(daemon):
    d = made(daemon, TREE, static_index=["index.htm", "index.html"])
    assert d.get("/docs/").body == b"htm" and d.get("/").body == b"root" and d.get("/old").status == 301


def test_no_index_files(daemon):
    d = made(daemon, TREE, static_index=[""])
    for target in ("/", "/docs", "/docs/", "/old/"):
        assert d.get(target).body == b"hello"
    assert d.get("/docs/index.html").body == b"docs"


@pytest.mark.parametrize("key, value, says", [
    ("static_index", "index.php", "what is no file goes to PHP"), ("static_index", "a/b", "without slash"),
    ("static_precompressed", "deflate", "br, zstd or gzip"), ("static_symlinks", "owner", "off, inside"),
    ("static_expires", "30 days", "30d, 1h30m"), ("static_expires", "max max-age=1", "stale-while-revalidate")])
def test_mistakes_in_the_options(daemon, key, value, says):
    d = daemon(ini={"rserverd": {key: value if key == "static_symlinks" else [value]}}, start=False)
    r = d.ctl("config")
    assert r.returncode != 0 and key in r.stderr and says in r.stderr, r


# ---- links and special files ----------------------------------------------------------------------------------------

def test_symlinks_option(daemon):
    for mode, inside, outside, storage in (("off", b"hello", b"hello", b"hello"), ("inside", b"a", b"hello", b"photo"), ("on", b"a", b"shared", b"photo")):
        d = daemon(ini={"laravels": {"handle_static": True}, "rserverd": {"static_symlinks": mode}}, start=False)
        d.write("public/a.txt", b"a")
        d.write("public/sub/b.txt", b"b")
        d.write("storage/app/public/photo.txt", b"photo")
        d.write("shared/.cache/x.txt", b"shared")
        d.write("shared/code.php", b"<?php secret")
        d.write("shared/.env", b"secret")
        for name, to in (("in.txt", "a.txt"), ("dir", "sub"), ("out", "../shared/.cache"), ("file.txt", "../shared/.cache/x.txt"),
                         ("code.txt", "../shared/code.php"), ("env.txt", "../shared/.env"), ("storage", "../storage/app/public"),
                         ("loop", "loop"), ("here.txt", "/proc/self/environ")):
            os.symlink(to, os.path.join(d.app, "public", name))
        d.start()
        assert d.get("/a.txt").body == b"a"
        assert d.get("/in.txt").body == inside and d.get("/dir/b.txt").body == (b"b" if mode != "off" else b"hello"), mode
        assert d.get("/out/x.txt").body == outside and d.get("/file.txt").body == outside, mode
        assert d.get("/storage/photo.txt").body == storage, mode
        for target in ("/code.txt", "/env.txt", "/loop", "/loop/x.txt"):
            assert d.get(target).body == b"hello", (mode, target)
        d.finish()


def test_special_files_of_all_kinds(site):
    import socket
    import stat
    public = os.path.join(site.app, "public")
    os.mkfifo(public + "/pipe.css")
    with socket.socket(socket.AF_UNIX) as s:
        s.bind(public + "/socket.css")
    names = ["pipe.css", "socket.css"]
    if os.getuid() == 0:
        os.mknod(public + "/zero.css", stat.S_IFCHR | 0o666, os.makedev(1, 5))
        os.mknod(public + "/tty.css", stat.S_IFCHR | 0o666, os.makedev(5, 0))
        names += ["zero.css", "tty.css"]
    started = time.monotonic()
    for name in names:
        assert site.get("/" + name).body == b"hello", name
        assert site.get("/" + name, headers=[("Range", "bytes=0-9")]).body == b"hello", name
    assert time.monotonic() - started < 10 * SLOW


# ---- expiry: against nginx in test_http_static_corpus.py ----------------------------------------------------------------

def test_expires_by_place_and_kind(daemon):
    d = made(daemon, {"build/app-1a2b.js": b"js", "a.css": b"a", "robots.txt": b"r", "build/x.html": b"h"},
             static_expires=["*.html epoch", "/build/ max public immutable", "*.css 1d stale-while-revalidate=60"])
    for target, says in (("/build/app-1a2b.js", "max-age=315360000, public, immutable"), ("/build/x.html", "no-cache"),
                         ("/a.css", "max-age=86400, stale-while-revalidate=60"), ("/robots.txt", None), ("/nothing.css", None)):
        assert d.get(target).get("Cache-Control") == says, target
    tag = d.get("/a.css").get("ETag")
    assert d.get("/a.css", headers=[("If-None-Match", tag)]).get("Cache-Control").startswith("max-age=86400"), "RFC 9110 15.4.5"


@pytest.mark.parametrize("framing", ["length", "chunked", "empty chunked", "large"])
def test_a_body_does_not_change_what_is_asked_for(site, framing):
    """Some clients and proxies send a body, or an empty one, with every GET; nginx reads it and sends the file."""
    body = {"length": b"ab", "chunked": b"2\r\nab\r\n0\r\n\r\n", "empty chunked": b"0\r\n\r\n", "large": b"x" * (1 << 20)}[framing]
    head = ("Transfer-Encoding", "chunked") if "chunked" in framing else ("Content-Length", len(body))
    whole = site.get("/style.css").body
    with site.conn() as c:
        for method in ("GET", "HEAD", "GET"):
            c.send(http.build("/style.css?x", method, [head], None) + body)
            r = c.response(method)
            assert r.status == 200 and r.body == (b"" if method == "HEAD" else whole)
