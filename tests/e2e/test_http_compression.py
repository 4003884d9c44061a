"""http_compression: what is compressed and what is not, heads and tags that go with it, streams, slow clients; for a callable, a
Laravel application, scripts of the server API, with nginx in front."""

import ctypes
import gzip
import hashlib
import json
import os
import shutil
import subprocess
import zlib

import pytest

from lib import http, proc
from lib.daemon import BINARY, TREE
from lib.fpm import NGINX, Nginx
from lib.wait import SLOW, until

GZIP = [("Accept-Encoding", "gzip")]
VARY = "Accept-Encoding"
with open(os.path.join(os.path.dirname(BINARY), "rserverd-php.so"), "rb") as module:
    BROTLI = b"BrotliEncoderCreateInstance" in module.read()     # make BROTLI=1

PAGES = r"""<?php
const TEXT = 'all work and no play makes jack a dull boy; ';
function page(string $type, string $body, array $lines = []): void {
    header("Content-Type: $type");
    array_map(header(...), $lines);
    echo $body;
}
return static function (): void {
    parse_str($_SERVER['QUERY_STRING'] ?? '', $get);
    $html = static fn (string ...$lines) => page('text/html', str_repeat(TEXT, 100), $lines);
    match (strtok($_SERVER['REQUEST_URI'], '?')) {
        '/html' => $html(),
        '/sized' => $html('Content-Length: ' . 100 * strlen(TEXT)),
        '/short' => page('text/html', str_repeat('s', (int) $get['n'])),
        '/short-sized' => page('text/html', 'sssss', ['Content-Length: 5']),
        '/long' => page('text/plain', str_repeat(TEXT, 5000)),
        '/long-sized' => page('text/plain', str_repeat(TEXT, 5000), ['Content-Length: ' . 5000 * strlen(TEXT)]),
        '/promise' => page('text/plain', str_repeat(TEXT, (int) $get['n']), ['Content-Length: ' . 1 + $get['n'] * strlen(TEXT)]),
        '/image' => page('image/png', str_repeat(TEXT, 100)),
        '/coded' => page('text/html', gzencode(str_repeat(TEXT, 100)), ['Content-Encoding: gzip']),
        '/part' => [http_response_code(206), $html('Content-Range: bytes 0-4499/9000')],
        '/kept' => $html('Cache-Control: public, no-transform'),
        '/varies' => $html('Vary: Cookie, Accept-Encoding'),
        '/lines' => page('text/html', str_repeat(TEXT, 100), ['ETag: "one"', 'Accept-Ranges: bytes', 'Vary: Cookie']),
        '/tag' => tagged('"one"'),
        '/empty' => http_response_code(204),
        '/fails' => [http_response_code(500), $html()],
        '/echoed' => page('text/plain', $_SERVER['HTTP_ACCEPT_ENCODING'] ?? 'none'),
        '/ticks' => ticks($get),
        '/noise' => noise((int) $get['mb'], $get['file']),
        '/breaks' => breaks(),
        '/pid' => page('text/plain', (string) getmypid()),
    };
};
/** As Symfony compares: weakly. */
function tagged(string $etag): void {
    header("ETag: $etag");
    if (str_replace('W/', '', $_SERVER['HTTP_IF_NONE_MATCH'] ?? '') === $etag) {
        http_response_code(304);
        return;
    }
    page('text/html', str_repeat(TEXT, 100));
}
function ticks(array $get): void {
    header('Content-Type: ' . $get['type']);
    for ($i = 0; $i < 4; $i++) {
        echo "tick $i\n";
        flush();
        flush();
        while (!file_exists($get['go'] . $i)) {
            usleep(2000);
        }
    }
    echo 'the end';
}
/** What cannot be made smaller; says how far it is. */
function noise(int $mb, string $file): void {
    header('Content-Type: text/plain');
    ignore_user_abort(false);
    $sum = hash_init('sha256');
    for ($i = 1; $i <= $mb; $i++) {
        hash_update($sum, $piece = random_bytes(1 << 20));
        echo $piece;
        file_put_contents($file, (string) $i, LOCK_EX);
    }
    file_put_contents("$file.sum", hash_final($sum));
}
function breaks(): void {
    header('Content-Type: text/plain');
    echo str_repeat(TEXT, 100);
    flush();
    ini_set('memory_limit', '16M');
    str_repeat('x', 1 << 26);
}
"""
TEXT = b"all work and no play makes jack a dull boy; "


@pytest.fixture
def pages(daemon):
    def make(isolation="snapshot", php=None, **swoole):
        swoole = {"http_compression": True, "worker_num": 1, **swoole}
        return daemon.callable(PAGES, ini={"swoole": swoole, "rserverd": {"isolation": isolation}, "php": php or {}})
    return make


def plain(r):
    """The body as the application wrote it."""
    coding = r.get("content-encoding")
    if coding == "br":
        return unbrotli(r.body)
    return gzip.decompress(r.body) if coding == "gzip" else zlib.decompress(r.body) if coding == "deflate" else r.body


def unbrotli(data, most=1 << 24):
    out, size = ctypes.create_string_buffer(most), ctypes.c_size_t(most)
    assert ctypes.CDLL("libbrotlidec.so.1").BrotliDecoderDecompress(ctypes.c_size_t(len(data)), data, ctypes.byref(size), out) == 1
    return out.raw[:size.value]


def varies(r):
    """Vary as one list; nothing twice."""
    names = [n.strip().lower() for v in r.all("vary") for n in v.split(",")]
    assert len(names) == len(set(names)), f"twice: {names}"
    return names


# -- what, and how ---------------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("isolation", ["snapshot", "fork"])
@pytest.mark.parametrize("path", ["/html", "/sized"])
def test_small_page_is_one_answer_with_its_length(pages, isolation, path):
    d = pages(isolation)
    r = d.get(path, GZIP)
    assert r.get("content-encoding") == "gzip" and varies(r) == ["accept-encoding"]
    assert int(r.get("content-length")) == len(r.body) < 200 and plain(r) == TEXT * 100
    r = d.get(path)
    assert r.get("content-encoding") is None and varies(r) == ["accept-encoding"] and r.body == TEXT * 100


@pytest.mark.parametrize("path", ["/long", "/long-sized"])
def test_long_page(pages, path):
    r = pages().get(path, [("Accept-Encoding", "deflate")])
    assert r.get("content-encoding") == "deflate" and plain(r) == TEXT * 5000 and len(r.body) < 10000
    assert int(r.get("content-length")) == len(r.body), "it is complete before anything has to leave"


def test_off_is_off(pages):
    d = pages(http_compression=False)
    r = d.get("/html", GZIP)
    assert r.get("content-encoding") is None and r.all("vary") == [] and r.body == TEXT * 100


@pytest.mark.parametrize("accept, coding", [
    ("gzip", "gzip"), ("x-gzip", "gzip"), ("gzip, deflate, br", "gzip"), ("deflate, gzip;q=0.1", "deflate"), ("*", "gzip"),
    ("identity;q=0, *;q=0.1", "gzip"), ("gzip;q=0", None), ("gzip;q=0.000, identity", None), ("identity, gzip;q=0.5", None),
    ("", None), ("zstd", None), ("gzip;q=5", None), ("," * 3000 + "gzip", "gzip"), ("gzip;q=0, " * 1000 + "*;q=0", None),
    ("\x80\xff;q=1, gzip", "gzip"), ("gzip;q=0;q=1", None),
])
def test_negotiation(pages, accept, coding):
    if BROTLI and ("br" in accept or "*" in accept) and coding:
        coding = "br"       # of equal weights, the one that makes it smallest
    r = pages().get("/html", [("Accept-Encoding", accept.encode("latin-1"))])
    assert r.get("content-encoding") == coding and plain(r) == TEXT * 100 and varies(r) == ["accept-encoding"]


if BROTLI:
    def test_brotli(pages):
        """Whole, long, and HEAD; to curl, which undoes it itself."""
        d = pages()
        accept = [("Accept-Encoding", "br")]
        for path, text in (("/html", TEXT * 100), ("/long", TEXT * 5000)):
            r = d.get(path, accept)
            assert r.get("content-encoding") == "br" and plain(r) == text and len(r.body) < len(text) / 10
            url = f"http://127.0.0.1:{d.port}{path}"
            assert subprocess.run(["curl", "-s", "--compressed", url], capture_output=True, check=True).stdout == text
        r = d.request("HEAD", "/html", accept)
        assert r.get("content-encoding") == "br" and r.body == b""


def test_two_fields_are_one_list(pages):
    d = pages()
    assert d.get("/html", [("Accept-Encoding", "zstd"), ("Accept-Encoding", "deflate")]).get("content-encoding") == "deflate"
    assert d.get("/html", [("Accept-Encoding", "gzip"), ("Accept-Encoding", "gzip;q=0")]).get("content-encoding") is None
    assert d.get("/echoed", [("Accept-Encoding", "gzip;q=0.3")]).body == b"gzip;q=0.3", "PHP sees what was sent"


@pytest.mark.parametrize("path, why", [
    ("/image", "not one of the types"), ("/short?n=19", "too short"), ("/part", "a part"), ("/kept", "no-transform"),
    ("/empty", "no body"),
])
def test_left_alone(pages, path, why):
    r = pages().get(path, GZIP)
    assert r.get("content-encoding") is None and r.all("vary") == [], why


def test_what_is_coded_already_is_not_coded_again(pages):
    d = pages()
    r = d.get("/coded", GZIP)
    assert r.all("content-encoding") == ["gzip"] and plain(r) == TEXT * 100 and r.all("vary") == []
    r = d.get("/coded", [("Accept-Encoding", "deflate")])
    assert r.all("content-encoding") == ["gzip"] and plain(r) == TEXT * 100


def test_php_compresses_by_itself(pages):
    d = pages(php={"zlib.output_compression": "1"})
    r = d.get("/html", GZIP)
    assert r.all("content-encoding") == ["gzip"] and plain(r) == TEXT * 100 and varies(r) == ["accept-encoding"]
    r = d.get("/html", [("Accept-Encoding", "identity")])
    assert r.get("content-encoding") is None and r.body == TEXT * 100


def test_settings(pages):
    d = pages(http_compression_min_length=100, http_compression_types=["image/*"], http_compression_level=9)
    assert d.get("/html", GZIP).get("content-encoding") is None
    assert d.get("/image", GZIP).get("content-encoding") == "gzip"
    d.set("swoole", http_compression_types=["*"])
    assert d.ctl("reload", "--wait").returncode == 0
    assert d.get("/short?n=99", GZIP).get("content-encoding") is None
    assert d.get("/short?n=100", GZIP).get("content-encoding") == "gzip"
    smallest = len(d.get("/long", GZIP).body)
    d.set("swoole", http_compression_level=1)
    assert d.ctl("reload", "--wait").returncode == 0
    assert smallest < len(d.get("/long", GZIP).body)


@pytest.mark.parametrize("key, value, word", [
    ("http_compression_level", 10, "1 to 9"), ("http_compression_level", 0, "1 to 9"), ("http_compression_types", ["html"], "type/subtype"),
    ("http_compression_min_length", "-1", "0 or more"),
])
def test_wrong_settings_refuse_the_start(pages, daemon, key, value, word):
    d = daemon("fake", start=False, ini={"swoole": {"http_compression": True, key: value}})
    r = d.ctl("config")
    assert r.returncode == 1 and key in r.stderr and word in r.stderr


# -- heads -----------------------------------------------------------------------------------------------------------------------

def test_lines_that_go_with_the_bytes(pages):
    d = pages()
    r = d.get("/lines", GZIP)
    assert r.get("etag") == 'W/"one"' and r.get("accept-ranges") is None and varies(r) == ["cookie", "accept-encoding"]
    r = d.get("/lines")
    assert r.get("etag") == '"one"' and r.get("accept-ranges") == "bytes" and varies(r) == ["cookie", "accept-encoding"]
    assert varies(d.get("/varies", GZIP)) == ["cookie", "accept-encoding"]
    r = d.get("/fails", GZIP)
    assert r.status == 500 and plain(r) == TEXT * 100 and r.get("content-encoding") == "gzip"


def test_conditional_requests(pages):
    d = pages()
    weak = d.get("/tag", GZIP).get("etag")
    assert weak == 'W/"one"'
    r = d.get("/tag", [*GZIP, ("If-None-Match", weak)])
    assert r.status == 304 and r.get("etag") == weak and varies(r) == ["accept-encoding"] and r.body == b""
    r = d.get("/tag", [("If-None-Match", '"one"')])
    assert r.status == 304 and r.get("etag") == '"one"'
    assert d.get("/tag", [*GZIP, ("If-None-Match", 'W/"two"')]).status == 200


@pytest.mark.parametrize("path", ["/html", "/sized", "/lines", "/image", "/short-sized", "/coded", "/long-sized"])
def test_head_has_the_head_of_get(pages, path):
    d = pages()
    for accept in (GZIP, []):
        get, head = d.get(path, accept), d.request("HEAD", path, accept)
        assert head.body == b""
        for name in ("content-encoding", "etag", "accept-ranges", "content-type"):
            assert head.get(name) == get.get(name), name
        assert varies(head) == varies(get)
        if get.get("content-encoding") and not path == "/coded":
            assert head.get("content-length") is None


# -- streams ---------------------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("isolation", ["snapshot", "fork"])
@pytest.mark.parametrize("version", ["1.1", "1.0"])
def test_a_flush_reaches_the_client(pages, isolation, version, tmp_path):
    """Each piece can be read before the page goes on."""
    d = pages(isolation)
    with d.conn() as c:
        c.send(http.build(f"/ticks?type=text/plain&go={tmp_path}/", headers=GZIP, version=version))
        r = c.response(body=False)
        assert r.get("content-encoding") == "gzip" and r.get("content-length") is None and varies(r) == ["accept-encoding"]
        z, text = zlib.decompressobj(31), b""
        for i in range(4):
            while b"tick %d\n" % i not in text:
                text += z.decompress(c.piece(r))
            (tmp_path / str(i)).touch()
        while piece := c.piece(r):
            text += z.decompress(piece)
        assert z.eof and text == b"tick 0\ntick 1\ntick 2\ntick 3\nthe end"


def test_event_streams_are_left_alone_unless_asked_for(pages, tmp_path):
    for i in range(4):
        (tmp_path / str(i)).touch()
    target = f"/ticks?type=text/event-stream&go={tmp_path}/"
    d = pages()
    r = d.get(target, GZIP)
    assert r.get("content-encoding") is None and r.all("vary") == [] and r.body.endswith(b"the end")
    d.set("swoole", http_compression_types=["text/event-stream"])
    assert d.ctl("reload", "--wait").returncode == 0
    r = d.get(target, GZIP)
    assert r.get("content-encoding") == "gzip" and plain(r).endswith(b"the end")


@pytest.mark.parametrize("isolation", ["snapshot", "fork"])
def test_a_slow_client_holds_the_page_back(pages, isolation, tmp_path):
    """Credit is spent by compressed bytes, and neither process grows by what the client has not taken."""
    d = pages(isolation)
    done = tmp_path / "done"
    before = {pid: proc.rss_kb(pid) for pid in (d.pid("reactor"), d.pid("worker"))}
    with d.conn(rcvbuf=65536) as c:
        c.send(http.build(f"/noise?mb=150&file={done}", headers=GZIP))
        r = c.response(body=False)
        until(lambda: done.exists() and int(done.read_text() or 0) >= 2, message="the page has begun")
        z, n, sum = zlib.decompressobj(31), 0, hashlib.sha256()
        while piece := c.piece(r):
            data = z.decompress(piece)
            n += len(data)
            sum.update(data)
            ahead = (int(done.read_text() or 0) << 20) - n
            assert ahead < 24 << 20, "the page runs away from its client"
        assert z.eof and n == 150 << 20
        until((tmp_path / "done.sum").exists)
        assert sum.hexdigest() == (tmp_path / "done.sum").read_text()
    for pid, was in before.items():
        assert proc.rss_kb(pid) < was + (24 << 10)


@pytest.mark.parametrize("isolation", ["snapshot", "fork"])
def test_a_client_that_leaves(pages, isolation, tmp_path):
    d = pages(isolation)
    done = tmp_path / "done"
    c = d.conn(rcvbuf=65536)
    c.send(http.build(f"/noise?mb=10000&file={done}", headers=GZIP))
    until(lambda: done.exists() and int(done.read_text() or 0) >= 2, message="the page has begun")
    c.reset()
    assert plain(d.get("/long", GZIP)) == TEXT * 5000, "the encoder begins anew"
    assert int(done.read_text()) < 1000


@pytest.mark.parametrize("n", [100, 200000])
def test_less_than_was_promised_is_no_whole_answer(pages, n):
    d = pages()
    with d.conn() as c:
        c.send(http.build(f"/promise?n={n}", headers=GZIP))
        with pytest.raises(http.Closed):
            c.response()
    d.wait_log("shorter than its Content-Length")
    d.allow_log = [*getattr(d, "allow_log", []), "shorter than its Content-Length"]
    assert plain(d.get("/html", GZIP)) == TEXT * 100


def test_an_answer_that_breaks_is_cut(pages):
    d = pages()
    with d.conn() as c:
        c.send(http.build("/breaks", headers=GZIP))
        r = c.response(body=False)
        z, text = zlib.decompressobj(31), b""
        try:
            while piece := c.piece(r):
                text += z.decompress(piece)
        except http.Closed:
            pass
        assert text.startswith(TEXT * 100)
    until(lambda: plain(d.get("/html", GZIP)) == TEXT * 100)


def test_many_on_one_connection(pages):
    d = pages()
    with d.conn() as c:
        for i in range(30):
            accept = ["gzip", "deflate", "identity"][i % 3]
            n = [100, 20, 3000][i % 3]
            c.send(http.build(f"/short?n={n}", headers=[("Accept-Encoding", accept)]))
            r = c.response()
            assert plain(r) == b"s" * n and r.get("content-encoding") == (accept if accept != "identity" else None)


@pytest.mark.skipif(not shutil.which("curl"), reason="needs curl")
@pytest.mark.parametrize("path", ["/html", "/long"])
def test_curl(pages, path):
    d = pages()
    url = f"http://127.0.0.1:{d.port}{path}"
    r = subprocess.run(["curl", "-sS", "--compressed", "-w", "%{stderr}%{size_download}", url], capture_output=True, timeout=30 * SLOW)
    assert r.returncode == 0 and r.stdout == TEXT * (100 if path == "/html" else 5000)
    assert int(r.stderr) < len(r.stdout) / 10


# -- applications ------------------------------------------------------------------------------------------------------------------

ROUTES = r"""
Route::get('/test/tagged', fn () => tap(response()->json(['list' => range(1, 500)])->setEtag('v1'),
    fn ($response) => $response->isNotModified(request())));
Route::get('/test/csv', fn () => response()->streamDownload(function () { for ($i = 0; $i < 20000; $i++) { echo "row $i,1,2,3\n"; } },
    'rows.csv', ['Content-Type' => 'text/csv']));
Route::get('/test/own-file', fn () => response()->file(base_path('composer.json'), ['Content-Type' => 'application/json']));
"""


def routes():
    with open(os.path.join(TREE, "tests/apps/laravel/routes/web.php")) as f:
        return f.read() + ROUTES


@pytest.mark.parametrize("isolation", ["snapshot", "fork"])
def test_laravel(daemon, isolation):
    d = daemon.laravel(files={"routes/web.php": routes()}, ini={"rserverd": {"isolation": isolation}},
                       config="<?php return ['swoole' => ['http_compression' => env('LARAVELS_HTTP_COMPRESSION', false)]];",
                       dotenv=["LARAVELS_HTTP_COMPRESSION=true"])
    home = d.get("/", GZIP)
    assert home.get("content-encoding") == "gzip" and b'id="visits"' in plain(home) and "accept-encoding" in varies(home)
    r = d.get("/api/hello", GZIP)
    assert json.loads(plain(r))["message"] == "hello"
    tagged = d.get("/test/tagged", GZIP)
    assert tagged.get("content-encoding") == "gzip" and tagged.get("etag").startswith('W/"')
    assert json.loads(plain(tagged))["list"][-1] == 500
    again = d.get("/test/tagged", [*GZIP, ("If-None-Match", tagged.get("etag"))])
    assert again.status == 304 and again.get("etag") == tagged.get("etag")
    strong = d.get("/test/tagged").get("etag")
    assert "W/" + strong == tagged.get("etag") and d.get("/test/tagged", [("If-None-Match", strong)]).status == 304
    r = d.get("/test/csv", GZIP)
    assert r.get("content-encoding") == "gzip" and plain(r).count(b"\n") == 20000 and len(r.body) < 100000
    r = d.get("/events/stream?ms=0", GZIP)
    assert r.get("content-encoding") is None and b"event 5 of 5" in r.body
    head = d.request("HEAD", "/api/hello", GZIP)
    assert head.status == 200 and head.get("content-encoding") == "gzip"
    r = d.get("/test/own-file", [*GZIP, ("Range", "bytes=0-9")])
    assert r.status == 206 and r.get("content-encoding") is None and len(r.body) == 10


def test_enable_gzip_is_refused_with_its_successor(daemon):
    d = daemon("fake", start=False, ini={"laravels": {"enable_gzip": True}})
    r = d.ctl("config")
    assert r.returncode == 1 and "swoole.http_compression takes its place" in r.stderr


# -- the server API ------------------------------------------------------------------------------------------------------------------

SCRIPT = r"""<?php
$server = new Swoole\Http\Server('127.0.0.1', (int) getenv('RS_PORT'));
$server->set(['worker_num' => 1] + json_decode(getenv('RS_SET'), true));
$server->on('request', function ($q, $r) {
    $text = str_repeat('all work and no play makes jack a dull boy; ', 100);
    foreach ($q->get['h'] ?? [] as $name => $value) {
        $r->header($name, $value);
    }
    $r->status((int) ($q->get['status'] ?? 200));
    if ($q->server['path_info'] === '/pieces') {
        $r->write($text);
        $r->write('end');
        $r->end();
        return;
    }
    if ($q->server['path_info'] === '/forced') {
        $r->gzip(9);
        $text = 'zz';
    }
    $r->end(($q->get['status'] ?? '') === '304' ? '' : $text);
});
$server->start();
"""


@pytest.fixture
def script(server):
    def make(**settings):
        return server(code=SCRIPT, env={"RS_SET": json.dumps(settings or {"log_level": 2})})
    return make


def test_script_by_default(script):
    s = script()
    r = s.get("/", GZIP)
    assert r.get("content-encoding") == "gzip" and plain(r) == TEXT * 100 and int(r.get("content-length")) == len(r.body)
    assert varies(r) == ["accept-encoding"] and varies(s.get("/")) == ["accept-encoding"]
    assert s.get("/?h[Content-Type]=image/png", GZIP).get("content-encoding") == "gzip", "any type, as the original does"
    r = s.get("/?h[ETag]=%22a%22&h[Accept-Ranges]=bytes&h[Vary]=Cookie", GZIP)
    assert r.get("etag") == 'W/"a"' and r.get("accept-ranges") is None and varies(r) == ["cookie", "accept-encoding"]
    for h in ("Content-Encoding]=", "Content-Encoding]=br", "Cache-Control]=no-transform", "Content-Range]=bytes+0-1/2"):
        r = s.get(f"/?h[{h}", GZIP)
        assert r.get("content-encoding") in (None, "br") and r.body == TEXT * 100 and r.all("vary") == []
    assert s.get("/?status=206", GZIP).get("content-encoding") is None
    r = s.get("/?status=304&h[ETag]=%22a%22", [*GZIP, ("If-None-Match", 'W/"a"')])
    assert r.status == 304 and r.get("etag") == 'W/"a"'
    r = s.get("/pieces", GZIP)
    assert r.get("content-encoding") is None and r.body == TEXT * 100 + b"end", "pieces leave as they are (contract RS6)"
    assert plain(s.get("/forced", GZIP)) == b"zz"
    assert s.get("/", [("Accept-Encoding", "deflate;q=1, gzip;q=0.9")]).get("content-encoding") == "deflate"


def test_script_answers_head_as_get(script):
    s = script()
    get, head = s.get("/", GZIP), s.request("HEAD", "/", GZIP)
    assert head.get("content-encoding") == "gzip" and head.get("content-length") == get.get("content-length") and head.body == b""


@pytest.mark.parametrize("settings, html, image", [
    ({"http_compression": False}, None, None), ({"http_compression_types": ["text/html"]}, "gzip", None),
    ({"compression_types": ["image/*"]}, None, "gzip"), ({"compression_min_length": 100000}, None, None),
    ({"http_gzip_level": 9}, "gzip", "gzip"),
])
def test_script_settings(script, settings, html, image):
    s = script(**settings)
    assert s.get("/", GZIP).get("content-encoding") == html
    assert s.get("/?h[Content-Type]=image/png", GZIP).get("content-encoding") == image


# -- nginx in front ------------------------------------------------------------------------------------------------------------------

@pytest.mark.skipif(not NGINX, reason="needs nginx")
@pytest.mark.parametrize("proxied", ["off", "any"])
@pytest.mark.parametrize("ours", [True, False])
def test_nginx_in_front(pages, proxied, ours):
    """Whoever of the two compresses, the client gets it once."""
    d = pages(http_compression=ours)
    n = Nginx(lambda s: f"""
        gzip on; gzip_proxied {proxied}; gzip_types text/plain application/json;
        server {{ listen 127.0.0.1:{s.port}; location / {{ proxy_pass http://127.0.0.1:{d.port}; proxy_http_version 1.1;
            proxy_set_header Connection ""; }} }}""")
    try:
        for path, size in (("/html", 100), ("/long", 5000), ("/coded", 100)):
            r = http.fetch(n.address, path, headers=GZIP)
            assert r.all("content-encoding") == ["gzip"] and plain(r) == TEXT * size
            if path != "/coded":
                r = http.fetch(n.address, path)
                assert r.get("content-encoding") is None and r.body == TEXT * size
    finally:
        n.stop()
