"""Artisan, php-fpm and scripts beside a running server: its commands, tasks and pushes from there, and what is said when
there is no server. What the commands print alone: tests/php/test_console.php. (Contract 4.2, 10.20.)"""

import json
import os
import re
import signal
import subprocess

import pytest
import websocket

from lib import proc
from lib.daemon import BINARY, OTHERS_MAY, TREE, run
from lib.fpm import FPM, NGINX, ROOT, Fpm
from lib.wait import SLOW, until

MODULE = os.path.join(os.path.dirname(os.path.abspath(BINARY)), "rserverd-php.so")

CONFIG = """<?php return ['websocket' => ['enable' => true, 'handler' => App\\Outside\\Chat::class],
    'events' => [App\\Outside\\Noted::class => [App\\Outside\\WriteDown::class]],
    'swoole' => ['task_worker_num' => 1, 'pid_file' => getenv('TEST_PID_FILE') ?: storage_path('laravels.pid')]];"""

FILES = {
    "app/Outside/Chat.php": """<?php namespace App\\Outside;
class Chat implements \\Hhxsv5\\LaravelS\\Swoole\\WebSocketHandlerInterface {
    public function __construct() {}
    public function onOpen(\\Swoole\\WebSocket\\Server $server, \\Swoole\\Http\\Request $request) { $server->push($request->fd, (string) $request->fd); }
    public function onMessage(\\Swoole\\WebSocket\\Server $server, \\Swoole\\WebSocket\\Frame $frame) {}
    public function onClose(\\Swoole\\WebSocket\\Server $server, $fd, $reactorId) {} }""",
    "app/Outside/Write.php": """<?php namespace App\\Outside;
class Write extends \\Hhxsv5\\LaravelS\\Swoole\\Task\\Task {
    private $of;
    public function __construct(private string $text) { $this->of = getmypid(); }
    public function handle() { file_put_contents(storage_path('app/tasks'), json_encode([$this->text, $this->of, getmypid(), app('swoole')->taskworker]) . "\\n", FILE_APPEND); } }""",
    "app/Outside/Noted.php": """<?php namespace App\\Outside;
class Noted extends \\Hhxsv5\\LaravelS\\Swoole\\Task\\Event { public function __construct(public string $text) {} }""",
    "app/Outside/WriteDown.php": """<?php namespace App\\Outside;
class WriteDown extends \\Hhxsv5\\LaravelS\\Swoole\\Task\\Listener {
    public function handle(\\Hhxsv5\\LaravelS\\Swoole\\Task\\Event $event) { file_put_contents(storage_path('app/tasks'), json_encode(["event $event->text"]) . "\\n", FILE_APPEND); } }""",
    "app/Outside/Code.php": """<?php namespace App\\Outside;
class Code extends \\Illuminate\\Console\\Command {
    protected $signature = 'code {php}';
    public function handle() { echo json_encode(self::answer($this->argument('php'))), "\\n"; return 0; }
    public static function answer(string $php): array {
        try { return ['value' => eval($php)]; } catch (\\Throwable $e) { return ['throws' => get_class($e), 'message' => $e->getMessage()]; } } }""",
}
KERNEL = {
    "laravel": """<?php namespace App\\Console;
class Kernel extends \\Illuminate\\Foundation\\Console\\Kernel { protected $commands = [\\App\\Outside\\Code::class]; }""",
    "lumen": """<?php namespace App\\Console;
class Kernel extends \\Laravel\\Lumen\\Console\\Kernel { protected $commands = [\\App\\Outside\\Code::class]; }""",
}
ROUTES = {
    "laravel": ("routes/api.php", "Illuminate\\Support\\Facades\\Route::get('/code', fn () => App\\Outside\\Code::answer(request('php')));", "/api/code"),
    "lumen": ("routes/web.php", "$router->get('/code', fn () => App\\Outside\\Code::answer(app('request')->input('php')));", "/code"),
}


class Site:
    """An application with a server, and everything that may stand beside it."""

    def __init__(self, d, name):
        self.d, self.name = d, name

    def artisan(self, *words, **kw):
        return run(self.d.binary, "-c", self.d.ini_path, "artisan", *words, cwd=self.d.folder, env=self.d.environment(), **kw)

    def code(self, php, **kw):
        """The value of PHP code in Artisan."""
        r = self.artisan("code", php, **kw)
        assert r.returncode == 0, r.stdout + r.stderr
        return value(r.stdout)

    def tasks(self, count):
        path = os.path.join(self.d.app, "storage/app/tasks")

        def there():
            lines = open(path).read().splitlines() if os.path.exists(path) else []
            return [json.loads(line) for line in lines] if len(lines) >= count else None
        return until(there, message=f"{count} tasks are done; log: {self.d.log()[-1500:]}")

    def chat(self):
        path = "/api/code?php=" if self.name == "laravel" else "/code?php="
        c = websocket.create_connection(f"ws://{self.d.host}:{self.d.port}{path}", timeout=10 * SLOW)
        return c, int(c.recv())


class Thrown(Exception):
    pass


def value(text):
    answer = json.loads(text.strip().splitlines()[-1])
    if "throws" in answer:
        raise Thrown(f"{answer['throws']}: {answer['message']}")
    return answer["value"]


@pytest.fixture
def site(daemon):
    """site(name, config=CONFIG): a Laravel or Lumen application with the classes above."""
    def make(name="laravel", config=CONFIG, start=True, **kw):
        d = daemon.app(name, start=False, **kw)
        d.env["TEST_PID_FILE"] = d.ini["swoole"]["pid_file"]
        route = ROUTES[name]
        text = open(os.path.join(d.app, route[0])).read() + "\n" + route[1] + "\n"
        for file, content in {**FILES, "app/Console/Kernel.php": KERNEL[name], route[0]: text, "config/laravels.php": config}.items():
            d.write(file, content)
        os.makedirs(os.path.join(d.app, "storage/app"), exist_ok=True)
        if start:
            d.start()
        return Site(d, name)
    return make


both = pytest.mark.parametrize("name", ["laravel", "lumen"])
PUSH = "return app('swoole')->push({fd}, {text!r});"


# ---- with a server

@both
def test_artisan_speaks_to_the_server(site, name):
    s = site(name)
    stats = s.code("return app('swoole')->stats();")
    assert stats["worker_num"] == 2
    assert s.code("return [get_class(app('swoole')), app('swoole')->worker_id, app()->runningInConsole(), app('swoole') === app('swoole')];") == [
        "Swoole\\WebSocket\\Server", -1, True, True]


@both
def test_artisan_delivers_and_fires(site, name):
    s = site(name)
    assert s.code("return Hhxsv5\\LaravelS\\Swoole\\Task\\Task::deliver(new App\\Outside\\Write('of artisan'));") is True
    (text, of, handled, is_task_worker), = s.tasks(1)
    assert text == "of artisan" and of != handled and is_task_worker is True
    assert handled in [p["pid"] for p in s.d.status()["processes"] if p["role"].startswith("task")]
    assert s.code("return Hhxsv5\\LaravelS\\Swoole\\Task\\Event::fire(new App\\Outside\\Noted('it'));") is True
    assert s.tasks(2)[1] == ["event it"]


def test_delivered_with_a_delay_by_a_process_that_has_gone(site):
    s = site()
    assert s.code("return Hhxsv5\\LaravelS\\Swoole\\Task\\Task::deliver((new App\\Outside\\Write('late'))->delay(1));") is True
    assert s.tasks(1)[0][0] == "late"


@both
def test_artisan_pushes(site, name):
    s = site(name)
    c, fd = s.chat()
    assert s.code(PUSH.format(fd=fd, text="of artisan")) is True
    assert c.recv() == "of artisan"
    assert s.code("return [app('swoole')->exist(%d), app('swoole')->isEstablished(%d), app('swoole')->exist(987654)];" % (fd, fd)) == [True, True, False]
    assert s.code("return iterator_to_array(app('swoole')->connections, false);") == [fd]
    c.close()


@both
@pytest.mark.skipif(not (NGINX and FPM), reason="needs nginx and php-fpm")
def test_php_fpm_with_the_module(site, name):
    """stats, push, deliver and fire in the same application under php-fpm. It does not list our provider."""
    s = site(name)
    os.environ["TEST_PID_FILE"] = s.d.ini["swoole"]["pid_file"]
    try:
        # php-fpm clears the environment: the file says it itself.
        s.d.write("config/laravels.php", CONFIG.replace("getenv('TEST_PID_FILE') ?: ", f"'{s.d.ini['swoole']['pid_file']}' ?: "))
        fpm = Fpm(os.path.join(s.d.app, "public"), module=MODULE)
    finally:
        del os.environ["TEST_PID_FILE"]
    try:
        from urllib.parse import quote
        from lib import http

        def code(php):
            r = http.fetch(fpm.address, f"{ROUTES[name][2]}?php={quote(php)}", "GET", [("Host", "example.test")])
            assert r.status == 200, r.text
            return value(r.text)
        assert code("return [PHP_SAPI, app('swoole')->stats()['worker_num'], app('swoole') === app('swoole')];") == ["fpm-fcgi", 2, True]
        c, fd = s.chat()
        for n in range(3):
            assert code(PUSH.format(fd=fd, text=f"of fpm {n}")) is True
            assert c.recv() == f"of fpm {n}"
        c.close()
        assert code("return Hhxsv5\\LaravelS\\Swoole\\Task\\Task::deliver(new App\\Outside\\Write('of fpm'));") is True
        assert s.tasks(1)[0][0] == "of fpm"
        assert code("return Hhxsv5\\LaravelS\\Swoole\\Task\\Event::fire(new App\\Outside\\Noted('of fpm'));") is True
        assert s.tasks(2)[1] == ["event of fpm"]
    finally:
        fpm.stop()


def test_a_long_process_finds_the_server_again(site):
    """A queue worker outlives a restart of the server: app('swoole') is asked for anew."""
    s = site()
    php = ("echo app('swoole')->stats()['worker_num'], \"\\n\"; fgets(STDIN);"
           "try { app('swoole')->stats(); echo \"still\\n\"; } catch (RuntimeException $e) { echo \"gone\\n\"; } fgets(STDIN);"
           "return app('swoole')->stats()['worker_num'];")
    child = subprocess.Popen([s.d.binary, "-c", s.d.ini_path, "artisan", "code", php], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                             stderr=subprocess.STDOUT, text=True, cwd=s.d.folder, env=s.d.environment(), bufsize=1)
    try:
        assert child.stdout.readline() == "2\n"
        assert s.d.stop() == 0
        child.stdin.write("\n")
        assert child.stdout.readline() == "gone\n"
        s.d.start()
        child.stdin.write("\n")
        assert json.loads(child.stdout.readline()) == {"value": 2}
        assert child.wait(10 * SLOW) == 0
    finally:
        child.kill()
        child.wait()
        child.stdin.close()
        child.stdout.close()


def test_plain_artisan_with_the_module(site):
    """`rserverd php artisan`: the application's own file. The provider is not listed, its commands are there."""
    s = site()
    env = {**s.d.environment(), "RSERVERD_APP_SOCKET": s.d.path("run/app.sock")}
    r = run(s.d.binary, "php", "artisan", "code", "return app('swoole')->stats()['worker_num'];", cwd=s.d.app, env=env)
    assert value(r.stdout) == 2, r.stdout + r.stderr
    assert "laravels:list-properties" in run(s.d.binary, "php", "artisan", "list", cwd=s.d.app, env=env).stdout


# ---- without one

@both
def test_no_server(site, name):
    s = site(name, start=False)
    socket = s.d.path("run/app.sock")
    for php in ("app('swoole')->stats();", "Hhxsv5\\LaravelS\\Swoole\\Task\\Task::deliver(new App\\Outside\\Write('x'));"):
        with pytest.raises(Thrown, match=rf"(?s)RuntimeException: .*{re.escape(socket)}.*rserverd status"):
            s.code(php)
    assert s.artisan("list").returncode == 0, "nothing else needs one"


@pytest.mark.skipif(not ROOT or not OTHERS_MAY, reason="needs root, and a clone that others may look into")
def test_no_permission(site):
    s = site()
    for folder, mode in ((".", 0o755), ("storage", 0o777), ("storage/logs", 0o777), ("bootstrap/cache", 0o777)):
        os.chmod(os.path.join(s.d.app, folder), mode)
    os.chmod(os.path.join(s.d.app, ".env"), 0o644)
    os.chmod(s.d.ini_path, 0o644)
    with pytest.raises(Thrown, match=r"(?i)app.'swoole'.*app\.sock: no permission"):
        s.code("return app('swoole')->stats();", user=65534, group=65534)
    assert s.code("return app('swoole')->stats()['worker_num'];") == 2


@pytest.mark.parametrize("config, said", [
    (CONFIG.replace("App\\Outside\\Chat::class", "'No\\Such'"), "websocket.handler: there is no class No"),
    (CONFIG.replace("'task_worker_num' => 1", "'task_worker_num' => 0"), "swoole.task_worker_num"),
])
def test_config_says_what_start_would(site, config, said):
    s = site(config=config, start=False)
    r = s.artisan("laravels", "config")
    assert r.returncode == 1 and said in r.stdout, r.stdout
    s.d.expect_exit = 1
    s.d.start(wait=False)
    assert s.d.wait_exit(20) == 1 and said in s.d.log()


# ---- commands

@both
def test_published_files_serve(site, name):
    """The published config/laravels.php starts without a word of complaint, and bin/laravels is rserverd."""
    s = site(name, start=False)
    r = s.artisan("laravels", "publish", "--no-interaction")
    assert r.returncode == 0 and f"kept {s.d.app}/config/laravels.php" in r.stdout
    os.unlink(os.path.join(s.d.app, "config/laravels.php"))
    assert s.artisan("laravels", "publish").returncode == 0
    os.rename(s.d.ini_path, os.path.join(s.d.app, "laravels.ini"))
    s.d.ini_path = os.path.join(s.d.app, "laravels.ini")
    script = os.path.join(s.d.app, "bin/laravels")
    env = {**s.d.environment(), "RSERVERD": s.d.binary}
    r = run("php", script, "info", env=env, cwd="/")
    assert r.returncode == 0 and re.search(r"Server +\| does not run ", r.stdout) and re.search(r"PHP +\| 8\.", r.stdout), r.stdout + r.stderr
    r = run("php", script, "start", "-d", "-i", "-x", "7", env=env, cwd="/")
    assert r.returncode == 0, r.stdout + r.stderr
    r = run("php", script, "info", env=env, cwd="/")
    assert r.returncode == 0 and re.search(r"Main HTTP +\| On ", r.stdout) and "does not run" not in r.stdout, r.stdout + r.stderr
    s.d.master_pid = s.d.pid_in_file()
    assert s.d.get("/").status == 200
    s.d.wait_ready()
    warned = [line for line in s.d.log().splitlines() if "[warn]" in line and "run as root" not in line]
    assert warned == []
    shown = s.artisan("laravels", "info").stdout
    assert re.search(rf"Server +\| runs, pid {s.d.master_pid} ", shown) and re.search(r"rserverd +\| \d", shown), shown
    assert run("php", script, "reload", "--wait", env=env, cwd="/").returncode == 0
    assert run("php", script, "stop", env=env, cwd="/").returncode == 0
    assert not proc.alive(s.d.master_pid)


SERVERLESS = """#!/usr/bin/env bash
set +e

# Create storage-related directories
mkdir -p {0}/app/public
mkdir -p {0}/framework/cache
mkdir -p {0}/framework/sessions
mkdir -p {0}/framework/testing
mkdir -p {0}/framework/views
mkdir -p {0}/logs

# Set the environment variable APP_STORAGE_PATH, please make sure it's the same as APP_STORAGE_PATH in .env
export APP_STORAGE_PATH={0}

# Start LaravelS
php bin/laravels start
"""


def test_serverless(site, tmp_path):
    """The README's laravels_bootstrap; bootstrap/app.php has its line. Nothing is written into the project."""
    s = site(start=False)
    d, storage = s.d, str(tmp_path / "storage")
    assert s.artisan("laravels", "publish", "--no-interaction").returncode == 0
    with open(os.path.join(d.app, "bootstrap/app.php")) as f:
        text = f.read()
    line = f"$app->useStoragePath(env('APP_STORAGE_PATH', '{storage}'));\n"
    d.write("bootstrap/app.php", text.replace("\nreturn $app;", f"\n{line}\nreturn $app;"))
    assert line in open(os.path.join(d.app, "bootstrap/app.php")).read()
    with open(os.path.join(d.app, ".env"), "a") as f:
        f.write(f"APP_STORAGE_PATH={storage}\n")
    d.write("laravels_bootstrap", SERVERLESS.format(storage))
    del d.ini["swoole"]["pid_file"]
    os.unlink(d.ini_path)
    d.ini_path = os.path.join(d.app, "laravels.ini")
    d.write_ini()
    d.ini["swoole"]["pid_file"] = os.path.join(storage, "laravels.pid")

    def written():
        return {os.path.join(root, name): os.stat(os.path.join(root, name)).st_mtime_ns
                for root, _, names in os.walk(d.app) if not root.endswith("database") for name in names}
    before = written()
    env = {**d.environment(), "RSERVERD": d.binary}
    with open(d.out_path, "ab") as out:
        child = subprocess.Popen(["bash", "laravels_bootstrap"], cwd=d.app, env=env, stdin=subprocess.DEVNULL, stdout=out, stderr=out)
    env["APP_STORAGE_PATH"] = d.env["APP_STORAGE_PATH"] = storage     # for who asks from outside
    try:
        d.master_pid = until(d.pid_in_file, 30, message="the pid file in the storage folder")
        until(lambda: d.settled(), 30, message="it serves")
        assert d.get("/").status == 200 and d.get("/test/session").status in (200, 404)
        assert {"laravels.pid", "control.sock", "app.sock"} <= set(os.listdir(storage))
        assert os.listdir(f"{storage}/framework/views"), "compiled views"
        assert run("php", "bin/laravels", "reload", "--wait", env=env, cwd=d.app).returncode == 0
        assert run("php", "bin/laravels", "stop", env=env, cwd=d.app).returncode == 0
        assert child.wait(20) == 0 and not os.path.exists(d.ini["swoole"]["pid_file"])
        assert written() == before
    finally:
        child.kill()
        child.wait()


def test_exit_status_of_artisan(site):
    s = site(start=False)
    assert s.artisan("laravels", "reload").returncode == 1
    assert s.artisan("no:such").returncode == 1
    r = run(s.d.binary, "-c", s.d.ini_path, "artisan", "list", cwd=s.d.folder, env={**s.d.environment(), "LARAVEL_BASE_PATH": ""})
    assert r.returncode == 0 and "laravels:list-properties" in r.stdout


# ---- bin/fswatch and bin/inotify, with programs of ours in place of the real ones

WATCHERS = {"fswatch": "fswatch", "inotify": "inotifywait"}
WATCHER = """#!/bin/sh
printf '%s\\n' "$*" >"$TEST_DIR/watched.new"
mv "$TEST_DIR/watched.new" "$TEST_DIR/watched"
exec cat "$TEST_DIR/fifo"
"""
SERVER = """#!/bin/sh
printf '%s\\n' "$*" >>"$TEST_DIR/calls"
case $1 in reload) while [ -e "$TEST_DIR/hold" ]; do sleep 0.05; done ;; esac
"""


@pytest.fixture
def watch(tmp_path):
    """watch(name): a published watcher that runs, below a folder whose name wants quoting."""
    base = tmp_path / "a b'c $d"
    children = []

    def make(name):
        for folder in ("bin", "bootstrap", "tools", "app"):
            (base / folder).mkdir(parents=True)
        for file in (name, "laravels"):
            (base / "bin" / file).write_bytes(open(os.path.join(TREE, "sapi/php/laravels/bin", file), "rb").read())
        for file, text in ((WATCHERS[name], WATCHER), ("rserverd", SERVER)):
            (base / "tools" / file).write_text(text)
            (base / "tools" / file).chmod(0o755)
        os.mkfifo(base / "fifo")
        env = {**os.environ, "TEST_DIR": str(base), "PATH": f"{base}/tools:{os.environ['PATH']}", "TMPDIR": str(tmp_path)}
        env.pop("RSERVERD", None)
        child = subprocess.Popen(["sh", str(base / "bin" / name), str(base / "app")], env=env, cwd="/", stdout=subprocess.DEVNULL)
        children.append(child)
        return base, child
    yield make
    for child in children:
        pids = proc.descendants(child.pid)
        child.kill()
        child.wait()
        for pid in pids:
            proc.kill(pid)


def calls(base):
    return (base / "calls").read_text().splitlines() if (base / "calls").exists() else []


@pytest.mark.parametrize("name", WATCHERS)
def test_watchers(watch, tmp_path, name):
    base, child = watch(name)
    until(lambda: (base / "watched").exists(), message="the watcher runs")
    assert calls(base) == ["restart -d -i"]
    assert (base / "watched").read_text().rstrip("\n").endswith(str(base / "app"))
    with open(base / "fifo", "w") as events:
        def changed(*names):
            events.write("".join(f"{base}/app/{n}\n" for n in names))
            events.flush()
        changed("a.php", "deep er/b.php", "c.php")
        until(lambda: len(calls(base)) == 2, message="reloaded")
        assert calls(base)[1] == "reload --wait"
        changed("style.css", "x.php~", "php")
        (base / "hold").write_text("")
        changed("d.php")
        until(lambda: len(calls(base)) == 3, message="a second change; what is no PHP file counts for nothing")
        # While it reloads: one more reload, when it is done.
        changed("e.php", "f.php")
        (base / "hold").unlink()
        until(lambda: len(calls(base)) == 4, message="what changed during the reload is not lost")
        changed("g.php")
        until(lambda: len(calls(base)) >= 5, message="the next change")
        assert calls(base) == ["restart -d -i", *["reload --wait"] * 4], "changes are put together"
        everyone = proc.descendants(child.pid)
        assert everyone
        child.send_signal(signal.SIGTERM)
        assert child.wait(10 * SLOW) == 0
    until(lambda: not any(proc.alive(p) for p in everyone), message="nothing of it is left")
    assert [p for p in tmp_path.iterdir() if p.name.startswith("tmp.")] == [], "nor of its files"


@pytest.mark.parametrize("name", WATCHERS)
def test_watcher_without_its_program(watch, name):
    base, child = watch(name)
    child.kill()
    child.wait()
    (base / "tools" / WATCHERS[name]).unlink()
    (base / "tools" / "php").symlink_to("/usr/bin/php")
    for tool in ("sh", "dirname", "mktemp", "env"):
        (base / "tools" / tool).symlink_to(f"/usr/bin/{tool}")
    env = {"TEST_DIR": str(base), "PATH": str(base / "tools")}
    r = run("/bin/sh", base / "bin" / name, base / "app", env=env, cwd="/")
    assert r.returncode == 1 and f"{WATCHERS[name]} is not installed" in r.stderr
