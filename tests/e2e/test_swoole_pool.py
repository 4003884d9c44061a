"""Swoole\\Process\\Pool: contract B.12, rows PP1 to PP9, and what becomes of its processes when they are killed."""

import os
import signal
import socket
import struct
import subprocess
import time

import pytest

from lib import proc
from lib.ports import free_port
from lib.script import message_queue, script  # noqa: F401 - a fixture
from lib.wait import SLOW, until

HEAD = """<?php
use Swoole\\Timer; use Swoole\\Event; use Swoole\\Coroutine; use Swoole\\Process; use Swoole\\Process\\Pool;
ini_set('display_errors', 'stderr'); ini_set('log_errors', 0);
function say(string $text): void { file_put_contents('said', "$text\\n", FILE_APPEND); }
"""


class Running:
    """A pool of $n workers, each of which says "up ID PID" when it starts."""

    def __init__(self, script, code, n=2, arguments="", after="", **kw):
        self.s = script(None, **kw, code=HEAD + f"$pool = new Pool({n}{arguments});\n"
                        "$pool->on('workerStart', function ($pool, $id) { say(\"up $id \" . getmypid()); });\n"
                        + code + "\n$pool->start(); say('end'); " + after)
        self.n = n
        until(lambda: len(self.now()) == n or self.s.child.poll() is not None, message=f"{n} workers: {self.said()}")

    def said(self):
        try:
            with open(self.s.path("said"), encoding="utf-8") as f:
                return f.read().splitlines()
        except FileNotFoundError:
            return []

    def ups(self):
        """[(id, pid)] in the order of their start."""
        return [tuple(int(w) for w in line.split()[1:]) for line in self.said() if line.startswith("up ")]

    def now(self):
        """{id: pid} of the newest."""
        return dict(self.ups())

    def wait_said(self, line, count=1):
        until(lambda: self.said().count(line) >= count, message=f"{line!r} among {self.said()}")

    def end(self, sig=signal.SIGTERM):
        self.s.signal(sig)
        status = self.s.wait(10)
        assert self.said()[-1] == "end", (self.said(), self.s.err)
        return status


STAY = "$pool->on('workerStart', function ($pool, $id) { say(\"up $id \" . getmypid()); while (true) sleep(60); });"
LOOP = "$pool->on('workerStart', function ($pool, $id) { say(\"up $id \" . getmypid()); Timer::tick(1000, fn () => 0); });" \
       "$pool->on('workerStop', fn ($pool, $id) => say(\"stop $id\"));"


def test_calls(script):
    script.check("pool/calls.php")


def test_without_callbacks_is_fatal(script):
    s = script(None, code=HEAD + "(new Pool(1))->start(); echo 'never';")
    assert s.wait() == 255 and s.out == "" and "Swoole\\Process\\Pool::start(): needs a callback" in s.err


def test_in_a_coroutine_is_fatal(script):
    s = script(None, code=HEAD + "go(function () { $p = new Pool(1); $p->on('workerStart', fn () => 0); $p->start(); echo 'never'; });")
    assert s.wait() == 255 and s.out == "" and "must be forked outside the coroutine" in s.err


def test_without_the_constructor_is_fatal(script):
    s = script(None, code=HEAD + "class Mine extends Pool { function __construct() {} } (new Mine)->on('start', fn () => 0); echo 'never';")
    assert s.wait() == 255 and s.out == "" and "must call constructor first" in s.err


def test_the_order_of_its_callbacks(script):
    p = Running(script, LOOP + "$pool->on('start', fn ($pool) => say('start'));")
    p.wait_said("start")
    assert {proc.ppid(pid) for pid in p.now().values()} == {p.s.pid}
    assert p.end() == 0
    assert sorted(p.said()[-3:]) == ["end", "stop 0", "stop 1"]


@pytest.mark.parametrize("sig", [signal.SIGTERM, signal.SIGINT])
def test_stop_of_workers_that_block(script, sig):
    """They are asked, which ends a sleep; the manager goes on behind start()."""
    p = Running(script, STAY, n=3)
    assert p.end(sig) == 0


def test_stop_of_workers_that_do_not_listen(script):
    """Killed after max_wait_time."""
    p = Running(script, "$pool->set(['max_wait_time' => 1]); $pool->on('workerStart', function ($pool, $id) {"
                "pcntl_signal(SIGTERM, SIG_IGN); say(\"up $id \" . getmypid()); while (true) sleep(60); });")
    began = time.monotonic()
    assert p.end() == 0
    assert 0.9 <= time.monotonic() - began < 5 * SLOW


def test_a_killed_worker_is_replaced_with_its_id(script):
    p = Running(script, STAY, n=3)
    before = p.now()
    os.kill(before[1], signal.SIGKILL)
    until(lambda: p.now()[1] != before[1], message="a new worker 1")
    after = p.now()
    assert {i: after[i] for i in (0, 2)} == {i: before[i] for i in (0, 2)}
    assert proc.state(before[1]) == "", "reaped"
    assert p.end() == 0
    assert "worker 1 (pid" in p.s.out and "signal 9" in p.s.out


def test_workers_that_end_are_started_again_but_never_spin(script):
    """X8: three ends within a second are followed by a pause of one."""
    began = time.monotonic()
    p = Running(script, "$pool->on('workerStart', function ($pool, $id) { say(\"up $id \" . getmypid()); });", n=1)
    until(lambda: len(p.ups()) >= 6, 10, message="it is tried again and again")
    assert time.monotonic() - began >= 1
    assert p.end() == 0


@pytest.mark.parametrize("how,status", [("exit(3);", 3), ("throw new Exception('in a worker');", 255), ("eval('function say() {}');", 255)])
def test_what_ends_a_worker_ends_that_worker_only(script, how, status):
    p = Running(script, "$pool->on('workerStart', function ($pool, $id) { say(\"up $id \" . getmypid()); if ($id == 0 && !file_exists('once')) {"
                f"touch('once'); {how} }} while (true) sleep(60); }});")
    first = p.now()[1]
    until(lambda: len(p.ups()) == 3, message="a second worker 0")
    assert p.now()[1] == first
    assert p.end() == 0
    assert f"ended with status {status}, signal 0" in p.s.out


def test_usr1_replaces_one_by_one(script):
    p = Running(script, LOOP, n=3)
    before = p.now()
    p.s.signal(signal.SIGUSR1)
    until(lambda: len(p.ups()) == 6, message="three new ones")
    assert [line for line in p.said() if line.startswith("stop")] == ["stop 0", "stop 1", "stop 2"]
    assert sorted(i for i, _ in p.ups()[3:]) == [0, 1, 2]
    assert not set(before.values()) & set(p.now().values())
    p.s.signal(signal.SIGUSR1)
    until(lambda: len(p.ups()) == 9, message="and again")
    assert p.end() == 0


def test_a_killed_manager_takes_its_workers_along(script):
    """kill -9: the kernel tells them; those that listen end in order, those that do not are killed soon after."""
    p = Running(script, LOOP, n=2)
    os.kill(p.s.pid, signal.SIGKILL)
    assert p.s.wait() == -9
    until(lambda: not any(proc.alive(pid) for pid in p.now().values()), message="no worker lives")
    assert sorted(p.said()[-2:]) == ["stop 0", "stop 1"]


def test_a_killed_manager_and_workers_that_do_not_listen(script):
    p = Running(script, "$pool->on('workerStart', function ($pool, $id) { pcntl_signal(SIGTERM, SIG_IGN); say(\"up $id \" . getmypid());"
                "while (true) sleep(60); });")
    os.kill(p.s.pid, signal.SIGKILL)
    assert p.s.wait() == -9
    until(lambda: not any(proc.alive(pid) for pid in p.now().values()), message="no worker lives")


def test_descriptors_of_manager_and_workers_stay_few(script):
    """Many replacements later each has what it had; a worker has nothing of the manager's loop."""
    p = Running(script, STAY, n=2, arguments=", SWOOLE_IPC_UNIXSOCK")

    def table(pid):
        return sorted(proc.fds(pid))
    manager, worker = table(p.s.pid), table(p.now()[0])
    for round_ in range(2):
        p.s.signal(signal.SIGUSR1)
        until(lambda r=round_: len(p.ups()) == 4 + 2 * r, message="replaced")
    until(lambda: table(p.now()[0]) == worker and table(p.s.pid) == manager,
          message=f"{worker}, {manager}; now {proc.fds(p.now()[0])}, {proc.fds(p.s.pid)}")
    assert p.end() == 0


def test_stop_and_detach(script):
    """stop: the worker leaves its loop. detach: it goes on alone, the manager starts another, and lets it live at the end."""
    p = Running(script, """
        $pool->on('workerStart', function ($pool, $id) {
            say("up $id " . getmypid());
            if ($id == 0 && !file_exists('detached')) {
                touch('detached');
                say('detach ' . json_encode([$pool->detach(), $pool->detach()]));
                while (!file_exists('go')) usleep(1000);
                say('alone ' . posix_getppid());
                exit;
            }
            if ($id == 1 && !file_exists('stopped')) {
                touch('stopped');
                Timer::tick(10, fn () => $pool->stop());
                return;
            }
            Timer::tick(1000, fn () => 0);
        });
        $pool->on('workerStop', fn ($pool, $id) => say("stop $id"));
    """, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    alone = next(pid for i, pid in p.ups() if i == 0)
    until(lambda: len(p.ups()) == 4, message=f"both have successors: {p.said()}")
    assert "detach [true,false]" in p.said() and p.said().count("stop 1") == 1
    assert p.end() == 0
    assert proc.alive(alone)
    open(p.s.path("go"), "w", encoding="ascii").close()
    until(lambda: not proc.alive(alone), message="it ends by itself")
    assert p.said()[-1].startswith("alone ") and p.said()[-1] != f"alone {p.s.pid}"


def test_shutdown_from_a_worker(script):
    p = Running(script, "$pool->on('workerStart', function ($pool, $id) { say(\"up $id \" . getmypid()); if ($id == 1) $pool->shutdown();"
                "while (true) sleep(60); });")
    assert p.s.wait(10) == 0 and p.said()[-1] == "end"


def test_an_exception_in_start_ends_the_pool(script):
    p = Running(script, STAY + "$pool->on('start', function ($pool) { throw new LogicException('of start'); });")
    assert p.s.wait(10) == 255 and "Uncaught LogicException: of start" in p.s.err and "end" not in p.said()
    until(lambda: not any(proc.alive(pid) for pid in p.now().values()), message="no worker lives")


# ---- messages ------------------------------------------------------------------------------------------------------

def test_messages_between_workers(script):
    """From each to each, of any length up to the limit, whole and in order."""
    p = Running(script, """
        $pool->set(['max_package_size' => 4 << 20]);
        $pool->on('workerStart', function ($pool, $id) {
            say("up $id " . getmypid());
            for ($to = 0; $to < 3; $to++)
                foreach ([1, 1000, 70000, 3000000] as $n)
                    if (!$pool->sendMessage(str_repeat(chr(97 + $id), $n), $to)) say('refused');
        });
        $pool->on('message', function ($pool, $data) {
            static $id; $id ??= $pool->getProcess()->id;
            say("$id got " . strlen($data) . ' ' . count_chars($data, 3));
        });
    """, n=3, arguments=", SWOOLE_IPC_UNIXSOCK")
    until(lambda: sum(" got " in line for line in p.said()) == 36, 30, message="all messages")
    for to in range(3):
        for sender in "abc":
            sizes = [int(line.split()[2]) for line in p.said() if line.startswith(f"{to} got ") and line.endswith(sender)]
            assert sizes == [1, 1000, 70000, 3000000]
    assert "refused" not in p.said()
    assert p.end() == 0


def test_messages_and_coroutines(script):
    p = Running(script, """
        $pool->set(['enable_coroutine' => true]);
        $pool->on('workerStart', function ($pool, $id) {
            say("up $id " . getmypid());
            say("coroutine " . json_encode(Coroutine::getCid() > 0));
            if ($id == 0) for ($i = 0; $i < 3; $i++) $pool->sendMessage("m$i", 1);
        });
        $pool->on('message', function ($pool, $data) { say("got $data"); Coroutine::sleep(0.02); say("slept $data"); });
    """, arguments=", SWOOLE_IPC_UNIXSOCK")
    p.wait_said("slept m2")
    lines = [line for line in p.said() if line[:3] in ("got", "sle")]
    assert lines == ["got m0", "got m1", "got m2", "slept m0", "slept m1", "slept m2"]
    assert p.said().count("coroutine true") == 2
    assert p.end() == 0


def test_a_coroutine_worker_sleeps_and_stops(script):
    """`while (true) Coroutine::sleep()` in workerStart, as programs have it: TERM ends the loop, workerStop is called."""
    p = Running(script, "$pool->on('workerStart', function ($pool, $id) { say(\"up $id \" . getmypid()); while (true) Coroutine::sleep(0.01); });"
                "$pool->on('workerStop', fn ($pool, $id) => say(\"stop $id\"));", arguments=", SWOOLE_IPC_NONE, 0, true")
    assert p.end() == 0
    assert sorted(p.said()[-3:]) == ["end", "stop 0", "stop 1"]


def test_a_killed_sender_leaves_no_half_message(script):
    """Its half-sent message is dropped; those that follow arrive."""
    p = Running(script, """
        $pool->set(['max_package_size' => 64 << 20]);
        $pool->on('workerStart', function ($pool, $id) {
            say("up $id " . getmypid());
            if ($id != 1) return;
            if (!file_exists('again')) {
                touch('again');
                Timer::after(1, function () use ($pool) { $pool->sendMessage(str_repeat('x', 32 << 20), 0); posix_kill(getmypid(), SIGKILL); });
            } else {
                $pool->sendMessage('whole', 0);
            }
        });
        $pool->on('message', fn ($pool, $data) => say('got ' . $data));
    """, arguments=", SWOOLE_IPC_UNIXSOCK")
    p.wait_said("got whole")
    assert [line for line in p.said() if line.startswith("got")] == ["got whole"]
    assert p.end() == 0


def test_message_queue(script):
    key = 0x52510000 | os.getpid() & 0xffff
    p = Running(script, """
        $pool->on('message', function ($pool, $data) { say("got $data"); });
        $pool->on('workerStart', function ($pool, $id) { say("up $id " . getmypid()); Timer::tick(20, fn () => say("tick $id")); });
        $pool->on('workerStop', fn ($pool, $id) => say("stop $id"));
    """, arguments=f", SWOOLE_IPC_MSGQUEUE, {key}")
    sender = script(None, code=HEAD + f"$p = new Process(fn () => 0, false, 0); $p->useQueue({key}, 2);"
                    "for ($i = 0; $i < 50; $i++) $p->push(\"m$i\");")
    assert sender.wait() == 0
    until(lambda: sum(line.startswith("got m") for line in p.said()) == 50, message="all of them")
    assert len({line for line in p.said() if line.startswith("got m")}) == 50
    for i in (0, 1):
        p.wait_said(f"tick {i}", 2)
    assert p.end() == 0
    assert p.said().count("stop 0") == p.said().count("stop 1") == 1
    assert message_queue(key), "a queue with a name stays, others may use it"
    last = script(None, code=HEAD + f"$p = new Process(fn () => 0, false, 0); $p->useQueue({key}); $p->freeQueue();")
    assert last.wait() == 0 and not message_queue(key)


def test_message_queue_read_by_the_program(script):
    """push and pop of the worker's own process; a queue without a key goes with the pool."""
    p = Running(script, """
        $pool->on('workerStart', function ($pool, $id) {
            say("up $id " . getmypid());
            $own = $pool->getProcess();
            if ($id == 0) { $own->push('to anybody'); while (true) sleep(60); }
            say('popped ' . $own->pop()); say('queue ' . $own->msgQueueId);
            while (true) sleep(60);
        });
    """, arguments=", SWOOLE_IPC_MSGQUEUE")
    p.wait_said("popped to anybody")
    assert p.end() == 0
    with open("/proc/sysvipc/msg", encoding="ascii") as f:
        queues = [line.split()[1] for line in f.readlines()[1:]]
    (mine,) = [line.split()[1] for line in p.said() if line.startswith("queue ")]
    assert mine.isdigit() and mine not in queues


# ---- SOCKET ----------------------------------------------------------------------------------------------------------

def frame(data):
    return struct.pack(">I", len(data)) + data


def answer(sock):
    """What comes until the end."""
    got = b""
    while part := sock.recv(65536):
        got += part
    return got


class Port:
    def __init__(self, script, kind):
        self.host = "unix:/tmp/rs-pool-%d" % free_port() if kind == "unix" else "127.0.0.1" if kind == "ipv4" else "::1"
        self.port = 0 if kind == "unix" else free_port()
        self.pool = Running(script, f"""
            $pool->on('workerStart', function ($pool, $id) {{ say("up $id " . getmypid()); }});
            $pool->on('message', function ($pool, $data) {{
                if ($data === 'silent') return;
                if ($data === 'exit') exit(5);
                if ($data === 'wait') usleep(100000);
                $pool->write('<');
                $pool->write(strlen($data) > 100 ? md5($data) : $data);
                say(json_encode($pool->write('')));
            }});
            if (!$pool->listen('{self.host}', {self.port})) exit(99);
        """, arguments=", SWOOLE_IPC_SOCKET")

    def connect(self):
        s = socket.socket(socket.AF_UNIX if self.port == 0 else socket.AF_INET6 if ":" in self.host else socket.AF_INET)
        s.settimeout(10 * SLOW)
        s.connect(self.host[5:] if self.port == 0 else (self.host, self.port))
        return s

    def ask(self, data):
        with self.connect() as s:
            s.sendall(frame(data))
            return answer(s)

    def end(self):
        assert self.pool.end() == 0
        if self.port == 0:
            os.unlink(self.host[5:])


@pytest.mark.parametrize("kind", ["unix", "ipv4", "ipv6"])
def test_socket(script, kind):
    import hashlib
    port = Port(script, kind)
    assert port.ask(b"hello") == frame(b"<hello")
    assert port.ask(b"silent") == b""
    big = b"y" * (2 << 20)
    assert port.ask(big) == frame(b"<" + hashlib.md5(big).hexdigest().encode())
    assert "false" in port.pool.said() and "true" not in port.pool.said()
    port.end()


def test_socket_and_clients_that_do_not_behave(script):
    """Half a frame, none, one that is too long, a length of 0, one byte at a time, gone before the answer: others are served."""
    port = Port(script, "ipv4")
    idle = [port.connect() for _ in range(50)]
    idle[0].sendall(b"\0\0")
    idle[1].sendall(struct.pack(">I", 1000) + b"x" * 999)
    for head in (b"\xff\xff\xff\xff", b"\0\0\0\0", struct.pack(">I", (2 << 20) + 1)):
        with port.connect() as s:
            s.sendall(head)
            assert answer(s) == b""
    with port.connect() as s:
        for byte in frame(b"slow"):
            s.sendall(bytes([byte]))
        assert answer(s) == frame(b"<slow")
    with port.connect() as s:
        s.sendall(frame(b"wait"))
    with port.connect() as s:
        s.sendall(frame(b"gone")[:-1])
    assert port.ask(b"still") == frame(b"<still")
    idle[1].sendall(b"x")
    assert answer(idle[1])[:5] == struct.pack(">I", 33) + b"<"
    for s in idle:
        s.close()
    assert {proc.alive(pid) for pid in port.pool.now().values()} == {True}
    port.end()


def test_socket_and_a_worker_that_exits_in_a_message(script):
    port = Port(script, "ipv4")
    assert port.ask(b"exit") == b""
    until(lambda: len(port.pool.ups()) == 3, message="a successor")
    assert port.ask(b"hello") == frame(b"<hello")
    port.end()
