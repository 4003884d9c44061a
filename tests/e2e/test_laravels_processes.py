"""Custom processes of an application (contract 2.6, 10.11; user pain 17)."""

import errno
import os
import re
import signal

import pytest

from lib import proc
from lib.laravels import newer
from lib.wait import SLOW, until

STEADY = ["inbox", "pipe", "blocking", "printing"]


def of_process(app, what, name, **facts):
    return app.report("process." + what, **{"class": name.capitalize() + "Process", **facts})


def one(app, name):
    (pid,) = app.titled(name)
    return pid


# -- what runs ----------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("name", STEADY)
def test_process_runs_under_its_name(app, name):
    pid = one(app, name)
    (started,) = of_process(app, "start", name, pid=pid)
    assert started["same_pid"] is True, "$process->pid is its own"
    assert started["worker_id"] == -1


def test_disabled_process_does_not_run(app):
    assert not app.titled("disabled") and not of_process(app, "start", "disabled")


def test_processes_can_use_the_application(app):
    users = app.inbox("process", "return [\\App\\Models\\User::count(), get_class($server), app('swoole') === $server, config('app.name')];")
    assert users == [2, "Swoole\\WebSocket\\Server", True, "Demo"]


def test_stats_of_the_server_in_a_process(app):
    s = app.inbox("process", "return $server->stats();")
    assert s["worker_num"] == 2 and s["task_worker_num"] == 2 and s["start_time"] > 0


def test_pid_file_lists_them_all(app):
    """storage/laravels-custom-processes.pid, one a line."""
    path = os.path.join(app.app, "storage/laravels-custom-processes.pid")
    wanted = {one(app, name) for name in STEADY}

    def listed():
        with open(path) as f:
            return wanted <= {int(x) for x in f.read().split()}
    until(lambda: os.path.exists(path) and listed(), message=f"{path} has {wanted}")


# -- pipes and queues ---------------------------------------------------------------------------------------------------------

def test_write_and_read_through_the_pipe(app):
    key = "'pipe'" if app.release != "35" else "1"
    pid = one(app, "pipe")
    for n in range(5):
        assert app.code(f"$p = app('swoole')->customProcesses[{key}]; $p->write('hello {n}'); return $p->read();") == f"{pid}: hello {n}"


def test_processes_of_the_server_object(app):
    """3.5: a list in the order of the configuration; 3.7: by name."""
    keys = app.code("return array_keys(app('swoole')->customProcesses);")
    classes = app.code("return array_values(array_unique(array_map('get_class', app('swoole')->customProcesses)));")
    assert classes == ["Swoole\\Process"]
    if app.release == "35":
        assert keys == list(range(6)), "disabled ones are not counted"
    else:
        assert [str(k) for k in keys] == ["inbox", "pipe", "blocking", "returning", "throwing", "printing", "queue",
                                          "copied0", "copied1", "copied2"]


def test_redirected_output_comes_through_the_pipe(app):
    key = "'printing'" if app.release != "35" else "5"
    assert app.code(f"return app('swoole')->customProcesses[{key}]->read();") == f"printed by {one(app, 'printing')}"


@newer
def test_message_queue(app):
    for n in range(3):
        assert app.code(f"return app('swoole')->customProcesses['queue']->push('message {n}');") is True
    pid = one(app, "queue")
    for n in range(3):
        assert app.wait("popped", data=f"message {n}")["pid"] == pid


@newer
def test_message_queue_is_the_servers_own(hosted, release):
    """Another server of the same program must not take what is meant for this one."""
    d, other = hosted(release, timer=False), hosted(release, timer=False)
    key = "return app('swoole')->customProcesses['queue']->msgQueueKey;"
    assert d.code(key) > 0 and d.code(key) != other.code(key)
    for n in range(10):
        assert d.code(f"return app('swoole')->customProcesses['queue']->push('own {n}');") is True
    for n in range(10):
        d.wait("popped", data=f"own {n}")
    assert not other.report("popped")


@newer
def test_several_of_one(app):
    pids = app.titled("copied")
    assert len(pids) == 3 and {r["pid"] for r in of_process(app, "start", "copied")} == set(pids)


# -- restart -----------------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("name", ["returning", "throwing"])
def test_process_that_ends_is_started_again_after_its_interval(app, name):
    """restart_interval is 1 s there; 3.5 has 3 to 5 s, always."""
    until(lambda: len(of_process(app, "start", name)) >= 2, 12, message=f"{name} twice")
    a, b = of_process(app, "start", name)[:2]
    low, high = (2.5, 10) if app.release == "35" else (0.9, 5)
    assert a["pid"] != b["pid"] and low <= b["at"] - a["at"] <= high * SLOW, b["at"] - a["at"]
    if name == "throwing":
        app.wait_log("a process that throws")
        app.wait_log("TypeError")


@pytest.mark.parametrize("how", ["kill", "exit"])
def test_process_that_dies_is_started_again(hosted, release, how):
    d = hosted(release, timer=False)
    pid = one(d, "inbox")
    if how == "kill":
        d.kill(pid)
    else:
        d.leave("process", "exit('a process leaves');")
        d.wait_log("a process leaves")
    new = d.successor("inbox", pid)
    assert d.inbox("process", "return getmypid();") == new
    d.wait_settled()


def test_pipe_works_after_its_process_was_replaced(hosted, release):
    d = hosted(release, timer=False)
    key = "'pipe'" if release != "35" else "1"
    pid = one(d, "pipe")
    d.kill(pid)
    new = d.successor("pipe", pid)
    for _ in range(4):
        assert d.code(f"$p = app('swoole')->customProcesses[{key}]; $p->write('again'); return $p->read();") == f"{new}: again"
    d.wait_settled()


# -- reload and stop -----------------------------------------------------------------------------------------------------------

def test_reload_calls_on_reload_and_brings_new_code(hosted, release):
    d = hosted(release, timer=False)
    old = {name: one(d, name) for name in STEADY}
    path = "app/Processes/RunsInbox.php"
    with open(os.path.join(d.app, path)) as f:
        code = f.read()
    d.write(path, code.replace("'process'] + Code", "'process', 'release' => 'new'] + Code"))
    assert d.ctl("reload", "--wait").returncode == 0
    for name in STEADY:
        d.successor(name, old[name])
    for name in STEADY:
        assert of_process(d, "reload", name, pid=old[name]), f"onReload of {name}"
    for name in ("inbox", "blocking"):
        assert of_process(d, "end", name, pid=old[name]), f"{name} has ended by itself"
    d.inbox("process", "return 1;")
    assert d.report("inbox")[-1]["release"] == "new"
    for name in STEADY:
        gone = max(r["at"] for r in d.reports if r["pid"] == old[name])
        started = d.wait("process.start", pid=one(d, name))
        assert gone <= started["at"], f"two of {name} at a time"
    d.wait_settled()


def test_stop_calls_on_stop(hosted, release):
    d = hosted(release, timer=False)
    old = {name: one(d, name) for name in STEADY}
    assert d.stop() == 0
    for name in STEADY:
        assert of_process(d, "stop", name, pid=old[name]), f"onStop of {name}"
    for name in ("inbox", "blocking"):
        assert of_process(d, "end", name, pid=old[name]), f"{name} has ended by itself"


def test_signals_reach_a_process_directly(hosted, release):
    """What scripts of operators do: kill -USR1 and -TERM with the pids of the file."""
    d = hosted(release, timer=False)
    for sig, what in ((signal.SIGUSR1, "reload"), (signal.SIGTERM, "stop")):
        pid = until(lambda: [p for p in d.titled("inbox") if of_process(d, "start", "inbox", pid=p)], message="its callback runs")[0]
        os.kill(pid, sig)
        until(lambda: of_process(d, what, "inbox", pid=pid), message=what)
        d.successor("inbox", pid)
    d.wait_settled()


CHILD = "(function () { $c = proc_open(['sleep', '60'], [], $pipes); $r = Process::wait(); proc_terminate($c, 9); return $r; })()"
WAITS = """<?php
namespace App\\Processes;

use App\\Testing\\Report;
use Swoole\\Http\\Server;
use Swoole\\Process;

class %s extends Base
{
    public static function getName() { return '%s'; }
    public static function callback(Server $swoole, Process $process)
    {
        self::tell('start', $process);
        $got = %s;
        Report::add('waited', ['name' => self::getName(), 'got' => $got, 'quit' => self::$quit, 'error' => swoole_last_error()]);
        self::tell('end', $process);
    }
}
"""


@pytest.mark.parametrize("how", ["reload", "stop"])
def test_signals_end_blocking_waits(hosted, release, how):
    """The handler runs in the middle of the call, which gives false; nobody has to wait for max_wait_time."""
    waits = {"pipe": "$process->read()", "blocking": CHILD}
    if release != "35":
        waits["queue"] = "$process->pop()"
    files = {f"app/Processes/{n.capitalize()}Process.php": WAITS % (n.capitalize() + "Process", n, code)
             for n, code in waits.items()}
    d = hosted(release, timer=False, files=files)
    old = {name: one(d, name) for name in waits}
    if how == "stop":
        assert d.stop() == 0
    else:
        assert d.ctl("reload", "--wait").returncode == 0
    for name in waits:
        until(lambda: of_process(d, "end", name, pid=old[name]), message=f"{name} has ended by itself")
        assert of_process(d, how, name, pid=old[name]), name
        (waited,) = d.report("waited", name=name, pid=old[name])
        assert waited["got"] is False and waited["quit"] is True and waited["error"] == errno.EINTR, waited
    assert "gets signal 9" not in d.log()


IGNORES = """<?php
namespace App\\Processes;

use Swoole\\Http\\Server;
use Swoole\\Process;

class BlockingProcess extends Base
{
    public static function getName() { return 'blocking'; }
    public static function callback(Server $swoole, Process $process)
    {
        self::tell('start', $process);
        while (true) {
            sleep(60);
        }
    }
    public static function onReload(Server $swoole, Process $process) { self::tell('reload', $process); }
    public static function onStop(Server $swoole, Process $process) { self::tell('stop', $process); }
}
"""


def test_process_that_never_ends_blocks_neither_reload_nor_stop(hosted, release):
    d = hosted(release, start=False, timer=False, files={"app/Processes/BlockingProcess.php": IGNORES})
    d.configure("swoole", max_wait_time=1)
    d.write_ini()
    d.start()
    old = one(d, "blocking")
    assert d.ctl("reload", "--wait").returncode == 0
    until(lambda: of_process(d, "reload", "blocking", pid=old), message="onReload, in the middle of sleep()")
    new = d.successor("blocking", old)
    until(lambda: of_process(d, "start", "blocking", pid=new), message="the successor is in callback()")
    assert d.stop(timeout=10) == 0
    assert of_process(d, "stop", "blocking", pid=new)


def test_killed_manager_leaves_one_of_each(hosted, release):
    d = hosted(release, timer=False)
    d.kill(d.pid("manager"))

    def new_ones():
        s = d.settled_in(2)
        found = [p for p in d.of(s, "process") if p["name"] in STEADY] if s else []
        pids = {p["name"]: p["pid"] for p in found if p["generation"] == 2}
        return pids if len(found) == len(pids) == len(STEADY) else None
    pids = until(new_ones, 20, message=f"one of each: {d.status()}")
    until(lambda: all(d.titled(n) == [pids[n]] for n in STEADY), message=f"and no others: {d.titles()}")
    assert d.inbox("process", "return getmypid();") == pids["inbox"]


# -- configuration --------------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("class_name, reason", [("App\\Processes\\Missing", "Missing"),
                                                ("App\\Services\\Remembers", "CustomProcessInterface")])
def test_bad_class_stops_the_start(hosted, release, class_name, reason):
    d = hosted(release, start=False, timer=False, processes=False)
    if d.of_ini:
        d.configure("processes.bad", **{"class": class_name})
    else:
        d.config_php(f"$c['processes'] = [['class' => {class_name}::class, 'redirect' => false, 'pipe' => 0]];")
    d.write_ini()
    d.expect_exit = 1
    d.start(wait=False)
    assert d.wait_exit(30) == 1
    assert re.search(reason, d.log()), d.log()


def test_process_without_a_class(hosted):
    d = hosted("37", start=False, timer=False, processes=False)
    d.config_php("$c['processes'] = ['nameless' => ['pipe' => 0]];")
    d.expect_exit = 1
    d.start(wait=False)
    assert d.wait_exit(30) == 1
    assert "nameless" in d.log() and "class" in d.log()


def test_processes_are_not_more_after_many_reloads(hosted):
    d = hosted("37", timer=False)
    count = len(d.everyone()) - len(d.titled("returning")) - len(d.titled("throwing"))
    for n in range(4):
        assert d.ctl("reload", "--wait").returncode == 0
        until(lambda: d.settled() and all(len(d.titled(x)) == 1 for x in STEADY + ["queue"]) and len(d.titled("copied")) == 3, 20,
              message=f"reload {n}: {d.titles()}")
    until(lambda: len(d.everyone()) - len(d.titled("returning")) - len(d.titled("throwing")) == count, 10,
          message=f"{count} processes: {d.titles()}")
    assert proc.alive(d.master_pid)
