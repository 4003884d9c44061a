"""The server of a hosted application, as C gives it to the glue: tests/e2e/php/hosted/entry.php has one without a framework
(contract 8.2, DESIGN 2 to 8)."""

import base64
import json
import os
import re
import shutil
import signal
import socket
import time
import urllib.parse

import pytest
import websocket

from lib import http, proc
from lib.ask import Thrown
from lib.daemon import TREE, run, sanitizer_environment
from lib.fpm import Fpm
from lib.line_client import Client as Line
from lib.ports import free_port
from lib.wait import SLOW, until

FILES = os.path.join(TREE, "tests", "e2e", "php", "hosted")


def value(text):
    answer = json.loads(text)
    if "throws" in answer:
        raise Thrown(answer)
    return answer["value"]


class Chat:
    """A WebSocket connection: code in, its value out."""

    def __init__(self, port, path="/", **kw):
        self.ws = websocket.create_connection(f"ws://127.0.0.1:{port}{path}", timeout=10 * SLOW, **kw)
        self.fd = int(self.ws.recv().split()[1])

    def run(self, code):
        self.ws.send(code)
        return value(self.ws.recv())

    def __call__(self, expression):
        return self.run(f"return {expression};")

    def close(self):
        self.ws.close()


class Hosted:
    def __init__(self, daemon):
        self.d = daemon
        self.chats = []

    def notes(self, *start, where=None):
        """The lines that begin with these words."""
        try:
            with open(self.d.path("app", "notes")) as f:
                lines = [json.loads(line) for line in f.read().splitlines()]
        except FileNotFoundError:
            return []
        return [line[1:] for line in lines if line[1:1 + len(start)] == list(start) and where in (None, line[0])]

    def note(self, *start, count=1, where=None, timeout=10):
        got = until(lambda: len(n := self.notes(*start, where=where)) >= count and n, timeout,
                    message=f"{count} x {start} in {self.notes()}; log {self.d.log()[-1500:]}")
        return got[0] if count == 1 else got

    def http(self, code):
        return value(self.d.get("/", [("X-Code", base64.b64encode(code.encode()))]).text)

    def __call__(self, expression):
        """In a worker, as a request."""
        return self.http(f"return {expression};")

    def chat(self, path="/", **kw):
        self.chats.append(Chat(self.d.port, path, **kw))
        return self.chats[-1]

    def reload(self):
        result = self.d.ctl("reload", "--wait")
        assert result.returncode == 0, result.stderr + self.d.log()[-2000:]

    def outside(self, code, **kw):
        code = f"set_error_handler(function ($l, $t) {{ throw new ErrorException($t, 0, $l); }}); {code}"
        return run(self.d.binary, "php", "-r", code, env=self.d.environment(), **kw)


@pytest.fixture
def hosted(daemon):
    made = []

    def make(options=None, workers=1, tasks=1, start=True, php="", **ini):
        d = daemon.php(start=False, ini={"swoole": {"worker_num": workers,
                                                                                    "task_worker_num": tasks, "log_level": 1, **ini}})
        shutil.copy(os.path.join(FILES, "entry.php"), d.app)
        d.write("options.php", f"<?php return {export(options or {})};")
        h = Hosted(d)
        made.append(h)
        if start:
            d.start()
        return h
    yield make
    for c in [c for h in made for c in h.chats]:
        c.close()


def export(v):
    """As PHP."""
    if isinstance(v, dict):
        return "[" + ", ".join(f"{export(k)} => {export(x)}" for k, x in v.items()) + "]"
    if isinstance(v, (list, tuple)):
        return "[" + ", ".join(export(x) for x in v) + "]"
    if isinstance(v, bool) or v is None:
        return json.dumps(v)
    if isinstance(v, str):
        return "'" + v.replace("\\", "\\\\").replace("'", "\\'") + "'"
    return str(v)


# -- processes ------------------------------------------------------------------------------------------------------------------

def test_every_process_knows_what_it_is(hosted):
    h = hosted(workers=2, tasks=2, options={"processes": [["one", "sleep(1000);"], ["two", "sleep(1000);"]]})
    h.note("workerStart", count=4)
    assert sorted(h.notes("workerStart")) == [["workerStart", i, i, i >= 2, True] for i in range(4)]
    assert sorted(n[1] for n in h.note("process", count=2)) == [4, 5]
    pid = h("[$server->master_pid, $server->manager_pid, $server->worker_pid, getmypid(), Rserverd\\where(), get_class($server)]")
    assert pid[0] == h.d.pid("master") and pid[1] == h.d.pid("manager") and pid[2] == pid[3]
    assert pid[4:] == ["worker", "Swoole\\WebSocket\\Server"]
    assert h("[$server->setting['worker_num'], $server->setting['task_worker_num'], $server->port, count($server->ports)]") == \
        [2, 2, h.d.port, 1]
    titles = [proc.title(p) for p in h.d.everyone()]
    for name in ("one process", "two process", "task worker process 2", "task worker process 3"):
        assert any(t.endswith(name) for t in titles), titles


def test_a_plain_callable_has_a_server_too(daemon):
    d = daemon.callable("<?php return function () { echo json_encode([Rserverd\\where(), "
                        "get_class(Rserverd\\server('Swoole\\Http\\Server', []))]); };")
    assert d.get("/").json() == ["worker", "Swoole\\Http\\Server"]


def test_settings_that_are_wrong_fail_the_start(hosted):
    for settings, text in (({"buffer_high_watermark": "much"}, "buffer_high_watermark: must be a size"),
                           ({"tcp_keepidle": 0}, "tcp_keepidle: must be 1 to 32767"),
                           ({"package_length_type": "xx"}, "unknown package_length_type 'xx'"),
                           ({"open_redis_protocol": True}, "open_redis_protocol: this server does not have")):
        h = hosted({"settings": settings}, start=False)
        h.d.expect_exit = 1
        h.d.start(wait=False)
        assert h.d.wait_exit(20) == 1
        assert text in h.d.log()


def test_unknown_settings_are_nobodys_business(hosted):
    h = hosted({"settings": {"no_such_setting": 1, "open_ssl": True, "websocket_compression": True}})
    assert h("$server->setting['no_such_setting']") == 1


def test_stop_runs_worker_stop_and_shutdown(hosted):
    h = hosted(workers=2, tasks=1)
    h.note("workerStart", count=3)
    assert h.d.stop() == 0
    assert sorted(n[1] for n in h.notes("workerStop")) == [0, 1, 2]
    assert h.notes("shutdown") == [["shutdown"]]
    assert h.notes() and h.notes()[-1] == ["shutdown"]


def test_worker_error_tells_of_a_killed_worker(hosted):
    h = hosted(workers=1, tasks=1)
    proc.kill(h("getmypid()"))
    assert h.note("workerError") == ["workerError", 0, 0, 9]
    until(h.d.settled)
    h.d.check_fds = False


# -- WebSocket -------------------------------------------------------------------------------------------------------------------

def test_handshake_sees_the_request(hosted):
    h = hosted()
    c = h.chat("/room?x=1", header=["X-Who: me"])
    assert h.notes("handshake") == [["handshake", "GET", "/room?x=1", {"x": "1"}, "me", 0, False]]
    assert c("[$fd, $server->isEstablished($fd), isset($_SERVER['REQUEST_METHOD']), $_GET, Rserverd\\where()]") == \
        [c.fd, True, False, [], "worker"]
    h.d.wait_log("handshake says hello")
    c.close()
    h.note("close", c.fd)


def test_default_handshake_and_open(hosted):
    h = hosted({"default_handshake": True})
    c = h.chat()
    assert c("1 + 1") == 2
    c.close()
    h.note("close", c.fd)


@pytest.mark.parametrize("code, status", [("$response->status(403); $response->end('no'); return;", 403),
                                          ("throw new Exception('gate');", 500), ("exit;", 500)])
def test_handshake_refused(hosted, code, status):
    h = hosted()
    with pytest.raises(websocket.WebSocketBadStatusException) as e:
        h.chat("/?code=" + urllib.parse.quote(code))
    assert e.value.status_code == status
    pid = h("getmypid()")
    assert h.chat()("getmypid()") == pid, "the worker goes on"


def test_exit_after_the_handshake_keeps_the_connection(hosted):
    h = hosted()
    c = h.chat("/?after=" + urllib.parse.quote("exit(3);"))
    assert c("1") == 1


def test_push_from_everywhere(hosted):
    h = hosted(options={"processes": [["p", "Swoole\\Process::signal(SIGUSR2, fn () => $server->push((int)file_get_contents(__DIR__ . '/fd'), 'process')); "
                                            "note('ready'); while (true) { sleep(1000); }"]]})
    c = h.chat()
    h.d.write("fd", str(c.fd))
    assert h(f"$server->push({c.fd}, 'request')") is True
    assert c.ws.recv() == "request"
    h(f"Rserverd\\deliver('$server->push({c.fd}, \"task\"); return 1;')")
    assert c.ws.recv() == "task"
    h.note("ready")
    (p,) = [p for p in h.d.everyone() if proc.title(p).endswith(" p process")]
    proc.kill(p, signal.SIGUSR2)
    assert c.ws.recv() == "process"
    c.close()


def test_connections_survive_reload_and_a_killed_worker(hosted):
    h = hosted()
    c = h.chat()
    assert c("$server->generation") == 1
    h.reload()
    until(lambda: c("$server->generation") == 2)
    proc.kill(c("getmypid()"))
    assert c("[$server->generation, $server->exist($fd)]") == [2, True]
    h.d.check_fds = False
    c.close()


# -- what ends an event, and what does not ------------------------------------------------------------------------------------------

def test_exit_ends_the_event_only(hosted):
    h = hosted()
    c = h.chat()
    pid = c("getmypid()")
    for end in ("exit;", "exit(7);", "die(\"said before it died\\n\");"):
        c.ws.send(f"try {{ $server->push($fd, '\"x\"'); {end} }} catch (Throwable $e) {{ $server->push($fd, get_class($e)); }}")
        assert c.ws.recv() == '"x"'
        assert c("getmypid()") == pid
    h.d.wait_log("said before it died")


def test_throwing_is_logged_and_the_process_goes_on(hosted):
    h = hosted()
    c = h.chat()
    pid = c("getmypid()")
    c.ws.send("register_shutdown_function(function () { throw new LogicException('from a shutdown function'); }); return 1;")
    assert value(c.ws.recv()) == 1
    h.d.wait_log("Uncaught LogicException: from a shutdown function")
    assert c("getmypid()") == pid


def test_a_fatal_error_replaces_the_process(hosted):
    h = hosted()
    c = h.chat()
    pid = c("getmypid()")
    c.ws.send("register_shutdown_function(fn () => note('last words')); ini_set('memory_limit', '64M'); return str_repeat('x', 1 << 30);")
    h.note("last words")
    assert c("getmypid()") != pid, "the connection has lived on"
    assert h.note("workerError") == ["workerError", 0, 255, 0]
    assert c("ini_get('memory_limit')") != "64M"
    h.d.check_fds = False


def test_what_an_event_changes_is_gone_after_it(hosted):
    h = hosted()
    c = h.chat()
    c.run("ini_set('precision', '3'); putenv('RS_LEFT=1'); ob_start(); echo \"buffered\\n\"; set_error_handler(null); "
          "register_shutdown_function(fn () => note('over')); $_GET['x'] = 1; return 1;")
    h.note("over")
    assert c("[ini_get('precision'), getenv('RS_LEFT'), ob_get_level(), $_GET]") == ["14", False, 0, []]
    assert len(h.notes("over")) == 1
    h.d.wait_log("buffered")


# -- tasks -------------------------------------------------------------------------------------------------------------------------------

def test_task_and_finish(hosted):
    h = hosted(workers=2, tasks=2)
    assert h("is_int($server->task('return [Rserverd\\where(), $server->worker_id >= 2, $server->taskworker, $source];'))") is True
    got = h.note("finish")
    assert got[1]["value"][:3] == ["task", True, True] and got[1]["value"][3] == got[2] in (0, 1)
    assert value(h("$server->taskwait('return 6 * 7;', 5)")) == 42


def test_deliver_objects_from_a_worker_and_a_task_worker(hosted):
    h = hosted(workers=1, tasks=2)
    inner = "return Rserverd\\deliver(new ArrayObject(['tag' => 'inner', 'code' => 'return 2;']));"
    assert h(f"Rserverd\\deliver(new ArrayObject(['tag' => 'outer', 'code' => {export(inner)}]))") is True
    assert h.note("finish", ["outer", True])[2] == 0
    assert h.note("finish", ["inner", 2])[2] == 0, "some worker has the result of a task worker's task"


def test_a_delayed_task_outlives_a_reload(hosted):
    h = hosted()
    started, delay = time.monotonic(), 2.5 * SLOW       # longer than the reload takes
    assert h(f"Rserverd\\deliver(new ArrayObject(['tag' => 'late', 'code' => 'return 1;']), {delay})") is True
    h.reload()
    got = h.note("task", "late")
    assert time.monotonic() - started >= delay and got[4] == 2, "done by the new generation"
    assert h.note("finish", ["late", 1])
    assert len(h.notes("task", "late")) == 1


@pytest.mark.parametrize("delay", ["-1", "NAN", "1e10"])
def test_a_delay_that_is_none(hosted, delay):
    h = hosted()
    with pytest.raises(Thrown) as e:
        h(f"Rserverd\\deliver('', {delay})")
    assert e.value.name == "ValueError"


def test_deliver_without_task_workers(hosted):
    h = hosted(tasks=0)
    assert h("Rserverd\\deliver('x')") is False
    h.d.wait_log(r"\[warn\].*there is no task worker")


def test_a_task_that_dies(hosted):
    h = hosted()
    assert h("$server->taskwait('exit; ', 5)") in (False, None)
    assert value(h("$server->taskwait('return getmypid();', 5)"))
    assert h("$server->taskwait('posix_kill(getmypid(), 9);', 5)") is False
    h.note("workerError", 1, 0, 9)
    assert value(h("$server->taskwait('return 1;', 10)")) == 1
    h.d.check_fds = False


def test_messages_between_processes(hosted):
    h = hosted(workers=1, tasks=1)
    assert h("$server->sendMessage(['to' => 'task'], 1)") is True
    assert h.note("pipeMessage")[1:] == [1, 0, {"to": "task"}]
    h("Rserverd\\deliver('$server->sendMessage(\"back\", 0); return 1;')")
    assert h.note("pipeMessage", 0)[1:] == [0, 1, "back"]


# -- timers --------------------------------------------------------------------------------------------------------------------------------

def test_timers_run_between_requests_and_are_contained(hosted):
    h = hosted()
    h.d.check_fds = False   # the loop that the timers wait in
    pid = h.http("$server->after(10, function () { note('after', isset($_SERVER['REQUEST_METHOD'])); exit; }); "
                 "Swoole\\Timer::tick(20, function ($id) { static $n = 0; note('tick', ++$n); if ($n === 3) Swoole\\Timer::clear($id); "
                 "register_shutdown_function(fn () => note('tick over')); throw new Exception('of a timer'); }); return getmypid();")
    assert h.note("after") == ["after", False]
    assert h.note("tick", count=3) == [["tick", 1], ["tick", 2], ["tick", 3]]
    h.note("tick over", count=3)
    h.d.wait_log("Uncaught Exception: of a timer")
    assert h("getmypid()") == pid


def test_a_fatal_error_in_a_timer_replaces_the_worker(hosted):
    h = hosted()
    pid = h.http("$server->after(1, function () { ini_set('memory_limit', '64M'); str_repeat('x', 1 << 30); }); return getmypid();")
    assert h.note("workerError") == ["workerError", 0, 255, 0]
    until(h.d.settled)
    assert h("getmypid()") != pid
    h.d.check_fds = False


def test_timers_in_a_task_worker(hosted):
    h = hosted()
    h.d.check_fds = False   # the loop that the timers wait in
    h("Rserverd\\deliver('$server->after(5, fn () => note(\"task timer\", $server->worker_id)); return 1;')")
    assert h.note("task timer", where="task") == ["task timer", 1]


# -- extra ports ----------------------------------------------------------------------------------------------------------------------------

def test_extra_ports(hosted):
    tcp, udp, raw = free_port(), free_port(), free_port()
    h = hosted({"ports": [["127.0.0.1", tcp, 1, {"open_eof_split": True, "package_eof": "\n"}], ["127.0.0.1", udp, 2, {}],
                          ["127.0.0.1", raw, 1, {"open_http_protocol": True}]]})
    with Line(("127.0.0.1", tcp)) as c:
        assert c.json("return [$fd, Rserverd\\where(), $server->getClientInfo($fd)['server_port']];")["value"][1:] == ["worker", tcp]
        first = c.json("return getmypid();")["value"]
        c.send("exit;\n")
        assert c.json("return getmypid();")["value"] == first
        h.reload()
        assert c.json("return $server->generation;")["value"] == 2
    h.note("closed")
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.settimeout(10 * SLOW)
    s.sendto(b"hello", ("127.0.0.1", udp))
    assert s.recv(100) == b"echo hello"
    s.close()
    assert value(http.fetch(("127.0.0.1", raw), "/?code=" + urllib.parse.quote("return isset($_SERVER['REQUEST_URI']);")).text) is False
    assert h("array_map(fn ($p) => $p->port, $server->ports)") == [h.d.port, tcp, udp, raw]
    with pytest.raises(Thrown):
        h("$server->listen('127.0.0.1', 1, SWOOLE_SOCK_TCP)")


def test_a_port_that_is_taken_fails_the_start(hosted):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        h = hosted({"ports": [["127.0.0.1", taken.getsockname()[1], 1, {}]]}, start=False)
        h.d.expect_exit = 1
        h.d.start(wait=False)
        assert h.d.wait_exit(20) == 1


# -- user processes ------------------------------------------------------------------------------------------------------------------------------

def test_a_user_process_hears_signals_while_it_blocks(hosted):
    code = ("Swoole\\Process::signal(SIGUSR1, function () { note('usr1'); exit; }); "
            "Swoole\\Process::signal(SIGUSR2, fn () => note('usr2')); register_shutdown_function(fn () => note('bye')); "
            "note('loops'); while (true) { usleep(1000); }")
    h = hosted({"processes": [["loop", code]]})
    h.note("loops")
    (p,) = [p for p in h.d.everyone() if proc.title(p).endswith("loop process")]
    proc.kill(p, signal.SIGUSR2)
    h.note("usr2")
    h.reload()
    h.note("usr1")
    h.note("bye")
    h.note("loops", count=2)
    until(lambda: not proc.alive(p))


def test_timers_and_tasks_in_a_user_process(hosted):
    code = ("Swoole\\Timer::after(1, function () { note('timer', Rserverd\\deliver('return 5;')); Swoole\\Timer::tick(60000, fn () => 1); });")
    h = hosted({"processes": [["t", code]]})
    h.d.check_fds = False   # the loop that the timers wait in
    assert h.note("timer", where="process") == ["timer", True]
    assert h.note("finish", {"value": 5}, where="worker")


# -- memory that stays --------------------------------------------------------------------------------------------------------------------------------

def test_kept_objects_survive_reloads(hosted):
    h = hosted()
    assert h("[$server->narrow->get(), $server->wide->get()]") == [5, -5]
    h.http("$server->table->set('a', ['n' => 7]); $server->narrow->add(1); $server->wide->sub(10); return 1;")
    h.reload()
    until(lambda: h("$server->generation") == 2)
    assert h("[$server->table->get('a', 'n'), $server->narrow->get(), $server->wide->get(), $server->lock->trylock()]") == [7, 6, -15, True]


def test_a_table_of_another_size_begins_anew(hosted):
    h = hosted()
    h.http("$server->table->set('a', ['n' => 7]); $server->narrow->set(9); return 1;")
    h.d.write("options.php", "<?php return ['rows' => 4096];")
    h.reload()
    until(lambda: h("$server->generation") == 2)
    assert h("[count($server->table), $server->table->getSize(), $server->narrow->get()]") == [0, 4096, 9]
    h.http("$server->table->set('b', ['n' => 8]); return 1;")
    h.reload()
    until(lambda: h("$server->generation") == 3)
    assert h("$server->table->get('b', 'n')") == 8


@pytest.mark.parametrize("name", ["''", "str_repeat('x', 101)", '"a\\nb"'])
def test_names_of_kept_objects(hosted, name):
    h = hosted()
    with pytest.raises(Thrown) as e:
        h(f"Rserverd\\kept({name}, fn () => 1)")
    assert e.value.name == "ValueError"


# -- from outside ------------------------------------------------------------------------------------------------------------------------------------

def app_socket(h):
    return h("Rserverd\\settings()['app_socket']")


def test_outside(hosted):
    h = hosted(workers=2, tasks=1)
    c = h.chat()
    code = f"""
    echo json_encode([
        Rserverd\\where(), ($s = Rserverd\\outside({export(app_socket(h))}))::class, Rserverd\\where(),
        Rserverd\\outside({export(app_socket(h))}) === $s,
        $s->push({c.fd}, 'from outside'), $s->exist({c.fd}), $s->isEstablished({c.fd}), $s->exist(99999),
        $s->getClientInfo({c.fd})['websocket_status'], iterator_to_array($s->connections), $s->stats()['worker_num'],
        Rserverd\\deliver(new ArrayObject(['tag' => 'out', 'code' => 'return 3;'])), $s->sendMessage('out', 1),
        $s->worker_id, $s->master_pid, $s->getWorkerId()]);"""
    result = h.outside(code)
    assert result.returncode == 0, result.stdout + result.stderr
    got = json.loads(result.stdout)
    assert got[:10] == ["none", "Swoole\\WebSocket\\Server", "outside", True, True, True, True, False, 3, [c.fd]]
    assert got[10:] == [2, True, True, -1, h.d.pid("master"), False]
    assert c.ws.recv() == "from outside"
    assert h.note("finish", ["out", 3])
    assert h.note("pipeMessage", 1)[3] == "out"


def test_outside_without_a_server(hosted):
    h = hosted()
    result = h.outside("try { Rserverd\\outside('/nonexistent/app.sock'); } catch (RuntimeException $e) { echo $e->getMessage(); } "
                       "var_dump(Rserverd\\deliver(1));")
    assert re.search(r"no rserverd runs there.*bool\(false\)", result.stdout, re.S), result.stdout + result.stderr
    assert "this process belongs to no server" in result.stdout + result.stderr


def test_outside_again_after_a_restart_of_the_reactor(hosted):
    h = hosted()
    h.d.check_fds = False
    reactor = h.d.pid("reactor")
    code = f"""$s = Rserverd\\outside({export(app_socket(h))}); var_dump($s->exist(1)); posix_kill({reactor}, 9);
    while (posix_kill({reactor}, 0)) usleep(1000);      // until then it takes what is sent, for nobody
    $until = microtime(true) + {20 * SLOW};
    do {{
        usleep(20000);
        try {{ $ok = Rserverd\\outside({export(app_socket(h))}) && Rserverd\\deliver(new ArrayObject(['tag' => 'again', 'code' => 'return 1;'])); }}
        catch (RuntimeException $e) {{ $ok = false; }}
    }} while (!$ok && microtime(true) < $until);
    var_dump($ok);"""
    result = h.outside(code)
    assert result.stdout.split() == ["bool(false)", "bool(true)"], result.stdout + result.stderr
    assert h.note("task", "again")
    until(h.d.settled)


def test_methods_that_make_no_sense_outside(hosted):
    h = hosted()
    for call in ("$s->on('message', fn () => 1)", "$s->set([])", "$s->listen('127.0.0.1', 1, 1)", "$s->start()", "$s->taskwait('x')",
                 "$s->finish('x')", "$s->addProcess(new Swoole\\Process(fn () => 1))"):
        result = h.outside(f"$s = Rserverd\\outside({export(app_socket(h))}); try {{ {call}; echo 'done'; }} "
                           "catch (ErrorException $e) { echo $e->getMessage(); }")
        assert "unable to execute" in result.stdout or "can only be used" in result.stdout or "running" in result.stdout, \
            call + result.stdout + result.stderr


# -- plain PHP with the module ---------------------------------------------------------------------------------------------------------------------

def test_our_classes_come_before_the_applications(daemon):
    d = daemon(start=False)
    code = ("spl_autoload_register(function ($c) { echo \"app:$c \"; }); "
            "var_dump(interface_exists('Hhxsv5\\LaravelS\\Illuminate\\Cleaners\\CleanerInterface'), class_exists('Hhxsv5\\LaravelS\\None'), "
            "class_exists('Other'), class_exists('rserverd\\log'));")
    result = run(d.binary, "php", "-d", "opcache.enable_cli=1", "-r", code, env=d.environment())
    assert result.stdout.split() == ["app:Hhxsv5\\LaravelS\\None", "app:Other", "app:rserverd\\log", "bool(true)", "bool(false)",
                                     "bool(false)", "bool(false)"], result.stdout + result.stderr


# -- the configuration ---------------------------------------------------------------------------------------------------------------------------------

ROWS = [["websocket", "gate", "true"], ["timer", "enable", "true"], ["timer", "jobs", "App\\Jobs\\Plain"],
        ["timer", "jobs", '["App\\\\Jobs\\\\Every",[1500,true,"more"]]'], ["timer", "max_wait_time", "7"],
        ["processes.one", "class", "App\\One"], ["processes.one", "num", "2"], ["processes.one", "queue", "true"],
        ["processes.two", "class", "App\\Two"], ["processes.two", "restart_interval", "2"],
        ["sockets.echo", "host", "127.0.0.1"], ["sockets.echo", "port", "5291"], ["sockets.echo", "type", "tcp"],
        ["sockets.echo", "handler", "App\\Echo"], ["sockets.echo", "settings.open_eof_check", "true"],
        ["sockets.echo", "settings.package_max_length", "65536"], ["sockets.echo", "settings.package_eof", "\r\n"],
        ["sockets.echo", "settings.heartbeat_idle_time", "1.5"],
        ["swoole_tables.t", "size", "64"], ["swoole_tables.t", "column", "n:int:8"], ["swoole_tables.t", "column", "s:string:20"],
        ["events", "App\\E", "App\\L1"], ["events", "App\\E", "App\\L2"], ["event_handlers", "WorkerStart", "App\\W"],
        ["swoole", "task_worker_num", "1"], ["swoole", "max_wait_time", "3"], ["swoole", "heartbeat_check_interval", "2"]]


def configured(daemon, rows, start=True, **ini):
    code = (f"<?php Rserverd\\app_conf({export(rows)}); $s = Rserverd\\settings(); return function () use ($s) "
            "{ echo json_encode([$s, Rserverd\\settings()]); };")
    return daemon.callable(code, start=start, ini=ini)


def test_settings_have_what_the_application_says(daemon):
    booting, serving = configured(daemon, ROWS, swoole={"max_wait_time": 10}).get("/").json()
    assert booting == serving
    s = booting
    assert s["websocket"] == {"enable": False, "handler": "", "gate": True}
    assert s["timer"] == {"enable": True, "jobs": ["App\\Jobs\\Plain", ["App\\Jobs\\Every", [1500, True, "more"]]], "max_wait_time": 7,
                          "global_lock": False, "global_lock_key": s["timer"]["global_lock_key"]}
    one = {"class": "App\\One", "redirect": False, "pipe": 0, "enable": True, "num": 2, "restart_interval": 5,
           "queue": {"msg_key": 0, "mode": 2, "capacity": -1}}
    assert s["processes"] == {"one": one, "two": {**one, "class": "App\\Two", "num": 1, "restart_interval": 2, "queue": None}}
    assert s["sockets"] == {"echo": {"host": "127.0.0.1", "port": 5291, "type": 1, "handler": "App\\Echo", "enable": True,
                                     "optional": False, "settings": {"open_eof_check": True, "package_max_length": 65536,
                                                                     "package_eof": "\r\n", "heartbeat_idle_time": 1.5}}}
    assert s["swoole_tables"] == {"t": {"size": 64, "column": [{"name": "n", "type": 1, "size": 8}, {"name": "s", "type": 3, "size": 20}]}}
    assert s["events"] == {"App\\E": ["App\\L1", "App\\L2"]} and s["event_handlers"] == {"WorkerStart": ["App\\W"]}
    assert s["max_wait_time"] == 10, "the ini wins"
    assert s["swoole"]["max_wait_time"] == 10 and s["swoole"]["heartbeat_check_interval"] == 2
    assert s["swoole"]["open_tcp_nodelay"] is True and s["task_worker_num"] == 1


def test_items_of_the_ini_win_one_by_one(daemon):
    d = configured(daemon, ROWS, **{"processes.one": {"class": "App\\Mine"}})
    s = d.get("/").json()[0]
    assert (s["processes"]["one"]["class"], s["processes"]["one"]["num"], s["processes"]["two"]["class"]) == ("App\\Mine", 1, "App\\Two")


@pytest.mark.parametrize("row, text", [(["swoole", "max_request", "many"], "max_request"), (["sockets.x", "type", "pigeon"], "pigeon")])
def test_a_wrong_value_fails_the_boot(daemon, row, text):
    d = configured(daemon, [row], start=False)
    d.expect_exit = 1
    d.start(wait=False)
    assert d.wait_exit(20) == 1
    assert text in d.log()


def test_start_options_of_a_running_server_stay(daemon):
    d = configured(daemon, [["websocket", "enable", "false"], ["laravels", "process_prefix", "first"]])
    d.write("entry.php", "<?php Rserverd\\app_conf([['laravels', 'server', 'second'], ['swoole', 'dispatch_mode', '3']]); "
                         "return function () { $s = Rserverd\\settings(); echo json_encode([$s['server'], $s['swoole']['dispatch_mode']]); };")
    assert d.ctl("reload", "--wait").returncode == 0
    until(lambda: d.get("/").json() == ["second", 2])


# -- php-fpm with the module ----------------------------------------------------------------------------------------------------------------------------

def test_outside_from_php_fpm(hosted, tmp_path):
    """One child of php-fpm keeps its connection over requests; the object lives as long as a request."""
    h = hosted()
    if sanitizer_environment(h.d.binary):
        pytest.skip("a child of php-fpm that loads the module itself has no environment by then, so no options of the sanitizer")
    c = h.chat()
    (tmp_path / "index.php").write_text(f"""<?php
    $before = Rserverd\\where();
    $server = Rserverd\\outside({export(app_socket(h))});
    echo json_encode([PHP_SAPI, $before, interface_exists('Hhxsv5\\LaravelS\\Illuminate\\Cleaners\\CleanerInterface'),
        $server->push({c.fd}, 'fpm'), Rserverd\\deliver(new ArrayObject(['tag' => 'fpm', 'code' => 'return 1;'])), count($server->connections)]);
    """)
    os.chmod(tmp_path, 0o755)
    module = os.path.join(os.path.dirname(os.path.realpath(h.d.binary)), "rserverd-php.so")
    fpm = Fpm(str(tmp_path), php_values={"extension": module})
    try:
        for before in ("none", "outside", "outside"):
            got = http.fetch(fpm.address, "/index.php", host="example.test")
            assert got.json() == ["fpm-fcgi", before, True, True, True, 1], got.text + fpm.log()[-1500:]
            assert c.ws.recv() == "fpm"
        h.note("task", "fpm", count=3)
    finally:
        fpm.stop()


# -- wishes ------------------------------------------------------------------------------------------------------------------------------------------------

def test_reload_from_php(hosted):
    h = hosted()
    c = h.chat()
    assert c("$server->reload()") is True
    until(lambda: c("$server->generation") == 2)


def test_shutdown_from_php(hosted):
    h = hosted()
    assert h("$server->shutdown()") is True
    assert h.d.wait_exit() == 0
    assert h.notes("shutdown") == [["shutdown"]]


def test_stop_of_a_worker_from_php(hosted):
    h = hosted(workers=1, tasks=1)
    h.d.check_fds = False
    pid = value(h("$server->taskwait('return getmypid();', 5)"))
    assert h("$server->stop(1)") is True
    until(lambda: not proc.alive(pid))
    assert value(h("$server->taskwait('return getmypid();', 10)")) != pid
    assert ["workerStop", 1] in h.notes("workerStop")


def test_numbers(hosted):
    h = hosted(workers=2, tasks=1)
    c = h.chat()
    s = c("$server->stats()")
    assert (s["worker_num"], s["task_worker_num"], s["connection_num"]) == (2, 1, 1) and s["start_time"] > 1e9
    assert c("[$server->getWorkerPid($server->worker_id) === getmypid(), $server->getWorkerId() === $server->worker_id, "
             "$server->getWorkerPid(2) > 1, $server->getManagerPid()]") == [True, True, True, h.d.pid("manager")]
    info = c("$server->getClientInfo($fd)")
    assert info["websocket_status"] == 3 and info["server_port"] == h.d.port and info["remote_ip"] == "127.0.0.1"
    assert c("[$server->getClientList(), count($server->connections), iterator_to_array($server->ports[0]->connections)]") == [[c.fd], 1, [c.fd]]
