"""A real nginx and a real Apache in front of the daemon, by TCP and by a Unix socket: what an application answers, takes and lasts
through them. The samples of packaging/ as they are shipped."""

import hashlib
import json
import os
import re
import socket
import subprocess

import pytest
import websocket

from lib import fronts, http, tls
from lib.fpm import Nginx
from lib.load import Load
from lib.wait import until

BIG = bytes(range(256)) * 4096      # 1 MB

APP = """<?php
function note(string $text): void
{
    file_put_contents(__DIR__ . '/notes', "$text\\n", FILE_APPEND);
}
function wait_for(string $name): void
{
    for ($i = 0; $i < 1500 && !file_exists(__DIR__ . "/$name"); $i++) {
        usleep(10000);
        clearstatcache();
    }
}
return function () {
    switch (strtok($_SERVER['REQUEST_URI'], '?')) {
        case '/plain':
            header('ETag: "one"');
            header('X-App: a  b');
            echo str_repeat('plain ', 100);
            return;
        case '/chunks':
            for ($i = 0; $i < 5; $i++) {
                echo str_repeat(chr(97 + $i), 10000);
                flush();
            }
            return;
        case '/status':
            http_response_code((int) $_GET['code']);
            header('ETag: "two"');
            if ((int) $_GET['code'] !== 204 && (int) $_GET['code'] !== 304) {
                echo 'body';
            }
            return;
        case '/file':
            header('Content-Type: application/octet-stream');
            header('ETag: "three"');
            header('X-Sendfile: ' . __DIR__ . '/files/big.bin');
            return;
        case '/body':
            $body = file_get_contents('php://input');
            header('Content-Type: application/json');
            echo json_encode([strlen($body), md5($body), $_SERVER['CONTENT_LENGTH'] ?? null, $_SERVER['HTTP_TRANSFER_ENCODING'] ?? null,
                array_map(fn ($f) => md5_file($f['tmp_name']), $_FILES)]);
            return;
        case '/events':
            header('Content-Type: text/event-stream');
            header('X-Accel-Buffering: no');
            for ($i = 0; $i < 4; $i++) {
                echo "data: $i\\n\\n";
                flush();
                wait_for("seen-$i");
            }
            return;
        case '/hints':
            header('Link: </app.css>; rel=preload');
            headers_send(103);
            echo 'after the hint';
            return;
        case '/endless':
            header('X-Accel-Buffering: no');
            register_shutdown_function(fn () => note('end ' . connection_aborted()));
            for ($i = 0; $i < 100000; $i++) {
                echo str_repeat('x', 1000);
                flush();
                usleep(2000);
            }
            return;
        case '/server':
            header('Content-Type: application/json');
            echo json_encode($_SERVER);
            return;
        default:
            echo 'hello';
    }
};
"""


@pytest.fixture(params=[f"{kind}-{way}" for kind in fronts.KINDS for way in ("tcp", "unix")])
def site(request, daemon):
    """site(): a daemon and the web server in front of it."""
    kind, way = request.param.split("-")
    made = []

    def make(unbuffered=False, **ini):
        d = daemon.callable(APP, start=False, ini={"swoole": {"package_max_length": "64M", **ini.pop("swoole", {})},
                                                   "php": {"upload_max_filesize": "32M", "post_max_size": "40M"}})
        d.set("rserverd", x_sendfile=[d.path("app/files")], **ini.pop("rserverd", {}))
        d.write("files/big.bin", BIG)
        d.write("public/style.css", "a{}")
        upstream = d.address
        if way == "unix":
            upstream = d.path("run/up.sock")
            d.set("rserverd", listen=[upstream], socket_mode="0666")    # Apache is www-data here, the application is not
        for folder in (d.folder, d.path("run"), d.app, os.path.join(d.app, "public")):
            os.chmod(folder, 0o755)
        d.start()
        made.append(fronts.front(kind, upstream, f"{d.app}/public", unbuffered))
        d.kind, d.way = kind, way
        return d, made[-1]
    yield make
    for n in made:
        n.stop()


def busy(d):
    return [p for p in d.of(d.status(), "worker") if p["state"] != "idle"]


# ---- answers ---------------------------------------------------------------------------------------------

# Fields that a proxy may write anew; the rest arrives as the application has written it.
OWN = {"date", "server", "connection", "keep-alive", "transfer-encoding", "via", "content-length"}

ASKED = [
    ("GET", "/plain", []), ("HEAD", "/plain", []), ("GET", "/chunks", []), ("HEAD", "/chunks", []),
    ("GET", "/status?code=204", []), ("GET", "/status?code=304", []), ("HEAD", "/status?code=404", []), ("GET", "/status?code=418", []),
    ("GET", "/status?code=500", []), ("GET", "/status?code=503", []), ("GET", "/file", []), ("HEAD", "/file", []),
    ("GET", "/file", [("Range", "bytes=5-9")]), ("GET", "/file", [("Range", "bytes=-300000")]), ("GET", "/file", [("Range", "bytes=1000000-")]),
    ("GET", "/file", [("Range", "bytes=0-99,500000-500099,-10")]), ("GET", "/file", [("Range", "bytes=2000000-")]),
    ("GET", "/file", [("Range", "bytes=0-9"), ("If-Range", '"three"')]), ("GET", "/file", [("Range", "bytes=0-9"), ("If-Range", '"other"')]),
    ("HEAD", "/file", [("Range", "bytes=5-9")]), ("GET", "/", []),
]


def seen(r):
    """An answer without what a proxy may change, and without the boundary of its parts."""
    kind = r.get("content-type", "")
    body = r.body
    if "boundary=" in kind:
        kind, boundary = kind.split("boundary=")
        body = body.replace(boundary.strip('"').encode(), b"BOUNDARY")
    fields = sorted((n.lower(), v) for n, v in r.headers if n.lower() not in OWN | {"content-type"})
    return r.status, kind, fields, hashlib.md5(body).hexdigest(), len(body)


def test_answers_are_what_the_application_said(site):
    """Each through the web server, over one connection that lives on, beside what the daemon says itself."""
    d, front = site()
    through = http.Conn(front.address, lenient=True)
    with d.conn() as direct:
        for method, target, headers in ASKED:
            wanted = direct.request(target, method, headers)
            got = through.request(target, method, headers)
            assert seen(got) == seen(wanted), (method, target, headers)
            if method == "GET" and wanted.status == 200 and target != "/chunks":
                assert got.get("content-length") == wanted.get("content-length")
            if got.get("connection") == "close":
                assert d.kind == "apache" and got.status in (500, 503), "Apache does so after some of its own errors, and these"
                through = http.Conn(front.address)
    assert d.status()["connections"] <= 3, "the connections to the daemon are kept"


def test_early_hints_are_not_in_the_way(site):
    """nginx before 1.29 takes a 103 for the answer: a client behind it would wait for ever."""
    d, front = site()
    r = http.fetch(front.address, "/hints")
    assert r.status == 200 and r.body == b"after the hint" and r.get("link") == "</app.css>; rel=preload"
    with d.conn() as c:
        c.send(http.build("/hints"))
        assert c.head().status == 103, "whoever asks directly has it"


# ---- bodies ----------------------------------------------------------------------------------------------

def chunked(pieces):
    return b"".join(b"%x\r\n%s\r\n" % (len(p), p) for p in pieces) + b"0\r\n\r\n"


@pytest.mark.parametrize("unbuffered", [False, True])
def test_bodies_arrive_whole(site, unbuffered):
    d, front = site(unbuffered)
    pieces = [b"", b"x", BIG[:70000], BIG * 3]
    head = b"POST /body HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
    with http.Conn(front.address) as c:
        for body in pieces:
            assert c.request("/body", "POST", body=body).json()[:2] == [len(body), hashlib.md5(body).hexdigest()]
            c.send(head + chunked([p for p in (body[:1], body[1:50000], body[50000:]) if p]))
            assert c.response().json()[:2] == [len(body), hashlib.md5(body).hexdigest()]
        c.send(b"POST /body HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n")
        assert c.response().status == 100
        c.send(b"body")
        assert c.response().json()[0] == 4
    data = BIG * 20
    kind, body = http.multipart([("f", "big.bin", "application/octet-stream", data)])
    r = http.fetch(front.address, "/body", "POST", [("Content-Type", kind)], body)
    assert r.json()[4] == {"f": hashlib.md5(data).hexdigest()}


def test_an_upload_passes_as_it_comes(site):
    """Unbuffered: the daemon's 413 is there while the client still sends. Apache sends all of a body before it looks, and must not
    find the connection closed."""
    d, front = site(unbuffered=True, swoole={"package_max_length": "2M"})
    with http.Conn(front.address) as c:
        c.send(b"POST /body HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
        try:
            for _ in range(8):
                c.send(b"%x\r\n%s\r\n" % (len(BIG), BIG))
            if d.kind == "apache":
                c.send(b"0\r\n\r\n")
        except ConnectionError:
            pass
        assert c.response(body=False).status == 413
    assert http.fetch(front.address, "/").status == 200


# ---- streams and clients that leave ----------------------------------------------------------------------

def test_events_arrive_one_by_one(site):
    """The application goes on only when the client has had the event before."""
    d, front = site()
    with http.Conn(front.address) as c:
        c.send(http.build("/events"))
        r = c.response(body=False)
        assert r.get("content-type").startswith("text/event-stream")
        for i in range(4):
            assert c.piece(r) == b"data: %d\n\n" % i
            d.write(f"seen-{i}", "")
        assert c.piece(r) == b""


def test_a_client_that_leaves_in_an_answer_frees_its_worker(site):
    d, front = site()
    with http.Conn(front.address) as c:
        c.send(http.build("/endless"))
        assert c.piece(c.response(body=False))
        assert len(busy(d)) == 1
    until(lambda: os.path.exists(f"{d.app}/notes"), message="the application learns of it")
    with open(f"{d.app}/notes") as f:
        assert f.read() == "end 1\n"
    d.wait_idle()
    assert http.fetch(front.address, "/").status == 200


@pytest.mark.parametrize("unbuffered", [False, True])
def test_a_client_that_leaves_in_an_upload_leaves_nothing(site, unbuffered):
    d, front = site(unbuffered)
    for ending in ("close", "reset"):
        for framing in (b"Content-Length: 30000000", b"Transfer-Encoding: chunked"):
            c = http.Conn(front.address)
            c.send(b"POST /body HTTP/1.1\r\nHost: a\r\n%s\r\n\r\n" % framing)
            c.send(b"%x\r\n%s\r\n" % (len(BIG), BIG) * 2)
            getattr(c, ending)()
    assert http.fetch(front.address, "/body", "POST", body=b"abc").json()[0] == 3
    until(lambda: d.status()["connections"] <= 2, message="cut uploads are gone, connections that are kept may stay")
    d.wait_idle()


def test_a_reload_behind_it_loses_nothing(site):
    d, front = site()
    with Load(front.address, "/plain", threads=3) as load, Load(front.address, "/chunks", threads=1, keepalive=False) as fresh:
        for _ in range(3):
            done = load.count
            assert d.ctl("reload", "--wait").returncode == 0
            until(lambda: load.count > done + 20, message="answers of the next generation")
    load.ok(60)
    fresh.ok()
    assert d.status()["generation"] == 4


# ---- who asks --------------------------------------------------------------------------------------------

FORGED = [("X-Real-IP", "6.6.6.6"), ("X-Real-Port", "666"), ("Scheme", "https"), ("Server-Name", "evil"), ("Server-Port", "6667"),
          ("Server-Addr", "6.6.6.7"), ("Server-Protocol", "HTTP/9"), ("X-Forwarded-For", "6.6.6.8"), ("X-Forwarded-Proto", "https"),
          ("X-Forwarded-Host", "evil"), ("X-Forwarded-Port", "6668"), ("X-Forwarded-Prefix", "/evil"), ("Forwarded", "for=6.6.6.9"),
          ("X-Request-Id", "forged"), ("Upgrade", "h2c")]


def test_who_asks_is_the_client_whatever_it_says(site):
    d, front = site()
    with http.Conn(front.address, source="127.0.0.9") as c:
        s = c.request("/server?x", headers=FORGED, host="shop.test").json()
        port = str(c.sock.getsockname()[1])
    assert (s["REMOTE_ADDR"], s["REMOTE_PORT"], s["HTTP_HOST"]) == ("127.0.0.9", port, "shop.test")
    assert (s["SERVER_PORT"], s["REQUEST_SCHEME"], s["SERVER_PROTOCOL"]) == (str(front.port), "http", "HTTP/1.1") and "HTTPS" not in s
    assert s["SERVER_ADDR"] == "127.0.0.1" and s["REQUEST_ID"] != "forged" and "HTTP_UPGRADE" not in s
    assert s["HTTP_X_FORWARDED_FOR"] == "127.0.0.9"
    assert (s["HTTP_X_FORWARDED_PROTO"], s["HTTP_X_FORWARDED_HOST"], s["HTTP_X_FORWARDED_PORT"]) == ("http", "shop.test", str(front.port))
    assert "HTTP_X_FORWARDED_PREFIX" not in s and "HTTP_FORWARDED" not in s
    if d.kind == "nginx":
        assert s["REQUEST_ID"] == s["HTTP_X_REQUEST_ID"], "nginx has made it, and can log it"


def test_limit_req_counts_the_clients(site):
    d, front = site(rserverd={"trusted_proxies": ["127.0.0.1", "unix:"], "limit_req": "1r/m", "limit_req_burst": 1, "limit_req_status": 429})
    for address in ("127.0.0.2", "127.0.0.3"):
        with http.Conn(front.address, source=address) as c:
            assert [c.request("/", headers=FORGED).status for _ in range(4)] == [200, 200, 429, 429]
    assert [http.fetch(front.address, "/").status for _ in range(4)] == [200] * 4, "127.0.0.1 is one of ours"
    d.wait_log("client 127.0.0.3 is above limit_req|client 127.0.0.2 is above limit_req")


def test_limit_conn_counts_the_clients(site):
    d, front = site(rserverd={"trusted_proxies": ["127.0.0.1", "unix:"], "limit_conn": 1})

    def status(address):
        with http.Conn(front.address, source=address) as c:
            return c.request("/").status
    with http.Conn(front.address, source="127.0.0.2") as stream:
        stream.send(http.build("/endless"))
        assert stream.piece(stream.response(body=False))
        assert status("127.0.0.2") == 503 and status("127.0.0.3") == 200
    until(lambda: status("127.0.0.2") == 200, message="room again")


# ---- the samples themselves --------------------------------------------------------------------------------

def test_its_own_check_finds_nothing(site):
    d, front = site()
    assert http.fetch(front.address, "/style.css").body == b"a{}" and http.fetch(front.address, "/").body == b"hello"
    if d.kind == "nginx":
        said = fronts.judge_nginx(front).splitlines()
        assert [line.rsplit(" ", 3)[-3:] for line in said] == [["syntax", "is", "ok"], ["test", "is", "successful"]], said
    else:
        assert front.judge() == "Syntax OK\n"


@pytest.mark.skipif("nginx" not in fronts.KINDS, reason="needs nginx")
def test_what_nginx_sample_has_in_comments_works(daemon, tmp_path):
    """TLS and HTTP/2, behind a load balancer, unbuffered, to a Unix socket."""
    authority = tls.Authority(tmp_path)
    cert, key = authority.server("localhost", "127.0.0.1")
    d = daemon.callable(APP, start=False)
    d.set("rserverd", listen=[d.path("run/http.sock")])
    d.start()
    port = fronts.free_port()

    def http_part(service):
        text = fronts.nginx_sample(service, d.path("run/http.sock"), f"{d.app}/public", unbuffered=True)
        text = fronts.replaced(text, r"#listen 443 ssl http2;", f"listen 127.0.0.1:{port} ssl http2;")
        text = fronts.replaced(text, r"#ssl_certificate     [^;]+;", f"ssl_certificate {cert};")
        text = fronts.replaced(text, r"#ssl_certificate_key [^;]+;", f"ssl_certificate_key {key};")
        text = fronts.replaced(text, r"#set_real_ip_from 10\.0\.0\.0/8;", "set_real_ip_from 127.0.0.1;")
        text = fronts.replaced(text, r"#(?=real_ip_)", "", 2)
        assert "\t#" not in re.sub(r"# .*", "", text), "nothing else is commented out"
        return text
    front = Nginx(http_part)
    try:
        said = fronts.judge_nginx(front)
        assert "warn" not in said and "successful" in said
        out = subprocess.run(["curl", "-sS", "--cacert", authority.cert, "-H", "X-Forwarded-For: 6.6.6.6, 192.0.2.7", "-d", "a=b",
                              f"https://localhost:{port}/server"], stdout=subprocess.PIPE, timeout=30, check=True).stdout
        s = json.loads(out)
        assert (s["REMOTE_ADDR"], s["HTTPS"], s["REQUEST_SCHEME"], s["SERVER_PORT"]) == ("192.0.2.7", "on", "https", str(port))
        assert s["HTTP_X_FORWARDED_PROTO"] == "https" and s["SERVER_PROTOCOL"].startswith("HTTP/2")
    finally:
        front.stop()


# ---- what Laravel makes of it ---------------------------------------------------------------------------------

TRUST = """<?php
namespace App\\Http\\Middleware;
class TrustProxies extends \\Illuminate\\Http\\Middleware\\TrustProxies
{
    protected $proxies = '*';
    protected $headers = \\Illuminate\\Http\\Request::HEADER_X_FORWARDED_FOR | \\Illuminate\\Http\\Request::HEADER_X_FORWARDED_HOST
        | \\Illuminate\\Http\\Request::HEADER_X_FORWARDED_PORT | \\Illuminate\\Http\\Request::HEADER_X_FORWARDED_PROTO
        | \\Illuminate\\Http\\Request::HEADER_X_FORWARDED_PREFIX;
    protected function getTrustedHeaderNames() // that of Laravel 8 does not know the prefix
    {
        return $this->headers;
    }
}
"""
REAL_IP = [("X-Real-IP", "192.0.2.1"), ("X-Real-Port", "5000"), ("Scheme", "https"), ("Server-Port", "443")]
FORWARDED = [("X-Forwarded-For", "192.0.2.1"), ("X-Forwarded-Proto", "https"), ("X-Forwarded-Host", "public.test"), ("X-Forwarded-Port", "8443"),
             ("X-Forwarded-Prefix", "/shop")]
# real_ip_header, TrustProxies, who trusts the peer, what is said: url('/somewhere'), ip(), secure()
LARAVEL = [
    ("X-Real-IP", False, True, REAL_IP, "https://app.test/somewhere", "192.0.2.1", True),
    ("X-Real-IP", True, True, REAL_IP, "https://app.test/somewhere", "192.0.2.1", True),
    ("X-Real-IP", True, True, REAL_IP + FORWARDED, "https://public.test:8443/shop/somewhere", "192.0.2.1", True),
    ("X-Forwarded-For", False, True, FORWARDED, "https://app.test/somewhere", "192.0.2.1", True),
    ("X-Forwarded-For", True, True, FORWARDED, "https://public.test:8443/shop/somewhere", "192.0.2.1", True),
    ("off", True, True, FORWARDED, "https://public.test:8443/shop/somewhere", "192.0.2.1", True),
    ("off", False, True, REAL_IP + FORWARDED, "http://app.test/somewhere", "127.0.0.1", False),
    ("X-Real-IP", False, False, REAL_IP + FORWARDED, "http://app.test/somewhere", "127.0.0.1", False),
    ("X-Forwarded-For", False, False, REAL_IP + FORWARDED, "http://app.test/somewhere", "127.0.0.1", False),
]


def laravel(daemon, trust, **rserverd):
    d = daemon.laravel(start=False, ini={"rserverd": rserverd})
    if trust:
        with open(os.path.join(d.app, "app/Http/Kernel.php")) as f:
            kernel = f.read()
        d.write("app/Http/Kernel.php", fronts.replaced(kernel, r"protected \$middleware = \[", "protected $middleware = [Middleware\\TrustProxies::class,"))
        d.write("app/Http/Middleware/TrustProxies.php", TRUST)
    return d.start()


@pytest.mark.parametrize("trust", [False, True], ids=["bare", "TrustProxies"])
def test_urls_of_laravel(daemon, trust):
    d = laravel(daemon, trust)
    for header, with_trust, trusted, said, to, ip, secure in LARAVEL:
        if with_trust != trust:
            continue
        d.set("rserverd", real_ip_header=header, trusted_proxies=["127.0.0.1" if trusted else "10.0.0.1"])
        assert d.ctl("reload", "--wait").returncode == 0
        r = d.get("/test/input", said, host="app.test").json()
        assert (r["to"], r["ip"], r["secure"]) == (to, ip, secure), (header, trusted, said)
        r = d.get("/test/input", host="app.test").json()
        assert (r["to"], r["secure"]) == (f"http://app.test/somewhere", False), "nothing of it is left for the next one"


@pytest.mark.parametrize("kind", fronts.KINDS)
@pytest.mark.parametrize("trust", [False, True], ids=["bare", "TrustProxies"])
def test_urls_of_laravel_behind_a_real_server(daemon, kind, trust):
    d = laravel(daemon, trust, socket_mode="0666")
    for folder in (d.folder, d.app, os.path.join(d.app, "public")):
        os.chmod(folder, 0o755)
    front = fronts.front(kind, d.address, f"{d.app}/public")
    try:
        r = http.fetch(front.address, "/test/input", host=f"shop.test:{front.port}", headers=FORGED).json()
        assert r["to"] == f"http://shop.test:{front.port}/somewhere" and not r["secure"] and r["ip"] == "127.0.0.1"
    finally:
        front.stop()


# ---- WebSocket -------------------------------------------------------------------------------------------

ECHO = """<?php
$server = new Swoole\\WebSocket\\Server('127.0.0.1', (int) getenv('RS_PORT'));
$server->set(['worker_num' => 1]);
$server->on('message', fn ($server, $frame) => $server->push($frame->fd, "you said: {$frame->data}"));
$server->on('request', fn ($request, $response) => $response->end($request->header['upgrade'] ?? 'none'));
$server->start();
"""


def chat(front):
    w = websocket.create_connection("ws://127.0.0.1:%d/chat" % front.port, timeout=20)
    for text in ("one", "x" * 100000):
        w.send(text)
        assert w.recv() == f"you said: {text}"
    w.close()


@pytest.mark.parametrize("kind", fronts.KINDS)
def test_websocket(server, kind, tmp_path):
    s = server(code=ECHO)
    front = fronts.front(kind, ("127.0.0.1", s.port), str(tmp_path))
    try:
        chat(front)
        assert http.fetch(front.address, "/", headers=[("Upgrade", "h2c"), ("Connection", "Upgrade, HTTP2-Settings")]).body == b"none"
    finally:
        front.stop()


@pytest.mark.skipif("apache" not in fronts.KINDS, reason="needs Apache")
def test_websocket_by_wstunnel(server):
    """How Apache was told of it before 2.4.47."""
    s = server(code=ECHO)
    front = fronts.Apache(lambda service: f"ProxyPass /chat ws://127.0.0.1:{s.port}/chat\nProxyPass / http://127.0.0.1:{s.port}/\n",
                          modules=["proxy_wstunnel"])
    try:
        chat(front)
        assert http.fetch(front.address, "/").body == b"none"
    finally:
        front.stop()


@pytest.mark.parametrize("way", ["tcp", "unix"])
@pytest.mark.parametrize("kind", [*fronts.KINDS, *(["haproxy"] if fronts.HAPROXY else [])])
def test_websocket_of_laravel(hosted, kind, way, tmp_path):
    """Through the routes, with session and user; it outlives a reload, and ends as either side says."""
    d = hosted("37", start=False, timer=False, processes=False)
    d.set("websocket", gate="true")
    upstream = d.address
    if way == "unix":
        upstream = d.path("run/up.sock")
        d.set("rserverd", listen=[upstream], socket_mode="0666")
    for folder in (d.folder, d.path("run"), tmp_path):
        os.chmod(folder, 0o755)
    d.start()
    front = fronts.front(kind, upstream, str(tmp_path))
    try:
        alice = http.Browser(front.address)
        assert alice.get("/test/login?user=alice").json()["auth"] == "alice@example.test"
        sock = socket.socket()
        sock.bind(("127.0.0.6", 0))
        sock.connect(front.address)
        c = d.ws("/ws?tag=front", alice, port=front.port, socket=sock)
        alice.close()
        assert c.opened["user"] == c.opened["by_request"] == "alice@example.test" and c.opened["query"] == {"tag": "front"}
        assert c.code("return [request()->ip(), $server->getClientInfo($frame->fd)['websocket_status']];") == ["127.0.0.6", 3]
        big = "x" * 300000
        assert c.ask("echo " + big) == big
        c.ws.send_binary(bytes(range(256)))
        assert c.recv() == bytes(range(256))[::-1]
        c.ws.ping("are you there")
        assert c.ws.recv_data_frame(control_frame=True)[0] == websocket.ABNF.OPCODE_PONG
        assert d.ctl("reload", "--wait").returncode == 0
        assert c.alive() and c.code("return auth()->user()->email;") == "alice@example.test"
        fd = c.fd
        c.close()
        d.wait("close", fd=fd)
        assert d.ws("/ws-plain?refuse=1", port=front.port, welcome=False).closed() == (4001, "go away")
        c = d.ws("/ws-plain", port=front.port)
        fd = c.fd
        c.reset()
        d.wait("close", fd=fd)
        _, r = d.upgrade("/ws", port=front.port)
        assert r.status == 302 and r.get("location").endswith("/login"), "a stranger has the answer of the routes"
        assert http.fetch(front.address, "/test/whoami").json()["auth"] is None
    finally:
        d.hang_up()
        front.stop()


# ---- PROXY protocol ----------------------------------------------------------------------------------------

@pytest.mark.skipif(not os.path.exists(fronts.STREAM), reason="needs nginx's stream module")
@pytest.mark.parametrize("way", ["tcp", "unix"])
def test_proxy_protocol_of_a_real_balancer(daemon, way):
    d = daemon.callable(APP, start=False)
    upstream = ("127.0.0.1", fronts.free_port()) if way == "tcp" else d.path("run/balanced.sock")
    d.set("rserverd", listen=[('"%s proxy_protocol"' % (upstream if way == "unix" else "%s:%d" % upstream))],
          trusted_proxies=["127.0.0.1", "unix:"], limit_req="1r/m", limit_req_burst=2)
    d.start()
    balancer = fronts.Balancer(upstream)
    try:
        with http.Conn(balancer.address, source="127.0.0.8") as c:
            for _ in range(2):
                s = c.request("/server", headers=FORGED).json()
                assert (s["REMOTE_ADDR"], s["REMOTE_PORT"]) == ("127.0.0.8", str(c.sock.getsockname()[1]))
                assert (s["SERVER_ADDR"], s["SERVER_PORT"]) == ("127.0.0.1", str(balancer.port)) and "HTTPS" not in s
        with http.Conn(balancer.address, source="127.0.0.8") as c:
            assert [c.request("/").status for _ in range(2)] == [200, 503], "another connection of the same client"
        with http.Conn(balancer.address, source="127.0.0.7") as c:
            assert c.request("/chunks").status == 200
    finally:
        balancer.stop()
