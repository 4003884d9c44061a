"""Files, names and commands with callbacks: contract L.4. Most of it is in php/swoole/async/*.php, which print "ok ..." or
"not ok ..." for each check and "done" at their end; here is what ends a process, and where it is forbidden."""

import os

import pytest

from lib.script import SCRIPTS, script  # noqa: F401 - a fixture


@pytest.mark.parametrize("name", sorted(os.listdir(os.path.join(SCRIPTS, "async"))))
def test_script(script, name):
    script.check("async/" + name)


def test_the_end_of_a_script_waits(script):
    s = script(None, code="<?php\nswoole_async_readfile(__FILE__, fn ($f, $text) => print(strlen($text) > 10 ? 'read' : 'not'));\necho 'end ';")
    assert (s.wait(), s.out, s.err) == (0, "end read", "")


def test_an_exception_ends_the_script(script):
    s = script(None, code="<?php\nswoole_async_readfile(__FILE__, fn () => throw new LogicException('mine'));\nSwoole\\Event::wait();\necho 'after';")
    assert s.wait() == 255
    assert "Uncaught LogicException: mine" in s.err + s.out and "after" not in s.out


def test_a_file_that_php_has_no_room_for(script):
    """The call itself ends the script, as every allocation does."""
    s = script(None, code="""<?php
        $file = __DIR__ . '/large';
        file_put_contents($file, str_repeat('x', 4 << 20));
        ini_set('memory_limit', (string)(memory_get_usage(true) + (3 << 20)));
        register_shutdown_function(fn () => print('shutdown '));
        swoole_async_readfile($file, fn () => print('read'));
        echo 'after';
    """)
    assert s.wait() == 255
    assert "Allowed memory size" in s.err + s.out and "read" not in s.out and "after" not in s.out and "shutdown" in s.out
