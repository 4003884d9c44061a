"""Responses that take their time: informational ones before the head, event streams and their limit, clients that leave."""

import re
import selectors
import socket

import pytest

from lib import http
from lib.wait import SLOW, until

APP = """<?php
function note(string $text): void
{
    file_put_contents(__DIR__ . '/notes', "$text\\n", FILE_APPEND);
}
return function () {
    switch (strtok($_SERVER['REQUEST_URI'], '?')) {
        case '/hints':
            header('Link: </app.css>; rel=preload; as=style');
            header('X-Powered-By: test');
            $one = headers_send(103);
            header('Link: </app.js>; rel=preload; as=script', false);
            $two = headers_send(103);
            header_remove('Link');
            header('X-Final: 1');
            echo json_encode([$one, $two, headers_sent()]);
            return;
        case '/head-first':
            header('X-Early: 1');
            headers_send(201);
            echo json_encode([headers_sent(), headers_send(103), http_response_code()]);
            return;
        case '/wrong':
            try {
                headers_send((int) $_GET['status']);
            } catch (ValueError $e) {
                echo $e->getMessage();
            }
            return;
        case '/sse':
            header($_GET['head'] ?? 'Content-Type: text/event-stream');
            ignore_user_abort((bool) ($_GET['ignore'] ?? false));
            register_shutdown_function(fn () => note('end ' . connection_status() . ' ' . connection_aborted()));
            for ($i = 0; $i < (int) ($_GET['n'] ?? 100000); $i++) {
                echo "data: $i\\n\\n";
                flush();
                usleep((int) ($_GET['us'] ?? 20000));
            }
            note('completed ' . connection_aborted());
            return;
        default:
            echo 'plain';
    }
};
"""


@pytest.fixture
def site(daemon):
    def make(workers=2, **rserverd):
        d = daemon.callable(APP, start=False)
        d.set("swoole", worker_num=workers)
        d.set("rserverd", **rserverd)
        d.start()
        return d
    return make


def notes(d):
    try:
        with open(f"{d.app}/notes") as f:
            return f.read().split("\n")[:-1]
    except FileNotFoundError:
        return []


def stream(d, target="/sse"):
    """A client that has had the first event."""
    c = d.conn()
    c.send(http.build(target))
    r = c.response(body=False)
    if r.status == 200:
        assert c.piece(r) == b"data: 0\n\n"
    return c, r


# ---- 103 Early Hints ------------------------------------------------------------------------------


@pytest.mark.parametrize("isolation", ["snapshot", "fork"])
def test_early_hints(site, isolation):
    d = site(isolation=isolation)
    with d.conn() as c:
        for _ in range(2):
            c.send(http.build("/hints"))
            one, two, r = c.head(), c.head(), c.response()
            assert (one.status, one.reason, one.get("link")) == (103, "Early Hints", "</app.css>; rel=preload; as=style")
            assert two.status == 103 and len(two.all("link")) == 2
            for hint in (one, two):
                for name in ("content-length", "transfer-encoding", "connection", "date", "server", "content-type"):
                    assert hint.get(name) is None, name
            assert r.status == 200 and r.get("link") is None and r.get("x-final") == "1"
            assert r.json() == [1, 1, False]


def test_early_hints_are_not_for_old_clients(site):
    d = site()
    with d.conn() as c:
        r = c.request("/hints", version="1.0")
        assert r.status == 200 and r.json() == [1, 1, False]


def test_headers_send_of_the_head_and_too_late(site):
    d = site()
    r = d.get("/head-first")
    assert r.status == 201 and r.get("x-early") == "1"
    assert r.json() == [True, 0, 201]
    for status in (101, 99, 600, -1):
        assert b"must be from 100 to 599" in d.get(f"/wrong?status={status}").body
    assert d.get("/wrong?status=100").status == 200


# ---- clients that leave ----------------------------------------------------------------------------


@pytest.mark.parametrize("isolation", ["snapshot", "fork"])
def test_a_client_that_leaves_ends_its_stream(site, isolation):
    d = site(workers=1, isolation=isolation)
    for n in range(1, 4):
        c, _ = stream(d)
        c.close()
        assert d.get("/").body == b"plain", "the only worker is free again"
        until(lambda: len(notes(d)) == n, message="the shutdown function has run")
    assert notes(d) == ["end 1 1"] * 3, "connection_status() and connection_aborted() as under php-fpm"


def test_ignore_user_abort_goes_on_to_the_end(site):
    d = site(workers=1)
    c, _ = stream(d, "/sse?ignore=1&n=80")
    c.close()
    until(lambda: len(notes(d)) == 2, message="it has run to its end")
    assert notes(d) == ["completed 1", "end 1 1"]
    assert d.get("/").body == b"plain"


# ---- the lane ---------------------------------------------------------------------------------------


def test_streams_beyond_the_limit_are_refused_and_others_served(site):
    d = site(workers=4, stream_workers_max=2)
    first, second = stream(d), stream(d)
    assert first[1].status == second[1].status == 200
    until(lambda: d.status()["streams"] == 2)
    for head in ("Content-Type:%20text/event-stream;charset=UTF-8", "X-Accel-Buffering:%20no"):
        with d.conn() as c:
            r = c.request(f"/sse?head={head}")
            assert r.status == 503 and int(r.get("retry-after")) > 0
            assert c.request("/").body == b"plain", "the connection is kept"
    d.wait_log(r"stream_workers_max: there are 2 streams, one more is answered 503")
    until(lambda: len(notes(d)) == 2, message="the refused ones were told that the client has left")
    s = d.status()
    assert (s["streams"], s["streams_most"], s["streams_refused"]) == (2, 2, 2)
    assert re.search(r"^streams +2 now, 2 at most, 2 refused$", d.ctl("status").stdout, re.M)
    first[0].close()
    until(lambda: d.status()["streams"] == 1)
    third = stream(d)
    assert third[1].status == 200
    second[0].close(), third[0].close()
    until(lambda: d.status()["streams"] == 0)


def test_many_streams_leave_normal_requests_answered(site):
    """Two hundred clients want streams, two workers of four may hold them."""
    d = site(workers=4, stream_workers_max=2)
    sel, socks, answers = selectors.DefaultSelector(), [], {}
    for _ in range(200):
        s = socket.create_connection(d.address)
        s.sendall(http.build("/sse"))
        s.setblocking(False)
        sel.register(s, selectors.EVENT_READ)
        socks.append(s)

    def collect():
        for key, _ in sel.select(0.5):
            try:
                data = key.fileobj.recv(65536)
            except BlockingIOError:
                continue
            answers.setdefault(key.fileobj, data[9:12])
        return len(answers) == 200
    until(collect, 60, message="all are answered")
    kinds = list(answers.values())
    assert kinds.count(b"200") == 2 and kinds.count(b"503") == 198
    with d.conn() as c:
        for _ in range(50):
            assert c.request("/").body == b"plain"
    for s in socks:
        s.close()
    until(lambda: d.status()["streams"] == 0)


def test_without_a_limit_the_log_warns_at_half(site):
    d = site(workers=4)
    clients = [stream(d)[0] for _ in range(2)]
    assert not re.search("streams hold", d.log())
    clients.append(stream(d)[0])
    d.wait_log(r"\[warn\] reactor \d+: streams hold 3 of 4 workers")
    for c in clients:
        c.close()
    until(lambda: d.status()["streams"] == 0)
    assert d.status()["streams_refused"] == 0


def test_any_answer_that_lasts_is_counted_and_never_cut(site):
    after, n = 1.5 * SLOW, round(60 * SLOW)     # twice as long in all
    d = site(workers=2, stream_workers_max=1, stream_after=after)
    c, r = stream(d, f"/sse?head=Content-Type:%20text/plain&us=50000&n={n}")
    assert d.status()["streams"] == 0
    until(lambda: d.status()["streams"] == 1, message="it has lasted")
    with d.conn() as other:
        assert other.request("/sse").status == 503
    pieces = 1
    while c.piece(r):
        pieces += 1
    assert pieces == n
    c.close()
    until(lambda: d.status()["streams"] == 0)


def test_a_stream_whose_worker_is_killed_is_not_counted_any_more(site):
    from lib import proc
    d = site(workers=1)
    c, r = stream(d)
    until(lambda: d.status()["streams"] == 1)
    proc.kill(d.pids("worker")[0])
    with pytest.raises(http.Closed):
        while True:
            if not c.piece(r):
                break
    c.close()
    until(lambda: d.status()["streams"] == 0)
    assert d.get("/").body == b"plain"
