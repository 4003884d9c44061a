"""The same files, the same requests, a real nginx and us. Where the answers differ, DIFFERENT says why ours is the one to have.

nginx has the site of Laravel's documentation, with the modules that do what static_precompressed and static_index do; where it
passes a request to php-fpm it says `hello`, as our application does.
"""

import email.utils
import os
import re

import pytest

from lib import http
from lib.fpm import NGINX, Nginx

pytestmark = pytest.mark.skipif(not NGINX, reason="needs nginx")

STAMP = 1700000000      # Tue, 14 Nov 2023 22:13:20 GMT
DATE, EARLIER, LATER = ("Tue, 14 Nov 2023 22:13:%02d GMT" % s for s in (20, 19, 21))
ETAG = '"%x-%x"' % (STAMP, 1000)
TEXT = b"".join(b"%09d\n" % i for i in range(100))      # a.txt, of 1000 bytes
BIG = b"0123456789abcdef" * 20000

FILES = {
    "a.txt": TEXT, "big.bin": BIG, "empty.txt": b"", "style.css": b"a{}" * 100, "app.js": b"1;" * 100, "logo.svg": b"<svg/>",
    "photo.jpg": b"\xff\xd8\xff", "photo.PNG": b"\x89PNG", "font.woff2": b"wOF2", "data.json": b"{}", "x.wasm": b"\0asm",
    "site.webmanifest": b"{}", "noextension": b"\0\1", "some.unknown": b"u", "a b.txt": b"blank", "\u00e9t\u00e9.txt": b"summer",
    "a+b.txt": b"plus", "50%.txt": b"percent", "q?.txt": b"question", "archive.tar.gz": b"\x1f\x8b",
    "sub/deep/file.txt": b"deep", "docs/index.html": b"<p>docs", "docs/a.txt": b"a", "bare/a.txt": b"a",
    "dir.with.dots/a.txt": b"dots", ".well-known/security.txt": b"well", "index.php": b"<?php secret", "sub/other.php": b"<?php secret",
    ".env": b"secret", ".git/config": b"secret", "sub/.hidden": b"secret", "index.php.bak": b"<?php secret", "index.php~": b"<?php secret",
    "index.php.1": b"<?php secret", "laravel.log": b"secret", "dump.sql": b"secret", "dump.sql.gz": b"secret", "app.ini": b"secret",
    "tool.phtml": b"<?php secret", "database.sqlite": b"secret", "id.key": b"secret",
    # ready-made neighbours: of style.css of its time, of app.js an old one, of lost.css the file is not there
    "style.css.gz": b"\x1f\x8bstyle", "app.js.gz": b"\x1f\x8bstale", "lost.css.gz": b"\x1f\x8blost",
}
LINKS = {"inside.txt": "a.txt", "alias": "sub", "code.txt": "index.php", "hidden.txt": ".env", "outside.txt": "../outside.txt",
         "passwd": "/etc/passwd", "etc": "/etc", "loop.txt": "loop.txt", "dangling.txt": "nowhere"}


def get(target, *headers, method="GET"):
    return method, target, tuple(tuple(h.split(": ", 1)) for h in headers)


def head(target, *headers):
    return get(target, *headers, method="HEAD")


RANGES = ["bytes=0-0", "bytes=0-999", "bytes=0-", "bytes=10-19", "bytes=990-2000", "bytes=-10", "bytes=-1000", "bytes=-2000", "bytes=999-",
          "bytes=1000-", "bytes=1000-1001", "bytes=-0", "bytes=5-3", "bytes=-", "bytes=", "bytes", "bytes=a-b", "bytes=0-1x", "lines=0-1",
          "bytes=0-99999999999999999999", "bytes=0-0,10-19", "bytes=0-9, 20-29 ,-5", "bytes=0-0,2000-", "bytes=2000-,3000-",
          "bytes=0-500,400-999", "bytes=0-,0-,0-", "bytes=5-6,x"]
CONDITIONS = [
    f"If-None-Match: {ETAG}", f"If-None-Match: W/{ETAG}", "If-None-Match: *", 'If-None-Match: "x"', f'If-None-Match: "x", {ETAG}',
    f'If-None-Match: "x",W/"y" , W/{ETAG}', "If-None-Match: x", f"If-None-Match: {ETAG[:-1]}", f"If-None-Match: {ETAG[1:-1]}",
    f"If-Match: {ETAG}", f"If-Match: W/{ETAG}", "If-Match: *", 'If-Match: "x"', f'If-Match: "x", {ETAG}',
    f"If-Modified-Since: {DATE}", f"If-Modified-Since: {EARLIER}", f"If-Modified-Since: {LATER}", "If-Modified-Since: yesterday",
    "If-Modified-Since: Tuesday, 14-Nov-23 22:13:20 GMT", "If-Modified-Since: Tue Nov 14 22:13:20 2023", "If-Modified-Since: 0",
    f"If-Unmodified-Since: {DATE}", f"If-Unmodified-Since: {EARLIER}", f"If-Unmodified-Since: {LATER}", "If-Unmodified-Since: soon",
]
PART = "Range: bytes=10-19"
CORPUS = [
    *(get("/" + name.replace("%", "%25").replace(" ", "%20").replace("?", "%3F")) for name in FILES),
    *(get("/" + name) for name in LINKS), get("/etc/hostname"), get("/alias/deep/file.txt"), get("/storage/photo.txt"), get("/pipe.txt"),
    *(head("/" + name) for name in ("a.txt", "empty.txt", "big.bin", "index.php", "docs/", "docs", "nothing.txt")),
    *(get("/a.txt", "Range: " + r) for r in RANGES),
    get("/empty.txt", "Range: bytes=0-"), get("/big.bin", "Range: bytes=100000-299999"), get("/big.bin", "Range: bytes=0-99999,200000-319999"),
    head("/a.txt", PART), head("/a.txt", "Range: bytes=2000-"),
    *(get("/a.txt", c) for c in CONDITIONS), *(head("/a.txt", c) for c in CONDITIONS[:3]),
    # what comes before what: RFC 9110 13.2.2
    get("/a.txt", 'If-None-Match: "x"', f"If-Modified-Since: {DATE}"), get("/a.txt", f"If-None-Match: {ETAG}", f"If-Modified-Since: {EARLIER}"),
    get("/a.txt", 'If-Match: "x"', f"If-None-Match: {ETAG}"), get("/a.txt", f"If-Match: {ETAG}", f"If-Unmodified-Since: {EARLIER}"),
    get("/a.txt", f"If-Unmodified-Since: {EARLIER}", f"If-Modified-Since: {DATE}"), get("/a.txt", PART, f"If-None-Match: {ETAG}"),
    get("/a.txt", PART, 'If-Match: "x"'), get("/a.txt", 'If-None-Match: "x"', f"If-None-Match: {ETAG}"),
    *(get("/a.txt", PART, "If-Range: " + v) for v in (ETAG, "W/" + ETAG, '"x"', DATE, EARLIER, LATER, "soon", ETAG[1:-1], "*")),
    *(get("/style.css", "Accept-Encoding: " + v) for v in (
        "gzip", "gzip, deflate, br", "x-gzip", "GZIP", "gzip;q=0", "gzip;q=0.001", "identity, gzip;q=0.5", "*", "*;q=0", "br", "deflate",
        "gzip;q=1.0, *;q=0", "gzipped", "")),
    get("/app.js", "Accept-Encoding: gzip"), get("/lost.css", "Accept-Encoding: gzip"), get("/lost.css"), get("/style.css"),
    get("/a.txt", "Accept-Encoding: gzip"), get("/style.css.gz", "Accept-Encoding: gzip"), head("/style.css", "Accept-Encoding: gzip"),
    get("/style.css", "Accept-Encoding: gzip", "Range: bytes=0-1"), get("/style.css", "Accept-Encoding: gzip", f"If-Modified-Since: {DATE}"),
    *(get(t) for t in (
        "/", "/docs", "/docs/", "/docs?a=1", "/docs/?a=1", "/bare", "/bare/", "/sub", "/nothing", "/nothing/", "/a.txt/", "/a.txt/x",
        "/a.txt?v=1", "/a.txt?", "/%61.txt", "/a%2etxt", "/sub/deep%2ffile.txt", "/sub//deep/file.txt", "//a.txt", "/./a.txt", "/sub/./deep/file.txt",
        "/sub/../a.txt", "/sub/%2e%2e/a.txt", "/sub/..%2fa.txt", "/..%2f..%2foutside.txt", "/sub/..%2f..%2f..%2foutside.txt", "/..%5coutside.txt",
        "/%c0%ae%c0%ae/outside.txt", "/%252e%252e/outside.txt", "/....//outside.txt", "/a.txt%00", "/a.txt%20", "/a.txt.", "/A.TXT", "/INDEX.PHP",
        "/index.php/a.txt", "/index.php%20", "/index%2ephp", "/%69ndex.php", "/sub/%2ehidden", "/%2eenv", "/%2e%67it/config", "/a.txt%0d%0aX:1",
        "/" + "x" * 300 + ".txt", "/" + "d/" * 500 + "a.txt", "/%ff.txt")),
    *(get(t) for t in ("/../outside.txt", "/%2e%2e/outside.txt", "/sub/../../outside.txt", "/a.txt%", "/%zz", "/a%2")),
]

SECRET = "what is no content is never sent, whatever the site's configuration forgot; the application answers (mostly 404)"
PLAIN = "a path that has to be normalised first is no file: nothing is read in two ways. The application sees it as it was sent"
BAD_RANGE = "RFC 9110 14.2: a Range that is none is ignored; 416 is for bytes that do not exist"
ROUTE = "a directory without an index file may be a route of the application"
APP = "application"

# Request (a regular expression), what nginx does, what we do, what else differs when both do the same, why ours is right.
DIFFERENT = [
    (r"GET /(\.env|%2eenv|\.git/config|%2e%67it/config|sub/(\.|%2e)hidden)$", "403", APP, (), "403 tells what is there; for us it is as if it were not"),
    (r"GET /(index\.php(\.bak|~|\.1)|laravel\.log|dump\.sql(\.gz)?|app\.ini|tool\.phtml|database\.sqlite|id\.key)$", "200", APP, (), SECRET),
    (r"GET /(code|hidden)\.txt$", "200", APP, (), "a link with another name does not make it content"),
    (r"GET /(outside\.txt|passwd|etc/hostname)$", "200", APP, (), "links lead out of document_root only if static_symlinks says so"),
    (r"GET /etc$", "301", APP, (), "the same"),
    (r"GET /pipe\.txt$", "404", APP, (), "not a regular file: not ours to answer"),
    (r"GET /(alias|bare|sub)$", "301", APP, (), ROUTE),
    (r"GET /bare/$", "403", APP, (), ROUTE),
    (r"GET /app\.js$", "200", "200", ("type", "Vary"), "RFC 9239: text/javascript; a neighbour older than its file is none"),
    (r"GET /app\.js Accept-Encoding: gzip$", "200", "200",
     ("type", "Vary", "Accept-Ranges", "Content-Encoding", "length", "Last-Modified", "body"), "nginx sends what the file was before"),
    (r"GET /(archive\.tar|style\.css|app\.js|lost\.css)\.gz( .*)?$", "200", "200", ("type",), "RFC 6713: application/gzip"),
    (r"GET /a\.txt Range: bytes=(5-3|-|a-b|0-1x|5-6,x)$", "416", "200", (), BAD_RANGE),
    (r"GET /a\.txt Range: bytes=0-9{20}$", "416", "206", (), "RFC 9110 14.1.2: a last position behind the end is the end"),
    (r"HEAD /a\.txt Range: bytes=10-19$", "206", "200", (), "RFC 9110 14.2: ranges are for GET alone"),
    (r"HEAD /a\.txt Range: bytes=2000-$", "416", "200", (), "the same"),
    (r"GET /a\.txt If-Modified-Since: .*:21 GMT$", "200", "304", (), "RFC 9110 13.1.3: earlier or equal is not modified"),
    (r"GET /a\.txt If-Unmodified-Since: soon$", "412", "200", (), "RFC 9110 13.1.4: a date that is none must be ignored"),
    (r'GET /a\.txt If-None-Match: "6.*, If-Modified-Since: .*', "200", "304", (), "RFC 9110 13.1.3: ignored beside If-None-Match"),
    (r'GET /a\.txt If-Match: "6.*, If-Unmodified-Since: .*', "412", "200", (), "RFC 9110 13.1.4: ignored beside If-Match"),
    (r'GET /a\.txt If-None-Match: "x", If-None-Match: .*', "400", "304", (), "RFC 9110 5.3: a list may come in several lines"),
    (r"(GET|HEAD) /style\.css Accept-Encoding: (gzip(, deflate, br|;q=0\.001|;q=1\.0, \*;q=0)?|GZIP)$", "200", "200", ("Accept-Ranges",),
     "a ready-made neighbour is a file as any other, it has ranges"),
    (r"GET /style\.css Accept-Encoding: gzip, Range: .*", "200", "206", (), "the same"),
    (r"GET /style\.css Accept-Encoding: (x-gzip|\*)$", "200", "200", ("Content-Encoding", "length", "body"), "RFC 9110 8.4.1.3, 12.5.3: that is gzip, too"),
    (r"GET /style\.css Accept-Encoding: identity, gzip;q=0\.5$", "200", "200", ("Accept-Ranges", "Content-Encoding", "length", "body"),
     "RFC 9110 12.5.3: the client likes it better as it is"),
    (r"GET /(sub/deep%2ffile|sub//deep/file|/a|\./a|sub/\./deep/file|sub/\.\./a|sub/%2e%2e/a|sub/\.\.%2fa)\.txt$", "200", APP, (), PLAIN),
    (r"GET /(\.\.%2f\.\.%2f|sub/\.\.%2f\.\.%2f\.\.%2f|\.\./|%2e%2e/|sub/\.\./\.\./)outside\.txt$", "400", APP, (), PLAIN),
    (r"GET /(\.\.%5c|\.\.\.\.//)outside\.txt$", "403", APP, (), PLAIN),
    (r"GET /(a\.txt%00|a\.txt%|%zz|a%2)$", "400", APP, (), PLAIN),
]


def fill(root):
    os.makedirs(root + "/../storage/app/public")
    for name, data in FILES.items():
        path = os.path.join(root, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as f:
            f.write(data)
        stamp = STAMP - 100 if name == "app.js.gz" else STAMP
        os.utime(path, (stamp, stamp))
    for name, data in (("../outside.txt", b"secret"), ("../storage/app/public/photo.txt", b"photo")):
        with open(os.path.join(root, name), "wb") as f:
            f.write(data)
        os.utime(os.path.join(root, name), (STAMP, STAMP))
    for name, to in LINKS.items():
        os.symlink(to, os.path.join(root, name))
    os.symlink("../storage/app/public", root + "/storage")
    os.mkfifo(root + "/pipe.txt")


def site(root, port):
    return f"""
    types {{ application/manifest+json webmanifest; application/wasm wasm; }}
    default_type application/octet-stream;
    sendfile on;
    server {{
        listen 127.0.0.1:{port};
        root {root};
        index index.html index.php;
        gzip_static on;
        gzip_vary on;
        absolute_redirect off;
        location / {{ try_files $uri $uri/ @app; }}
        location @app {{ return 200 hello; }}
        location ~ \\.php$ {{ return 200 hello; }}
        location ~ /\\.(?!well-known).* {{ deny all; }}
    }}"""


def parts_of(r):
    boundary = r.get("Content-Type").partition("boundary=")[2].encode()
    pieces = r.body.split(b"--" + boundary)
    assert pieces[-1] == b"--\r\n", r
    return [(re.search(rb"Content-Range: (.*?)\r\n", p, re.I).group(1).decode(), p.partition(b"\r\n\r\n")[2][:-2]) for p in pieces[1:-1]]


def verdict(r):
    """What of an answer counts."""
    if r.status == 200 and r.get("Content-Length") == "5" and not r.all("ETag"):
        return {"is": "application"}
    kind = (r.get("Content-Type") or "").partition(";")[0]
    v = {"is": str(r.status)}
    if r.status in (200, 206):
        v |= {"type": kind, "body": parts_of(r) if kind == "multipart/byteranges" else r.body}
    if r.status in (200, 206, 304):
        v |= {n: r.get(n) for n in ("Last-Modified", "Content-Encoding", "Content-Range", "Vary", "Cache-Control", "Accept-Ranges")}
        v |= {"etag": r.get("ETag") is not None}
    if r.status == 416:
        v |= {"Content-Range": r.get("Content-Range")}
    if r.status == 301:
        v |= {"Location": r.get("Location")}
    if r.status == 200 and kind != "multipart/byteranges":
        v |= {"length": r.get("Content-Length")}
    return v


def ask(address, method, target, headers):
    with http.Conn(address, lenient=True) as c:
        return c.request(target, method, headers)


def text(method, target, headers):
    return f"{method} {target} " + ", ".join(f"{n}: {v}" for n, v in headers)


def judge(request, a, b, used):
    """None, or a difference that the table does not have."""
    differ = {k for k in a.keys() | b.keys() if a.get(k) != b.get(k)}
    if not differ:
        return None
    for row in DIFFERENT:
        pattern, theirs, ours, fields, _ = row
        if re.fullmatch(pattern, request) and (a["is"], b["is"]) == (theirs, ours) and (theirs != ours or differ == set(fields)):
            used.add(pattern)
            return None
    return f"{request}: nginx {a['is']}, we {b['is']}; {[(k, a.get(k), b.get(k)) for k in sorted(differ)]}"[:600]


def test_corpus(daemon):
    assert len(CORPUS) > 200
    d = daemon(ini={"laravels": {"handle_static": True}, "rserverd": {"static_precompressed": ["gzip"]}}, start=False)
    root = os.path.join(d.app, "public")
    fill(root)
    d.start()
    nginx = Nginx(lambda s: site(root, s.port))
    bad, used = [], set()
    try:
        for request in CORPUS:
            theirs, ours = ask(nginx.address, *request), ask(d.address, *request)
            assert b"secret" not in ours.body, request
            bad.append(judge(text(*request).rstrip(), verdict(theirs), verdict(ours), used))
    finally:
        nginx.stop()
    assert not [x for x in bad if x]
    assert not {row[0] for row in DIFFERENT} - used, "rows that nothing needs"


@pytest.mark.parametrize("theirs, ours", [
    ("30d", "30d"), ("-1", "-1"), ("epoch", "epoch"), ("max", "max"), ("0", "0"), ("modified 20y", "modified 20y"),
    ("modified 1h", "modified 1h"), ("1h30m", "1h30m"), ("off", "off")])
def test_expires_is_nginx_s(daemon, theirs, ours):
    d = daemon(ini={"laravels": {"handle_static": True}, "rserverd": {"static_expires": [ours]}}, start=False)
    root = os.path.join(d.app, "public")
    fill(root)
    d.start()
    nginx = Nginx(lambda s: site(root, s.port).replace("server {", f"expires {theirs}; server {{"))
    try:
        for headers in ((), (("Range", "bytes=0-9"),), (("If-None-Match", ETAG),)):
            both = [ask(address, "GET", "/a.txt", headers) for address in (nginx.address, d.address)]
            ages = [r.get("Cache-Control") for r in both]
            dates = [r.get("Expires") and email.utils.parsedate_to_datetime(r.get("Expires")).timestamp() for r in both]
            if ours.startswith("modified") and "max-age" in (ages[0] or ""):
                ages = [int(a.removeprefix("max-age=")) for a in ages]
                assert abs(ages[0] - ages[1]) < 60
            else:
                assert ages[0] == ages[1]
            assert dates[0] == dates[1] or abs(dates[0] - dates[1]) < 60
            if both[0].status == 304:
                assert both[1].status == 304 and (ours == "off") == (ages[1] is None)
    finally:
        nginx.stop()
