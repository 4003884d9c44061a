"""The module `swoole`: what applications look at before anything else: version, constants, exceptions, functions."""

import json
import re

import pytest

from lib.daemon import run


def php(daemon, code, *words):
    """The answer of a script, from JSON, in the command line PHP with our module."""
    d = daemon(start=False)
    r = run(d.binary, "php", *words, "-r", "echo json_encode((function () { " + code + " })());", env=d.environment())
    assert r.returncode == 0 and r.stderr == "", r.stdout + r.stderr
    return json.loads(r.stdout)


def test_one_module_with_its_version(daemon):
    got = php(daemon, "return [extension_loaded('swoole'), phpversion('swoole'), swoole_version(), SWOOLE_VERSION,"
              "(new ReflectionExtension('swoole'))->getVersion(), defined('RSERVERD_VERSION')];")
    assert got == [True, "5.1.8", "5.1.8", "5.1.8", "5.1.8", True]


def test_ri_says_enabled(daemon):
    d = daemon(start=False)
    r = run(d.binary, "php", "--ri", "swoole", env=d.environment())
    assert r.returncode == 0 and "enabled" in r.stdout and "rserverd" in r.stdout


def test_the_module_in_a_served_application(daemon):
    d = daemon.php(start=False)
    d.start()
    assert d.get("/").status < 500
    assert not re.search(r"swoole.*(already loaded|undefined symbol)", d.log(), re.I)


@pytest.mark.parametrize("name,value", [
    ("SWOOLE_VERSION_ID", 50108), ("SWOOLE_MAJOR_VERSION", 5), ("SWOOLE_SOCK_TCP", 1), ("SWOOLE_SOCK_UDP", 2),
    ("SWOOLE_SOCK_TCP6", 3), ("SWOOLE_SOCK_UDP6", 4), ("SWOOLE_SOCK_UNIX_STREAM", 5), ("SWOOLE_SOCK_UNIX_DGRAM", 6),
    ("SWOOLE_TCP", 1), ("SWOOLE_SSL", 512), ("SWOOLE_ASYNC", 1024), ("SWOOLE_SYNC", 2048), ("SWOOLE_KEEP", 4096),
    ("SWOOLE_SOCK_SYNC", False), ("SWOOLE_SOCK_ASYNC", True), ("SWOOLE_BASE", 1), ("SWOOLE_PROCESS", 2),
    ("SWOOLE_IPC_UNIXSOCK", 1), ("SWOOLE_IPC_SOCKET", 3), ("SWOOLE_DISPATCH_UIDMOD", 5), ("SWOOLE_TASK_NOREPLY", 128),
    ("WEBSOCKET_STATUS_FRAME", 3), ("WEBSOCKET_STATUS_CLOSING", 4), ("WEBSOCKET_OPCODE_TEXT", 1), ("WEBSOCKET_OPCODE_PONG", 10),
    ("SWOOLE_WEBSOCKET_OPCODE_PING", 9), ("SWOOLE_WEBSOCKET_FLAG_MASK", 32), ("WEBSOCKET_CLOSE_NORMAL", 1000),
    ("SWOOLE_EVENT_READ", 512), ("SWOOLE_EVENT_WRITE", 1024), ("SWOOLE_HOOK_SLEEP", 512), ("SWOOLE_HOOK_ALL", 2147479551),
    ("SWOOLE_LOG_INFO", 2), ("SWOOLE_LOG_NONE", 6), ("SWOOLE_RWLOCK", 1), ("SWOOLE_SPINLOCK", 5), ("SWOOLE_CORO_END", 3),
    ("SWOOLE_EXIT_IN_SERVER", 4), ("SWOOLE_SSL_TLSv1_2", 32), ("SWOOLE_STRERROR_SWOOLE", 9), ("SWOOLE_AIO_LINUX", 1),
    ("SWOOLE_ERROR_SESSION_NOT_EXIST", 1005), ("SWOOLE_ERROR_OUTPUT_BUFFER_OVERFLOW", 1009), ("SWOOLE_ERROR_TASK_TIMEOUT", 2003),
    ("SWOOLE_ERROR_WEBSOCKET_UNCONNECTED", 8503), ("SWOOLE_ERROR_SERVER_NO_IDLE_WORKER", 9007), ("SWOOLE_USE_HTTP2", False),
    ("Swoole\\Constant::EVENT_WORKER_START", "workerStart"), ("Swoole\\Constant::OPTION_WORKER_NUM", "worker_num"),
    ("Swoole\\Http\\Status::NOT_FOUND", 404),
])
def test_constants(daemon, name, value):
    got = php(daemon, f"return constant('{name}');".replace("\\", "\\\\"))
    assert got == value and type(got) is type(value)


def test_no_thread_mode(daemon):
    assert php(daemon, "return [defined('SWOOLE_THREAD'), class_exists('Swoole\\\\Redis\\\\Server')];") == [False, False]


def test_exceptions(daemon):
    assert php(daemon, "return array_map(fn($c) => get_parent_class($c), "
               "['Swoole\\\\Exception', 'Swoole\\\\Error', 'Swoole\\\\ExitException', 'swoole_exception', 'swoole_error']);") == \
        ["Exception", "Error", "Swoole\\Exception", "Exception", "Error"]


def test_reason_phrases(daemon):
    assert php(daemon, "return [Swoole\\\\Http\\\\Status::getReasonPhrase(404), Swoole\\\\Http\\\\Status::getReasonPhrase(799),"
               " Swoole\\\\Http\\\\Status::getReasonPhrases()[200]];".replace("\\\\", "\\")) == ["Not Found", "Unknown", "OK"]


def test_functions(daemon):
    got = php(daemon, "return [swoole_cpu_num(), is_array(swoole_get_local_ip()), isset(swoole_get_local_ip()['lo']),"
              "swoole_strerror(2), swoole_strerror(1005, 9) === swoole_strerror(1005), swoole_last_error()];")
    assert got[0] >= 1 and got[1:4] == [True, False, "No such file or directory"] and got[4:] == [True, 0]


def test_ini_entries(daemon):
    assert php(daemon, "return [ini_get('swoole.use_shortname'), ini_get('swoole.unixsock_buffer_size'),"
               "ini_get('swoole.enable_coroutine')];", "-d", "swoole.enable_coroutine=0") == ["1", "8388608", "0"]
