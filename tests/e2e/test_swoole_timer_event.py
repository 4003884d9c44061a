"""Swoole\\Timer and Swoole\\Event: contract B.13, B.14, FN6, FN7."""

import pytest

from lib.script import script  # noqa: F401 - a fixture


@pytest.mark.parametrize("name", ["calls", "schedule", "coroutine"])
def test_timer(script, name):
    script.check(f"timer/{name}.php")


HEAD = "<?php\nuse Swoole\\Timer; use Swoole\\Event; use Swoole\\Coroutine; use Swoole\\Process;\nini_set('display_errors', 'stderr');\n"


def ends(script, code, **kw):
    s = script(None, code=HEAD + code, **kw)
    status = s.wait()
    return status, s.out, s.err


def test_timers_keep_a_script_until_they_are_gone(script):
    assert ends(script, "Timer::after(30, function () { echo 'timer '; }); echo 'end ';"
                "register_shutdown_function(function () { echo 'shutdown'; });") == (0, "end timer shutdown", "")


def test_exit_leaves_the_timers_to_the_end_of_the_script(script):
    """exit ends the script, not what it has registered; its status stays."""
    assert ends(script, "Timer::after(30, function () { echo 'timer'; }); exit(7);") == (7, "timer", "")


def test_a_fatal_error_does_not_wait_for_timers(script):
    status, out, err = ends(script, "Timer::tick(10, function () { echo 'timer'; }); throw new Exception('no');")
    assert status == 255 and out == "" and "Uncaught Exception: no" in err


@pytest.mark.parametrize("coroutine", ["true", "false"])
@pytest.mark.parametrize("where", ["Event::wait(); echo 'never';", ""])
def test_exit_in_a_callback_is_an_exit(script, coroutine, where):
    assert ends(script, f"Timer::set(['enable_coroutine' => {coroutine}]);"
                "register_shutdown_function(function () { echo 'shutdown'; });"
                "Timer::after(1, function () { exit(3); });"
                f"Timer::tick(1, function () {{ echo 'never'; }}); {where}") == (3, "shutdown", "")


@pytest.mark.parametrize("coroutine", ["true", "false"])
@pytest.mark.parametrize("where", ["Event::wait();", ""])
def test_an_uncaught_exception_in_a_callback_ends_the_process(script, coroutine, where):
    status, out, err = ends(script, f"Timer::set(['enable_coroutine' => {coroutine}]);"
                            "register_shutdown_function(function () { echo 'shutdown'; });"
                            "Timer::after(1, function () { throw new LogicException('of a timer'); });"
                            f"Timer::tick(1, function () {{ echo 'never'; }}); {where}")
    assert status == 255 and out == "shutdown" and err.count("PHP Fatal error:") + err.count("Fatal error:") >= 1
    assert "Uncaught LogicException: of a timer" in err


@pytest.mark.parametrize("coroutine", ["true", "false"])
@pytest.mark.parametrize("where", ["Event::wait(); echo 'never';", ""])
def test_a_fatal_error_in_a_callback_ends_the_process(script, coroutine, where):
    """Deep in a recursion, so that PHP's stack has grown by many pages; shutdown functions are called."""
    status, out, err = ends(script, f"Timer::set(['enable_coroutine' => {coroutine}]);"
                            "function deeper($n) { if ($n == 20000) eval('function deeper() {}'); return 1 + deeper($n + 1); }"
                            "function shutdown($n) { return $n ? shutdown($n - 1) + 1 : 0; }"
                            "register_shutdown_function(function () { echo shutdown(20000); });"
                            f"Timer::after(1, function () {{ deeper(0); }}); {where}")
    assert status == 255 and out == "20000" and "Cannot redeclare deeper()" in err


def test_without_coroutines_by_php_ini(script):
    code = "Timer::after(1, function () { echo Coroutine::getCid(); });"
    assert ends(script, code, words=("php", "-d", "swoole.enable_coroutine=0")) == (0, "-1", "")


def test_timers_are_not_inherited(script):
    """A child has none of its parent's, and ids of its own from 1."""
    assert ends(script, """
        Timer::tick(5, function (int $id) use (&$n) { if (++$n == 3) Timer::clear($id); });
        $child = new Process(function () {
            echo json_encode([Timer::stats()['num'], Timer::exists(1), Timer::after(1, function () { echo ' child'; })]);
        });
        $child->start();
        Process::wait();
        Event::wait();
        echo " parent $n";
    """) == (0, "[0,false,1] child parent 3", "")


def test_a_process_started_by_a_timer_is_a_process(script):
    """Its callback does not run as a part of the parent's coroutine: it cannot fall back into the parent's loop."""
    status, out, err = ends(script, """
        Timer::after(1, function () {
            $child = new Process(function () {
                echo Coroutine::getCid(), ' ';
                try { Coroutine::sleep(0.001); } catch (Swoole\\Error $e) { echo $e->getMessage(), ' '; }
                Timer::after(1, function () use (&$timed) { Coroutine::sleep(0.001); echo 'timer '; $timed = true; });
                go(function () use (&$timed) { while (!$timed) Coroutine::sleep(0.001); echo 'go '; });
            });
            $child->start();
            echo json_encode(Process::wait()['code']), ' ';
        });
        Event::wait();
        echo 'end of ', getmypid();
    """)
    assert err == "" and status == 0
    assert out.startswith("-1 API must be called in the coroutine timer go 0 end of ") and out.count("end of") == 1


@pytest.mark.parametrize("name", ["descriptors", "turns"])
def test_event(script, name):
    script.check(f"event/{name}.php")


def test_descriptors_keep_a_script_until_they_are_taken_away(script):
    assert ends(script, "[$a, $b] = stream_socket_pair(STREAM_PF_UNIX, STREAM_SOCK_STREAM, 0);"
                "Event::add($a, function ($a) { echo fread($a, 10); Event::del($a); });"
                "Timer::after(10, fn () => fwrite($b, 'read'));") == (0, "read", "")


def test_exit_of_the_loop_is_not_followed_by_another_run_at_the_end(script):
    code = "$n = 0; Timer::tick(5, function () use (&$n) { if (++$n == 2) Event::exit(); }); %s register_shutdown_function(" \
           "function () use (&$n) { echo $n; });"
    assert ends(script, code % "Event::wait();") == (0, "2", "")
    assert ends(script, code % "") == (0, "2", "")


def test_standard_input(script):
    import subprocess
    s = script(None, code=HEAD + "Event::add(STDIN, function ($in) { $line = fgets($in); echo strtoupper($line);"
               " if ($line === false) Event::del($in); });", stdin=subprocess.PIPE)
    for word in ("one", "two"):
        s.child.stdin.write(word.encode() + b"\n")
        s.child.stdin.flush()
        assert s.line() == word.upper()
    assert s.wait() == 0


def test_the_child_of_an_event_driven_process_has_a_loop_of_its_own(script):
    """And the parent's still hears of everything: libevent's set of descriptors is not shared."""
    assert ends(script, """
        [$a, $b] = stream_socket_pair(STREAM_PF_UNIX, STREAM_SOCK_STREAM, 0);
        Event::add($a, function ($a) { echo 'parent ' . fread($a, 10) . ' '; Event::del($a); });
        $child = new Process(function () use ($a, $b) {
            echo json_encode(Event::isset($a)), ' ';
            Event::add($b, function ($b) { echo 'child ' . fread($b, 10) . ' '; Event::del($b); });
            fwrite($a, 'hello');
        });
        $child->start();
        Process::wait();
        fwrite($b, 'world');
    """) == (0, "false child hello parent world ", "")


def test_the_loop_leaves_no_descriptors(script):
    assert ends(script, """
        function fds() { return count(scandir('/proc/self/fd')); }
        Timer::after(1, fn () => 0);
        Event::wait();
        $before = fds();
        for ($i = 0; $i < 50; $i++) {
            [$a, $b] = stream_socket_pair(STREAM_PF_UNIX, STREAM_SOCK_STREAM, 0);
            Event::add($a, function ($a) { Event::del($a); });
            Event::write($b, 'x');
            Timer::after(1, fn () => 0);
            Event::wait();
            fclose($a); fclose($b);
        }
        echo fds() - $before;
    """) == (0, "0", "")


def test_the_first_exception_of_our_own_warning_leaves_a_clean_state(script):
    """An error handler that throws, in a callback of the loop: what failed has not happened half."""
    assert ends(script, """
        set_error_handler(fn ($n, $text) => throw new ErrorException($text));
        [$a, $b] = stream_socket_pair(STREAM_PF_UNIX, STREAM_SOCK_STREAM, 0);
        Event::add($a, function () {});
        Timer::after(1, function () use ($a) {
            try { Event::add($a, function () {}); } catch (ErrorException $e) { echo 'caught '; }
            try { Timer::tick(0, function () {}); } catch (ErrorException $e) { echo 'caught '; }
            echo json_encode([Event::isset($a), Event::del($a), Timer::stats()['num']]);
        });
    """) == (0, "caught caught [true,true,0]", "")


LEFT_BEHIND = """<?php
$server = new Swoole\\Server('127.0.0.1', 0, SWOOLE_PROCESS);
$server->set(['worker_num' => 1, 'log_level' => SWOOLE_LOG_ERROR]);
$server->on('receive', fn() => 1);
$server->on('start', function ($server) {
    if (getenv('COROUTINE')) {
        go(fn() => Swoole\\Coroutine::sleep(600));
    }
    $server->tick(20, fn() => 1);
    [$ours, $theirs] = stream_socket_pair(STREAM_PF_UNIX, STREAM_SOCK_STREAM, 0);
    Swoole\\Event::add($ours, fn() => $theirs);
    Swoole\\Event::cycle(fn() => 1);
    $server->shutdown();
});
var_dump($server->start(), Swoole\\Timer::stats()['num']);
if (!getenv('COROUTINE')) {
    Swoole\\Timer::after(1, fn() => print("mine\\n"));
}
"""


@pytest.mark.parametrize("coroutine, mine", [("", "mine\n"), ("1", "")])
def test_what_on_start_leaves_behind_ends_with_the_server(script, coroutine, mine):
    """No timer, descriptor or coroutine of the master keeps the script when start() has returned; one of its own still does."""
    s = script(None, code=LEFT_BEHIND, env={"COROUTINE": coroutine})
    assert s.wait() == 0
    assert s.out == "bool(true)\nint(0)\n" + mine
