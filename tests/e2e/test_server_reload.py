"""Servers of scripts in PHP: reload and the end of single workers while timers run that nobody clears (contract C12, C13, E.4, E.5)."""

import json
import os
import signal
import time

import pytest
import websocket

from lib import http, proc
from lib.wait import SLOW, until

# max_wait_time, in seconds, where nobody is to wait for it: longer than all else in a test.
LONG = int(12 * SLOW)

CODE = """<?php
$server = new Swoole\\WebSocket\\Server('127.0.0.1', (int)getenv('RS_PORT'), (int)getenv('RS_MODE'));
$server->set(json_decode(getenv('RS_SETTINGS'), true) + ['worker_num' => 1, 'enable_coroutine' => false, 'log_level' => SWOOLE_LOG_INFO]);
$pid = fn() => 'pid ' . getmypid();
$server->on('workerStart', function ($server, $id) {
    echo "workerStart $id " . getmypid() . "\\n";
    if (!getenv('RS_TICK'))
        return;
    // never cleared: as many servers do it
    $server->tick(20, function () use ($server) {
        if (is_file(getenv('RS_DIR') . '/push'))
            foreach ($server->connections as $fd)
                if ($server->isEstablished($fd))
                    $server->push($fd, 'tick ' . getmypid());
    });
});
$server->on('workerStop', function ($server, $id) {
    echo "workerStop $id " . getmypid() . "\\n";
    while (getenv('RS_SLOW_STOP') && !is_file(getenv('RS_DIR') . '/end'))
        usleep(10000);
});
$exits = 0;
$server->on('workerExit', function ($server, $id) use (&$exits) {
    if ($exits++ === 0)
        echo "workerExit $id " . getmypid() . "\\n";
    if (getenv('RS_CLEAR') || is_file(getenv('RS_DIR') . '/end'))
        Swoole\\Timer::clearAll();
});
foreach (['beforeReload', 'afterReload'] as $name)
    $server->on($name, fn() => print("$name\\n"));
$server->on('workerError', fn($server, $id, $pid, $code, $signal) => print("workerError $id $pid $code $signal\\n"));
$server->on('open', fn($server, $request) => print("open $request->fd\\n"));
$server->on('close', fn($server, $fd) => print("close $fd\\n"));
$server->on('message', fn($server, $frame) => $server->push($frame->fd, $pid()));
$server->on('request', function ($request, $response) use ($server, $pid) {
    switch ($request->server['path_info']) {
    case '/held':
        echo "held\\n";
        if (Swoole\\Coroutine::getCid() > 0) {
            while (!is_file(getenv('RS_DIR') . '/go'))
                Swoole\\Coroutine::sleep(0.01);
            return $response->end($pid());
        }
        return $server->tick(10, function ($timer) use ($server, $response, $pid) {
            if (is_file(getenv('RS_DIR') . '/go')) {
                $response->end($pid());
                $server->clearTimer($timer);
            }
        });
    case '/stop':
        return $response->end(json_encode($server->stop()));
    case '/stats':
        return $response->end(json_encode($server->stats() + ['pid' => $server->getWorkerPid(0), 'status' => $server->getWorkerStatus(0)]));
    }
    $response->end($pid());
});
if (!empty($server->setting['task_worker_num'])) {
    $server->on('task', function ($server, $task, $from = 0, $data = '') {
        echo "task\\n";
        if (is_object($task)) {
            while (!is_file(getenv('RS_DIR') . '/go'))
                Swoole\\Coroutine::sleep(0.01);
            $task->finish($task->data);
            return;
        }
        while (!is_file(getenv('RS_DIR') . '/go'))
            usleep(10000);
        return $data;
    });
    $server->on('finish', fn($server, $id, $data) => print("finish $data " . getmypid() . "\\n"));
}
eval((string)getenv('RS_MORE'));
$server->start();
"""


@pytest.fixture
def server(server):
    started = []

    def make(settings=None, base=False, tick=True, **more):
        settings = {"max_wait_time": LONG, **(settings or {})}
        env = {"RS_SETTINGS": json.dumps(settings), "RS_MODE": "1" if base else "2", "RS_TICK": "1" if tick else "",
               **{f"RS_{k.upper()}": str(v) for k, v in more.items()}}
        started.append(server(code=CODE, env=env))
        started[-1].wait_output("workerStart ", count=settings.get("worker_num", 1) + settings.get("task_worker_num", 0))
        return started[-1]
    yield make
    for s in started:
        touch(s, "end")


def pid_of(conn, target="/"):
    r = conn.request(target)
    assert r.status == 200, r
    return int(r.text.removeprefix("pid "))


def touch(s, name):
    with open(os.path.join(s.folder, name), "w"):
        pass


# ---- nobody waits --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("coroutine", [False, True])
@pytest.mark.parametrize("base", [False, True])
def test_nobody_waits_for_a_timer(server, coroutine, base):
    s = server({"enable_coroutine": coroutine}, base=base)
    c = s.conn()
    old = pid_of(c)
    os.kill(s.pid, signal.SIGUSR1)
    s.wait_output("workerExit 0")
    new = pid_of(c)         # the same connection: what it asks now waits for the successor, and not longer
    assert new != old and proc.alive(old)
    out = s.wait_output("afterReload")
    assert pid_of(s.conn()) == new and proc.alive(old) and "workerError" not in out and "workerStop" not in out
    stats = s.get("/stats").json()
    assert (stats["pid"], stats["status"], stats["worker_num"], stats["idle_worker_num"]) == (new, 1, 1, 0)
    os.kill(old, signal.SIGKILL)
    s.wait_output(f"workerError 0 {old} 0 9")
    assert pid_of(c) == new and s.output().count("workerStart") == 2


@pytest.mark.parametrize("how", ["stop", "max_request", "term"])
def test_nobody_waits_for_one_worker(server, how):
    s = server({"max_request": 3 if how == "max_request" else 0})
    c = s.conn()
    old = pid_of(c)
    if how == "stop":
        assert c.request("/stop").text == "true"
    elif how == "term":
        os.kill(old, signal.SIGTERM)
    else:
        assert [pid_of(c), pid_of(c)] == [old, old]
    s.wait_output("workerExit 0")
    assert pid_of(c) != old and proc.alive(old)


def test_all_through_a_reload(server):
    """One client that asks again and again: its longest answer is none that waited for max_wait_time."""
    wait = int(4 * SLOW)
    s = server({"max_wait_time": wait, "worker_num": 2})
    c, longest = s.conn(), 0
    for n in (1, 2):
        os.kill(s.pid, signal.SIGUSR1)
        while s.output().count("afterReload") < n:
            since = time.monotonic()
            pid_of(c)
            longest = max(longest, time.monotonic() - since)
    assert longest < wait / 2


def test_a_slow_worker_stop(server):
    s = server(tick=False, slow_stop=1)
    c = s.conn()
    old = pid_of(c)
    os.kill(s.pid, signal.SIGUSR1)
    s.wait_output(f"workerStop 0 {old}")
    assert pid_of(c) != old and proc.alive(old)


# ---- order ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("coroutine", [False, True])
def test_timers_that_are_cleared(server, coroutine):
    """workerExit, workerStop, and only then the successor's workerStart: nothing was left to wait for."""
    s = server({"enable_coroutine": coroutine}, clear=1)
    old = pid_of(s.conn())
    os.kill(s.pid, signal.SIGUSR1)
    s.wait_output("afterReload")
    out = s.output()
    order = [out.index(f"{word} 0 {old}") for word in ("workerStart", "workerExit", "workerStop")] + [out.rindex("workerStart 0")]
    assert order == sorted(order) and out.count("workerStart 0") == 2, out
    until(lambda: not proc.alive(old))


@pytest.mark.parametrize("wait", [1, 2])
def test_the_limit(server, wait):
    s = server({"max_wait_time": wait})
    c = s.conn()
    old = pid_of(c)
    os.kill(s.pid, signal.SIGUSR1)
    s.wait_output("workerExit 0")
    new = pid_of(c)
    s.wait_output(f"workerStop 0 {old}")
    s.wait_output("forced termination (9101)")
    until(lambda: not proc.alive(old))
    assert new != old and "workerError" not in s.output() and s.output().count("workerStart") == 2
    assert pid_of(c) == new


def test_stop_while_one_finishes(server):
    # No task worker: its turn comes when the workers have gone, and with ticks in both that takes all of the stop's time.
    s = server({"max_wait_time": 1, "worker_num": 2})
    os.kill(s.pid, signal.SIGUSR1)
    s.wait_output("afterReload")
    assert s.stop() == 0
    out = s.output()
    assert out.count("workerStop") == 4 and "workerError" not in out


# ---- what belongs to whom -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("coroutine", [False, True])
def test_a_request_that_is_held(server, coroutine):
    """It is answered by who has it; all others, also of its worker, by the successor."""
    s = server({"enable_coroutine": coroutine}, tick=False)
    held, c = s.conn(), s.conn()
    old = pid_of(c)
    held.send(http.build("/held"))
    s.wait_output("held")
    os.kill(s.pid, signal.SIGUSR1)
    s.wait_output("workerExit 0")
    new = pid_of(c)
    assert new != old and proc.alive(old)
    touch(s, "go")
    assert held.response().text == f"pid {old}"
    assert pid_of(held) == new
    s.wait_output(f"workerStop 0 {old}")


def test_a_request_that_is_held_by_one_that_is_killed(server):
    s = server()
    held, c = s.conn(), s.conn()
    old = pid_of(c)
    held.send(http.build("/held"))
    s.wait_output("held")
    os.kill(s.pid, signal.SIGUSR1)
    s.wait_output("workerExit 0")
    new = pid_of(c)
    assert new != old
    os.kill(old, signal.SIGKILL)
    assert held.response().status == 502
    assert pid_of(c) == new and pid_of(held) == new


def test_websockets_stay(server):
    s = server()
    ws = websocket.create_connection(f"ws://127.0.0.1:{s.port}/", timeout=10 * SLOW)
    http.close_at_end(ws.sock)
    ws.send("who")
    old = int(ws.recv().removeprefix("pid "))
    os.kill(s.pid, signal.SIGUSR1)
    s.wait_output("afterReload")
    ws.send("who")
    new = int(ws.recv().removeprefix("pid "))
    assert new != old and proc.alive(old)
    # Both may push to it.
    touch(s, "push")
    heard = set()
    until(lambda: heard.add(ws.recv()) or heard >= {f"tick {old}", f"tick {new}"})
    assert s.output().count("open ") == 1 and f"close {1}\n" not in s.output()[s.output().index("open "):]


@pytest.mark.parametrize("coroutine", [False, True])
def test_tasks_in_flight(server, coroutine):
    """onFinish is the worker's of that number; a callback, and what waits in a coroutine, the sender's own, though each has the same tasks."""
    s = server({"task_worker_num": 1 if coroutine else 6, "task_enable_coroutine": coroutine, "enable_coroutine": True}, more="""
        $server->on('message', function ($server, $frame) use ($pid) {
            if ($frame->data !== 'tasks')
                return $server->push($frame->fd, $pid());
            $me = getmypid();
            $server->task("plain $me");
            $server->task("callback $me", -1, fn($server, $id, $data) => print("finish $data " . getmypid() . "\\n"));
            $server->push($frame->fd, 'given');
            echo "finish " . $server->taskCo(["coroutine $me"], 60)[0] . ' ' . getmypid() . "\\n";
        });
    """)
    ws = websocket.create_connection(f"ws://127.0.0.1:{s.port}/", timeout=10 * SLOW)
    http.close_at_end(ws.sock)

    def ask(word):
        ws.send(word)
        return ws.recv()

    old = int(ask("who").removeprefix("pid "))
    assert ask("tasks") == "given"
    os.kill(old, signal.SIGTERM)
    s.wait_output("workerStart 0", count=2)
    new = int(ask("who").removeprefix("pid "))
    assert new != old and ask("tasks") == "given" and proc.alive(old)
    s.wait_output("task\n", count=6)
    touch(s, "go")
    s.wait_output("finish ", count=6)
    assert {line for line in s.output().splitlines() if line.startswith("finish ")} == \
        {f"finish plain {old} {new}", f"finish callback {old} {old}", f"finish coroutine {old} {old}",
         f"finish plain {new} {new}", f"finish callback {new} {new}", f"finish coroutine {new} {new}"}
