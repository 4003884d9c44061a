"""WebSocket on the main port of an application: the upgrade goes through the router, events go to the handler, and connections
outlive the PHP processes (contract 3.9, 10.12)."""

import json
import select
import time
import zlib

import pytest
import websocket

from lib import http
from lib.laravels import task
from lib.load import Background
from lib.wait import SLOW, until


# -- the upgrade --------------------------------------------------------------------------------------------------------

def test_the_upgrade_is_a_request_of_laravel(app):
    c = app.ws("/ws-session?tag=upgrade&x[]=1&x[]=2")
    o = c.opened
    assert o["path"] == "ws-session" and o["query"] == {"tag": "upgrade", "x": ["1", "2"]}
    assert o["raw"] == ["/ws-session", {"tag": "upgrade", "x": ["1", "2"]}], "Swoole's own request has it too"
    assert o["same_server"] is True
    assert len(app.report("route", tag="upgrade")) == 1, "it has passed the route, once"
    assert c.code("return [request()->path(), request()->query('tag')];") == ["ws-session", "upgrade"], \
        "a message runs in what the upgrade asked for"
    c.close()


def test_user_in_on_open(app):
    alice = app.login("alice")
    c = app.ws("/ws", alice)
    assert c.opened["user"] == c.opened["by_request"] == "alice@example.test"
    guest = app.ws("/ws-session")
    assert guest.opened["user"] is None and guest.opened["by_request"] is None
    bob = app.ws("/ws", app.login("bob"))
    assert bob.opened["user"] == "bob@example.test"
    for x in (c, guest, bob):
        x.close()
    alice.close()


def test_session_is_read_and_written_in_on_open(app):
    """It is saved behind onOpen, which the push in onOpen does not wait for; the first message does."""
    alice = app.login("alice")
    for i, tag in enumerate(("first", "second")):
        c = app.ws(f"/ws?tag={tag}", alice)
        assert c.opened["seen"] == i
        assert c.code("return 'behind onOpen';") == "behind onOpen"
        saved = alice.get("/session").json()
        assert (saved["opened"], saved["seen"]) == (tag, i + 1)
    alice.close()


def test_requests_beside_and_behind_an_upgrade_are_nobody(app):
    """What an upgrade bound is gone when the next request comes, in every worker."""
    alice = app.login("alice")
    for _ in range(4):
        c = app.ws("/ws", alice)
        for _ in range(4):
            assert app.get("/test/whoami").json()["auth"] is None
        c.close()
    alice.close()


def test_user_of_the_connection_in_its_messages(app):
    """Of this connection, also when others have opened theirs in the same worker since."""
    browsers = {name: app.login(name) for name in ("alice", "bob")}
    chats = {name: [app.ws("/ws", browsers[name]) for _ in range(3)] for name in ("alice", "bob")}
    guests = [app.ws("/ws-session") for _ in range(3)]
    seen = {name: {c.code("return auth()->user()?->email;") for c in cs} for name, cs in chats.items()}
    assert {c.code("return auth()->user()?->email;") for c in guests} == {None}
    assert seen == {"alice": {"alice@example.test"}, "bob": {"bob@example.test"}}
    for b in browsers.values():
        b.close()


def test_nobody_elses_user_in_a_message(app):
    browsers = {name: app.login(name) for name in ("alice", "bob")}
    chats = [(name, app.ws("/ws", browsers[name])) for name in ("alice", "bob") * 3]
    guests = [(None, app.ws("/ws-plain")) for _ in range(3)]
    for name, c in chats + guests:
        assert c.code("return auth()->user()?->email;") in (None, name and f"{name}@example.test")
    for b in browsers.values():
        b.close()


def test_events_of_laravels_fire_for_an_upgrade(app):
    c = app.ws("/ws-plain?tag=events")
    heard = app.wait("generated", tag="events")
    assert heard["received"] == ["received:bound:ws-plain"] and heard["status"] == 200 and heard["bound"] is True
    assert len(app.report("generated", tag="events")) == 1
    assert heard["at"] <= app.wait("open", fd=c.fd)["at"], "before onOpen"
    c.close()


@pytest.mark.parametrize("path", ["/ws", "/ws-missing", "/ws-fails"])
def test_upgrade_that_the_route_does_not_like(hosted, release, path):
    """Without a gate onOpen runs and decides; with it the route's own answer is the answer."""
    d = hosted(release, start=False, timer=False, processes=False)
    d.configure("websocket", gate=False)
    d.write_ini()
    d.start()
    c = d.ws(path)
    assert c.opened["user"] is None and c.alive()
    assert d.ws(path + "?refuse=1", welcome=False).closed() == (4001, "go away")
    c.close()
    d.configure("websocket", gate=True)
    d.write_ini()
    assert d.ctl("reload", "--wait").returncode == 0
    before = len(d.report("open"))
    conn, r = d.upgrade(path, [("Accept", "application/json")])
    assert r.status == {"/ws": 401, "/ws-missing": 404, "/ws-fails": 500}[path], r
    assert not r.all("sec-websocket-accept")
    conn.close()
    good = d.ws("/ws-plain")
    assert good.alive() and len(d.report("open")) == before + 1, "a good one still opens, and no other did"
    good.close()


def test_redirect_to_the_login_page_instead_of_an_upgrade(hosted):
    d = hosted("37", start=False, timer=False, processes=False)
    d.configure("websocket", gate=True)
    d.write_ini()
    d.start()
    conn, r = d.upgrade("/ws")
    assert r.status == 302 and r.get("location").endswith("/login")
    if r.get("connection", "").lower() == "close":
        assert conn.at_end()
    else:
        assert conn.request("/api/hello").status == 200, "the connection goes on as HTTP"
    conn.close()
    alice = d.login("alice")
    assert d.ws("/ws", alice).opened["user"] == "alice@example.test"
    alice.close()


def test_exit_in_the_route_of_an_upgrade(app):
    """There is no handshake behind it, but an answer, and the worker lives."""
    pids, before = app.pids("worker"), len(app.report("open"))
    conn, r = app.upgrade("/ws-dies")
    assert r.status != 101 and not r.all("sec-websocket-accept")
    conn.close()
    good = app.ws()
    assert good.alive() and len(app.report("open")) == before + 1
    good.close()
    assert app.pids("worker") == pids


@pytest.mark.parametrize("why, key", [("no key", None), ("a short key", "c2hvcnQ="), ("no base64", "!!!!!!!!!!!!!!!!!!!!!!==")])
def test_upgrade_without_a_proper_key(app, why, key):
    before = len(app.report("open"))
    c = http.Conn(app.address)
    wanted = [("Upgrade", "websocket"), ("Connection", "Upgrade"), ("Sec-WebSocket-Version", "13")]
    if key:
        wanted.append(("Sec-WebSocket-Key", key))
    c.send(http.build("/ws-plain", headers=wanted))
    r = c.response()
    assert r.status != 101 and not r.all("sec-websocket-accept"), why
    c.close()
    assert len(app.report("open")) == before


def test_answer_of_the_upgrade(app):
    c, r = app.upgrade("/ws-session", [("Sec-WebSocket-Protocol", "chat, superchat")])
    assert r.status == 101 and r.get("upgrade").lower() == "websocket" and "upgrade" in r.get("connection").lower()
    assert r.get("sec-websocket-accept") == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
    assert r.get("sec-websocket-protocol") == "chat", "one of those offered, not all of them"
    assert r.get("server") == "LaravelS"
    c.reset()
    c, r = app.upgrade("/ws-plain")
    assert not r.all("sec-websocket-protocol")
    c.reset()


@pytest.mark.parametrize("name", ["", "Another/1.0"])
def test_server_header_is_as_configured(hosted, name):
    """Of an upgrade, a refused one, and an extra HTTP port; without a name there is no such header."""
    d = hosted("37", start=False, timer=False, processes=False)
    d.configure("laravels", server=name)
    d.write_ini()
    d.start()
    wanted = [name] if name else []
    c, r = d.upgrade("/ws-plain")
    assert r.status == 101 and r.all("server") == wanted
    c.reset()
    c, r = d.upgrade("/ws-plain", key="short")
    assert r.status == 400 and r.all("server") == wanted
    c.close()
    assert http.fetch(("127.0.0.1", d.ports["HTTP"]), "/x").all("server") == wanted
    assert d.get("/api/hello").all("server") == wanted


def test_compression_is_not_agreed_upon(app):
    """Unless swoole.websocket_compression says so; a client that compresses all the same is told so."""
    c, r = app.upgrade("/ws-plain", [("Sec-WebSocket-Extensions", "permessage-deflate; client_max_window_bits")])
    assert r.status == 101 and not r.all("sec-websocket-extensions")
    c.exactly(2)    # the head of the welcome: what comes then is the rest of it and a close frame
    c.send(bytes([0xC1, 0x85]) + bytes(4) + b"hello")
    while c.fill():
        pass
    assert b"\x03\xea" in c.buf, "closed with 1002"
    c.close()


def test_compressed_frames(hosted, release):
    """permessage-deflate with swoole.websocket_compression: both ways, and only what the application wants compressed."""
    d = hosted(release, start=False, timer=False, processes=False)
    d.set("swoole", websocket_compression=True)
    d.start()
    c, r = d.upgrade("/ws-plain", [("Sec-WebSocket-Extensions", "permessage-deflate")])
    assert r.get("sec-websocket-extensions").startswith("permessage-deflate;")
    first, welcome = frame_of(c)
    assert first == 0x81 and json.loads(welcome)["path"] == "ws-plain"
    text = b"echo " + b"so so " * 100
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = (packer.compress(text) + packer.flush(zlib.Z_SYNC_FLUSH))[:-4]
    c.send(bytes([0xC1, 0x80 | len(packed)]) + bytes(4) + packed)
    first, said = frame_of(c)
    assert (first, said) == (0x81, text[5:]), "inflated for onMessage; push() without the flag is plain"
    fd = d.code("return iterator_to_array(app('swoole')->connections, false)[0];")
    assert d.code(f"return app('swoole')->push({fd}, str_repeat('many ', 100), 1, SWOOLE_WEBSOCKET_FLAG_FIN | SWOOLE_WEBSOCKET_FLAG_COMPRESS);")
    first, said = frame_of(c)
    assert first == 0xC1 and zlib.decompressobj(-15).decompress(said + b"\0\0\xff\xff") == b"many " * 100 and len(said) < 100
    c.close()


def frame_of(c):
    """(first byte, payload) of the next frame, as it came."""
    first, n = c.exactly(2)
    if n == 126:
        n = int.from_bytes(c.exactly(2), "big")
    return first, c.exactly(n)


def test_handshake_by_hand(hosted, release):
    d = hosted(release, start=False, timer=False, processes=False, dotenv=[r"WS_HANDLER=App\Services\HandShakeService"])
    d.start()
    conn, r = d.upgrade("/ws-plain")
    assert r.status == 401 and r.text == "no token" and not d.report("shaken")
    conn.close()
    ws = websocket.create_connection(f"ws://127.0.0.1:{d.port}/ws-plain?token=secret", timeout=10 * SLOW,
                                     subprotocols=["offered", "chosen"])
    assert ws.headers["x-shaken"] == "by hand" and ws.subprotocol == "chosen"
    assert ws.recv() == "opened ws-plain"
    ws.send("hello")
    assert ws.recv() == "by hand: hello"
    ws.close()
    d.wait("unshaken")
    d.wait("route", path="ws-plain")


def test_handler_is_made_once_in_a_worker(app):
    chats = [app.ws() for _ in range(8)]
    made = {}
    for c in chats:
        made.setdefault(c.opened["pid"], set()).add(c.opened["made"])
    assert all(n == {1} for n in made.values()), made


def test_what_on_open_throws_is_logged_and_the_connection_stays(app):
    c = app.ws("/ws-plain?throw=me-7301", welcome=False)
    c.opened = app.wait("open", query={"throw": "me-7301"})
    app.wait_log("onOpen fails for me-7301")
    assert c.alive()
    c.close()


# -- messages -----------------------------------------------------------------------------------------------------------

def test_text_binary_empty_and_large(app):
    c = app.ws()
    assert c.ask("echo grüß Gott") == "grüß Gott"
    c.ws.send_binary(bytes(range(256)))
    assert c.ws.recv_data() == (2, bytes(range(256))[::-1])
    assert c.ask("echo ") == ""
    big = "x" * (1 << 20)
    assert c.ask("echo " + big) == big
    c.close()


def test_fragments_are_one_message_and_pings_are_answered_between_them(app):
    c = app.ws()
    c.ws.send_frame(websocket.ABNF.create_frame("echo fir", 1, 0))
    c.ws.send_frame(websocket.ABNF.create_frame("st sec", 0, 0))
    c.ws.ping("between")
    c.ws.send_frame(websocket.ABNF.create_frame("ond", 0, 1))
    assert c.ws.recv_data(control_frame=True) == (10, b"between")
    assert c.recv() == "first second"
    c.close()


def test_push_to_another_connection(app):
    a, b = app.ws(), app.ws()
    assert a.code(f"return $server->push({b.fd}, 'from a');") is True
    assert b.recv() == "from a"
    assert a.code(f"return [$server->isEstablished({b.fd}), $server->exist({b.fd})];") == [True, True]
    b.close()
    app.wait("close", fd=b.fd)
    assert a.code(f"return [$server->isEstablished({b.fd}), @$server->push({b.fd}, 'gone')];") == [False, False]
    a.close()


def test_broadcast_over_connections(app):
    chats = [app.ws() for _ in range(10)]
    beside = app.conn()
    assert beside.request("/api/hello").status == 200
    chats[3].send("broadcast to everybody")
    for c in chats:
        assert c.recv() == "to everybody"
    assert chats[0].code("return count(array_filter(iterator_to_array($server->connections), fn($fd) => $server->isEstablished($fd)));") == 10
    beside.close()
    for c in chats:
        c.close()


@pytest.mark.parametrize("place", ["controller", "task", "finish", "timer", "process", "artisan"])
def test_push_from(app, place):
    c = app.ws()
    push = f"return app('swoole')->push({c.fd}, 'from {place}');"
    if place == "controller":
        assert app.code(push) is True
    elif place == "task":
        assert app.code(f"return {app.deliver(task('push', push))};") is True
    elif place == "finish":
        assert app.code(f"return {app.deliver(task('push', '', push))};") is True
    elif place == "artisan":
        assert app.artisan_code(push) is True
    else:
        assert app.inbox(place, push) is True
    assert c.recv() == f"from {place}"
    c.close()


def test_close_codes(app):
    a, b = app.ws(), app.ws()
    assert a.code(f"return $server->disconnect({b.fd}, 4002, 'because');") is True
    assert b.closed() == (4002, "because")
    assert app.wait("close", fd=b.fd)["pushed"] is False, "a push in onClose is refused and hurts nobody"
    a.ws.send_close(4100, b"client")
    assert a.closed()[0] == 4100, "the client's code comes back"
    app.wait("close", fd=a.fd)
    c = app.ws()
    c.reset()
    app.wait("close", fd=c.fd)
    assert len(app.report("close", fd=c.fd)) == 1


def test_plain_http_has_no_on_close(app):
    before = len(app.report("close"))
    for _ in range(5):
        assert app.get("/api/hello").status == 200
    c = app.ws()
    c.close()
    app.wait("close", fd=c.fd)
    assert len(app.report("close")) == before + 1


def test_protocol_errors_close_with_a_reason(app):
    for frame, code in ((bytes([0x81, 0x05]) + b"naked", 1002), (bytes([0x83, 0x80, 0, 0, 0, 0]), 1002),
                        (bytes([0x81, 0x82, 0, 0, 0, 0, 0xff, 0xfe]), 1007)):
        c = app.ws()
        c.ws.sock.sendall(frame)
        assert c.closed()[0] == code
        app.wait("close", fd=c.fd)


# -- what goes wrong in a handler -----------------------------------------------------------------------------------------

@pytest.mark.parametrize("message, logged", [("throw oh-no-7302", "oh-no-7302"), ("error x", "ArgumentCountError")])
def test_what_a_message_throws_is_logged(app, message, logged):
    c = app.ws()
    pid = c.code("return getmypid();")
    c.send(message)
    app.wait_log(logged)
    assert c.alive() and c.code("return getmypid();") == pid, "the same connection, the same worker"
    c.close()


@pytest.mark.parametrize("message", ["exit with these words", "dd with these words"])
def test_exit_and_dd_end_the_message_only(app, message):
    c = app.ws()
    pid = c.code("return getmypid();")
    c.send(message)
    if message.startswith("exit"):
        assert c.recv() == "leaving"
    app.wait_log("with these words")
    assert c.alive() and c.code("return getmypid();") == pid
    assert app.get("/api/hello").status == 200
    c.close()


@pytest.mark.memory_limit
def test_fatal_error_replaces_the_worker_and_keeps_the_connections(hosted, release):
    d = hosted(release, workers=1, timer=False, processes=False)
    a, b = d.ws(), d.ws()
    (pid,) = d.pids("worker")
    a.send("code ini_set('memory_limit', memory_get_usage() + (4 << 20)); $x = []; while (true) $x[] = str_repeat('x', 65536);")
    until(lambda: d.settled_without(pid), message="another worker")
    d.wait_log("(?i)memory size")
    assert a.alive() and b.alive(), "both are still open, in the new worker"
    assert a.code("return getmypid();") == d.pid("worker")


def test_slow_message_keeps_order_and_blocks_no_request(app):
    """Messages of one connection come in order; requests go to the worker that is free."""
    c = app.ws()
    c.send(f"sleep {3000 * SLOW:.0f}")
    app.wait("asleep", fd=c.fd)
    c.send("echo second")
    for _ in range(10):
        assert app.get("/api/hello").status == 200
    assert not select.select([c.ws.sock], [], [], 0)[0], "they did not wait for it"
    assert [c.recv(), c.recv()] == ["awake", "second"]
    c.close()


# -- reload, crash, heartbeat -----------------------------------------------------------------------------------------------

def test_reload_keeps_connections_and_what_tables_know_of_them(hosted, release):
    d = hosted(release, timer=False, processes=False)
    alice = d.login("alice")
    chats = [d.ws("/ws", alice) for _ in range(5)]
    pids = set(d.pids("worker"))
    fds = [c.fd for c in chats]
    for n in (2, 3):
        assert d.ctl("reload", "--wait").returncode == 0
        assert d.status()["generation"] == n
        for c in chats:
            assert c.alive()
            assert c.code("return [$frame->fd, app('swoole')->wsTable->get('fd:' . $frame->fd, 'value')];") == [c.fd, 1]
        assert not pids & {c.code("return getmypid();") for c in chats}
        assert not d.report("close")
    more = d.ws()
    assert more.fd not in fds, "numbers are not given twice"
    chats[0].close()
    assert d.wait("close", fd=chats[0].fd)["user_id"] == 1
    alice.close()


def test_message_that_runs_during_a_reload(hosted, release):
    d = hosted(release, workers=1, timer=False, processes=False)
    a, b = d.ws(), d.ws()
    a.send("sleep 1500")
    d.wait("asleep", fd=a.fd)
    a.send("echo behind it")
    b.send("echo beside it")
    reload = Background(d.ctl, "reload", "--wait")
    assert a.recv() == "awake" and a.recv() == "behind it" and b.recv() == "beside it"
    assert reload.result().returncode == 0
    d.wait_settled()
    assert a.alive() and b.alive()


def test_killed_worker_loses_no_connection(hosted, release):
    d = hosted(release, workers=2, timer=False, processes=False)
    chats = [d.ws() for _ in range(8)]
    victim = chats[0].code("return getmypid();")
    d.kill(victim)
    for c in chats:
        assert c.alive()
    d.wait_settled()
    assert not d.report("close")
    assert victim not in {c.code("return getmypid();") for c in chats}


def test_killed_worker_loses_only_the_message_it_had_begun(hosted, release):
    d = hosted(release, workers=1, timer=False, processes=False)
    a, b = d.ws(), d.ws()
    pid = d.pid("worker")
    a.send("sleep 60000")
    d.wait("asleep", fd=a.fd)
    a.send("echo after it")
    b.send("echo of another")
    d.kill(pid)
    assert a.recv() == "after it" and b.recv() == "of another"
    d.wait_settled()


def test_killed_manager_loses_no_connection(hosted, release):
    d = hosted(release, timer=False, processes=False)
    c = d.ws()
    d.kill(d.pid("manager"))
    until(lambda: d.settled_in(2), 20, message="a new generation")
    assert c.alive() and not d.report("close")


def test_heartbeat_closes_who_is_silent(hosted, release):
    d = hosted(release, start=False, timer=False, processes=False)
    d.configure("swoole", heartbeat_check_interval=1, heartbeat_idle_time=2)
    d.write_ini()
    d.start()
    started = time.monotonic()
    silent, talking = d.ws(), d.ws()

    def dead():
        talking.ws.ping("still here")
        assert talking.ws.recv_data(control_frame=True) == (10, b"still here")
        return d.report("close", fd=silent.fd)
    until(dead, 10, every=0.2, message="the silent one is closed")
    assert time.monotonic() - started >= 1.5
    assert talking.alive() and not d.report("close", fd=talking.fd)


def test_connection_without_a_word_holds_no_worker(app):
    """Upgraded, silent, many more than there are workers."""
    chats = [app.ws() for _ in range(50)]
    app.wait_idle()
    with app.conn() as c:
        for _ in range(20):
            assert c.request("/api/hello").status == 200
    for c in chats:
        c.reset()
    for c in chats:
        app.wait("close", fd=c.fd)


def test_readme_route_without_websockets(hosted):
    """websocket.enable false: the route is an ordinary one, also beside a port of its own that speaks WebSocket; without such
    a port the server object has no push()."""
    d = hosted("37", start=False, timer=False, processes=False)
    d.configure("websocket", enable=False)
    d.write_ini()
    d.start()
    conn, r = d.upgrade("/ws-plain")
    assert r.status == 200 and r.text == "websocket"
    conn.close()
    assert d.code("return method_exists(app('swoole'), 'push');") is True, "for the port that speaks it"
    d.set("sockets.4", host="127.0.0.1", port=d.ports["WS"], type="tcp", handler="App\\Sockets\\ChatSocket", enable=False)
    before = d.status()["started_us"]
    assert d.ctl("restart").returncode == 0
    until(lambda: (s := d.status()) and s["started_us"] != before and d.settled(), 20, message="serving again")
    assert d.code("return [get_class(app('swoole')), method_exists(app('swoole'), 'push')];") == ["Swoole\\Http\\Server", False]
