"""What the API notes say about tables, timers, processes and files, run as it stands there (acceptance point 14): old names, old
function style, no server around it. php/swoole/notes/*.php."""

import os
import re

import pytest

from lib.daemon import PHP_CASES, run

NOTES = os.path.join(PHP_CASES, "swoole", "notes")
EXPECTED = {
    "async_dns.php": "goes on\nlocalhost : 127.0.0.1\n",
    "async_read.php": "content-length: 8192\ncontent-length: 4\ncontent-length: 0\nfile is end.\n",
    "async_readfile.php": "async_readfile.php: all of it\n",
    "async_write.php": "bool(true)\nHELLO world!\n",
    "async_writefile.php": "wirte ok.\nfirst\nsecond\n",
    "callbacks.php": "closure\nstatic method\nstatic method\nfunction\nmethod\n",
    "process_event.php": "child got a message\nint(0)\n",
    "process_exec.php": "through another program\nint(0)\n",
    "process_pipe.php": "child got hello\nchild got bye\nint(7)\n",
    "process_queue.php": "child got work\nbool(true)\n",
    "process_redirect.php": "[to the pipe]\n[from the pipe: a line]\n",
    "table.php": 'array(3) {\n  ["id"]=>\n  int(189)\n  ["name"]=>\n  string(6) "rango3"\n  ["num"]=>\n  float(3.1415)\n}\n'
                 "1 190 rango4 2.5\n",
    "table_between_processes.php": "bool(true)\n" * 4 + "4000\n",
}
# These have no one output: timers may come late, pids are what they are.
CHECKED = {"timer.php", "process_signal.php"}


@pytest.fixture
def output(daemon):
    def call(name):
        d = daemon(start=False)
        r = run(d.binary, "run", os.path.join(NOTES, name), env=d.environment(), timeout=30)
        assert r.returncode == 0 and r.stderr == "", r.stdout + r.stderr
        return r.stdout
    return call


def test_none_is_forgotten():
    assert set(os.listdir(NOTES)) == set(EXPECTED) | CHECKED


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_notes(output, name):
    assert output(name) == EXPECTED[name]


def test_timer(output):
    lines = output("timer.php").splitlines()
    assert lines[0] == "both are set"
    assert sorted(lines[1:]) == ["after"] + ["tick \u53c2\u6570"] * 3


def test_children_are_waited_for_in_the_signal_handler(output):
    text = output("process_signal.php")
    started = re.findall(r"^child=(\d+)$", text, re.M)
    assert len(set(started)) == 3 and sorted(re.findall(r"^PID=(\d+)$", text, re.M)) == sorted(started)
