"""Coroutines: Swoole\\Coroutine, System, Channel, WaitGroup, Barrier, Scheduler, Runtime, ExitException (contract B.16 to B.18).

Most of it is in php/swoole/coroutine/*.php, which print "ok ..." or "not ok ..." for each check and "done" at their end. Here
is what ends a process."""

import os
import re
import types

import pytest

from lib.daemon import BINARY, run, sanitizer_environment
from lib.script import SCRIPTS, script as fixture

script_of = fixture


@pytest.fixture
def script(script_of):
    """Runs PHP text to its end under `rserverd run`: returncode, stdout, stderr."""
    def call(code, **kw):
        s = script_of(None, code="<?php\n" + code, **kw)
        return types.SimpleNamespace(returncode=s.wait(), stdout=s.out, stderr=s.err)
    return call


@pytest.mark.parametrize("name", sorted(os.listdir(os.path.join(SCRIPTS, "coroutine"))))
def test_script(script_of, name):
    script_of.check("coroutine/" + name, timeout=120)


# ---- how a process ends -----------------------------------------------------------------------------------------------

ENDS = """
register_shutdown_function(function () { echo "shutdown\\n"; });
class D { function __destruct() { echo "destructor\\n"; } }
$global = new D();
go(function () {
    defer(function () { echo "deferred\\n"; });
    try { Co::sleep(20); } finally { echo "finally\\n"; }
    echo "never\\n";
});
"""
LATER = "$cid = go(function () { Co::yield(); %s }); Swoole\\Event::defer(fn () => Co::resume($cid));"
NOW = "go(function () { %s });"
CONTAINER = "Co\\run(function () { Co::sleep(0.001); %s }); echo \"never\\n\";"
NESTED = "go(function () { go(function () { go(function () { %s }); echo \"never\\n\"; }); echo \"never\\n\"; });"
WHERE = pytest.mark.parametrize("where", [LATER, NOW, CONTAINER, NESTED], ids=["later", "now", "container", "nested"])


@WHERE
def test_an_uncaught_exception_ends_the_process(script, where):
    """Shutdown functions run; those that wait unwind when objects are destroyed, as Fibers do. No handler is asked (E.8)."""
    r = script(ENDS + "set_exception_handler(function () { echo \"never\\n\"; });" +
               where % "defer(function () { echo \"its deferred\\n\"; }); throw new LogicException('boom');")
    assert r.returncode == 255, r.stderr
    assert r.stdout.split() == ["its", "deferred", "shutdown", "destructor", "finally", "deferred"]
    assert len(re.findall(r"^PHP Fatal error:  Uncaught LogicException: boom", r.stderr, re.M)) == 1


@WHERE
@pytest.mark.parametrize("code,message", [
    ("$x = []; while (true) { $x[] = str_repeat('x', 10000); }", r"Allowed memory size of 33554432 bytes exhausted"),
    ("eval('class A { function f() {} function f() {} }');", r"Cannot redeclare A::f\(\)"),
    ("trigger_error('user', E_USER_ERROR);", r"user"),
    ("class NoParent extends chan { function __construct() {} } (new NoParent())->push(1);",
     r"Swoole\\Coroutine\\Channel::push\(\): must call constructor first"),
], ids=["memory", "compile", "user", "constructor"])
def test_a_fatal_error_ends_the_process(script, where, code, message):
    """Shutdown functions run, destructors do not."""
    r = script("ini_set('memory_limit', '32M');" + ENDS + where % code)
    assert (r.returncode, r.stdout) == (255, "shutdown\n")
    assert len(re.findall(r"^PHP Fatal error:  " + message, r.stderr, re.M)) == 1


@WHERE
def test_exit_is_an_exception(script, where):
    r = script(where % """
        foreach ([0, 7, 'text', null] as $status) {
            try {
                exit($status);
            } catch (Swoole\\ExitException $e) {
                echo json_encode([$e->getMessage(), $e->getStatus(), $e->getFlags()]), "\\n";
            }
        }
        try { die; } catch (Throwable $e) { echo get_class($e), " ", $e->getStatus(), "\\n"; }
        exit(3);""")
    assert r.returncode == 255
    assert r.stdout == ('["swoole exit",0,2]\n["swoole exit",7,2]\n["swoole exit","text",2]\n["swoole exit",null,2]\n'
                        'Swoole\\ExitException 0\n')
    assert "Uncaught Swoole\\ExitException: swoole exit" in r.stderr


def test_exit_elsewhere_is_exit(script):
    """In the script, after coroutines have ended, in a shutdown function: what it always was."""
    r = script("go(function () { Co::sleep(0.01); echo \"coroutine\\n\"; }); echo \"script\\n\"; exit(7);")
    assert (r.returncode, r.stdout, r.stderr) == (7, "script\ncoroutine\n", "")
    r = script("Co\\run(fn () => Co::sleep(0.001)); try { exit('bye'); } catch (Throwable) { echo 'never'; }")
    assert (r.returncode, r.stdout) == (0, "bye")
    r = script("Swoole\\Timer::after(1, function () { try { exit(4); } catch (Throwable) { echo 'never'; } });"
               "register_shutdown_function(function () { echo 'shutdown'; });")
    assert (r.returncode, r.stdout, r.stderr) == (4, "shutdown", "")


def test_an_exception_in_a_deferred_call(script):
    r = script("go(function () { defer(function () { echo \"first\\n\"; }); defer(fn () => throw new Exception('deferred'));"
               "throw new LogicException('body'); });")
    assert (r.returncode, r.stdout) == (255, "first\n")
    assert "LogicException: body" in r.stderr and "Next Exception: deferred" in r.stderr


def test_what_the_destructors_of_the_end_may_not_do(script):
    """Nobody turns the loop any more: what waits then unwinds at once, and nothing new is begun."""
    r = script("""
        class D { function __destruct() {
            try { Co::sleep(1); } catch (Swoole\\Error $e) { echo $e->getMessage(), "\\n"; }
            echo json_encode(@go(function () { Co::sleep(1); })), "\\n";
        } }
        go(function () { $d = new D(); try { Co::yield(); } finally { echo "finally\\n"; } });
        """)
    assert r.returncode == 0 and r.stderr == ""
    assert r.stdout[r.stdout.index("finally"):] == "finally\na coroutine cannot wait here: the process ends\nfalse\n"


# ---- deadlock (CO17) --------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("how", ["Co\\run(fn () => null);", "Swoole\\Event::wait();"], ids=["run", "wait"])
def test_deadlock_is_reported_and_the_script_goes_on(script, how):
    r = script("""
        function waits(chan $c) { $c->pop(); echo "never\\n"; }
        go('waits', new chan());
        go(fn () => Co::yield());
        """ + how + "echo \"goes on\\n\";")
    assert r.returncode == 0 and r.stderr == ""
    assert r.stdout.count("[FATAL ERROR]: all coroutines (count: 2) are asleep - deadlock!") == 1
    assert re.search(r"\[Coroutine-1\]\n#0 \S+script.php\(3\): Swoole\\Coroutine\\Channel->pop\(\)\n#1 .*waits\(", r.stdout)
    assert re.search(r"\[Coroutine-2\]\n#0 \S+script.php\(5\): Swoole\\Coroutine::yield\(\)\n", r.stdout)
    assert r.stdout.endswith("goes on\n") and "never" not in r.stdout


def test_no_deadlock_while_something_can_wake_them(script):
    r = script("$c = new chan(); go(function () use ($c) { echo $c->pop(); });"
               "Swoole\\Timer::after(20, fn () => $c->push('timer')); Swoole\\Event::wait();")
    assert (r.returncode, r.stdout, r.stderr) == (0, "timer", "")


# ---- files ------------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("call,errno", [("readFile('none')", 2), ("readFile('.')", 21), ("writeFile('none/x', 'x')", 2)])
def test_what_goes_wrong_with_files_is_logged(script, call, errno):
    r = script(f"Co\\run(function () {{ var_dump(Co::{call}, swoole_last_error()); }});")
    name = call.split("(")[0]
    assert re.search(rf"^\[.{{19}} @\d+\.\d+\]\tWARNING\t\S*::{name}\(\) \(ERRNO {errno}\): ", r.stdout, re.M)
    assert r.stdout.endswith(f"bool(false)\nint({errno})\n") and r.returncode == 0 and r.stderr == ""


# ---- settings ---------------------------------------------------------------------------------------------------------

def test_without_short_names():
    r = run(BINARY, "php", "-d", "swoole.use_shortname=Off", "-r",
            "var_dump(function_exists('go'), function_exists('defer'), class_exists('Co'), class_exists('chan'),"
            "class_exists('Swoole\\Coroutine'), function_exists('swoole_coroutine_create'), function_exists('Swoole\\Coroutine\\run'));",
            env={**os.environ, **sanitizer_environment(BINARY)})
    assert r.stdout.split() == ["bool(false)"] * 4 + ["bool(true)"] * 3


@pytest.mark.parametrize("jit", ["tracing", "function"])
def test_with_opcache_and_jit(script, jit):
    """The handler of exit and the replaced functions are known to the compiler."""
    r = script("""
        function f(int $n) { for ($i = $s = 0; $i < $n; $i++) { $s += $i % 7; } return $s; }
        Co\\run(function () {
            foreach ([1, 2, 3] as $i) {
                go(function () use ($i) { for ($k = 0; $k < 50; $k++) { f(1000); usleep(1000); } echo $i; });
            }
            try { f(100000); exit(f(10)); } catch (Swoole\\ExitException $e) { echo 'e', $e->getStatus(); }
            echo opcache_get_status()['jit']['on'] ? 'on' : 'off';
        });""", words=("php", "-d", "opcache.enable_cli=1", "-d", f"opcache.jit={jit}", "-d", "opcache.jit_buffer_size=16M"))
    assert r.returncode == 0 and r.stderr == "", r.stderr
    assert r.stdout.startswith("e24on") and sorted(r.stdout[5:]) == ["1", "2", "3"]
