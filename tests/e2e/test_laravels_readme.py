"""Every example of the LaravelS 3.5 and 3.7 READMEs, unchanged but for names and ports (tests/apps/readme35, readme37)."""

import re
import time

import pytest
import websocket

from lib import http
from lib.laravels import Hosted
from lib.wait import SLOW, until

RELEASES = ["35", "37"]


class Readme(Hosted):
    """The application of examples; it reports nothing, it logs."""

    def __init__(self, release, **kw):
        super().__init__(release, tasks=8, name="readme" + release, **kw)
        self.user_names = ["timer", "test"] + (["pipe"] if release == "37" else [])
        self.tells = False

    def wait_laravel(self, pattern, count=1, timeout=15):
        until(lambda: len(re.findall(pattern, self.laravel_log())) >= count, timeout,
              message=f"/{pattern}/ {count} times in laravel.log:\n{self.laravel_log()[-3000:]}\n{self.log()[-2000:]}")

    def chat(self, path="/ws", port=None):
        return websocket.create_connection(f"ws://127.0.0.1:{port or self.port}{path}", timeout=10 * SLOW)


@pytest.fixture(scope="module", params=RELEASES)
def running(request):
    """It has been running since the first test: its cron job takes ten seconds and more."""
    d = Readme(request.param)
    try:
        d.start()
    except BaseException:
        d.clear()
        print(d.last_log)
        raise
    yield d
    # Its processes deliver a task every second, each of which takes two: nothing is ever idle here.
    d.base_fds = None
    d.finish()


@pytest.fixture
def readme(request, running):
    request.node.daemons = [running]
    yield running
    running.hang_up()
    running.question_log()


def test_websocket_with_table(readme):
    a, b = readme.chat(), readme.chat()
    fds = [int(re.fullmatch(r"Welcome to LaravelS #(\d+)", c.recv())[1]) for c in (a, b)]
    assert readme.code(f"return is_int($server->wsTable->get('fd:{fds[0]}', 'value'));") is True
    a.send("hi there")
    for c in (a, b):
        assert c.recv() == f'Broadcast: new message "hi there" from #{fds[0]}'
    a.close()
    until(lambda: readme.code(f"return $server->wsTable->exist('fd:{fds[0]}');") is False, message="onClose has unbound it")
    b.close()


def test_server_in_a_controller(readme):
    c = readme.chat()
    fd = int(c.recv().split("#")[1])
    r = readme.get(f"/server?fd={fd}")
    assert r.status == 200 and '["worker_num"]=>' in r.text.replace(" ", "").replace("\n", "")
    if readme.release == "37":
        assert c.recv() == "Push WebSocket message"
        assert "bool(true)" in readme.get(f"/push?fd={fd}").text
        assert c.recv() == "Push data to fd#1 in Controller"
        assert readme.get("/test").status == 200
        assert c.recv() == "Send websocket message"
    c.close()


def test_system_events(readme):
    r = readme.post("/form", b"name=me", {"Content-Type": "application/x-www-form-urlencoded", "Cookie": "sessionId=abc"})
    assert r.get("header-key") == "hhxsv5"
    got = r.json()
    assert got["name"] == "me" and got["all"] == {"name": "me", "get_key": "hhxsv5", "post_key": "hhxsv5"}
    assert got["rawContent"] == "name=me"


def test_json_with_header_and_cookie(readme):
    r = readme.get("/json")
    assert abs(r.json()["time"] - time.time()) < 60 and r.get("header1") == "value1"
    assert any(c.startswith("c1=") for c in r.all("set-cookie"))


def test_upload_of_the_form(readme):
    kind, body = http.multipart([("name", "me"), ("photo", "me.png", "image/png", b"\x89PNG")])
    got = readme.post("/form", body, {"Content-Type": kind}).json()
    assert got["photo"] == "me.png" and got["name"] == "me"


def test_event_listener_task_and_the_task_behind_it(readme):
    """TestEvent -> TestListener1 (2 s) -> TestTask (2 s) -> finish -> TestTask2."""
    assert "bool(true)" in readme.get("/fire").text
    readme.wait_laravel(r"TestListener1:handle start \[\"event data\"\]")
    readme.wait_laravel(r"TestTask:handle start \[\"task data\"\]")
    readme.wait_laravel(r"TestTask:finish start \[\"the result of task data\"\]")
    readme.wait_laravel(r"TestTask2:handle start \[\"task2 data\"\]")


def test_deliver(readme):
    before = len(re.findall("TestTask:finish", readme.laravel_log()))
    assert "bool(true)" in readme.get("/deliver").text
    readme.wait_laravel("TestTask:finish", before + 1)


def test_tcp_socket(readme):
    with readme.line("EOF") as c:
        c.says("Welcome to LaravelS.")
        c.send("hello\r\n")
        c.says("LaravelS: hello\r\n")
        c.send("quit\r\n")
        c.says("LaravelS: quit\r\nLaravelS: bye\n")
        assert c.rest() == b""
    readme.wait_laravel(r"New TCP connection \[\d+\]")
    readme.wait_laravel(r"Received data \[\d+,\"hello")
    readme.wait_laravel(r"Close TCP connection")


def test_other_protocols(readme):
    u = readme.udp()
    u.send(b"Hello LaravelS")
    assert u.recv(100) == b"LaravelS: Hello LaravelS"
    u.close()
    assert http.fetch(("127.0.0.1", readme.ports["HTTP"]), "/x").json()["uri"] == "/x"
    c = readme.chat("/ws", readme.ports["WS"])
    assert c.recv() == "Welcome to LaravelS"
    c.send("x")
    assert c.recv() == "LaravelS: x"
    c.close()


def test_custom_process(readme):
    (pid,) = readme.titled("test")
    readme.wait_laravel("Do something" if readme.release == "35" else "Test process: running", 2)
    assert readme.titled("test") == [pid]


def test_process_write(readme):
    if readme.release == "35":
        assert readme.code("return count($server->customProcesses);") == 1
        return
    assert "TestProcess: TestController: write data" in readme.get("/testProcessWrite").text
    readme.wait_laravel("TestProcess: read data")


def test_atomic_of_server_start(readme):
    assert readme.code("return app('swoole')->atomicCount->get();") == 2233


def test_memory_leak_route(readme):
    if readme.release == "35":
        assert readme.get("/debug-memory-leak").status == 404, "in the README of 3.7 only"
        return
    for _ in range(3):
        r = readme.get("/debug-memory-leak").json()
        assert r["curr_mem"] > 0 and r["diff_mem"] == r["curr_mem"] - (r["prev_mem"] or 0)


@pytest.mark.slow
def test_cron_job_runs_ten_times(readme):
    readme.wait_laravel(r"TestCronJob::run \[\"start\",0,")
    readme.wait_laravel(r"TestCronJob::run \[\"stop\",10,", timeout=30)


@pytest.mark.parametrize("name", RELEASES)
def test_first_websocket_example(request, name):
    """The handler that greets and tells the time; then a reload and a stop with all of it running."""
    d = Readme(name, dotenv=[r"WS_HANDLER=App\Services\WelcomeService"])
    request.node.daemons = [d]
    try:
        d.start()
        c = d.chat()
        assert c.recv() == "Welcome to LaravelS"
        c.send("what time is it")
        assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", c.recv())
        (old,) = d.titled("test")
        assert d.ctl("reload", "--wait").returncode == 0
        if name == "37":
            d.wait_laravel("Test process: reloading")
        d.successor("test", old)
        c.send("and now")
        assert re.match(r"\d{4}-", c.recv())
        words = "Do something" if name == "35" else "Test process: running"
        d.wait_laravel(words, len(re.findall(words, d.laravel_log())) + 1)
        c.close()
        assert d.stop() == 0
        if name == "37":
            d.wait_laravel("Test process: stopping")
    finally:
        d.base_fds = None
        d.finish()
