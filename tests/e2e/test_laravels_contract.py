"""Rows of LaravelS' contract that no other file is about."""

import os

import pytest

from lib import http
from lib.wait import until


@pytest.mark.parametrize("call", [r"Swoole\Coroutine::sleep", r"Swoole\Coroutine\System::sleep", r"co::sleep"])
def test_sleep_of_coroutines_in_a_worker(app, call):
    """8.3: there is no coroutine in an HTTP worker, and it sleeps nevertheless."""
    took = app.code(f"$t = microtime(true); $r = {call}(0.05); return [$r, microtime(true) - $t, Swoole\\Coroutine::getCid()];")
    assert took[0] is True and 0.05 <= took[1] < 5 and took[2] == -1


# Each prints three parts, and says ob_flush() in the ways that people know.
STREAMS = {
    "ob_flush, flush": "for ($i = 0; $i < 3; $i++) { echo \"p$i\n\"; ob_flush(); flush(); usleep(150000); }",
    "flush alone": "for ($i = 0; $i < 3; $i++) { echo \"p$i\n\"; flush(); usleep(150000); }",
    "if there is a buffer": "for ($i = 0; $i < 3; $i++) { echo \"p$i\n\"; if (ob_get_level() > 0) { ob_flush(); } flush(); usleep(150000); }",
    "without buffers": "while (ob_get_level() > 0) { ob_end_clean(); } for ($i = 0; $i < 3; $i++) { echo \"p$i\n\"; flush(); usleep(150000); }",
    "a buffer of its own": "ob_start(); for ($i = 0; $i < 3; $i++) { echo \"p$i\n\"; ob_flush(); flush(); usleep(150000); }",
    "ob_implicit_flush": "ob_implicit_flush(true); for ($i = 0; $i < 3; $i++) { echo \"p$i\n\"; usleep(150000); }",
}


@pytest.mark.parametrize("how", STREAMS)
def test_streams_flush_as_people_write_it(daemon, how):
    """3.8: flush(), ob_flush() and implicit flush are honoured; without a buffer ob_flush() would be an exception in Laravel."""
    d = daemon.laravel(start=False)
    with open(os.path.join(d.app, "routes", "web.php"), "a") as f:
        f.write("Route::get('stream-it', fn () => response()->stream(function () { %s }));\n" % STREAMS[how])
    d.start()
    for _ in range(2):
        with d.conn() as c:
            c.send(http.build("/stream-it"))
            r = c.response()
            assert r.body == b"p0\np1\np2\n"
            assert [p for _, p in r.pieces][:2] == [b"p0\n", b"p1\n"], "each as it is flushed"
            assert c.request("/api/hello").status == 200


SLOW_CLASS = """<?php
namespace App\\Slow;
posix_kill(getmypid(), SIGUSR1);
for ($i = 0; $i < 100; $i++) {
    is_dir("/$i");
}
if (true) {     // else it would be there before the first line runs
    class Thing
    {
        public static function name() { return 'thing'; }
    }
}
"""
LOADS = """<?php
namespace App\\Slow;
use Hhxsv5\\LaravelS\\Swoole\\Process\\CustomProcessInterface;
use Swoole\\Http\\Server;
use Swoole\\Process;
class Loads implements CustomProcessInterface
{
    private static $quit = false;
    public static function callback(Server $swoole, Process $process)
    {
        Thing::name();
        while (!self::$quit) {
            usleep(10000);
        }
    }
    public static function onReload(Server $swoole, Process $process)
    {
        file_put_contents(storage_path('reloaded'), Thing::name());
    }
    public static function onStop(Server $swoole, Process $process)
    {
        self::$quit = true;
    }
}
"""


def test_a_signal_does_not_come_between_a_class_and_its_loading(hosted):
    """2.6: onReload and onStop run in the middle of callback(); they may use what it is loading."""
    d = hosted("37", start=False, timer=False, processes=False,
               files={"app/Slow/Thing.php": SLOW_CLASS, "app/Slow/Loads.php": LOADS})
    d.config_php("$c['processes'] = ['loads' => ['class' => \\App\\Slow\\Loads::class, 'restart_interval' => 60]];")
    d.user_names, d.tells = ["loads"], False
    d.nprocesses = 1
    d.start()
    reloaded = os.path.join(d.app, "storage", "reloaded")
    until(lambda: os.path.exists(reloaded) and open(reloaded).read() == "thing", message="onReload has run")
    assert "not found" not in d.log()
