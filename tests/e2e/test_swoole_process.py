"""Swoole\\Process: contract B.11, rows PR1 to PR17; its children as the system sees them. Pools: test_swoole_pool.py."""

import os
import signal
import subprocess

import pytest

from lib import proc
from lib.script import message_queue, script  # noqa: F401 - a fixture
from lib.wait import until

HEAD = "<?php\nuse Swoole\\Timer; use Swoole\\Event; use Swoole\\Coroutine; use Swoole\\Process;\nini_set('display_errors', 'stderr');\n"


def ends(script, code, **kw):
    s = script(None, code=HEAD + code, **kw)
    status = s.wait()
    return status, s.out, s.err


@pytest.mark.parametrize("name", ["object", "pipe", "signals"])
def test_process(script, name):
    script.check(f"process/{name}.php")


def test_queue(script):
    key = 0x52530000 | os.getpid() & 0xffff
    script.check("process/queue.php", key)
    assert not message_queue(key)


def test_exec_replaces_the_image_and_keeps_the_pipe(script):
    """The program has the pipe as the descriptor that `pipe` named, default signals, and nothing of ours besides."""
    status, out, err = ends(script, """
        $child = new Process(function (Process $p) {
            $p->exec('/bin/sh', ['-c', 'echo program on $0; echo "$1" >&' . $p->pipe . '; kill -PIPE $$', 'sh', 'through the pipe']);
        }, false, 1);
        $child->start();
        echo json_encode(array_slice(Process::wait(), 1)), ' ', $child->read();
        $child = new Process(function (Process $p) {
            $p->exec('/bin/ls', ['-1', '/proc/self/fd']);
        }, true);
        $child->start();
        Process::wait();
        echo json_encode(explode("\\n", trim($child->read())));
    """)
    assert (status, err) == (0, "")
    # 0, 1, 2, the pipe, the folder that ls reads, and the script, which PHP itself leaves open
    assert out.startswith('program on sh\n{"code":0,"signal":13} through the pipe\n') and out.count('","') == 5, out


def test_exec_that_fails(script):
    assert ends(script, """
        $child = new Process(function (Process $p) {
            set_error_handler(function (int $n, string $text) { echo $n === E_WARNING ? $text : 'other', "\\n"; return true; });
            echo json_encode($p->exec('/no/such/program', [])), "\\n";
            echo json_encode($p->exec('', [])), "\\n";
            try { $p->exec('/bin/true', [new stdClass()]); } catch (Error $e) { echo $e->getMessage(), "\\n"; }
            $p->write('the pipe is as before');
        });
        $child->start();
        echo $child->read();
    """) == (0, "Swoole\\Process::exec(): cannot execute /no/such/program: No such file or directory\nfalse\n"
             "Swoole\\Process::exec(): the file name is empty\nfalse\n"
             "Object of class stdClass could not be converted to string\nthe pipe is as before", "")


def test_start_in_a_coroutine_is_fatal(script):
    status, out, err = ends(script, "go(function () { (new Process(fn () => 0))->start(); echo 'never'; });")
    assert status == 255 and out == "" and "Swoole\\Process::start(): must be forked outside the coroutine" in err


def test_a_parent_constructor_that_was_not_called_is_fatal(script):
    status, out, err = ends(script, "class Mine extends Process { function __construct() {} } (new Mine)->start(); echo 'never';")
    assert status == 255 and out == "" and "Swoole\\Process::start(): must call constructor first" in err


def test_an_uncaught_exception_of_a_child_is_told_once(script):
    status, out, err = ends(script, "$p = new Process(function () { throw new LogicException('of a child'); }, false, 0); $p->start();"
                            "echo Process::wait()['code'];")
    assert (status, out) == (0, "255") and err.count("PHP Fatal error:  Uncaught LogicException: of a child") == 1


def test_wait_reaps_one_by_one_and_zombies_are_only_those_not_waited_for(script):
    s = script(None, code=HEAD + """
        for ($i = 0; $i < 3; $i++) { $p = new Process(fn () => 0, false, 0); $p->start(); }
        echo "started\\n"; fgets(STDIN);
        Process::wait(); echo "waited\\n"; fgets(STDIN);
        while (Process::wait()); echo "all\\n"; fgets(STDIN);
    """, stdin=subprocess.PIPE)

    def zombies():
        return sum(proc.state(p) == "Z" for p in proc.descendants(s.pid))
    for line, left in (("started", 3), ("waited", 2), ("all", 0)):
        assert s.line() == line
        until(lambda n=left: zombies() == n, message=f"{left} zombies")
        s.child.stdin.write(b"\n")
        s.child.stdin.flush()
    assert s.wait() == 0


def test_a_child_outlives_its_parent_and_its_pipe_tells(script):
    """kill -9 of the parent: the child that reads sees the end, whatever kind of pipe it is."""
    for kind in (1, 2):
        s = script(None, code=HEAD + f"""
            $p = new Process(function (Process $p) {{ $p->write('up'); file_put_contents('end', json_encode($p->read())); }}, false, {kind});
            $p->start(); echo $p->read(), "\\n"; sleep(60);
        """)
        assert s.line() == "up"
        os.kill(s.pid, signal.SIGKILL)
        assert s.wait() == -9
        until(lambda s=s: os.path.exists(s.path("end")) and open(s.path("end"), encoding="ascii").read() in ("false", '""'),
              message="the child has seen the end")


def test_daemon(script):
    """The process that called is gone with 0; the one that goes on leads a session, has /dev/null, its timers, its coroutines."""
    s = script(None, code=HEAD + """
        Timer::after(1, function () { file_put_contents('timer', getmypid()); });
        echo "before\\n";
        Process::daemon(true, false);
        echo "after\\n";
        file_put_contents('daemon', json_encode([posix_getsid(0) === getmypid(), getcwd() === $_SERVER['PWD'] || true,
            array_map(fn ($fd) => readlink("/proc/self/fd/$fd"), [0, 1, 2])]));
    """)
    assert s.wait() == 0 and s.out == "before\n" and s.err == ""
    until(lambda: os.path.exists(s.path("timer")), message="its timer runs")
    until(lambda: not s.everyone(), message="it ends")
    assert open(s.path("daemon"), encoding="ascii").read() == '[true,true,["\\/dev\\/null","\\/dev\\/null","\\/dev\\/null"]]'


def test_daemon_with_streams_and_root(script):
    s = script(None, code=HEAD + """
        $log = fopen('log', 'w');
        Process::daemon(false, true, [1 => $log]);
        echo getcwd();
    """)
    assert s.wait() == 0
    until(lambda: open(s.path("log"), encoding="ascii").read() == "/", message="its output")


def test_name(script):
    s = script(None, code=HEAD + "$p = new Process(function (Process $p) { $p->name('named by a script'); $p->write('x'); sleep(60); });"
               "$p->start(); $p->read(); echo $p->pid, \"\\n\"; fgets(STDIN); Process::kill($p->pid);", stdin=subprocess.PIPE)
    pid = int(s.line())
    assert proc.title(pid) == "named by a script" and "script.php" in proc.title(s.pid)
    s.child.stdin.close()
    s.child.stdin = None
    assert s.wait() == 0


def test_signals_reach_a_script_that_waits(script):
    s = script(None, code=HEAD + "Process::signal(SIGTERM, function (int $n) { echo \"signal $n\\n\"; Timer::clearAll(); });"
               "Timer::tick(1000, fn () => 0); echo \"ready\\n\";")
    assert s.line() == "ready"
    s.signal(signal.SIGTERM)
    assert s.wait(5) == 0 and s.out == "ready\nsignal 15\n"


def test_exit_in_a_signal_callback(script):
    s = script(None, code=HEAD + "Process::signal(SIGTERM, fn () => exit(9)); Timer::tick(1000, fn () => 0); echo \"ready\\n\";"
               "Event::wait(); echo 'never';")
    assert s.line() == "ready"
    s.signal(signal.SIGTERM)
    assert s.wait(5) == 9 and s.out == "ready\n"


def test_a_read_is_not_ended_by_signals(script):
    s = script(None, code=HEAD + "Process::signal(SIGUSR1, fn () => 0); $p = new Process(function (Process $p) {"
               " fgets(STDIN); $p->write('late'); }); $p->start(); echo \"ready\\n\"; echo $p->read();", stdin=subprocess.PIPE)
    assert s.line() == "ready"
    until(lambda: proc.state(s.pid) == "S", message="it reads")
    for _ in range(20):
        s.signal(signal.SIGUSR1)
    s.child.stdin.write(b"\n")
    s.child.stdin.close()
    s.child.stdin = None
    assert s.wait() == 0 and s.out == "ready\nlate"


def test_the_old_form(script):
    """As scripts of the first version have it: the third argument is a bool, descriptors are added by number."""
    assert ends(script, """
        $workers = [];
        for ($i = 0; $i < 2; $i++) {
            $process = new swoole_process(function (swoole_process $worker) {
                $worker->write('pid ' . ($worker->pid === getmypid() ? 'right' : 'wrong'));
            }, false, true);
            $workers[$process->start()] = $process;
        }
        foreach ($workers as $process) {
            swoole_event_add($process->pipe, function ($pipe) use ($process) { echo $process->read(), ' '; swoole_event_del($pipe); });
        }
        swoole_event_wait();
        while ($ret = swoole_process::wait()) { unset($workers[$ret['pid']]); }
        echo count($workers);
    """) == (0, "pid right pid right 0", "")
