"""Many WebSocket connections at once: what each costs in memory, and a push to all of them when some do not read.

The same with 10,000 connections, and CPU per message: bin/bench idle broadcast websocket.
"""

import os

import pytest
import websocket

from lib import proc
from lib.wait import SLOW
from lib.ws_load import Load

BENCH = os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir, "bench")


def script(name):
    with open(os.path.join(BENCH, name), encoding="utf-8") as f:
        return f.read()


def test_memory_of_idle_connections(server):
    clients = 3000
    s = server(code=script("ws_echo.php"))
    with Load(s.port, "hold", 50):      # what is made on first use is there
        pass
    if any(proc.sanitized(p) for p in s.everyone()):
        pytest.skip("a sanitizer's memory is not ours")
    before = {p: proc.own_kb(p) for p in s.everyone()}
    with Load(s.port, "hold", clients):
        grown = sum(proc.own_kb(p) - kb for p, kb in before.items()) * 1024 / clients
    assert before.keys() == set(s.everyone()), "no process was replaced"
    assert 300 < grown <= 3000, "bytes per connection; less than the structs themselves would be a mistake in measuring"


@pytest.mark.parametrize("silent", [0, 20])
def test_push_to_many(server, silent):
    clients = 2000
    s = server(code=script("ws_broadcast.php"))
    with Load(s.port, "broadcast", clients, silent) as load:
        got = load.result()             # each client has had the text exactly once, the silent ones when they read at last
    assert got["server"]["pushed"] == clients + 1 and got["readers"] == clients + 1 - silent
    # Measured: 60 ms. A second is what somebody waits who waits for a slow reader's timeout, and then some.
    assert got["last_ms"] < 1000 * SLOW, "all who read have it"
    assert got["server"]["ms"] < 1000 * SLOW, "PHP was not kept waiting"
    assert got["silent_ms"] > got["last_ms"] or not silent


HOLDING = """<?php
$server = new Swoole\\WebSocket\\Server('127.0.0.1', (int)getenv('RS_PORT'));
$server->set(['worker_num' => 1, 'enable_coroutine' => false]);
$server->on('message', function ($server, $frame) {
    $server->push($frame->fd, $frame->data);
    if (!str_starts_with($frame->data, 'hold'))
        return;
    while (!file_exists(getenv('RS_DIR') . "/$frame->data"))
        usleep(1000);
});
$server->start();
"""


def test_what_a_callback_sends_leaves_before_it_returns(server):
    """And before the next one is called, also when its event has come already."""
    s = server(code=HOLDING)
    a, b, c = (websocket.create_connection(f"ws://127.0.0.1:{s.port}/", timeout=10 * SLOW) for _ in range(3))

    def release(name):
        with open(os.path.join(s.folder, name), "w", encoding="utf-8"):
            pass

    def is_in_the_channel(ws):
        """The reactor answers: what was sent before the ping is on its way to the worker."""
        ws.ping()
        assert ws.recv_data(control_frame=True)[0] == websocket.ABNF.OPCODE_PONG
    a.send("hold1")
    assert a.recv() == "hold1"
    b.send("quick")
    is_in_the_channel(b)
    c.send("hold2")
    is_in_the_channel(c)
    release("hold1")
    assert b.recv() == "quick"
    assert c.recv() == "hold2"
    release("hold2")
