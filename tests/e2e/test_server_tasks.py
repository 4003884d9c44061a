"""Tasks and messages between the processes of a server (contract B.1 SV27 to SV32, B.3, C.7, D10 to D12)."""

import json
import os
import re
import socket
import time

import pytest

from lib.ask import Thrown
from lib.wait import until

ONE = {"task_worker_num": 1}
TWO = {"task_worker_num": 2}


def held(s, value):
    """Code of a task that returns this when let_go() says so, however slow the machine is."""
    return f'while (!file_exists("{s.folder}/let go")) usleep(1000); return {value};'


def let_go(s):
    with open(os.path.join(s.folder, "let go"), "w"):
        pass


def test_task_and_finish(asked):
    s, ask = asked(TWO)
    assert [ask("$server->task('return 1;')"), ask("$server->task('return [1, 2];')"), ask("$server->task('just text')")] == [0, 1, 2]
    for line in ("finish 0 1", "finish 1 [1,2]", "finish 2 just text"):
        s.wait_output(line)
    assert re.search(r"task 0 0 [12]\n", s.output())


def test_nothing_returned_is_no_result(asked):
    s, ask = asked(ONE)
    ask("[$server->task('return null;'), $server->task('return false;')]")
    s.wait_output("finish 1 false")
    assert "finish 0" not in s.output()


def test_data_of_all_kinds(asked):
    s, ask = asked(ONE)
    assert ask("$server->taskwait(['a' => 1, 'b' => [true, null, 1.5]], 5)") == {"a": 1, "b": [True, None, 1.5]}
    assert ask("get_class($server->taskwait(new ArrayObject([1]), 5))") == "ArrayObject"
    assert ask("$server->taskwait('', 5)") == ""
    assert ask("strlen($server->taskwait(str_repeat('x', 3000000), 10))") == 3000000
    with pytest.raises(Thrown, match="Serialization of 'Closure' is not allowed"):
        ask("$server->task(fn() => 1)")


def test_task_too_big(asked):
    s, ask = asked({"task_worker_num": 1, "package_max_length": 65536})
    assert ask("[$server->task(str_repeat('x', 70000)), $server->getLastError()]") == [False, 2001]
    s.wait_output("task package is too big")


def test_task_chooses_its_worker(asked):
    s, ask = asked(TWO)
    assert ask("$server->taskwait('return [$server->worker_id, $server->taskworker, $server->worker_pid === getmypid()];', 5, 0)") == [1, True, True]
    assert ask("$server->taskwait('return $server->worker_id;', 5, 1)") == 2
    ask.warns("$server->task('x', 2)", "worker_id must be less than task_worker_num[2]")


def test_finish_callback_of_a_task(asked):
    s, ask = asked(ONE)
    ask("$server->task('return 5;', -1, fn($server, $id, $data) => say(\"own finish $id $data\"))")
    s.wait_output("own finish 0 5")
    assert "\nfinish" not in s.output()


def test_finish_method(asked):
    s, ask = asked(ONE)
    assert ask("$server->task('$server->finish(\"a\"); $server->finish([\"b\"]); return null;')") == 0
    s.wait_output("finish 0 a")
    s.wait_output('finish 0 ["b"]')
    ask.warns("$server->finish(1)", "can only be used in the worker process")


def test_failures(asked):
    s, ask = asked()
    for call in ("task(1)", "taskwait(1)", "taskWaitMulti([1])"):
        ask.warns(f"$server->{call}", "task method can't be executed without task worker")


def test_failures_in_a_task_worker(asked):
    s, ask = asked(ONE)
    code = "set_error_handler(fn($level, $text) => say(\"warned $text\")); "
    ask(f"$server->taskwait('{code} $server->task(1); $server->taskwait(1); return 1;', 5)")
    assert "warned Swoole\\Server::task(): task() cannot use in the task-worker" in s.output()
    assert "warned Swoole\\Server::taskwait(): taskwait() can only be used in the worker process" in s.output()


def test_taskwait_times_out_and_the_late_result_is_dropped(asked):
    s, ask = asked(ONE)
    begin = time.monotonic()
    assert ask(f"[$server->taskwait('{held(s, 1)}', 0.2), $server->getLastError() > 0]") == [False, True]
    assert time.monotonic() - begin > 0.15
    let_go(s)
    assert ask("$server->taskwait('return 2;', 10)") == 2
    assert "finish" not in s.output()


def test_taskwait_keeps_other_events_in_order(asked):
    s, ask = asked(ONE)
    ask.send("return $server->taskwait('usleep(200000); return 1;', 5);")
    ask.send("return 2;")
    ask.send("return 3;")
    assert [ask.result() for _ in range(3)] == [1, 2, 3]


def test_task_wait_multi(asked):
    s, ask = asked({"task_worker_num": 3})
    value = ask("$server->taskWaitMulti(['x' => 'return usleep(100000) ?? \"a\";', 'y' => 'return \"b\";', 'z' => [1]], 5)")
    assert value == ["a", "b", [1]]
    assert ask("array_keys($server->taskWaitMulti(['return 1;', 'return 2;'], 5))") == [0, 1]
    # what is not finished is missing; the deadline is one for all
    assert ask(f"$server->taskWaitMulti(['return 1;', '{held(s, 2)}', 'usleep(300000); return 3;'], 3)") == {"0": 1, "2": 3}
    assert ask("$server->taskWaitMulti([], 1)") is False
    assert ask(f"$server->taskWaitMulti(['{held(s, 1)}'], 0.05)") is False
    let_go(s)
    until(lambda: ask("$server->stats()['tasking_num']") == 0)
    ask.warns("$server->taskWaitMulti(array_fill(0, 1024, 1))", "too many concurrent tasks")


def test_task_co(asked):
    s, ask = asked({"task_worker_num": 2})
    with pytest.raises(Thrown, match="API must be called in the coroutine") as e:
        ask("$server->taskCo([1])")
    assert e.value.name == "Swoole\\Error"
    ask.run("go(function () use ($server, $fd) { $server->send($fd, json_encode(['value' => $server->taskCo("
            f"['return 1;', '{held(s, 2)}', 'x' => 'return 3;'], 3)]) . \"\\n\"); }}); return 'begun';")
    assert ask.result() == [1, False, 3]
    let_go(s)


def test_taskwait_in_a_coroutine_suspends_only_that(asked):
    s, ask = asked({"task_worker_num": 1, "enable_coroutine": True})
    ask.send(f"return $server->taskwait('{held(s, 1)}', 60);")
    ask.send("return 2;")
    assert ask.result() == 2
    let_go(s)
    assert ask.result() == 1
    os.unlink(os.path.join(s.folder, "let go"))
    assert ask(f"[$server->taskwait('{held(s, 1)}', 0.05), $server->getLastError()]") == [False, 2003]
    let_go(s)


@pytest.mark.parametrize("setting", ["task_use_object", "task_object", "event_object", "task_enable_coroutine"])
def test_task_objects(server, setting):
    s = server(code="""<?php
        $server = new Swoole\\Server('127.0.0.1', (int)getenv('RS_PORT'), SWOOLE_PROCESS);
        $server->set(['worker_num' => 1, 'task_worker_num' => 1, 'enable_coroutine' => false, '%s' => true]);
        $server->on('receive', fn($server, $fd = null) => $server->task(['job' => 1]));
        $server->on('task', function ($server, $task) {
            echo json_encode([get_class($task), $task->id, $task->worker_id, $task->data, $task->flags, abs($task->dispatch_time - microtime(true)) < 60]) . "\\n";
            var_dump($task->finish('by object'));
        });
        $server->on('finish', function ($server, $id, $data = null) {
            echo 'finish ' . (is_object($id) ? json_encode([get_class($id), $id->task_id, $id->task_worker_id, $id->data]) : "$id $data") . "\\n";
        });
        $server->start();""" % setting)
    with socket.create_connection(("127.0.0.1", s.port)) as c:
        c.sendall(b"go")
        s.wait_output("finish ")
    assert json.dumps(["Swoole\\Server\\Task", 0, 0, {"job": 1}, 6, True], separators=(",", ":")) in s.output()
    if setting == "event_object":
        assert 'finish ["Swoole\\\\Server\\\\TaskResult",0,1,"by object"]' in s.output()
    else:
        assert "finish 0 by object" in s.output()


def test_task_in_coroutines_runs_several(server):
    s = server(code="""<?php
        $server = new Swoole\\Server('127.0.0.1', (int)getenv('RS_PORT'), SWOOLE_PROCESS);
        $server->set(['worker_num' => 1, 'task_worker_num' => 1, 'enable_coroutine' => false, 'task_enable_coroutine' => true]);
        $server->on('receive', function ($server) { $server->task('waits'); $server->task('lets go'); });
        $server->on('task', function ($server, $task) {
            static $go = false;
            $go = $task->data === 'lets go';
            while (!$go) {
                Co::sleep(0.005);
            }
            return [$task->data, Co::getCid() > 0];
        });
        $server->on('finish', function ($server, $id, $data) { echo "finish $id " . json_encode($data) . "\\n"; });
        $server->start();""")
    with socket.create_connection(("127.0.0.1", s.port)) as c:
        c.sendall(b"go")
        s.wait_output('finish 0 ["waits",true]')
        s.wait_output('finish 1 ["lets go",true]')


def test_tasks_from_everywhere_are_one_way(server):
    s = server(code="""<?php
        $server = new Swoole\\Server('127.0.0.1', (int)getenv('RS_PORT'), SWOOLE_PROCESS);
        $server->set(['worker_num' => 1, 'task_worker_num' => 1, 'enable_coroutine' => false]);
        $give = fn($who) => function ($server) use ($who) { echo "$who gives " . json_encode($server->task("from $who")) . "\\n"; };
        $server->on('start', $give('master'));
        $server->on('managerStart', $give('manager'));
        $server->addProcess(new Swoole\\Process(function () use ($server, $give) { $give('user')($server); sleep(60); }));
        $server->on('receive', fn() => 1);
        $server->on('task', function ($server, $id, $from, $data) { echo "task $id $from $data " . json_encode($server->finish('x')) . "\\n"; });
        $server->on('finish', function () { echo "finished\\n"; });
        $server->start();""")
    for who, source in (("master", 0), ("manager", 0), ("user", 2)):
        s.wait_output(f"{who} gives 0")
        s.wait_output(f"task 0 {source} from {who} false\n")
    assert "finished" not in s.output()


def test_missing_finish_callback_is_said(server):
    s = server(code="""<?php
        $server = new Swoole\\Server('127.0.0.1', (int)getenv('RS_PORT'), SWOOLE_PROCESS);
        $server->set(['worker_num' => 1, 'task_worker_num' => 1, 'enable_coroutine' => false]);
        $server->on('receive', fn($server) => $server->task(1));
        $server->on('task', fn() => 5);
        $server->start();""")
    with socket.create_connection(("127.0.0.1", s.port)) as c:
        c.sendall(b"go")
        s.wait_output("require onFinish callback")


def test_an_exception_in_a_task(asked):
    s, ask = asked(ONE)
    pid = ask("$server->taskwait('return getmypid();', 5)")
    assert ask("$server->taskwait('throw new Exception(\"no luck\");', 0.5)") is False
    s.wait_output("PHP Fatal error:  Uncaught Exception: no luck")
    assert ask("$server->taskwait('return getmypid();', 5)") == pid
    assert ask("$server->task('exit(3);')") >= 0
    s.wait_output("Uncaught Swoole\\ExitException: swoole exit")
    assert ask("$server->taskwait('return getmypid();', 5)") == pid and "finish" not in s.output()


def test_a_killed_task_worker(asked):
    s, ask = asked(ONE)
    pid = ask("$server->taskwait('return getmypid();', 5)")
    begin = time.monotonic()
    assert ask("$server->taskwait('posix_kill(getmypid(), 9); sleep(5);', 60)") is False
    assert time.monotonic() - begin < 30
    s.wait_output(f"workerError 1 {pid} 0 9")
    assert ask("$server->taskwait('return getmypid();', 10)") != pid


def test_a_killed_task_worker_in_a_coroutine(asked):
    s, ask = asked({"task_worker_num": 1, "enable_coroutine": True})
    begin = time.monotonic()
    assert ask("$server->taskwait('posix_kill(getmypid(), 9); sleep(5);', 60)") is False
    assert ask("$server->taskCo(['return 1;', 'posix_kill(getmypid(), 9); sleep(5);', 'return 3;'], 60)") == [1, False, 3]
    assert time.monotonic() - begin < 30


def test_of_many_tasks_only_the_one_that_killed_is_missing(asked):
    s, ask = asked(ONE)
    begin = time.monotonic()
    assert ask("$server->taskWaitMulti(['return 1;', 'posix_kill(getmypid(), 9); sleep(5);', 'return 3;'], 60)") == {"0": 1, "2": 3}
    assert time.monotonic() - begin < 30


KEPT = """$o = new class { function __destruct() { say('let go'); } };
    $server->task(%s, -1, function ($server, $id, $data) use ($o) { say("own finish $data"); });"""


@pytest.mark.parametrize("job", ["'posix_kill(getmypid(), 9);'", "'throw new Exception(\"no luck\");'", "'return null;'"])
def test_a_callback_whose_task_has_no_result_is_let_go(asked, job):
    s, ask = asked(ONE)
    ask.run(KEPT % job + "unset($o); return 1;")
    s.wait_output("let go")
    assert "own finish" not in s.output()
    # and one that has a result is called once, then let go
    ask.run(KEPT % "'$server->finish(1); $server->finish(2);'" + "unset($o); return 1;")
    s.wait_output("let go", count=2)
    assert s.output().count("own finish") == 1


def test_tasks_that_wait_in_coroutines_of_a_killed_task_worker(server):
    s = server(code="""<?php
        $server = new Swoole\\Server('127.0.0.1', (int)getenv('RS_PORT'), SWOOLE_PROCESS);
        $server->set(['worker_num' => 1, 'task_worker_num' => 1, 'enable_coroutine' => true, 'task_enable_coroutine' => true]);
        $server->on('receive', function ($server) {
            echo 'all ' . json_encode($server->taskCo([3600, 3600, 0], 120)) . "\\n";
        });
        $server->on('task', function ($server, $task) {
            if ($task->data == 0)
                posix_kill(getmypid(), 9);
            Co::sleep($task->data);
        });
        $server->start();""")
    with socket.create_connection(("127.0.0.1", s.port)) as c:
        c.sendall(b"go")
        s.wait_output("all [false,false,false]", timeout=30)


def test_task_max_request(asked):
    s, ask = asked({"task_worker_num": 1, "task_max_request": 3})
    pids = [ask("$server->taskwait('return getmypid();', 10)") for _ in range(9)]
    assert [pids.count(p) for p in sorted(set(pids), key=pids.index)] == [3, 3, 3]


def test_messages(asked):
    s, ask = asked({"worker_num": 2, "task_worker_num": 1})
    me = ask("$server->worker_id")
    assert ask(f"[$server->sendMessage('text', {1 - me}), $server->sendMessage(['a' => 1], 2)]") == [True, True]
    s.wait_output(f"pipeMessage {1 - me} {me} text")
    s.wait_output(f'pipeMessage 2 {me} {{"a":1}}')
    ask.warns(f"$server->sendMessage('x', {me})", "can't send messages to self")
    ask.warns("$server->sendMessage('x', 3)", "worker_id[3] is invalid")
    ask.warns("$server->sendMessage('x', -1)", "worker_id[-1] is invalid")
    ask("$server->task('$server->sendMessage(\"from task\", 0);')")
    s.wait_output("pipeMessage 0 2 from task")
    assert ask(f"$server->sendMessage(str_repeat('x', 1000000), {1 - me})") is True
    s.wait_output("x" * 1000000)


def test_messages_without_a_callback(server):
    s = server(code="""<?php
        $server = new Swoole\\Server('127.0.0.1', (int)getenv('RS_PORT'), SWOOLE_PROCESS);
        $server->set(['worker_num' => 2, 'enable_coroutine' => false]);
        $server->on('receive', fn($server) => var_dump($server->sendMessage('x', 1 - $server->worker_id)));
        $server->start();""")
    with socket.create_connection(("127.0.0.1", s.port)) as c:
        c.sendall(b"go")
        s.wait_output("onPipeMessage is null, can't use sendMessage")
        s.wait_output("bool(false)")


def test_messages_of_master_and_manager(server):
    s = server(code="""<?php
        $server = new Swoole\\Server('127.0.0.1', (int)getenv('RS_PORT'), SWOOLE_PROCESS);
        $server->set(['worker_num' => 1, 'enable_coroutine' => false]);
        $server->on('start', fn($server) => $server->sendMessage('from master', 0));
        $server->on('managerStart', fn($server) => $server->sendMessage('from manager', 0));
        $server->on('pipeMessage', function ($server, $from, $message) { echo "$from $message\\n"; });
        $server->on('receive', fn() => 1);
        $server->start();""")
    s.wait_output("0 from master")
    s.wait_output("0 from manager")


def test_pack_and_unpack(asked):
    s, ask = asked({"task_worker_num": 1})
    assert ask("Swoole\\Server\\Task::unpack(Swoole\\Server\\Task::pack(['a' => [1, 'b']]))") == {"a": [1, "b"]}
    assert ask("Swoole\\Server\\Task::unpack(Swoole\\Server\\Task::pack('text'))") == "text"
    assert ask("[Swoole\\Server\\Task::unpack(''), Swoole\\Server\\Task::unpack('garbage'), Swoole\\Server\\Task::unpack(str_repeat('x', 100))]") == \
        [False, False, False]


def test_pack_spills_into_a_file_and_trusts_no_other(asked):
    s, ask = asked({"task_worker_num": 1, "task_tmpdir": "/tmp/."})
    packed = "Swoole\\Server\\Task::pack(str_repeat('x', 100000))"
    before = set(os.listdir("/tmp"))
    assert ask(f"strlen($GLOBALS['packed'] = {packed}) < 200") is True
    made = {n for n in set(os.listdir("/tmp")) - before if n.startswith("swoole.task.")}
    assert len(made) >= 1
    assert ask("strlen(Swoole\\Server\\Task::unpack($GLOBALS['packed']))") == 100000
    assert ask("Swoole\\Server\\Task::unpack($GLOBALS['packed'])") is False      # it is gone
    victim = os.path.join(s.folder, "swoole.task.abcdef")
    with open(victim, "w") as f:
        f.write("secret")
    # the head says "file", the name is somebody else's
    assert ask(f"Swoole\\Server\\Task::unpack(\"rstask1\\0\" . pack('VV', 1, strlen('{victim}')) . '{victim}')") is False
    assert os.path.exists(victim)


# ---- commands (SV10) --------------------------------------------------------------------------------------------------------

COMMANDS = """<?php
$server = new Swoole\\Http\\Server('127.0.0.1', (int)getenv('RS_PORT'), SWOOLE_PROCESS);
$server->set(['worker_num' => 2, 'task_worker_num' => 1, 'dispatch_mode' => 2]);
$both = SWOOLE_SERVER_COMMAND_EVENT_WORKER | SWOOLE_SERVER_COMMAND_TASK_WORKER;
$added = [
    $server->addCommand('who', $both, fn ($server, $data) => json_encode([$server->worker_id, $server->taskworker, json_decode($data, true)])),
    $server->addCommand('who', $both, 'strlen'),
    $server->addCommand('', $both, 'strlen'),
    $server->addCommand('none', 0, 'strlen'),
    $server->addCommand('text', SWOOLE_SERVER_COMMAND_EVENT_WORKER, fn ($server, $data) => "not json: $data"),
    $server->addCommand('slow', SWOOLE_SERVER_COMMAND_EVENT_WORKER, function ($server, $data) {
        Co::sleep(0.05);
        return '"slept"';
    }),
    $server->addCommand('throws', SWOOLE_SERVER_COMMAND_TASK_WORKER, fn () => throw new LogicException('mine')),
    $server->addCommand('silent', SWOOLE_SERVER_COMMAND_EVENT_WORKER, fn () => false),
];
$server->on('task', fn () => 0);
$server->on('request', function ($request, $response) use ($server, $added) {
    $response->end(json_encode(eval($request->rawContent())));
});
$server->start();"""


def test_commands(server):
    """Without onPipeMessage; the caller's coroutine waits, others go on; data and answer are JSON unless told otherwise."""
    s = server(code=COMMANDS)

    def ask(code):
        return s.request("POST", "/", [], code.encode()).json()
    event, task = "SWOOLE_SERVER_COMMAND_EVENT_WORKER", "SWOOLE_SERVER_COMMAND_TASK_WORKER"
    assert ask("return $added;") == [True, False, False, False, True, True, True, True]
    for worker in (0, 1):
        assert ask(f"return $server->command('who', {worker}, {event}, ['a' => 'b']);") == [worker, False, {"a": "b"}]
    assert ask(f"return $server->command('who', 0, {task}, 'x');") == [2, True, "x"]
    assert ask(f"return $server->command('who', 0, {task}, 5, false);") == "[2,true,5]"
    assert ask(f"return [$server->command('text', 0, {event}, 1), $server->command('text', 0, {event}, 1, false)];") == [False, "not json: 1"]
    assert ask(f"return [$server->command('silent', 0, {event}, 1), $server->command('throws', 0, {task}, 1)];") == [False, False]
    s.wait_output("Uncaught LogicException: mine")
    assert ask(f"return [$server->command('text', 0, {task}, 1), $server->getLastError()];") == [False, 507]
    assert ask(f"return [$server->command('who', 7, {event}, 1), $server->getLastError()];") == [False, 507]
    assert ask(f"return [$server->command('nothing', 0, {event}, 1), $server->getLastError()];") == [False, 9012]
    # A worker that calls itself must be able to answer meanwhile.
    assert ask("return Swoole\\Coroutine\\map(range(0, 9), fn ($i) => $server->command('slow', $i % 2, "
               f"{event}, $i));") == ["slept"] * 10
    big = ask(f"return strlen($server->command('text', 1, {event}, str_repeat('x', 1 << 20), false));")
    assert big == (1 << 20) + len('not json: ""')
    until(lambda: ask("return $server->addCommand('late', 8, 'strlen');") is False)
    s.wait_output("server is running")
