"""Rows of LaravelS' contract that no other file is about."""

import os

import pytest

from lib import http


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
