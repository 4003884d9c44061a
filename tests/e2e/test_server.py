"""Swoole\\Server (contract B.1 to B.3, D, K, L.2): ports, callbacks, connections, processes, numbers."""

import json
import os
import re
import signal
import socket

import pytest

from lib import proc
from lib.ask import Ask, Thrown
from lib.wait import SLOW, until


def talk(port, data, n=4096):
    with socket.create_connection(("127.0.0.1", port), 10 * SLOW) as c:
        c.sendall(data)
        return c.recv(n)


# ---- callbacks and echo ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("coroutine", ["", "1"])
def test_echo_with_four_forms_of_callbacks(server, coroutine):
    s = server("server/echo.php", env={"COROUTINE": coroutine})
    assert talk(s.port, b"hello") == b"echo hello"
    with socket.create_connection(("127.0.0.1", s.port), 10 * SLOW) as c:
        c.sendall(b"close")
        assert c.recv(10) == b""
    s.wait_output("bool(true)")
    # onClose comes before close() returns, with reactor -1; a client's own end has the real one
    fd = [line.split()[1] for line in s.output().splitlines() if line.startswith("close") and line.endswith("-1")]
    assert len(fd) == 1 and s.output().index(f"close {fd[0]} -1") < s.output().index("bool(true)")
    until(lambda: s.output().count("close ") == s.output().count("connect "), message="one close for each connect")
    assert s.stop() == 0
    assert s.output().rstrip().endswith("bool(true)")


def test_events_in_order(asked):
    s, ask = asked()
    fd = ask("$fd")
    ask.close()
    s.wait_output(f"close {fd} 0")
    assert s.output().index(f"connect {fd} 0") < s.output().index(f"close {fd} 0")


def test_processes_and_their_properties(asked):
    s, ask = asked({"worker_num": 2, "task_worker_num": 1})
    master, manager, worker = ask("[$server->master_pid, $server->manager_pid, $server->worker_pid]")
    assert master == s.pid and proc.ppid(worker) == manager
    assert ask("[$server->worker_pid === getmypid(), $server->taskworker, $server->worker_id === $server->getWorkerId()]") == \
        [True, False, True]
    assert f"start {master} {manager} -1" in s.output()
    assert f"managerStart {master} {manager} -1 {manager}" in s.output()
    assert ask("[$server->getMasterPid(), $server->getManagerPid(), $server->getWorkerPid()]") == [master, manager, worker]
    assert sorted(ask("[$server->getWorkerPid(0), $server->getWorkerPid(1), $server->getWorkerPid(2)]")) == \
        sorted(p for p in proc.descendants(manager))
    assert ask("[$server->getWorkerPid(3), $server->getWorkerPid(-5), $server->getWorkerStatus(9)]") == [False, False, False]
    assert ask("$server->getWorkerStatus()") == 1 and ask("$server->getWorkerStatus(2)") == 2
    assert ask("[$server->mode, $server->host, $server->port, $server->type, $server->ssl, count($server->ports)]") == \
        [2, "127.0.0.1", s.port, 1, False, 1]


def test_settings_are_readable_everywhere(asked):
    s, ask = asked({"open_http_protocol": False, "mine": "kept"})
    setting = ask("$server->setting")
    assert setting["mine"] == "kept" and setting["worker_num"] == 1 and setting["task_worker_num"] == 0
    assert setting["output_buffer_size"] == 2 ** 32 - 1 and setting["max_connection"] > 100
    assert ask("$server->ports[0]->setting['mine']") == "kept"
    assert ask("($server->whatever = 5)") == 5


# ---- ports --------------------------------------------------------------------------------------------------------


def test_many_ports(server):
    s = server("server/ports.php", ports=4)
    assert json.loads(re.search(r"^\[\[.*\]\]$", s.wait_output("dgram.sock"), re.M).group(0)) == [
        ["127.0.0.1", s.ports[0], 1], ["127.0.0.1", s.ports[1], 1], ["127.0.0.1", s.ports[2], 2],
        ["127.0.0.1", s.ports[3], 1], [f"{s.folder}/stream.sock", 0, 5], [f"{s.folder}/dgram.sock", 0, 6]]
    assert talk(s.ports[0], b"a\n") == b"main %d [a]\n" % s.ports[0]
    # a port with settings of its own has nothing of the first one's
    assert talk(s.ports[1], b"\0\3a\nb") == b"own 5\n"
    # one without has all of them, and the server's callback
    assert talk(s.ports[3], b"x\n") == b"main %d [x]\n" % s.ports[3]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as c:
        c.settimeout(10 * SLOW)
        c.sendto(b"ping", ("127.0.0.1", s.ports[2]))
        assert json.loads(c.recv(1000)) == ["ping", ["server_socket", "dispatch_time", "server_port", "address", "port"], s.ports[2]]
    assert "[false,false]" in s.output()
    with socket.socket(socket.AF_UNIX) as c:
        c.settimeout(10 * SLOW)
        c.connect(f"{s.folder}/stream.sock")
        c.sendall(b"hi")
        assert c.recv(100) == b'unix hi ""'
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as c:
        c.settimeout(10 * SLOW)
        c.bind(f"{s.folder}/client.sock")
        c.sendto(b"hi", f"{s.folder}/dgram.sock")
        assert c.recv(100) == b"dgram hi"
    assert s.stop() == 0
    assert not os.path.exists(f"{s.folder}/stream.sock") and not os.path.exists(f"{s.folder}/dgram.sock")


# ---- sending and closing ----------------------------------------------------------------------------------------------


def test_send(asked):
    s, ask = asked()
    ask.send("$server->send($fd, \"first\\n\"); return $server->send((string)$fd, \"second\\n\", 7);")
    assert [ask.line(), ask.line()] == [b"first", b"second"]
    assert ask.result() is True


def test_send_failures(asked):
    s, ask = asked()
    ask.warns("$server->send($fd, '')", "Swoole\\Server::send(): data is empty")
    ask.warns("$server->send(0, 'x')", "invalid fd[0]")
    ask.warns("$server->send(null, 'x')", "invalid fd")
    ask.warns("$server->send(-3, 'x')", "invalid fd[-3]")
    assert ask("[$server->send(99999, 'x'), $server->getLastError(), swoole_last_error()]") == [False, 1005, 1005]
    with pytest.raises(Thrown, match="TypeError"):
        ask("$server->send($fd, [])")


def test_send_too_much(asked):
    s, ask = asked({"output_buffer_size": 65536})
    assert ask("[$server->send($fd, str_repeat('x', 65537)), $server->getLastError()]") == [False, 1203]


def test_send_to_a_client_that_does_not_read(asked):
    s, ask = asked({"socket_buffer_size": 1 << 20})
    code = "$n = 0; while ($server->send($fd, str_repeat('x', 100000)) && $n < 1000) { $n++; usleep(2000); } return [$n, $server->getLastError()];"
    other = Ask(s.port)
    fd = other("$fd")
    n, error = ask.run(f"$fd = {fd}; " + code)
    assert error == 1009 and 9 <= n < 1000
    other.close()


def test_sendfile(asked):
    s, ask = asked()
    path = os.path.join(s.folder, "file")
    with open(path, "w") as f:
        f.write("0123456789\n")
    ask.send(f"$server->send($fd, 'a'); $server->sendfile($fd, '{path}'); return $server->sendfile($fd, '{path}', 8, 3);")
    assert [ask.line(), ask.line()] == [b"a0123456789", b"89"]
    assert ask.result() is True
    ask.warns("$server->sendfile($fd, '/nowhere/at/all')", "sendfile()")
    ask.warns("$server->sendfile($fd, '/tmp')", "sendfile()")
    assert ask(f"[$server->sendfile(99999, '{path}'), $server->getLastError()]") == [False, 1005]


@pytest.mark.parametrize("descriptors, most, error", [(None, 256, 1009), (1600, 200, 506)], ids=["of a connection", "of all"])
def test_files_for_a_client_that_does_not_read_have_an_end(asked, descriptors, most, error):
    """Each that waits keeps a descriptor of the reactor open: sendfile() says no before it has too many."""
    limit = f"posix_setrlimit(POSIX_RLIMIT_NOFILE, {descriptors}, {descriptors});" if descriptors else ""
    s, ask = asked(env={"RS_BEFORE": limit})
    path = os.path.join(s.folder, "file")
    with open(path, "w") as f:
        f.truncate(64 << 20)
    deaf, other = Ask(s.port), Ask(s.port)
    fd, another = deaf("$fd"), other("$fd")
    n, said = ask.run(f"for ($n = 0; $n < 2000 && $server->sendfile({fd}, '{path}'); $n++); return [$n, $server->getLastError()];")
    assert said == error and most <= n < 3 * most, (n, said)
    assert ask(f"$server->exist({fd})") is True, "what was promised still comes"
    assert ask(f"$server->sendfile({another}, '{path}')") is (error == 1009), "others have room, unless there is none for anybody"
    deaf.close()
    other.close()
    until(lambda: ask(f"$server->exist({fd})") is False)


def test_sendto_failures(asked):
    s, ask = asked()
    ask.warns("$server->sendto('127.0.0.1', 9, 'x')", "UDP listener has to be added")
    ask.warns("$server->sendto('127.0.0.1', 9, '')", "data is empty")
    ask.warns("$server->sendwait($fd, 'x')", "can't sendwait")


SENDTO = """<?php
$server = new Swoole\\Server('127.0.0.1', (int) getenv('RS_PORT'), SWOOLE_PROCESS);
$server->set(['worker_num' => 1]);
$server->listen('127.0.0.1', 0, SWOOLE_SOCK_UDP)->on('packet', fn() => 1);
$server->on('receive', fn($server, $fd) => $server->send($fd, json_encode(array_map(fn($to) => $server->sendto($to[0], $to[1], 'x'),
    [['127.0.0.1', 0], ['127.0.0.1', -1], ['127.0.0.1', 65536], ['no.address', 9], ['127.0.0.256', 9], ['127.0.0.1', 9]]))));
$server->start();
"""


def test_sendto_bad_addresses(server):
    assert json.loads(talk(server(code=SENDTO).port, b"go")) == [False, False, False, False, False, True]


def test_close(asked):
    s, ask = asked()
    other = Ask(s.port)
    fd = other("$fd")
    assert ask(f"[$server->exist({fd}), $server->close({fd}), $server->exist({fd}), $server->exists({fd}), $server->close({fd})]") == \
        [True, True, False, False, False]
    with pytest.raises(EOFError):
        other.line()
    assert s.output().count(f"close {fd} -1") == 1
    assert ask("[$server->close(99999), $server->getLastError()]") == [False, 1005]
    assert ask(f"[$server->send({fd}, 'x'), in_array($server->getLastError(), [1004, 1005])]") == [False, True]


def test_close_sends_what_is_queued_and_reset_does_not(asked):
    s, ask = asked()
    other = Ask(s.port)
    fd = other("$fd")
    ask(f"[$server->send({fd}, str_repeat('x', 3000000) . \"\\n\"), $server->close({fd})]")
    assert len(other.line()) == 3000000
    other = Ask(s.port)
    fd = other("$fd")
    ask(f"[$server->send({fd}, str_repeat('x', 3000000) . \"\\n\"), $server->close({fd}, true)]")
    with pytest.raises((EOFError, ConnectionResetError)):
        other.line()


def test_inside_close(asked):
    s, ask = asked()
    other = Ask(s.port)
    fd = other("$fd")
    ask.run("global $onClose; $onClose = 'return [$server->getClientInfo($fd)[\"remote_ip\"], $server->exist($fd), $server->close($fd)];';")
    other.close()
    s.wait_output('in close: {"value":["127.0.0.1",false,false]}')
    other = Ask(s.port)
    fd = other("$fd")
    ask(f"$server->close({fd})")
    s.wait_output('in close: {"value":["127.0.0.1",false,false]}', count=2)


def test_close_from_another_worker(asked):
    s, ask = asked({"worker_num": 2})
    other = Ask(s.port)
    fd = other("$fd")
    assert ask("$server->worker_id") != other("$server->worker_id")
    assert ask(f"[$server->send({fd}, \"from there\\n\"), $server->close({fd})]") == [True, True]
    assert other.line() == b"from there"
    s.wait_output(f"close {fd} -1")


# ---- what is known of connections -----------------------------------------------------------------------------------------


def test_client_info(asked):
    s, ask = asked()
    info = ask("$server->getClientInfo($fd)")
    assert set(info) == {"server_fd", "socket_fd", "socket_type", "remote_port", "remote_ip", "reactor_id", "connect_time", "last_time",
                         "last_recv_time", "last_send_time", "last_dispatch_time", "close_errno", "recv_queued_bytes",
                         "send_queued_bytes", "server_port", "worker_id"}
    assert (info["remote_ip"], info["remote_port"]) == ask.socket.getsockname()
    assert info["server_port"] == s.port and info["socket_type"] == 1 and info["worker_id"] == 0
    assert abs(info["last_recv_time"] - info["connect_time"]) < 60 and info["last_time"] == int(info["last_recv_time"])
    assert ask("$server->connection_info($fd)['remote_ip']") == "127.0.0.1"
    assert ask("[$server->getClientInfo(99999), $server->getLastError()]") == [False, 1005]
    assert ask("$server->getClientInfo(0)") is False


def test_client_list_and_iterator(asked):
    s, ask = asked()
    more = [Ask(s.port) for _ in range(24)]
    fds = sorted([ask("$fd")] + [m("$fd") for m in more])
    assert ask("$server->getClientList()") == fds[:10]
    assert ask(f"$server->getClientList({fds[9]}, 100)") == fds[10:]
    assert ask(f"$server->connection_list({fds[-1]})") is False
    assert ask("$server->getClientList(99999)") is False
    ask.warns("$server->getClientList(0, 101)", "max count")
    assert ask("iterator_to_array($server->connections, false)") == fds
    assert ask("iterator_to_array($server->ports[0]->connections, false)") == fds
    assert ask("[count($server->connections), isset($server->connections[$fd]), isset($server->connections[99999]), "
               "$server->connections[$fd]['remote_ip'], $server->connections[99999]]") == [25, True, False, "127.0.0.1", False]
    assert ask.run("foreach ($server->connections as $one) if ($one !== $fd) $server->close($one); return count($server->connections);") == 1


def test_bind(asked):
    s, ask = asked({"dispatch_mode": 5})
    # it holds at once, whatever the process that owns the connection has got to
    assert ask.run("return [$server->bind($fd, 4711), $server->getClientInfo($fd)['uid'], $server->bind($fd, 4712)];") == \
        [True, 4711, False]
    until(lambda: ask("$server->getClientInfo($fd)").get("uid") == 4711)
    assert ask("$server->bind($fd, 4712)") is False
    assert ask("$server->bind(99999, 1)") is False
    ask.warns("$server->bind($fd, 1 << 40)", "uid")


def test_pause_and_resume(asked):
    s, ask = asked()
    other = Ask(s.port)
    fd = other("$fd")
    assert ask(f"[$server->pause({fd}), $server->pause(99999), $server->resume(99999), $server->protect(99999), $server->confirm(99999)]") == \
        [True, False, False, False, False]
    until(lambda: ask("true"))
    other.send("return 'late';")
    other.socket.settimeout(0.3)
    with pytest.raises(TimeoutError):
        other.line()
    other.socket.settimeout(10 * SLOW)
    assert ask(f"$server->resume({fd})") is True
    assert other.result() == "late"


def test_delayed_receive(server):
    s = server(code="""<?php
        $server = new Swoole\\Server('127.0.0.1', (int)getenv('RS_PORT'), SWOOLE_PROCESS);
        $server->set(['worker_num' => 1, 'enable_coroutine' => false, 'enable_delay_receive' => true]);
        $server->on('connect', fn($server, $fd) => Swoole\\Timer::after(100, fn() => $server->confirm($fd)));
        $server->on('receive', fn($server, $fd, $reactor, $data) => $server->send($fd, $data));
        $server->start();""")
    assert talk(s.port, b"x") == b"x"


def test_heartbeat(asked):
    s, ask = asked({"heartbeat_idle_time": 1, "heartbeat_check_interval": 3600})
    idle = Ask(s.port)
    fd = idle("$fd")
    kept = Ask(s.port)
    kept_fd = kept("$fd")
    assert ask(f"$server->protect({kept_fd})") is True
    until(lambda: ask("$server->heartbeat()") == [fd], message="idle for more than a second")
    assert ask(f"[$server->exist({fd}), $server->heartbeat(true), $server->heartbeat(false)]")[:2] == [True, [fd]]
    with pytest.raises(EOFError):
        idle.line()
    assert kept("true") is True


def test_heartbeat_without_a_time(asked):
    s, ask = asked()
    assert ask("$server->heartbeat()") is False


def test_heartbeat_closes(asked):
    s, ask = asked({"heartbeat_idle_time": 3})      # a busy machine asks within them
    fd = ask("$fd")
    with pytest.raises(EOFError):
        ask.line()
    s.wait_output(f"close {fd} 0")


# ---- the server as a whole ---------------------------------------------------------------------------------------------------


def test_stats(asked):
    s, ask = asked({"worker_num": 2, "task_worker_num": 1})
    until(lambda: ask("count($server->connections)") == 1)     # the one who looked whether somebody listens has gone
    stats = ask("$server->stats()")
    assert set(stats) >= {"start_time", "connection_num", "abort_count", "accept_count", "close_count", "worker_num", "task_worker_num",
                          "user_worker_num", "idle_worker_num", "dispatch_count", "request_count", "response_count",
                          "total_recv_bytes", "total_send_bytes", "pipe_packet_msg_id", "concurrency", "session_round", "min_fd",
                          "max_fd", "coroutine_num", "coroutine_peek_num", "worker_request_count", "worker_response_count",
                          "worker_dispatch_count", "worker_concurrency", "task_idle_worker_num", "tasking_num"}
    assert all(isinstance(v, int) for v in stats.values())
    assert (stats["connection_num"], stats["worker_num"], stats["task_worker_num"], stats["task_idle_worker_num"]) == (1, 2, 1, 1)
    assert stats["idle_worker_num"] <= 1 and stats["session_round"] == ask("$fd")
    until(lambda: ask("$server->stats()['min_fd']") == ask("$server->stats()['max_fd']") == ask("$fd"))
    until(lambda: ask("$server->stats()['request_count']") > 1)
    assert stats["total_recv_bytes"] > 0


def test_reload_and_its_callbacks(asked):
    s, ask = asked({"worker_num": 2})
    before = ask("getmypid()")
    assert ask("$server->reload()") is True
    s.wait_output("afterReload")
    s.wait_output("workerStart 0", count=2)
    until(lambda: ask("getmypid()") != before)
    out = s.wait_output("workerStop", count=2)
    assert out.count("workerStop") == 2 and out.index("beforeReload") < out.index("workerStart 0", out.index("beforeReload")) < \
        out.index("afterReload")
    # the connection is the same one
    assert f"close {ask('$fd')} " not in out and out.count(f"connect {ask('$fd')} ") == 1


def test_stop_a_worker(asked):
    s, ask = asked({"worker_num": 2})
    pid = ask("getmypid()")
    assert ask("[$server->stop(7), $server->stop(-9)]") == [False, False]
    assert ask("$server->stop()") is True
    until(lambda: ask("getmypid()") != pid)
    assert "workerError" not in s.output()
    other = ask("$server->getWorkerPid(1 - $server->worker_id)")
    assert ask("$server->stop(1 - $server->worker_id)") is True
    until(lambda: ask("$server->getWorkerPid(1 - $server->worker_id)") not in (other, False))


def test_shutdown(asked):
    s, ask = asked({"worker_num": 2, "task_worker_num": 1})
    assert ask("$server->shutdown()") is True
    out = s.to_end()
    order = [out.index(word) for word in ("beforeShutdown", "workerStop", "managerStop", "shutdown\n", "bool(true)", "after start")]
    assert order == sorted(order), out
    assert out.count("workerStop") == 3


@pytest.mark.parametrize("sig", [signal.SIGTERM, signal.SIGINT])
def test_signals_stop_in_order(asked, sig):
    s, ask = asked()
    assert s.stop(sig) == 0
    assert "shutdown\nbool(true)\nafter start\n" in s.output()


def test_killed_worker(asked):
    s, ask = asked({"worker_num": 2})
    pid = ask("getmypid()")
    worker = ask("$server->worker_id")
    os.kill(pid, signal.SIGKILL)
    s.wait_output(f"workerError {worker} {pid} 0 9")
    until(lambda: ask("getmypid()") != pid)
    assert s.wait_output("close").count("close") == 1      # of the one who looked whether somebody listens


def test_timers_of_the_server(asked):
    s, ask = asked()
    ask.run("$server->after(10, fn($word) => say(\"after $word\"), 'ten'); $n = 0;"
            "$server->tick(5, function ($id, $word) use ($server, &$n) { if (++$n === 3) { say(\"tick $word\"); $server->clearTimer($id); } }, 'five');"
            "return $server->defer(fn() => say('deferred'));")
    for words in ("after ten", "tick five", "deferred"):
        s.wait_output(words)
    assert ask("$server->clearTimer(4711)") is False


def test_user_process(server):
    s = server(code="""<?php
        $server = new Swoole\\Server('127.0.0.1', (int)getenv('RS_PORT'), SWOOLE_PROCESS);
        $server->set(['worker_num' => 1, 'task_worker_num' => 1, 'enable_coroutine' => false]);
        $process = new Swoole\\Process(function ($process) use ($server) {
            echo "user {$process->id} {$server->worker_id} {$server->master_pid} " . (getmypid() === $process->pid ? 'same' : 'other') . "\\n";
            echo "pid {$process->pid}\\n";
            while ($data = $process->read()) {
                $server->sendMessage("from process: $data", 0);
            }
        });
        var_dump($server->addProcess($process) >= 1, $process->start());
        $server->on('receive', fn($server, $fd, $reactor, $data) => $process->write($data));
        $server->on('pipeMessage', function ($server, $from, $message) { echo "message $from $message\\n"; });
        $server->on('task', fn() => null);
        $server->on('workerError', function ($server, $id, $pid, $code, $signal) { echo "failed $id $code $signal\\n"; });
        $server->start();""", wait=True)
    s.wait_output("user 2 -1 %d same" % s.pid)
    assert "bool(true)\nbool(false)" in s.output()
    with socket.create_connection(("127.0.0.1", s.port)) as c:
        c.sendall(b"hello")
        s.wait_output("message 2 from process: hello")
    # kept alive
    pid = int(re.search(r"pid (\d+)", s.output()).group(1))
    os.kill(pid, signal.SIGKILL)
    s.wait_output("user 2", count=2)
    s.wait_output("failed 2 0 9")


# ---- before start() --------------------------------------------------------------------------------------------------------


def run_php(server, code, **kw):
    s = server(code="<?php set_error_handler(function ($level, $text) { throw new ErrorException($text, 0, $level); });\n"
               "function t($f) { try { echo json_encode($f()), \"\\n\"; } catch (Throwable $e) {"
               " echo get_class($e), '(', $e->getCode(), ') ', $e instanceof ErrorException ? $e->getSeverity() : '', ' ', $e->getMessage(), \"\\n\"; } }\n" + code,
               wait=False, **kw)
    return s, s.to_end().splitlines()


def test_methods_before_start_warn(server):
    calls = ["send(1, 'x')", "sendto('127.0.0.1', 1, 'x')", "sendfile(1, '/etc/passwd')", "close(1)", "exist(1)", "getClientInfo(1)",
             "getClientList()", "heartbeat()", "task(1)", "taskwait(1)", "taskWaitMulti([1])", "finish(1)", "sendMessage('x', 0)",
             "reload()", "shutdown()", "stop()", "stats()", "protect(1)", "pause(1)", "resume(1)", "confirm(1)", "bind(1, 1)"]
    s, out = run_php(server, "$s = new Swoole\\Server('127.0.0.1', 0);\n" + "".join(f"t(fn() => $s->{c});\n" for c in calls))
    for call, line in zip(calls, out):
        assert line.startswith("ErrorException(0) 2 Swoole\\Server::" + call.split("(")[0] + "(): "), line
    assert len(out) == len(calls)


def test_construction_failures(server):
    s, out = run_php(server, """
        $s = new Swoole\\Server('127.0.0.1', (int)getenv('RS_PORT'));
        t(fn() => new Swoole\\Server('127.0.0.1', 0));
        t(fn() => $s->__construct('127.0.0.1', 0));
        t(fn() => clone $s);
        t(fn() => serialize($s));
        t(function () use ($s) { unset($s->ports); });
        t(fn() => new Swoole\\Server\\Port);
        t(fn() => [$s->mode, $s->listen('127.0.0.1', (int)getenv('RS_PORT'), SWOOLE_SOCK_TCP), $s->getLastError()]);
        t(fn() => $s->listen('127.0.0.1', 0, SWOOLE_SOCK_UDP | SWOOLE_SSL));
        t(fn() => [$s->getMasterPid(), $s->getManagerPid(), $s->getWorkerId(), $s->getWorkerPid(), count($s->connections)]);
        t(fn() => get_class($s->getSocket()));
        t(fn() => $s->getSocket(1));
        t(fn() => $s->addProcess(new stdClass));
        unset($s);
        t(fn() => new Swoole\\Server('127.0.0.1', 0, 7));
        t(fn() => new Swoole\\Server('127.0.0.1', 0, SWOOLE_PROCESS, 99));
        t(fn() => new Swoole\\Server('192.0.2.1', 80));
        """)
    assert out[0].startswith("Swoole\\Exception(-3)")
    assert out[1].startswith("Error(0)")
    assert out[2] == "Error(0)  Trying to clone an uncloneable object of class Swoole\\Server"
    assert out[3] == "Exception(0)  Serialization of 'Swoole\\Server' is not allowed"
    assert out[4].startswith("Error(0)") and out[5].startswith("Error(0)")
    assert "ERROR\tSwoole\\Server::listen() (ERRNO 98)" in out[6] and out[7] == "[1,false,98]"
    assert "listen()" in out[8] and out[9] == "false"
    assert out[10] == "[0,0,false,false,0]"
    assert out[11:13] == ['"Socket"', "false"]
    assert out[13].startswith("TypeError")
    assert out[14].startswith("Error(0)") and out[15].startswith("Swoole\\Exception(22)")
    assert out[16].startswith("Swoole\\Exception(99)") and "failed to listen server port[192.0.2.1:80], Error: " in out[16]


def test_on(server):
    s, out = run_php(server, """
        $s = new Swoole\\Server('127.0.0.1', 0);
        class Own { private function secret() {} public function register($s) { return $s->on('close', [$this, 'secret']); } }
        t(fn() => $s->on('receive', 'strlen'));
        t(fn() => $s->on('RECEIVE', 'trim'));
        t(fn() => [$s->getCallback('Receive'), $s->getCallback('close'), $s->getCallback('nothing'), $s->ports[0]->getCallback('receive')]);
        t(fn() => $s->on('Foo', 'strlen'));
        t(fn() => $s->ports[0]->on('workerStart', 'strlen'));
        t(fn() => $s->on('timer', 'strlen'));
        t(fn() => (new Own)->register($s));
        t(fn() => $s->on('connect', strlen(...)));
        t(fn() => $s->on('packet', 'DateTime::createFromFormat'));
        """)
    assert out == ["true", "true", '["trim",null,null,"trim"]',
                   "ErrorException(0) 2 Swoole\\Server::on(): unknown event types[Foo]",
                   "ErrorException(0) 2 Swoole\\Server\\Port::on(): unknown event types[workerStart]", "true", "true", "true", "true"]


@pytest.mark.parametrize("code,text", [
    ("$s->on('receive', 'no_such_function');", "Swoole\\Server::on(): function 'no_such_function' is not callable"),
    ("$s->start();", "require onReceive callback"),
    ("$s->on('receive', 'strlen'); $s->listen('127.0.0.1', 0, SWOOLE_SOCK_UDP); $s->start();", "require onPacket callback"),
    ("$s->on('receive', 'strlen'); $s->set(['task_worker_num' => 1]); $s->start();", "failed to start server"),
    ("$s->listen('127.0.0.1', 0, SWOOLE_SOCK_TCP)->set(['open_http_protocol' => true]); $s->on('receive', 'strlen'); $s->start();",
     "require onRequest callback"),
    ("class Bare extends Swoole\\Server { function __construct() {} } (new Bare)->on('start', 'strlen');", "must call constructor first"),
])
def test_fatal_errors(server, code, text):
    s = server(code=f"<?php $s = new Swoole\\Server('127.0.0.1', 0, SWOOLE_PROCESS); {code} echo 'not here';", wait=False)
    s.expect_exit = 255
    out = s.to_end()
    assert text in out and "Fatal error" in out and "not here" not in out


@pytest.mark.parametrize("cls,text", [("Swoole\\Http\\Server", "onRequest"), ("Swoole\\WebSocket\\Server", "onMessage")])
def test_mandatory_callbacks_of_children(server, cls, text):
    s = server(code=f"<?php $s = new {cls}('127.0.0.1', 0, SWOOLE_PROCESS); $s->on('receive', 'strlen'); $s->start();", wait=False)
    s.expect_exit = 255
    assert f"require {text} callback" in s.to_end()


def test_start_in_a_loop_warns(server):
    s, out = run_php(server, "$s = new Swoole\\Server('127.0.0.1', 0); $s->on('receive', 'strlen'); $t = Swoole\\Timer::after(1000, 'strlen');"
                     "t(fn() => $s->start()); Swoole\\Timer::clear($t);")
    assert out[0].startswith("ErrorException(0) 2 Swoole\\Server::start(): eventLoop has already been created")


def test_after_start_warn(asked):
    s, ask = asked()
    ask.warns("$server->set([])", "server is running, unable to execute set()")
    ask.warns("$server->on('receive', 'strlen')", "server is running")
    ask.warns("$server->listen('127.0.0.1', 0, SWOOLE_SOCK_TCP)", "server is running")
    ask.warns("$server->addProcess(new Swoole\\Process('strlen'))", "server is running")
    ask.warns("$server->start()", "server is running")
    ask.warns("$server->ports[0]->on('receive', 'strlen')", "server is running")
    ask.warns("$server->ports[0]->set([])", "server is running")


def test_classes(server):
    s, out = run_php(server, """
        foreach (['swoole_server', 'swoole_server_port', 'swoole_server_task', 'swoole_connection_iterator', 'swoole_http_server',
                  'swoole_websocket_server'] as $old) t(fn() => (new ReflectionClass($old))->getName());
        t(fn() => [is_subclass_of('Swoole\\WebSocket\\Server', 'Swoole\\Http\\Server'), is_subclass_of('Swoole\\Http\\Server', 'Swoole\\Server')]);
        t(fn() => class_implements('Swoole\\Connection\\Iterator'));
        t(fn() => count((new ReflectionClass('Swoole\\Server'))->getMethods()));
        class Mine extends Swoole\\Http\\Server { public function on(string $event_name, callable $callback): bool { return parent::on($event_name, $callback); } }
        $m = new Mine('127.0.0.1', 0); $m->dynamic = 1; t(fn() => $m->on('request', 'strlen'));
        """)
    assert out[:6] == [json.dumps(c) for c in ("Swoole\\Server", "Swoole\\Server\\Port", "Swoole\\Server\\Task",
                                               "Swoole\\Connection\\Iterator", "Swoole\\Http\\Server", "Swoole\\WebSocket\\Server")]
    assert out[6] == "[true,true]" and {"Iterator", "ArrayAccess", "Countable"} <= set(json.loads(out[7]))
    assert out[9] == "true"
