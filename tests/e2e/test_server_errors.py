"""What comes of failing callbacks (contract E.8, X7, X8, X12): who survives, who is answered what, what is said."""

import re
import socket

import pytest

from lib import http
from lib.wait import SLOW, until

SYNC, COROUTINE = {}, {"COROUTINE": "1"}
both = pytest.mark.parametrize("env", [SYNC, COROUTINE], ids=["sync", "coroutine"])


@pytest.fixture
def failing(server):
    def make(env=SYNC, **more):
        s = server("server/errors.php", ports=2, env={**env, **more})
        s.wait_output("managerStart")
        s.wait_output("start\n", count=1)
        return s
    return make


def pid_of(s):
    r = s.get("/")
    assert r.status == 200
    return int(r.text)


def survived(s, pid):
    assert pid_of(s) == pid and "workerError" not in s.output()


def replaced(s, pid, code=255, sig=0):
    s.wait_output(f"workerError 0 {pid} {code} {sig}")
    assert until(lambda: pid_of(s), message="a successor") != pid


def outlived(s, env, pid):
    """What is thrown costs the process where callbacks are coroutines, and there only."""
    if env is SYNC:
        survived(s, pid)
    else:
        replaced(s, pid)


@pytest.mark.parametrize("how,says", [("throw", "Uncaught RuntimeException: thrown on purpose"),
                                      ("error", "Uncaught Error: Call to undefined function"),
                                      ("exit", "Uncaught Swoole\\ExitException: swoole exit")])
@both
def test_uncaught(failing, env, how, says):
    s = failing(env)
    pid = pid_of(s)
    assert s.get("/?" + how).status == 500
    s.wait_output(says)
    outlived(s, env, pid)
    if env is COROUTINE:
        assert f"shutdown function of {pid}" in s.output()
    assert "EXCEPTION HANDLER" not in s.output()


@both
def test_exit_can_be_caught(failing, env):
    s = failing(env)
    pid = pid_of(s)
    assert s.get("/?caught+exit").text == str(pid)
    s.wait_output("caught Swoole\\ExitException status %d" % (4 if env is SYNC else 6))
    survived(s, pid)


@both
def test_fatal_error(failing, env):
    s = failing(env)
    pid = pid_of(s)
    assert s.get("/?memory").status == 500
    s.wait_output("Allowed memory size of")
    replaced(s, pid)
    assert f"shutdown function of {pid}" in s.output() and "workerStop" not in s.output()


@both
def test_killed(failing, env):
    s = failing(env)
    pid = pid_of(s)
    assert s.get("/?kill").status in (500, 502)
    replaced(s, pid, 0, 9)


@both
def test_an_answer_that_had_begun_is_cut(failing, env):
    s = failing(env)
    with pytest.raises(AssertionError):     # lib/http.py: the body is not complete
        s.get("/?written")
    assert pid_of(s)


@both
def test_tcp_callback(failing, env):
    s = failing(env)
    pid = pid_of(s)
    with socket.create_connection(("127.0.0.1", s.ports[1]), 10 * SLOW) as c:
        c.settimeout(10 * SLOW)
        c.sendall(b"throw")
        s.wait_output("thrown on purpose")
        if env is SYNC:
            c.sendall(b"fine")
            assert c.recv(10) == b"well"
            survived(s, pid)
        else:
            assert c.recv(10) == b""
            replaced(s, pid)


@both
def test_timer(failing, env):
    s = failing(env)
    pid = int(s.get("/?timer").text)
    s.wait_output("thrown on purpose")
    outlived(s, env, pid)


@both
def test_close_callback(failing, env):
    s = failing(env, FAIL_CLOSE="throw")
    pid = pid_of(s)
    with socket.create_connection(("127.0.0.1", s.ports[1]), 10 * SLOW) as c:
        c.sendall(b"fine")
        assert c.recv(10) == b"well"
    s.wait_output("thrown on purpose")
    outlived(s, env, pid)


@both
def test_worker_start(failing, env):
    s = failing(env, FAIL_START="throw")
    s.wait_output("thrown on purpose")      # perhaps another worker's
    first = int(re.search(r"workerStart 0 (\d+)", s.wait_output("workerStart 0 ")).group(1))
    outlived(s, env, first)


@both
def test_worker_start_fatal(failing, env):
    s = failing(env, FAIL_START="memory")
    first = int(re.search(r"workerStart 0 (\d+)", s.wait_output("workerStart 0")).group(1))
    replaced(s, first)


@pytest.mark.parametrize("how", ["throw", "exit"])
@both
def test_master_and_manager_go_on(failing, env, how):
    s = failing(env, FAIL_MASTER=how)
    s.wait_output("Uncaught", count=2)
    assert pid_of(s)
    assert s.stop() == 0
    out = s.output()
    assert out.index("bool(true)") < out.index("after start") < out.index("shutdown function of the script")
    # those of the script are the script's alone; those of a worker run at its orderly end as well
    assert out.count("shutdown function of the script") == 1 and len(re.findall(r"shutdown function of \d+", out)) == 1


def test_requests_of_others_are_answered_when_a_coroutine_ends_the_worker(server):
    s = server(code="""<?php
        $server = new Swoole\\Http\\Server('127.0.0.1', (int)getenv('RS_PORT'), SWOOLE_PROCESS);
        $server->set(['worker_num' => 1]);
        $server->on('request', function ($request, $response) {
            if ($request->server['request_uri'] === '/throw')
                throw new Exception('out');
            if ($request->server['request_uri'] === '/wait')
                Co::sleep(30);
            $response->end('fine');
        });
        $server->start();""")
    waiting = s.conn()
    waiting.send(b"GET /wait HTTP/1.1\r\nHost: x\r\n\r\n")
    assert s.get("/").text == "fine"
    assert s.get("/throw").status == 500
    assert waiting.response().status in (500, 502)
    assert s.get("/").text == "fine"


def test_crash_loop_backs_off(server):
    s = server(code="""<?php
        $server = new Swoole\\Server('127.0.0.1', (int)getenv('RS_PORT'), SWOOLE_PROCESS);
        $server->set(['worker_num' => 1]);
        $server->on('workerStart', function () { echo "begun\\n"; throw new Exception('never'); });
        $server->on('receive', fn() => 1);
        $server->start();""", wait=False)
    import time
    s.wait_output("begun", count=2)
    begun = s.output().count("begun")
    time.sleep(3)     # what is asserted is a rate
    assert s.output().count("begun") - begun <= 10
    s.expect_exit = None
    s.question_exit = lambda: s.stop()


def test_user_process_that_exits(server):
    s = server(code="""<?php
        $server = new Swoole\\Server('127.0.0.1', (int)getenv('RS_PORT'), SWOOLE_PROCESS);
        $server->set(['worker_num' => 1, 'enable_coroutine' => false]);
        $server->on('workerError', fn($server, $id, $pid, $code, $signal) => print("failed $id $code $signal\\n"));
        $server->on('receive', fn() => 1);
        $n = new Swoole\\Atomic;
        $server->addProcess(new Swoole\\Process(function ($process) use ($n) {
            $i = $n->add();
            echo "run $i\\n";
            if ($i === 1) exit(7);
            if ($i === 2) $process->exit(9);
            if ($i === 3) throw new Exception('of a process');
            sleep(60);
        }));
        $server->start();""")
    s.wait_output("run 4")
    out = s.output()
    assert "Uncaught Swoole\\ExitException" in out and "Uncaught Exception: of a process" in out
    assert out.index("failed 1 255 0") < out.index("failed 1 9 0")
    s.wait_output("failed 1 255 0", count=2)
