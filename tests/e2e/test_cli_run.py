"""`rserverd run script.php`, `rserverd php ...` and PHP_BINARY: PHP's own command line with our classes. Contract A1, A2, A8, A9, FN2."""

import json
import os
import pty
import signal
import subprocess

import pytest

from lib import proc
from lib.daemon import BINARY, run, sanitizer_environment
from lib.script import script  # noqa: F401 - a fixture
from lib.wait import until


@pytest.fixture
def here(tmp_path):
    """run() in an empty folder: here("run", "x.php", ...); files by keyword are written before."""
    def go(*words, files=None, env=None, **kw):
        for name, text in (files or {}).items():
            (tmp_path / name).write_text(text)
            if text.startswith("#!"):
                (tmp_path / name).chmod(0o755)
        return run(*words, cwd=tmp_path, env={**os.environ, **sanitizer_environment(BINARY), **(env or {})}, **kw)
    go.folder = tmp_path
    return go


def php_binary(here):
    r = here(BINARY, "php", "-r", "echo PHP_BINARY;")
    assert r.returncode == 0 and os.access(r.stdout, os.X_OK), r.stdout
    return r.stdout


# ---- run -------------------------------------------------------------------------------------------------------------

def test_a_script_and_its_words(here):
    """Everything behind the script is the script's, options included."""
    r = here(BINARY, "run", "x.php", "one", "-d", "a=1", "--ri", "swoole", "--", "-h", "zwei drei", "", files={
        "x.php": "<?php echo json_encode([$argv, $argc, PHP_SAPI, php_sapi_name(), extension_loaded('swoole'), __FILE__,"
                 "is_resource(STDIN) && is_resource(STDOUT) && is_resource(STDERR), ini_get('a')]);"})
    assert (r.returncode, r.stderr) == (0, "")
    words = ["x.php", "one", "-d", "a=1", "--ri", "swoole", "--", "-h", "zwei drei", ""]
    assert json.loads(r.stdout) == [words, len(words), "cli", "cli", True, str(here.folder / "x.php"), True, False]


@pytest.mark.parametrize("code,status", [
    ("", 0), ("exit;", 0), ("exit(3);", 3), ("exit(255);", 255), ("exit('text');", 0), ("return 5;", 0),
    ("throw new Exception('x');", 255), ("nosuch();", 255), ("syntax error", 255), ("trigger_error('x', E_USER_ERROR);", 255),
    ("register_shutdown_function(function () { exit(9); }); exit(3);", 9), ("posix_kill(getmypid(), SIGKILL);", -9),
])
def test_exit_statuses(here, code, status):
    assert here(BINARY, "run", "x.php", files={"x.php": "<?php " + code}).returncode == status


def test_output_errors_and_input_are_the_scripts(here):
    r = here(BINARY, "run", "x.php", input="in\n", files={
        "x.php": "<?php echo 'out ', fgets(STDIN); fwrite(STDERR, 'err'); fwrite(STDOUT, 'more');"})
    assert (r.returncode, r.stdout, r.stderr) == (0, "out in\nmore", "err")


def test_echo_reaches_the_terminal_at_once(script):
    """A pseudo-terminal: it is one for PHP too, and a line is there while the script goes on."""
    main, side = pty.openpty()
    s = script(None, code="<?php echo json_encode([stream_isatty(STDOUT), posix_isatty(0)]), \"\\n\"; ob_start(); echo 'buffered ';"
               "ob_end_flush(); echo 'until input', \"\\n\"; echo 'got ' . fgets(STDIN);", stdin=side, stdout=side)
    os.close(side)

    def read_until(end):
        got = b""
        while not got.endswith(end):
            got += os.read(main, 1000)
        return got
    assert read_until(b"input\r\n") == b"[true,true]\r\nbuffered until input\r\n"
    assert proc.alive(s.pid)
    os.write(main, b"line\n")
    assert read_until(b"got line\r\n")
    assert s.wait() == 0
    os.close(main)


def test_it_is_php_itself_not_a_child(script):
    """Same pid, so signals and statuses are the script's; nothing of us stays around it."""
    s = script(None, code="<?php echo getmypid(), \"\\n\"; fgets(STDIN);", stdin=subprocess.PIPE)
    assert int(s.line()) == s.pid and s.others() == []
    s.child.stdin.close()
    s.child.stdin = None
    assert s.wait() == 0


@pytest.mark.parametrize("sig", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGUSR1])
def test_signals_are_the_scripts(script, sig):
    """Default actions as under php; handlers of pcntl too."""
    s = script(None, code="<?php echo \"ready\\n\"; while (true) sleep(60);")
    assert s.line() == "ready"
    s.signal(sig)
    assert s.wait() == -sig
    s = script(None, code=f"<?php pcntl_async_signals(true); pcntl_signal({int(sig)}, function (int $n) {{ echo \"signal $n\"; exit(4); }});"
               "echo \"ready\\n\"; while (true) sleep(60);")
    assert s.line() == "ready"
    s.signal(sig)
    assert s.wait() == 4 and s.out == f"ready\nsignal {int(sig)}"


def test_descriptors_and_environment_as_under_php(here):
    """run adds no descriptor and no variable of its own."""
    code = "<?php $e = getenv(); unset($e['_'], $e['SHLVL']); ksort($e); echo json_encode([array_diff(scandir('/proc/self/fd'), []), $e]);"
    php = here(BINARY, "php", "-r", "echo PHP_BINARY;") and here("php", "x.php", files={"x.php": code})
    ours = here(BINARY, "run", "x.php")
    assert ours.returncode == php.returncode == 0 and json.loads(ours.stdout) == json.loads(php.stdout)


def test_no_script(here):
    for words in ([], ["-d", "a=1", "x.php"], ["--ri", "swoole"], ["-"]):
        r = here(BINARY, "run", *words, files={"x.php": "<?php echo 'never';"})
        assert r.returncode == 2 and r.stdout == "" and "which script" in r.stderr and "rserverd php" in r.stderr


def test_a_script_that_is_not_there(here):
    r = here(BINARY, "run", "none.php")
    assert r.returncode == 1 and "Could not open input file: none.php" in r.stdout + r.stderr


def test_a_php_of_ones_own(here):
    """php_binary of the ini file, for run, for php, and for PHP_BINARY inside."""
    files = {"own-php": f"#!/bin/sh\necho own \"$3\" >>'{here.folder}/log'\nexec php \"$@\"\n",
             "my.ini": f"[rserverd]\nphp_binary = {here.folder}/own-php\n",
             "x.php": "<?php passthru(escapeshellarg(PHP_BINARY) . \" -r 'echo extension_loaded(\\\"swoole\\\") ? \\\"nested\\\" : 0;'\");"}
    r = here(BINARY, "-c", "my.ini", "run", "x.php", files=files)
    assert (r.returncode, r.stdout, r.stderr) == (0, "nested", "")
    assert (here.folder / "log").read_text() == "own x.php\nown -r\n"


@pytest.mark.parametrize("binary,why", [("/no/such/php", "is not a file"), ("/etc/passwd", "Permission denied"), (BINARY, "symbolic links")])
def test_a_php_that_cannot_be_run(here, binary, why):
    r = here(BINARY, "run", "-c", "my.ini", "x.php", files={"my.ini": f"[rserverd]\nphp_binary = {os.path.realpath(binary)}\n", "x.php": "<?php"})
    assert r.returncode == 2, "behind run stands the script"
    r = here(BINARY, "-c", "my.ini", "run", "x.php")
    assert r.returncode == 1 and r.stdout == "" and "php_binary" in r.stderr and why in r.stderr


def test_help_tells_of_it(here):
    r = here(BINARY, "help")
    assert "rserverd run script.php" in r.stdout and "rserverd php" in r.stdout


# ---- php and PHP_BINARY ----------------------------------------------------------------------------------------------

@pytest.mark.parametrize("words,expected", [
    (["-r", "echo 1 + 1;"], "2"),
    (["-n", "-r", "echo extension_loaded('swoole') ? 'there' : 'missing';"], "there"),
    (["-n", "-d", "extension=swoole", "-r", "echo phpversion('swoole');"], "5.1.8"),
    (["-d", "extension=swoole.so", "-r", "echo phpversion('swoole');"], "5.1.8"),
    (["-dextension=swoole", "-f", "x.php", "--", "-a", "b"], '["x.php","-a","b"]'),
    (["-d", "extension=swoole", "x.php", "-d", "extension=swoole"], '["x.php","-d","extension=swoole"]'),
    (["-c", "my.ini", "y.php"], "77M"),
    (["-n", "-d", "memory_limit=66M", "y.php"], "66M"),
    (["-l", "x.php"], "No syntax errors detected in x.php\n"),
    (["-r", "exit(3);"], 3),
    (["-r", "throw new Exception('x');"], 255),
    (["none.php"], 1),
])
@pytest.mark.parametrize("how", ["php", "PHP_BINARY"])
def test_words_of_php(here, how, words, expected):
    command = [BINARY, "php"] if how == "php" else [php_binary(here)]
    r = here(*command, *words, files={"x.php": "<?php echo json_encode($argv);", "y.php": "<?php echo ini_get('memory_limit');",
                                      "my.ini": "memory_limit = 77M\n"})
    if isinstance(expected, int):
        assert r.returncode == expected
    else:
        assert (r.returncode, r.stdout, r.stderr) == (0, expected, "")


@pytest.mark.parametrize("words", [["--ri", "swoole"], ["-n", "--ri", "swoole"], ["-n", "-d", "extension=swoole", "--ri", "swoole"]])
def test_ri(here, words):
    r = here(php_binary(here), *words)
    assert r.returncode == 0 and "enabled" in r.stdout and "5.1.8" in r.stdout and r.stderr == ""


def test_the_module_is_there_once(here):
    r = here(php_binary(here), "-d", "extension=swoole", "-m")
    assert r.returncode == 0 and r.stdout.splitlines().count("swoole") == 1 and r.stderr == ""


def test_the_module_named_a_second_time_by_php_ini(here):
    """By its path, as an installation may have it: once is enough, and no word about it."""
    module = os.path.join(os.path.dirname(os.path.realpath(BINARY)), "rserverd-php.so")
    r = here(php_binary(here), "-c", "my.ini", "-r", "echo phpversion('swoole');", files={"my.ini": f"extension = {module}\n"})
    assert (r.returncode, r.stdout, r.stderr) == (0, "5.1.8", "")


def test_an_ini_file_of_a_server_is_not_php_binarys(here):
    """Whoever runs PHP_BINARY is in some folder or other: a broken laravels.ini there is none of its business."""
    binary = php_binary(here)
    files = {"laravels.ini": "[rserverd]\nphp_binary = /no/such/php\nnonsense\n"}
    r = here(binary, "-r", "echo 'runs';", files=files)
    assert (r.returncode, r.stdout) == (0, "runs")


def test_names_of_processes(script):
    for code in ("cli_set_process_title('my name');", "swoole_set_process_name('my name');"):
        s = script(None, code=f"<?php {code} echo \"ready\\n\"; fgets(STDIN);", stdin=subprocess.PIPE)
        assert s.line() == "ready"
        assert proc.title(s.pid) == "my name"
        s.child.stdin.close()
        s.child.stdin = None
        assert s.wait() == 0


def test_a_chain_of_php_binaries(script):
    """As glue code starts its server: PHP_BINARY runs a script that runs PHP_BINARY; the status comes all the way back."""
    s = script(None, code="""<?php
        if (isset($argv[1])) { echo getmypid(), "\\n"; exit(extension_loaded('swoole') ? 42 : 1); }
        pcntl_exec(PHP_BINARY, ['-d', 'extension=swoole', __FILE__, 'inner']);
    """)
    assert s.wait() == 42 and int(s.out) == s.pid


def test_the_terminals_interrupt_ends_script_and_children(script):
    s = script(None, code="<?php $p = new Swoole\\Process(function () { sleep(60); }); $p->start(); echo \"ready\\n\"; sleep(60);")
    assert s.line() == "ready"
    until(lambda: len(s.others()) == 1, message="a child")
    os.killpg(s.pid, signal.SIGINT)
    assert s.wait() == -signal.SIGINT
    until(lambda: not s.everyone(), message="the child is gone as well")
