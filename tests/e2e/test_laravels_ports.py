"""Extra ports of an application: streams with two framings, datagrams, HTTP, WebSocket (contract 2.2, 10.13)."""

import json
import os
import socket
import struct

import pytest
import websocket

from lib import http
from lib.laravels import newer, task, value
from lib.line_client import Client as Line
from lib.wait import SLOW, until


def code(line, text):
    line.send(f"code {text}\r\n")
    return value(json.loads(line.line()))


def opened(app, name="EOF"):
    c = app.line(name)
    assert c.line() == "Welcome to LaravelS.\r"
    return c


# -- streams --------------------------------------------------------------------------------------------------------------

def test_packages_by_their_end(app):
    """open_eof_check without open_eof_split: what has come by the time that its last bytes are the end is one package."""
    with opened(app) as c:
        c.send("hello\r\n")
        c.says("LaravelS: hello\r\n")
        c.send("in ")
        c.send("two\r")
        c.send("\n")
        c.says("LaravelS: in two\r\n")
        c.send("one\r\nand half")
        c.send(" of another\r\n")
        c.says("LaravelS: one\r\nand half of another\r\n")
        c.send("quit\r\n")
        c.says("LaravelS: bye\r\n")
        assert c.rest() == b""


def test_connect_and_close_are_told_once(app):
    c = opened(app)
    fd = code(c, "return $fd;")
    assert len(app.report("connect", fd=fd)) == 1
    c.close()
    app.wait("closed", fd=fd)
    assert len(app.report("closed", fd=fd)) == 1


def test_port_object_of_a_handler(app):
    with opened(app) as c:
        assert code(c, "return [get_class($port), $port->host, $port->port, $port->type];") == \
            ["Swoole\\Server\\Port", "127.0.0.1", app.ports["EOF"], 1]
        assert code(c, "return $port === $server->ports[1];") is True
        assert code(c, "return $server->getClientInfo($fd)['server_port'];") == app.ports["EOF"]
        other = opened(app)
        assert code(c, "return count(iterator_to_array($port->connections));") == 2
        assert code(c, "return count($server->ports);") == 6, "the main one and those that are on"
        other.close()


def test_ports_seen_from_a_controller(app):
    c = opened(app)
    fd = code(c, "return $fd;")
    got = app.code(f"$r = []; foreach ($server->ports[1]->connections as $fd) $r[] = $fd; $server->send({fd}, \"from a controller\\r\\n\"); return $r;")
    assert fd in got
    c.says("from a controller\r\n")
    assert app.code("return $server->ports[0]->port;") == app.port
    c.close()


@pytest.mark.parametrize("place", ["task", "timer", "process", "artisan"])
def test_send_from(app, place):
    c = opened(app)
    fd = code(c, "return $fd;")
    send = f"return app('swoole')->send({fd}, \"from {place}\\r\\n\");"
    if place == "task":
        app.code(f"return {app.deliver(task('sends', send))};")
    elif place == "artisan":
        assert app.artisan_code(send) is True
    else:
        assert app.inbox(place, send) is True
    c.says(f"from {place}\r\n")
    c.close()


def test_handlers_have_the_application(app):
    with opened(app) as c:
        assert code(c, "return [\\App\\Models\\User::count(), config('app.name'), app('swoole') === $server];") == [2, "Demo", True]
        assert code(c, f"return {app.deliver(task('of a socket'))};") is True
    finished = app.wait("finish", tag="of a socket")
    assert finished["pid"] in app.pids("worker")


def test_what_a_handler_throws_is_logged(app):
    with opened(app) as c:
        fd = code(c, "return $fd;")
        c.send("code exit('a socket leaves');\r\n")
        app.wait_log("a socket leaves")
        assert code(c, "return $fd;") == fd
    u = app.udp()
    u.send(b"throw")
    app.wait_log("a packet that throws")
    u.send(b"still there")
    assert u.recv(100) == b"LaravelS: still there"
    u.close()


def test_packages_by_their_length(app):
    with app.line("LENGTH") as c:
        def pack(data):
            return struct.pack("!I", len(data)) + data
        c.send(pack(b"hello"))
        assert c.exactly(9) == pack(b"olleh")
        c.send(pack(b"one") + pack(b"two") + pack(b"three")[:5])
        assert c.exactly(14) == pack(b"eno") + pack(b"owt")
        c.send(pack(b"three")[5:] + pack(b"\r\n" * 1000))
        assert c.exactly(9 + 2004) == pack(b"eerht") + pack(b"\n\r" * 1000)
        c.send(pack(b"x" * 65000))
        assert c.exactly(65004) == pack(b"x" * 65000)
        c.send(struct.pack("!I", 70000) + b"y" * 70000)
        assert c.rest() == b"", "beyond package_max_length: closed"


def test_many_connections_and_messages(app):
    clients = [opened(app) for _ in range(30)]
    for n in range(10):
        for i, c in enumerate(clients):
            c.send(f"{i}-{n}\r\n")
        for i, c in enumerate(clients):
            c.says(f"LaravelS: {i}-{n}\r\n")
    for c in clients:
        c.close()


# -- datagrams ------------------------------------------------------------------------------------------------------------

def test_datagrams(app):
    u = app.udp()
    for data in (b"hello", b"with\r\nend\r\n", b"x" * 8000):
        u.send(data)
        assert u.recv(65536) == b"LaravelS: " + data
    u.close()
    assert os.system(f"bash -c 'exec 3<>/dev/udp/127.0.0.1/{app.ports['UDP']}; echo -n Hello LaravelS >&3; "
                     "[ \"$(timeout 10 head -c 24 <&3)\" = \"LaravelS: Hello LaravelS\" ]'") == 0, "as the README says"


# -- HTTP and WebSocket ------------------------------------------------------------------------------------------------------

def test_http_on_an_extra_port(app):
    r = http.fetch(("127.0.0.1", app.ports["HTTP"]), "/anything/at/all?a[]=1&b=2", "POST", body=b"the body")
    assert r.status == 202 and r.get("x-port") == str(app.ports["HTTP"])
    assert r.json() == {"uri": "/anything/at/all", "get": {"a": ["1"], "b": "2"}, "body": "the body", "users": 2}
    assert r.get("server") == "LaravelS"
    with http.Conn(("127.0.0.1", app.ports["HTTP"])) as c:
        for n in range(5):
            assert c.request(f"/{n}").json()["uri"] == f"/{n}"


def test_websocket_on_an_extra_port(app):
    ws = websocket.create_connection(f"ws://127.0.0.1:{app.ports['WS']}/ws-plain?tag=extra", timeout=10 * SLOW)
    assert ws.recv() == f"chat on {app.ports['WS']}"
    ws.send("hello")
    assert ws.recv() == "chat: hello"
    fd = app.report("chat")[-1]["fd"]
    assert app.code(f"return $server->push({fd}, 'pushed');") is True
    assert ws.recv() == "pushed"
    ws.close()
    app.wait("chatted", fd=fd)


@newer
def test_upgrade_on_an_extra_port_passes_laravel(app):
    """Its own handshake, its route, its user."""
    alice = app.login("alice")
    cookie = "; ".join(f"{n}={v}" for n, v in alice.cookies.items())
    ws = websocket.create_connection(f"ws://127.0.0.1:{app.ports['WS']}/ws?tag=extra-2", timeout=10 * SLOW, cookie=cookie)
    assert ws.headers["x-shaken"] == "by hand"
    assert ws.recv() == f"chat on {app.ports['WS']}"
    app.wait("route", tag="extra-2")
    opened = app.report("chat")[-1]
    assert opened["path"] == "ws" and opened["user"] == "alice@example.test"
    ws.close()
    alice.close()


@newer
def test_port_that_is_off(app):
    with socket.socket() as s:
        assert s.connect_ex(("127.0.0.1", app.ports["OFF"])) != 0


# -- start, reload, crash -------------------------------------------------------------------------------------------------------

def test_reload_keeps_connections(hosted, release):
    d = hosted(release, timer=False, processes=False)
    c, chat = opened(d), websocket.create_connection(f"ws://127.0.0.1:{d.ports['WS']}/ws-plain", timeout=10 * SLOW)
    assert chat.recv().startswith("chat on")
    fd, pid = code(c, "return [$fd, getmypid()];")
    c.send("a beginning, ")
    assert d.ctl("reload", "--wait").returncode == 0
    c.send("an end\r\n")
    c.says("LaravelS: a beginning, an end\r\n")
    again = code(c, "return [$fd, getmypid()];")
    assert again[0] == fd and again[1] != pid
    assert code(c, "return [$port->port, $port === $server->ports[1]];") == [d.ports["EOF"], True]
    chat.send("after")
    assert chat.recv() == "chat: after"
    d.kill(again[1])
    c.send("after a kill\r\n")
    c.says("LaravelS: after a kill\r\n")
    assert not d.report("closed") and not d.report("chatted")
    d.wait_settled()
    new = opened(d)
    new.close()
    c.close()
    chat.close()


def test_port_in_use_stops_the_start(hosted, release):
    """D17."""
    d = hosted(release, start=False, timer=False, processes=False)
    with socket.socket() as s:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        s.bind(("127.0.0.1", d.ports["LENGTH"]))
        s.listen()
        d.expect_exit = 1
        d.start(wait=False)
        assert d.wait_exit(30) == 1
    assert str(d.ports["LENGTH"]) in d.log()


@newer
def test_optional_port_in_use_is_left_out(hosted, release):
    d = hosted(release, start=False, timer=False, processes=False)
    if d.of_ini:
        d.configure("sockets.length", optional=True)
        d.write_ini()
    else:
        d.config_php("$c['sockets'][1]['optional'] = true;")
    with socket.socket() as s:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        s.bind(("127.0.0.1", d.ports["LENGTH"]))
        s.listen()
        d.start()
        assert str(d.ports["LENGTH"]) in d.log()
        with opened(d) as c:
            c.send("hello\r\n")
            c.says("LaravelS: hello\r\n")
            assert code(c, "return $port->port;") == d.ports["EOF"]
        u = d.udp()
        u.send(b"x")
        assert u.recv(100) == b"LaravelS: x", "the ports behind it are who they are"
        u.close()


@pytest.mark.parametrize("handler, reason", [("App\\Sockets\\Missing", "Missing"), ("App\\Services\\Remembers", "PortInterface")])
def test_bad_handler_stops_the_start(hosted, handler, reason):
    d = hosted("37", start=False, timer=False, processes=False)
    d.config_php(f"$c['sockets'][0]['handler'] = '{handler}';")
    d.expect_exit = 1
    d.start(wait=False)
    assert d.wait_exit(30) == 1
    assert reason in d.log()


@pytest.mark.parametrize("family", ["unix", "tcp6"])
def test_other_families(hosted, family):
    d = hosted("37-ini", start=False, timer=False, processes=False)
    path = d.path("extra.sock")
    where = {"unix": dict(host=path, port=0, type="unix_stream"), "tcp6": dict(host="::1", port=d.ports["OFF"], type="tcp6")}[family]
    d.configure("sockets.other", handler="App\\Sockets\\EofSocket", **where, **{"settings.open_eof_check": "true", "settings.package_eof": r'"\r\n"'})
    d.write_ini()
    d.start()
    with Line(path if family == "unix" else ("::1", d.ports["OFF"])) as c:
        assert c.line() == "Welcome to LaravelS.\r"
        c.send("hello\r\n")
        c.says("LaravelS: hello\r\n")


def test_slow_handler_of_a_port_blocks_no_request(app):
    with opened(app) as c:
        c.send(f"code usleep({3_000_000 * SLOW:.0f}); return 'slept';\r\n")
        for _ in range(5):
            assert app.get("/api/hello").status == 200
        assert c.silent(0.01), "they did not wait for it"
        assert value(json.loads(c.line())) == "slept"
    until(app.settled)
