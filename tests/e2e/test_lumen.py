"""Lumen: what its application answers, and that one request leaves nothing to the next. The glue alone: tests/php/test_lumen.php.
(Contract 3.2, 3.7, 7.)"""

import json
import os
import re

import pytest
import websocket

from lib import http
from lib.daemon import TREE, Daemon, scaffold
from lib.fpm import FPM, NGINX, Fpm
from lib.wait import SLOW, until


@pytest.fixture
def lumen(daemon):
    """lumen(workers=1, files={name: text}, config=text of config/laravels.php, dotenv=[...]): a private copy that runs."""
    def make(workers=1, files=None, config=None, start=True, **kw):
        d = daemon.app("lumen", start=False, **kw)
        d.set("swoole", worker_num=workers)
        for name, text in {**(files or {}), **({"config/laravels.php": config} if config else {})}.items():
            d.write(name, text)
        return d.start() if start else d
    return make


def bearer(name):
    return {"Authorization": f"Bearer token-{name}"} if name else {}


# ---- the same answers as under php-fpm

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
JSON = {"Content-Type": "application/json", "Accept": "application/json"}
UPLOAD = http.multipart([("text", "with a file"), ("file", "a.txt", "text/plain", b"x" * 3000)], "----b0undary")

SAME = {
    "home": ("GET", "/", {}, None),
    "closure": ("GET", "/hello/J%C3%BCrgen%20x", {}, None),
    "head": ("HEAD", "/hello/you", {}, None),
    "view": ("GET", "/view/me", {}, None),
    "query": ("GET", "/dump?a=1&b[]=2&b[x]=3&c=%C3%A9", {"X-Given": "yes", "Cookie": "one=1; two=a%20b"}, None),
    "trailing slash": ("GET", "/dump/?x=1", {}, None),
    "form": ("POST", "/dump?q=1", FORM, b"a=1&b[]=2&b[]=3&_token=x"),
    "put form": ("PUT", "/dump", FORM, b"a=1&b=2"),
    "method override": ("POST", "/dump", FORM, b"_method=PUT&a=1"),
    "json": ("POST", "/dump", JSON, b'{"a":{"b":[1,2]},"c":null}'),
    "broken json": ("POST", "/dump", JSON, b'{"a":'),
    "upload": ("POST", "/upload", {"Content-Type": UPLOAD[0]}, UPLOAD[1]),
    "route": ("GET", "/route/first/42", {}, None),
    "route condition": ("GET", "/route/first/second", {}, None),
    "cookie": ("GET", "/cookie", {}, None),
    "redirect": ("GET", "/redirect", {}, None),
    "not found": ("GET", "/no/such/page", {}, None),
    "not found json": ("GET", "/no/such/page", {"Accept": "application/json"}, None),
    "not allowed": ("POST", "/hello/you", FORM, b""),
    "not allowed json": ("DELETE", "/dump", {"Accept": "application/json"}, None),
    "options": ("OPTIONS", "/dump", {}, None),
    "unauthorized": ("GET", "/api/me", {}, None),
    "guard and middleware": ("GET", "/api/me", bearer("alice"), None),
    "controller": ("GET", "/api/notes", bearer("bob"), None),
    "controller, model": ("GET", "/api/notes/1", bearer("bob"), None),
    "model not found": ("GET", "/api/notes/777", bearer("bob"), None),
    "validation": ("POST", "/api/notes", {**bearer("bob"), **FORM}, b"text=" + b"x" * 30),
    "exception of its own": ("GET", "/end/teapot", {}, None),
    "exception": ("GET", "/end/exception", {}, None),
    "exception json": ("GET", "/end/exception", {"Accept": "application/json"}, None),
    "type error": ("GET", "/end/error", {}, None),
    "abort": ("GET", "/abort/403", {}, None),
    "abort 503": ("GET", "/abort/503", {"Accept": "application/json"}, None),
    "stream": ("GET", "/end/stream", {}, None),
    "file": ("GET", "/end/file", {}, None),
    "file range": ("GET", "/end/file", {"Range": "bytes=5-20"}, None),
    "file from the end": ("GET", "/end/file", {"Range": "bytes=-7"}, None),
    "file head": ("HEAD", "/end/file", {}, None),
    "exit": ("GET", "/end/exit", {}, None),
    "echo": ("GET", "/end/echo", {}, None),
}
# The server's own, and those of the events that only it fires.
SERVERS_OWN = {"server", "date", "connection", "keep-alive", "transfer-encoding", "content-length", "x-events", "etag",
               "last-modified", "x-powered-by"}


@pytest.fixture(scope="module")
def both():
    if not (NGINX and FPM):
        pytest.skip("needs nginx and php-fpm")
    d = Daemon(engine="php", ini={"swoole": {"worker_num": 1}})
    fpm = None
    try:
        scaffold(d.app, "lumen")
        fpm = Fpm(os.path.join(d.app, "public"))
        d.start()
        yield fpm.address, d.address
    finally:
        if fpm:
            fpm.stop()
        d.finish()


@pytest.mark.parametrize("name", SAME)
def test_same_answer_as_php_fpm(both, name):
    method, target, headers, body = SAME[name]
    seen = []
    for address in both:
        r = http.fetch(address, target, method, [("Host", "example.test"), *headers.items()], body)
        left = sorted((k.lower(), v) for k, v in r.headers if k.lower() not in SERVERS_OWN)
        seen.append((r.status, left, r.body))
    assert seen[0] == seen[1]
    assert name.startswith(("head", "file head", "redirect", "options")) or seen[1][2], "an answer"


# ---- boot

def test_is_detected_and_named(lumen):
    d = lumen()
    out = d.ctl("info").stdout
    assert re.search(r"Lumen \[\w+\] +\| Lumen \(8", out) and re.search(r"Main HTTP \| On +\| Lumen Router \|", out), out
    c = d.get("/config").json()
    assert c["shop"] == {"currency": "EUR", "limits": {"notes": 10}} and c["unasked"] is True


def test_framework_as_a_word(lumen):
    d = lumen(ini={"rserverd": {"framework": "lumen"}})
    assert d.get("/hello/you").text == "Hello you"


@pytest.mark.parametrize("app, word, other", [("lumen", "laravel", "Lumen"), ("laravel", "lumen", "Laravel")])
def test_other_framework_than_demanded(daemon, app, word, other):
    d = daemon.app(app, start=False, ini={"rserverd": {"framework": word}})
    d.expect_exit = 1
    d.start(wait=False)
    assert d.wait_exit(20) == 1
    assert re.search(rf"framework = {word}, but .*bootstrap/app.php makes a {other} application", d.log())


def test_config_of_the_server_is_read(lumen):
    d = lumen(config="<?php return ['server' => 'OfTheFile', 'listen_ip' => '127.0.0.1', 'cleaners' => ["
                     "Hhxsv5\\LaravelS\\Illuminate\\Cleaners\\JWTCleaner::class]];")
    assert d.get("/hello/you").get("server") == "OfTheFile"


@pytest.mark.parametrize("name, text, reason", [
    ("routes/web.php", "<?php this is not php", "syntax error"),
    ("app/Providers/AppServiceProvider.php", """<?php namespace App\\Providers;
class AppServiceProvider extends \\Illuminate\\Support\\ServiceProvider {
    public function boot() { throw new \\RuntimeException('provider says no'); } }""", "provider says no"),
    ("config/unasked.php", "<?php throw new Exception('no config today');", "no config today"),
    ("config/laravels.php", "<?php return 42;", "laravels.php"),
    ("bootstrap/app.php", "<?php require dirname(__DIR__) . '/vendor/autoload.php'; return 42;", "must return the application"),
])
def test_boot_error_ends_the_start_with_its_reason(lumen, name, text, reason):
    d = lumen(files={name: text}, start=False)
    d.expect_exit = 1
    d.start(wait=False)
    assert d.wait_exit(20) == 1
    assert reason in d.log()


def test_environment_of_the_command_line(lumen):
    d = lumen(start=False)
    text = open(os.path.join(d.app, ".env")).read().replace("APP_ENV=local", "APP_ENV=staging")
    d.write(".env.staging", text.replace("lumen-demo", "of-staging"))
    d.args = ["-e", "staging", "-x", "release-7"]
    d.start()
    home = d.get("/").json()
    assert (home["environment"], home["name"]) == ("staging", "of-staging")
    assert d.get("/config").json()["server"] == "release-7"


def test_boot_in_the_worker(lumen):
    d = lumen(ini={"rserverd": {"boot": "worker"}})
    before = d.get("/traces").json()
    d.get("/leave-traces")
    assert d.get("/traces").json() == before


def test_register_providers(lumen):
    again = """<?php namespace App\\Providers;
class AgainProvider extends \\Illuminate\\Support\\ServiceProvider {
    public function register() { $this->app->bind('again', fn () => 'registered'); }
    public function boot() { $this->app->router->get('/again', fn () => ['again' => app('again'), 'url' => app('request')->url()]); } }"""
    d = lumen(files={"app/Providers/AgainProvider.php": again},
              config="<?php return ['register_providers' => [App\\Providers\\AgainProvider::class]];")
    for _ in range(3):
        assert d.get("/again").json()["again"] == "registered"


# ---- one request and another

def test_nothing_is_left_behind_over_100_requests(lumen):
    d = lumen()
    (pid,) = {d.get("/pid").json()["pid"]}
    before = d.get("/traces").json()
    assert before["user"] is None
    with d.conn() as c:
        for n in range(100):
            name = ("alice", "bob", None)[n % 3]
            r = c.request("/api/me", headers=list(bearer(name).items()))
            if name:
                assert r.json() == {"user": name.capitalize(), "auth": name.capitalize(), "alice": name == "alice"}, n
            else:
                assert r.status == 401, n
            left = c.request("/leave-traces").json()
            assert {k for k in before if left[k] == before[k]} == set(), "leave-traces changes them all"
            assert c.request("/traces").json() == before, n
            assert c.request("/added-by-a-request").status == c.request("/added-by-a-request/1").status == 404
    assert d.get("/pid").json()["pid"] == pid
    until(lambda: len(re.findall("left a transaction open", d.log())) == 100, message="each was said once")


def test_route_is_that_of_the_request(lumen):
    d = lumen()
    for n in range(20):
        assert d.get(f"/route/part{n}/{n}").json() == {
            "name": "two.parts", "first": f"part{n}", "all": {"first": f"part{n}", "second": str(n)}, "is": True,
            "url": "http://localhost/route/a/7"}
        assert d.get("/unrouted").json() == {"route": []}
        assert d.get(f"/nowhere/{n}").status == 404
        assert d.get(f"/holder/part{n}").json() == {"path": f"holder/part{n}"}


def test_controllers_are_new_and_the_database_stays_connected(lumen):
    d = lumen()
    for n in range(5):
        assert d.get("/api/notes", bearer("alice")).json()["calls"] == 1
        r = d.post("/api/notes", f"text=note{n}".encode(), {**bearer("alice"), **FORM})
        assert r.status == 201
    assert d.get("/api/notes", bearer("alice")).json()["notes"] == [f"note{n}" for n in range(5)]
    assert d.get("/api/notes", bearer("bob")).json()["notes"] == []
    r = d.get("/api/notes", bearer("bob"))
    assert r.get("x-tag") == "notes", "middleware of a controller"


def test_cache_outlives_a_request(lumen):
    d = lumen()
    assert d.get("/cache/one").json() == {"before": None}
    assert d.get("/cache/two").json() == {"before": "one"}


def test_events_of_the_server(lumen):
    d = lumen()
    for n in range(3):
        assert d.get(f"/hello/{n}").get("x-events") == f"received:bound:hello/{n} generated:200"
    assert d.get("/nowhere").get("x-events") == "received:bound:nowhere generated:404"


def test_listener_that_throws(lumen):
    d = lumen()
    for _ in range(2):
        r = d.get("/hello/you?listener_throws=1", {"Accept": "application/json"})
        assert r.status == 500 and r.json() == {"message": "Server Error"}
        assert d.get("/hello/you").text == "Hello you"
    assert "a listener fails" in open(os.path.join(d.app, "storage/logs/lumen.log")).read()


# ---- ends of a request

def test_terminable_middleware_runs_after_the_answer(lumen):
    d = lumen(workers=1)
    path = os.path.join(d.app, "storage/app/done")
    r = d.get("/hello/you?terminate_ms=2000&terminate_file=done")
    assert r.text == "Hello you" and not os.path.exists(path)
    assert until(lambda: os.path.exists(path) and open(path).read(), message="terminate() has run") == "hello/you 200"
    assert d.get("/hello/next").text == "Hello next"


def test_exception_in_terminate(lumen):
    d = lumen()
    for _ in range(2):
        r = d.get("/hello/you?terminate_throws=1")
        assert (r.status, r.text) == (200, "Hello you")
        d.wait_settled()
    path = os.path.join(d.app, "storage/logs/lumen.log")
    until(lambda: "thrown while terminating" in open(path).read() + d.log(), message="it is told")


def test_exceptions_are_reported(lumen):
    d = lumen()
    assert d.get("/end/exception").status == 500
    assert d.get("/end/teapot").json() == {"error": "short and stout", "path": "end/teapot"}
    assert "nobody expects it" in open(os.path.join(d.app, "storage/logs/lumen.log")).read()


def test_debug_page(lumen):
    d = lumen(dotenv=["APP_DEBUG=true"])
    assert "nobody expects it" in d.get("/end/exception").text
    assert d.get("/end/exception", {"Accept": "application/json"}).json()["message"] == "nobody expects it"


def test_exit_and_dd_end_the_request_alone(lumen):
    d = lumen()
    pid = d.get("/pid").json()["pid"]
    for _ in range(3):
        assert d.get("/end/exit").text == "so far"
        r = d.get("/end/dump")
        assert "dumped" in r.text and "<" in r.text, "for a browser"
        assert d.get("/pid").json()["pid"] == pid


@pytest.mark.memory_limit
def test_fatal_error_gets_the_page_of_the_handler(lumen):
    d = lumen(dotenv=["APP_DEBUG=true"])
    for _ in range(2):
        r = d.get("/end/fatal", {"Accept": "application/json"})
        assert r.status == 500 and "memory size" in r.json()["message"]
        d.wait_settled()
    assert "memory size" in open(os.path.join(d.app, "storage/logs/lumen.log")).read()


def test_stream_leaves_piece_by_piece(lumen):
    slow = """<?php namespace App\\Http\\Controllers;
class SlowController { public function run() { return new \\Symfony\\Component\\HttpFoundation\\StreamedResponse(function () {
    echo "first\\n"; flush(); while (!file_exists(storage_path('app/go'))) usleep(1000); echo "second\\n"; }); } }"""
    d = lumen(start=False, files={"app/Http/Controllers/SlowController.php": slow})
    with open(os.path.join(d.app, "routes/web.php"), "a") as f:
        f.write("\n$router->get('/slow', 'SlowController@run');\n")
    d.start()
    with d.conn() as c:
        c.send(http.build("/slow"))
        r = c.response(body=False)
        assert c.piece(r) == b"first\n"
        d.write("storage/app/go", "")
        assert c.piece(r) == b"second\n"


# ---- reload

def test_reload_takes_new_code(lumen):
    d = lumen(workers=2)
    assert d.get("/").json()["name"] == "lumen-demo"
    d.write("config/app.php", open(os.path.join(d.app, "config/app.php")).read().replace("env('APP_NAME', 'Lumen')", "'renamed'"))
    assert d.ctl("reload", "--wait").returncode == 0
    assert d.get("/").json()["name"] == "renamed"


def test_reload_that_does_not_boot_keeps_the_old(lumen):
    d = lumen(workers=1)
    routes = os.path.join(TREE, "tests/apps/lumen/routes/web.php")
    d.write("routes/web.php", "<?php this is not php")
    r = d.ctl("reload", "--wait")
    assert r.returncode != 0 and "syntax error" in r.stdout + r.stderr
    assert d.get("/hello/you").text == "Hello you"
    d.write("routes/web.php", open(routes).read())
    assert d.ctl("reload", "--wait").returncode == 0
    assert d.get("/hello/you").text == "Hello you"


# ---- the server's runtime

CHAT = """<?php namespace App\\Services;
use Illuminate\\Support\\Facades\\Auth;
class Chat implements \\Hhxsv5\\LaravelS\\Swoole\\WebSocketHandlerInterface {
    public function __construct() {}
    public function onOpen(\\Swoole\\WebSocket\\Server $server, \\Swoole\\Http\\Request $request) {
        $server->push($request->fd, json_encode(['fd' => $request->fd, 'user' => Auth::user()?->name, 'path' => app('request')->path(),
            'route' => app('request')->route()[2] ?? null, 'same' => app('swoole') === $server])); }
    public function onMessage(\\Swoole\\WebSocket\\Server $server, \\Swoole\\WebSocket\\Frame $frame) {
        if ($frame->data === 'task') { \\Hhxsv5\\LaravelS\\Swoole\\Task\\Task::deliver(new \\App\\Services\\Answer($frame->fd)); return; }
        $server->push($frame->fd, "you said $frame->data, " . config('app.name')); }
    public function onClose(\\Swoole\\WebSocket\\Server $server, $fd, $reactorId) {} }"""
ANSWER = """<?php namespace App\\Services;
class Answer extends \\Hhxsv5\\LaravelS\\Swoole\\Task\\Task {
    private array $names = [];
    public function __construct(private int $fd) {}
    public function handle() { $this->names = \\App\\Models\\User::orderBy('name')->pluck('name')->all(); }
    public function finish() { app('swoole')->push($this->fd, implode(',', $this->names)); } }"""
TICK = """<?php namespace App\\Services;
class Tick extends \\Hhxsv5\\LaravelS\\Swoole\\Timer\\CronJob {
    public function interval() { return 100; }
    public function isImmediate() { return true; }
    public function run() { file_put_contents(storage_path('app/ticks'), config('shop.currency') . "\\n", FILE_APPEND); } }"""
HOSTED = """<?php return ['websocket' => ['enable' => true, 'handler' => App\\Services\\Chat::class, 'gate' => true],
    'timer' => ['enable' => true, 'jobs' => [App\\Services\\Tick::class]], 'swoole' => ['task_worker_num' => 1]];"""


@pytest.fixture
def hosted_lumen(lumen):
    def make(**kw):
        d = lumen(config=HOSTED, start=False, files={"app/Services/Chat.php": CHAT, "app/Services/Answer.php": ANSWER,
                                                     "app/Services/Tick.php": TICK}, **kw)
        d.nprocesses = 2        # the task worker of config/laravels.php, and the timer
        return d.start_hosted()
    return make


def chat(d, path, **kw):
    return websocket.create_connection(f"ws://{d.host}:{d.port}{path}", timeout=10 * SLOW, **kw)


def test_websocket_opens_through_the_application(hosted_lumen):
    d = hosted_lumen()
    for name in ("alice", "bob"):
        c = chat(d, "/api/me", header=[f"Authorization: Bearer token-{name}"])
        opened = json.loads(c.recv())
        assert opened["user"] == name.capitalize() and opened["path"] == "api/me" and opened["same"] is True
        c.send("hello")
        assert c.recv() == "you said hello, lumen-demo"
        c.close()
    c = chat(d, "/hello/there")
    opened = json.loads(c.recv())
    assert opened["user"] is None and opened["route"] == {"name": "there"}
    c.close()
    assert d.get("/unrouted").json() == {"route": []}, "a request afterwards sees nothing of it"
    assert d.get("/traces").json()["user"] is None


def test_websocket_is_refused_as_the_route_answers(hosted_lumen):
    d = hosted_lumen()
    upgrade = [("Upgrade", "websocket"), ("Connection", "Upgrade"), ("Sec-WebSocket-Version", "13"),
               ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==")]
    for path, status in (("/api/me", 401), ("/no/such", 404), ("/end/teapot", 418), ("/hello/you", 101)):
        with d.conn() as c:
            c.send(http.build(path, headers=upgrade))
            assert c.head().status == status
    assert d.get("/hello/you").text == "Hello you"


def test_tasks_and_timer(hosted_lumen):
    d = hosted_lumen()
    c = chat(d, "/hello/x")
    c.recv()
    for _ in range(3):
        c.send("task")
        assert c.recv() == "Alice,Bob"
    c.close()
    path = os.path.join(d.app, "storage/app/ticks")
    until(lambda: os.path.exists(path) and open(path).read().count("EUR\n") >= 3, message="the timer ticks")


def test_connections_outlive_a_reload(hosted_lumen):
    d = hosted_lumen()
    c = chat(d, "/hello/x")
    c.recv()
    d.write("config/app.php", open(os.path.join(d.app, "config/app.php")).read().replace("env('APP_NAME', 'Lumen')", "'renamed'"))
    assert d.ctl("reload", "--wait").returncode == 0

    def renamed():
        c.send("again")
        return c.recv() == "you said again, renamed"
    until(renamed, message="the new generation answers the old connection")
    c.close()
