"""The PHP engine: one proof for each promise. (Equality with php-fpm is test_php_parity.py.)"""

import base64
import hashlib
import json
import os
import pwd
import re
import time
import urllib.request

import pytest

from lib import http, proc
from lib.daemon import PHP_CASES, run
from lib.load import Background
from lib.wait import SLOW, until


def ask(d, code, target="/run", method="GET", headers=(), body=None, conn=None):
    """Runs this PHP code as one request."""
    headers = [("X-Code", base64.b64encode(code.encode())), *headers]
    if conn:
        return conn.request(target, method, headers, body)
    return http.fetch(d.address, target, method, headers, body)


def one(**more):
    """One worker: what a request leaves behind would meet the next one."""
    ini = {"swoole": {"worker_num": 1}}
    for section, keys in more.items():
        ini.setdefault(section, {}).update(keys)
    return ini


# -- the process is PHP as we promise it ----------------------------------------------------------------------------

def test_environment_of_the_engine(daemon):
    d = daemon.php()
    got = ask(d, "echo json_encode([PHP_SAPI, php_sapi_name(), defined('STDIN'), defined('STDOUT'), defined('STDERR'), "
                 "is_executable(explode(' ', PHP_BINARY)[0]), ini_get('output_buffering'), php_ini_loaded_file(), "
                 "ini_get('opcache.file_update_protection'), ini_get('opcache.revalidate_freq'), getmypid(), "
                 "function_exists('fastcgi_finish_request'), function_exists('getallheaders'), "
                 "$_SERVER['VAR_DUMPER_FORMAT'] ?? getenv('VAR_DUMPER_FORMAT')]);").json()
    assert got[0] == got[1] == "cli"
    assert got[2:6] == [True] * 4
    assert int(got[6] or 0) == 0
    assert got[7].endswith("/fpm/php.ini")
    assert int(got[8]) == 0 and int(got[9]) == 0
    assert got[10] in d.pids("worker")
    assert got[11] is True and got[12] is True
    assert got[13] == "html"


def test_php_binary_runs_php(daemon):
    """What Symfony's PhpExecutableFinder and Artisan's schedule:run rely on."""
    d = daemon.php()
    got = ask(d, "echo shell_exec(PHP_BINARY . ' -r \"echo 6*7;\" 2>&1');")
    assert got.text == "42"


def test_php_section_sets_directives(daemon):
    d = daemon.php(ini={"php": {"memory_limit": "77M", "opcache.jit": "tracing", "opcache.jit_buffer_size": "16M",
                                "display_errors": "1", "date.timezone": "Europe/Berlin"}})
    got = ask(d, "echo json_encode([ini_get('memory_limit'), ini_get('display_errors'), date_default_timezone_get(), "
                 "opcache_get_status(false)['jit']['on'] ?? null]);").json()
    assert got == ["77M", "1", "Europe/Berlin", True]


def test_named_php_ini(daemon):
    d = daemon.php(start=False)
    ini = d.path("my.ini")
    with open(ini, "w") as f:
        f.write("memory_limit = 55M\nuser_agent = named\n")
    d.set("rserverd", php_ini=ini)
    d.start()
    assert ask(d, "echo json_encode([ini_get('memory_limit'), ini_get('user_agent'), php_ini_loaded_file()]);").json() == \
        ["55M", "named", ini]


def test_opcache_is_on_and_hit(daemon):
    d = daemon.php(ini=one())
    for _ in range(5):
        d.get("/dump")
    s = ask(d, "echo json_encode(opcache_get_status(true));").json()
    assert s["opcache_enabled"] and s["opcache_statistics"]["hits"] > 0
    scripts = {os.path.basename(p): v for p, v in s["scripts"].items()}
    assert scripts["dump.php"]["hits"] >= 4
    assert scripts["entry.php"], "the boot was cached too"
    info = d.ctl("info")
    assert info.returncode == 0 and "opcache" in info.stdout.lower()


def test_file_changed_after_the_boot_is_served_new_and_cached(daemon):
    d = daemon.php(ini=one())
    d.write("cases/fresh.php", "<?php echo 'first';")
    assert d.get("/fresh").body == b"first"
    d.write("cases/fresh.php", "<?php echo 'second';")
    os.utime(os.path.join(d.app, "cases/fresh.php"), (time.time() + 5, time.time() + 5))
    assert d.get("/fresh").body == b"second"
    for _ in range(3):
        assert d.get("/fresh").body == b"second"
    scripts = ask(d, "echo json_encode(array_map(fn ($s) => $s['hits'], opcache_get_status(true)['scripts']));").json()
    assert [v for k, v in scripts.items() if k.endswith("fresh.php")][0] >= 2, "cached"


def test_opcache_reset_becomes_a_reload(daemon):
    d = daemon.php()
    assert ask(d, "opcache_reset(); echo 'ok';").status == 200
    until(lambda: d.settled_in(2), 15)


def test_rserverd_php_is_php_with_our_module(daemon):
    d = daemon.php(start=False)
    env = d.environment()
    r = run(d.binary, "php", "-r", "echo PHP_SAPI, ' ', PHP_VERSION_ID, ' ', implode(',', $argv), ' ';"
            "echo extension_loaded('swoole') && defined('RSERVERD_VERSION') ? 'with' : 'without';", "a", "b c", env=env)
    assert r.returncode == 0, r.stderr
    sapi, version, rest = r.stdout.split(" ", 2)
    assert sapi == "cli" and int(version) >= 80200
    assert "a,b c" in rest and rest.endswith(" with")
    assert run(d.binary, "php", "-r", "exit(7);", env=env).returncode == 7
    assert run(d.binary, "php", "-v", env=env).stdout.startswith("PHP 8")
    assert run(d.binary, "php", input="<?php echo 1 + 1;", env=env).stdout == "2"


# -- request data ----------------------------------------------------------------------------------------------------

def test_php_input_can_be_read_again_and_in_parts(daemon):
    d = daemon.php(ini=one())
    for size in (0, 1, 8191, 8192, 100_000, 3_000_000):
        body = os.urandom(size)
        got = ask(d, "$f = fopen('php://input', 'rb'); $h = hash_init('md5'); $n = 0;"
                     "while (($s = fread($f, 1000)) !== '' && $s !== false) { $n += strlen($s); hash_update($h, $s); }"
                     "rewind($f); echo json_encode([$n, hash_final($h), md5(stream_get_contents($f)),"
                     "md5(file_get_contents('php://input')), md5(file_get_contents('php://input', false, null, 5))]);",
                  method="PUT", body=body).json()
        sum_ = hashlib.md5(body).hexdigest()
        assert got == [size, sum_, sum_, sum_, hashlib.md5(body[5:]).hexdigest()]


def test_php_input_of_one_request_is_not_seen_by_the_next(daemon):
    d = daemon.php(ini=one())
    with d.conn() as c:
        assert ask(d, "echo file_get_contents('php://input');", method="POST", body=b"secret", conn=c).body == b"secret"
        assert ask(d, "echo file_get_contents('php://input');", conn=c).body == b""
        # a stream that was kept open, and a body that nobody read
        assert ask(d, "$GLOBALS['kept'] = fopen('php://input', 'rb'); echo 'x';", method="POST", body=b"one", conn=c).body == b"x"
        assert ask(d, "echo stream_get_contents(fopen('php://input', 'rb')), '|', @stream_get_contents($GLOBALS['kept']);",
                   method="POST", body=b"two", conn=c).body in (b"two|one", b"two|", b"two|two")
        assert ask(d, "echo 1;", method="POST", body=b"u" * 500_000, conn=c).body == b"1"
        assert ask(d, "echo strlen(file_get_contents('php://input'));", method="POST", body=b"abc", conn=c).body == b"3"


def test_superglobals_are_fresh_in_every_request(daemon):
    d = daemon.php(ini=one())
    with d.conn() as c:
        kind, body = http.multipart([("p", "1"), ("f", "a.txt", "text/plain", b"x")])
        c.request("/run?g=1", "POST", [("Content-Type", kind), ("Cookie", "c=1"), ("X-One", "1"), ("Authorization", "Basic dTpw"),
                                       ("X-Code", base64.b64encode(b"$_SESSION = [1]; $_SERVER['L'] = 1; $_ENV['L'] = 1; echo 1;"))], body)
        r = ask(d, "echo json_encode([$_GET, $_POST, $_COOKIE, $_FILES, $_REQUEST, $_SESSION ?? null, $_SERVER['HTTP_X_ONE'] ?? null,"
                   "$_SERVER['L'] ?? null, $_ENV['L'] ?? null, $_SERVER['PHP_AUTH_USER'] ?? null, $_SERVER['CONTENT_TYPE'] ?? '',"
                   "$_SERVER['HTTP_COOKIE'] ?? null, filter_input(INPUT_GET, 'g'), filter_input(INPUT_POST, 'p')]);", conn=c)
        assert r.json() == [[], [], [], [], [], None, None, None, None, None, "", None, None, None]


def test_uploads_can_be_moved(daemon):
    d = daemon.php(ini=one())
    data = os.urandom(1_500_000)
    kind, body = http.multipart([("f", "a.bin", "application/octet-stream", data), ("g", "b.txt", "text/plain", b"left")])
    code = ("$t = $_FILES['f']['tmp_name']; $to = %s; $out = [is_uploaded_file($t), is_uploaded_file('/etc/passwd'),"
            "@move_uploaded_file('/etc/hostname', $to . '.no'), move_uploaded_file($t, $to), is_uploaded_file($t), file_exists($t),"
            "dirname($_FILES['g']['tmp_name']), $_FILES['g']['tmp_name']];"
            "echo json_encode($out);" % json.dumps(d.path("app/moved.bin")))
    got = ask(d, code, method="POST", headers=[("Content-Type", kind)], body=body).json()
    assert got[:6] == [True, False, False, True, False, False]
    assert os.path.dirname(got[6]) == d.path("tmp"), "upload_tmp_dir is used: a directory of the worker below it"
    with open(d.path("app/moved.bin"), "rb") as f:
        assert f.read() == data
    assert not os.path.exists(d.path("app/moved.bin.no"))
    until(lambda: not os.path.exists(got[7]), message="what was not moved is gone")


@pytest.mark.parametrize("end", ["", "exit;", "throw new Exception('x');", "eval('class BrokenPromise implements Countable {}');",
                                 "fastcgi_finish_request();", "posix_kill(getmypid(), SIGKILL);"])
def test_upload_files_are_gone_however_the_request_ends(daemon, end):
    d = daemon.php(ini=one())
    kind, body = http.multipart([(f"f{i}", "a.bin", "text/plain", b"x" * 100_000) for i in range(5)])
    ask(d, f"file_put_contents({json.dumps(d.path('app/names'))}, json_encode(array_column($_FILES, 'tmp_name'))); {end}",
        method="POST", headers=[("Content-Type", kind)], body=body)
    names = json.loads(open(d.path("app/names")).read())
    assert len(names) == 5
    d.wait_settled()
    if "SIGKILL" in end:
        for n in names:     # nobody can clean up in a killed process; the test does, so that finish() can look
            if os.path.exists(n):
                os.unlink(n)
    else:
        assert not [n for n in names if os.path.exists(n)]


# -- output -----------------------------------------------------------------------------------------------------------

def test_flush_reaches_the_client_at_once(daemon):
    d = daemon.php()
    for flush in ("flush();", "ob_start(); echo 'y'; ob_end_flush(); flush();", "ob_implicit_flush();"):
        with d.conn() as c:
            c.send(http.build("/run", headers=[("X-Code", base64.b64encode(
                f"header('X-Early: 1'); {flush if 'implicit' in flush else ''}"
                f"for ($i = 0; $i < 4; $i++) {{ echo \"part $i\\n\"; {flush} usleep(300000); }}".encode()))]))
            started = time.monotonic()
            r = c.response(body=False)
            assert r.get("x-early") == "1"
            first = c.piece(r)
            assert b"part 0" in first and b"part 1" not in first
            early, rest = time.monotonic(), b""
            while piece := c.piece(r):
                rest += piece
            assert b"part 3" in rest
            assert time.monotonic() - started > 0.9 and time.monotonic() - early > 0.3, "the first part came long before the last"


def test_server_sent_events(daemon):
    d = daemon.php()
    with d.conn() as c:
        c.send(http.build("/run", headers=[("Accept", "text/event-stream"), ("X-Code", base64.b64encode(
            b"header('Content-Type: text/event-stream'); for ($i = 0; $i < 5; $i++) { echo \"data: $i\\n\\n\"; flush(); usleep(100000); }"))]))
        r = c.response()
        assert r.get("content-type") == "text/event-stream;charset=UTF-8" or r.get("content-type") == "text/event-stream"
        assert [p for _, p in r.pieces] == [b"data: %d\n\n" % i for i in range(5)]


def test_large_output_is_streamed_in_bounded_memory(daemon):
    d = daemon.php(ini=one())
    pid = d.pids("worker")[0]
    d.get("/dump")
    before = proc.rss_kb(pid)
    r = ask(d, "for ($i = 0; $i < 2000; $i++) { echo str_repeat(chr(65 + $i % 26), 50000); }")
    assert len(r.body) == 100_000_000
    assert proc.rss_kb(pid) - before < 16 << 10
    assert d.pids("worker") == [pid]


def test_readfile_of_a_large_file(daemon):
    d = daemon.php(ini=one())
    data = os.urandom(1 << 20) * 30
    path = d.write("big.bin", data)
    r = ask(d, f"header('Content-Length: ' . filesize({json.dumps(path)})); readfile({json.dumps(path)});")
    assert r.body == data and r.get("content-length") == str(len(data))


def test_wrong_content_length_is_never_believed(daemon):
    """Too long or too short, the client must not be left out of step."""
    d = daemon.php(ini=one())
    for said in (3, 100):
        with d.conn(timeout=5) as c:
            try:
                r = ask(d, f"header('Content-Length: {said}'); echo 'hello';", conn=c)
                assert r.body == b"hello" or len(r.body) == said
                if "close" not in r.get("connection", ""):
                    assert c.request("/dump").status == 200, "the next answer is in step"
            except http.Closed:
                pass        # an honest cut
    assert d.get("/dump").status == 200


def test_output_before_headers_warns_and_goes_on(daemon):
    d = daemon.php(ini=one(php={"display_errors": "0"}))
    r = ask(d, "echo 'out'; flush(); header('X-Late: 1'); http_response_code(500); echo 'put';")
    assert r.status == 200 and r.body == b"output" and r.get("x-late") is None
    d.wait_log("headers already sent")


# -- the ends of a request -----------------------------------------------------------------------------------------------

GOES_ON = {
    "exit": ("echo 'a'; exit('b');", 200, b"ab"),
    "die in a function": ("(function () { die('x'); })();", 200, b"x"),
    "exit in a loop of foreach": ("foreach ([1, 2, 3] as $i) { echo $i; if ($i == 2) exit; }", 200, b"12"),
    "exit in try/finally": ("try { exit('t'); } finally { echo 'f'; }", 200, b"t"),
    "exit in a generator": ("$g = (function () { yield 1; exit('g'); })(); foreach ($g as $x) { echo $x; }", 200, b"1g"),
    "exit in a callback of a C function": ("array_map(function ($x) { exit('m'); }, [1]);", 200, b"m"),
    "exit in usort": ("$a = [3, 1, 2]; usort($a, function () { exit('u'); });", 200, b"u"),
    "exit in preg_replace_callback": ("preg_replace_callback('/./', function () { exit('p'); }, 'abc');", 200, b"p"),
    "exit in __toString": ("echo new class { function __toString(): string { exit('s'); } };", 200, b"s"),
    "exit in a destructor": ("$o = new class { function __destruct() { exit('d'); } }; unset($o); echo 'never';", 200, b"d"),
    "exit in an error handler": ("set_error_handler(function () { exit('e'); }); echo $undefined;", 200, b"e"),
    "exit in an exception handler": ("set_exception_handler(function () { exit('h'); }); throw new Exception();", None, b"h"),
    "exit in autoload": ("spl_autoload_register(function ($c) { exit('al'); }); class_exists('Nowhere\\\\To' . 'BeFound');", 200, b"al"),
    "exit in an included file": ("$f = tempnam('/tmp', 'inc'); file_put_contents($f, '<?php exit(\"i\");'); "
                                 "register_shutdown_function(fn () => @unlink($f)); include $f;", 200, b"i"),
    "exit in output buffering": ("ob_start(); echo 'one'; ob_start(); echo 'two'; exit;", 200, b"onetwo"),
    "exit in shutdown": ("register_shutdown_function(function () { exit('sd'); });", 200, b"sd"),
    "exit in a session handler": ("session_set_save_handler(new class extends SessionHandler { public function write($i, $d): bool "
                                  "{ exit('w'); } }); session_save_path('/tmp'); session_start(); echo 'b';", 200, None),
    "exit in a fiber": ("(new Fiber(function () { exit('f'); }))->start();", 200, b"f"),
    "exit with integer": ("echo 'x'; exit(255);", 200, b"x"),
    "uncaught exception": ("throw new RuntimeException('nobody');", 500, b""),
    "uncaught error": ("nowhere();", 500, b""),
    "exception in a destructor": ("$o = new class { function __destruct() { throw new Exception('d'); } }; unset($o);", 500, b""),
}


@pytest.mark.parametrize("code, status", [("http_response_code(42);", 42), ("header('HTTP/1.1 1000 Foo');", 1000)])
def test_status_that_cannot_be_sent_is_a_500_and_told(daemon, code, status):
    d = daemon.php()
    r = ask(d, code + "echo 'x';")
    assert r.status == 500 and r.body == b"x"
    d.wait_log(f"{status} is no status of a response")


@pytest.mark.parametrize("name", GOES_ON)
def test_request_ends_worker_goes_on(daemon, name):
    code, status, body = GOES_ON[name]
    d = daemon.php(ini=one())
    code = code.replace("'/tmp'", json.dumps(d.path("app")))
    pid = d.pids("worker")[0]
    for _ in range(3):
        r = ask(d, code)
        if status is not None:
            assert r.status == status, r
        if body is not None:
            assert r.body == body
        assert ask(d, "echo getmypid(), ob_get_level();").text == f"{pid}0"
    assert d.pids("worker") == [pid], "the same process"


def test_destructors_run_in_their_request(daemon):
    d = daemon.php(ini=one())
    path = d.path("app/destructed")
    ask(d, "$GLOBALS['kept_%d'] = null; $o = new class { function __destruct() { file_put_contents(%s, 'x', FILE_APPEND); } };"
           "$o->self = $o; exit;" % (1, json.dumps(path)))
    assert ask(d, "gc_collect_cycles(); echo 1;").body == b"1"
    assert open(path).read() == "x"


@pytest.mark.parametrize("method, headers, body", [("GET", [("Authorization", "Basic YTpi")], b""), ("GET", [("Authorization", "Digest a=b")], b""),
                                                   ("POST", [("Content-Type", "application/x-www-form-urlencoded")], b"a=1")])
def test_what_a_request_has_named_is_freed_once(daemon, method, headers, body):
    """PHP frees it when a request ends and when the process does; malloc() says when that is twice."""
    d = daemon.callable("<?php return function () { echo get_current_user(), '|', $_SERVER['PHP_AUTH_USER'] ?? ''; };", start=False,
                        ini={"swoole": {"worker_num": 1, "max_request": 1, "max_request_grace": 0}}, env={"USE_ZEND_ALLOC": "0"})
    d.write("public/index.php", "whose owner it is")
    d.start()
    for _ in range(3):
        (pid,) = d.pids("worker")
        assert d.request(method, "/", headers, body).text.split("|")[0] == pwd.getpwuid(os.geteuid()).pw_name
        until(lambda: d.settled_without(pid), message="replaced")
    assert "signal" not in d.log()


FATAL = {
    "fatal error": "eval('class BrokenPromise implements Countable {}');",
    "memory": "ini_set('memory_limit', '32M'); $a = []; while (true) { $a[] = str_repeat('x', 100000); }",
    "memory in one piece": "ini_set('memory_limit', '32M'); str_repeat('x', 1 << 30);",
    "time limit": "set_time_limit(1); while (true) { }",
    "memory in shutdown": "register_shutdown_function(function () { ini_set('memory_limit', '32M'); $a = []; while (true) "
                          "{ $a[] = str_repeat('x', 100000); } });",
}


@pytest.mark.parametrize("name", [pytest.param(name, marks=[pytest.mark.memory_limit] if "memory" in name else []) for name in FATAL])
def test_fatal_error_is_answered_and_the_process_replaced(daemon, name):
    d = daemon.php(ini=one())
    pid = d.pids("worker")[0]
    r = ask(d, FATAL[name])
    assert r.status == (500 if name != "memory in shutdown" else r.status)
    until(lambda: d.settled_without(pid), message="replaced")
    d.wait_log({"fatal error": "BrokenPromise", "time limit": "execution time"}.get(name, "memory size"))
    assert ask(d, "echo 'fine';").body == b"fine"
    assert d.status()["generation"] == 1


def test_fatal_errors_in_a_row_hurt_only_their_own_requests(daemon):
    """A broken page that is asked again and again is no crash loop: every successor was ready and is forked at once."""
    d = daemon.php(ini=one())
    for _ in range(15):
        assert ask(d, FATAL["fatal error"]).status == 500
        started = time.monotonic()
        assert ask(d, "echo 'fine';").body == b"fine"
        assert time.monotonic() - started < 3 * SLOW, "a back-off would be longer by then"


def test_fatal_error_runs_shutdown_functions_of_request_and_boot(daemon):
    d = daemon.php(start=False, ini=one())
    d.write("entry.php", "<?php register_shutdown_function(function () { echo ',boot'; });\n"
            + open(os.path.join(PHP_CASES, "entry.php")).read().replace("<?php", "", 1))
    d.start()
    for _ in range(2):
        assert ask(d, "echo 'a';").body == b"a,boot"
    assert ask(d, "register_shutdown_function(function () { echo ',own'; }); echo 'a';").body == b"a,boot,own"
    assert ask(d, "echo 'a';").body == b"a,boot", "a request's own are not kept"
    r = ask(d, "register_shutdown_function(function () { echo ',own:', error_get_last()['type'] ?? 'none'; });" + FATAL["fatal error"])
    assert r.body == b",boot,own:1" and r.status == 500


def test_segfault_hurts_one_request(daemon):
    d = daemon.php(ini=one())
    pid = d.pids("worker")[0]
    r = ask(d, "posix_kill(getmypid(), SIGSEGV);")
    assert r.status == 502
    until(lambda: d.settled_without(pid))
    assert ask(d, "echo 'fine';").body == b"fine"


def test_set_time_limit_is_per_request(daemon):
    d = daemon.php(ini=one())
    ask(d, "set_time_limit(1); echo 1;")
    pid = d.pids("worker")[0]
    r = ask(d, "$t = hrtime(true); while (hrtime(true) - $t < 1.6e9) { } echo 'done';")
    assert r.body == b"done", "the limit of an earlier request is not ours"
    assert ask(d, "echo ini_get('max_execution_time');").status == 200
    assert d.pids("worker") == [pid]


def test_max_execution_time_of_php_ini_holds_in_requests_and_not_between(daemon):
    d = daemon.php(ini=one(php={"max_execution_time": "1"}))
    pid = d.pids("worker")[0]
    time.sleep(1.5)     # idle for longer than the limit: the subject of this test
    assert ask(d, "echo getmypid();").text == str(pid)
    assert ask(d, "while (true) { }").status == 500
    until(lambda: d.settled_without(pid))


# -- state between requests ------------------------------------------------------------------------------------------------

LEAKS = {
    "ini": ("ini_set('precision', '3'); ini_set('memory_limit', '200M'); ini_set('display_errors', '1');",
            "[ini_get('precision'), ini_get('memory_limit'), ini_get('display_errors')]"),
    "error_reporting": ("error_reporting(0);", "error_reporting()"),
    "timezone": ("date_default_timezone_set('Asia/Tokyo');", "date_default_timezone_get()"),
    "locale": ("setlocale(LC_ALL, 'C.UTF-8');", "setlocale(LC_ALL, '0')"),
    "mb encoding": ("mb_internal_encoding('ISO-8859-1'); mb_substitute_character('none');",
                    "[mb_internal_encoding(), mb_substitute_character()]"),
    "cwd": ("chdir('/');", "getcwd()"),
    "umask": ("umask(0007);", "umask()"),
    "environment": ("putenv('LEFT=behind'); putenv('PATH=/nowhere');", "[getenv('LEFT'), getenv('PATH')]"),
    "ignore_user_abort": ("ignore_user_abort(true);", "ignore_user_abort()"),
    "error_get_last": ("@trigger_error('left'); @$undefined;", "error_get_last()"),
    "error handler": ("set_error_handler(fn () => true); set_exception_handler(fn () => true);",
                      "[is_null(set_error_handler(null)) , is_null(set_exception_handler(null))]"),
    "output buffers": ("ob_start(); ob_start();", "ob_get_level()"),
    "implicit flush": ("ob_implicit_flush();", "ini_get('implicit_flush')"),
    "http_response_code": ("http_response_code(404);", "http_response_code()"),
    "headers": ("header('X-Left: 1'); setcookie('left', '1'); header_register_callback(function () { header('X-Cb: 1'); });",
                "headers_list()"),
    "strtok": ("strtok('a b c d', ' ');", "@strtok(' ')"),
    "session": ("session_save_path('/tmp'); session_id('leaktestsession'); session_start(); $_SESSION['a'] = 1;",
                "[session_status(), session_id(), $_SESSION ?? null, session_save_path()]"),
    "session left open": ("session_save_path('/tmp'); session_name('OTHER'); session_start();", "[session_status(), session_name()]"),
    "shutdown functions": ("register_shutdown_function(function () { echo 'left'; });", "1"),
    "time limit": ("set_time_limit(7);", "ini_get('max_execution_time')"),
    "rewrite vars": ("output_add_rewrite_var('left', '1');", "1"),
    "libxml": ("libxml_use_internal_errors(true);", "libxml_use_internal_errors()"),
    "assert": ("assert_options(ASSERT_WARNING, 0);", "@assert_options(ASSERT_WARNING)"),
    "stream context": ("stream_context_set_default(['http' => ['user_agent' => 'left']]);",
                       "stream_context_get_options(stream_context_get_default())"),
    "libxml entity loader": ("libxml_set_external_entity_loader(fn () => null);", "1"),
    "stat cache": ("clearstatcache(); @stat('/tmp');", "realpath_cache_size() >= 0"),
    "bcscale": ("function_exists('bcscale') && bcscale(7);", "function_exists('bcscale') ? bcscale() : 0"),
    "curl and sockets": ("$GLOBALS['keep_me_not'] = 1;", "1"),
    "gc": ("gc_disable();", "gc_enabled()"),
}


@pytest.mark.parametrize("name", LEAKS)
def test_php_itself_is_as_before(daemon, name):
    leave, read = LEAKS[name]
    d = daemon.php(ini=one())
    leave = leave.replace("'/tmp'", json.dumps(d.path("app")))
    pid = d.pids("worker")[0]
    look = f"echo json_encode({read});"
    before = ask(d, look)
    for how in ("", " exit;"):
        ask(d, leave + how)
        after = ask(d, look)
        assert after.body == before.body
        assert [h for h in after.headers if h[0] != "Date"] == [h for h in before.headers if h[0] != "Date"]
    assert d.pids("worker") == [pid], "and that without replacing the process"


def test_native_session_over_requests(daemon):
    d = daemon.php()
    d.set("php", **{"session.save_path": d.path("app")})
    assert d.ctl("reload", "--wait").returncode == 0
    alice, bob = d.browser(), d.browser()
    code = base64.b64encode(b"session_start(); $_SESSION['n'] = ($_SESSION['n'] ?? 0) + 1; echo $_SESSION['n'];")
    seen = {alice: 0, bob: 0}
    for who in (alice, bob, alice, alice, bob, alice, bob, bob):
        seen[who] += 1
        assert who.get("/run", [("X-Code", code)]).text == str(seen[who])
    assert alice.cookies["PHPSESSID"] != bob.cookies["PHPSESSID"]
    for who in (alice, bob):
        who.close()


def test_session_is_written_before_the_next_request(daemon):
    """A client that has its whole answer may ask again at once, on another worker."""
    d = daemon.php(ini={"swoole": {"worker_num": 3}})
    d.set("php", **{"session.save_path": d.path("app")})
    assert d.ctl("reload", "--wait").returncode == 0
    user = d.browser()
    code = base64.b64encode(b"session_start(); echo $_SESSION['n'] = ($_SESSION['n'] ?? 0) + 1;")
    assert [user.get("/run", [("X-Code", code)]).text for _ in range(50)] == [str(n) for n in range(1, 51)]
    user.close()


# -- leaving clients ----------------------------------------------------------------------------------------------------

ABORT = """
$log = %s;
%s
register_shutdown_function(function () use ($log) {
    file_put_contents($log, 'shutdown ' . connection_status() . ' ' . connection_aborted() . "\\n", FILE_APPEND);
});
for ($i = 0; $i < 300; $i++) {
    echo str_repeat('.', 2000); flush();
    if (connection_aborted()) { file_put_contents($log, "seen\\n", FILE_APPEND); break; }
    usleep(20000);
}
file_put_contents($log, "after\\n", FILE_APPEND);
"""


@pytest.mark.parametrize("ignore", [True, False])
def test_connection_aborted_and_ignore_user_abort(daemon, ignore):
    d = daemon.php(ini=one())
    log = d.path("app/abort.log")
    pid = d.pids("worker")[0]
    c = d.conn()
    c.send(http.build("/run", headers=[("X-Code", base64.b64encode(
        (ABORT % (json.dumps(log), "ignore_user_abort(true);" if ignore else "")).encode().replace(b"\n", b" ")))]))
    assert c.piece(c.response(body=False))
    c.reset()
    until(lambda: os.path.exists(log) and "shutdown" in open(log).read())
    text = open(log).read()
    if ignore:
        assert text == "seen\nafter\nshutdown 1 1\n"
    else:
        assert text == "shutdown 1 1\n", "the script ends where it writes"
    assert ask(d, "echo json_encode([getmypid(), connection_status(), ignore_user_abort()]);").json() == [pid, 0, 0]


def test_fastcgi_finish_request(daemon):
    d = daemon.php(ini=one())
    flag = d.path("app/finished")
    with d.conn() as c:
        r = ask(d, f"header('X-A: 1'); echo 'answer'; $r = fastcgi_finish_request(); usleep({2_000_000 * SLOW:.0f});"
                   f"echo 'unseen'; header('X-B: 1'); file_put_contents({json.dumps(flag)}, json_encode([$r, connection_status()]));",
                conn=c)
        assert r.body == b"answer" and r.get("x-b") is None
        assert not os.path.exists(flag), "the client does not wait"
        busy = [w["state"] for w in d.of(d.status(), "worker")]
        assert busy == ["busy"], "the worker is not free yet"
        assert ask(d, "echo 'next';", conn=c).body == b"next"
    assert json.loads(open(flag).read()) == [True, 0]


# -- standard streams -----------------------------------------------------------------------------------------------------

def test_php_stderr_does_not_close_fd_2(daemon):
    d = daemon.php(ini=one())
    pid = d.pids("worker")[0]
    before = {n: t for n, t in (proc.fds(pid) or {}).items() if n < 3}
    for _ in range(3):
        assert ask(d, "$f = fopen('php://stderr', 'w'); fwrite($f, \"to stderr\\n\"); fclose($f); unset($f);"
                      "$o = fopen('php://stdout', 'w'); fclose($o); $i = fopen('php://stdin', 'r'); fclose($i);"
                      "fwrite(STDERR, \"by constant\\n\"); echo 'ok';").body == b"ok"
    assert {n: t for n, t in (proc.fds(pid) or {}).items() if n < 3} == before
    d.wait_log("to stderr")
    d.wait_log("by constant")


def test_closing_the_constants_hurts_nobody(daemon):
    d = daemon.php(ini=one())
    pid = d.pids("worker")[0]
    before = {n: t for n, t in (proc.fds(pid) or {}).items() if n < 3}
    assert ask(d, "fclose(STDERR); fclose(STDOUT); fclose(STDIN); $x = fopen('/dev/null', 'r'); echo 'ok';").body == b"ok"
    assert ask(d, "error_log('still logged'); echo 'ok';").body == b"ok"
    d.wait_log("still logged")
    assert {n: t for n, t in (proc.fds(pid) or {}).items() if n < 3} == before


def test_stdout_never_reaches_a_client_or_the_protocol(daemon):
    d = daemon.php(ini=one())
    r = ask(d, "fwrite(STDOUT, \"on stdout\\n\"); system('echo from a child; echo to its stderr >&2'); echo 'body';")
    assert r.body == b"from a child\nbody"
    d.wait_log("to its stderr")


def test_children_inherit_no_descriptors_of_ours(daemon):
    d = daemon.php(ini=one())
    r = ask(d, "echo shell_exec('ls -l /proc/self/fd');")
    for secret in ("socket:", "memfd", "anon_inode", "laravels.pid", "access"):
        assert secret not in r.text, r.text


def test_fork_in_user_code_does_not_confuse_anybody(daemon):
    """pcntl_fork() and exit in a child must not answer for the parent, nor end in the channel."""
    d = daemon.php(ini=one())
    pid = d.pids("worker")[0]
    r = ask(d, "$p = pcntl_fork(); if ($p === 0) { echo 'child'; exit(0); } pcntl_waitpid($p, $s); echo 'parent';")
    assert r.body == b"parent"
    assert ask(d, "echo getmypid();").text == str(pid)


# -- memory ------------------------------------------------------------------------------------------------------------------

def test_rearming_leaks_nothing(daemon):
    """20,000 GET and 5,000 urlencoded POST: filter's arrays and the request body were the leaks of a naive re-arm."""
    d = daemon.callable("<?php return function () { filter_input(INPUT_GET, 'a'); echo $_GET['m'] ?? count($_POST) ? memory_get_usage() : ''; };",
                        ini=one(swoole={"max_request": 0}))
    pid = d.pids("worker")[0]
    get = http.build("/?a=1&b[]=2&m=1", headers=[("Cookie", "a=1; b=2"), ("X-A", "b")])
    post = http.build("/?x=1", "POST", [("Content-Type", "application/x-www-form-urlencoded")], b"a=1&b[x]=2&c=" + b"y" * 500)

    def usage(request):
        with d.conn() as c:
            c.send(request)
            return int(c.response().body)
    http.hammer(d.address, get, 2000)
    http.hammer(d.address, post, 500)
    base = usage(get), usage(post), proc.rss_kb(pid)
    http.hammer(d.address, get, 20000)
    http.hammer(d.address, post, 5000)
    after = usage(get), usage(post), proc.rss_kb(pid)
    print(base, after)
    assert after[0] - base[0] < 1024 and after[1] - base[1] < 1024, "not a byte per request"
    assert after[2] - base[2] < 1024 or proc.sanitized(pid), "RSS in kB; a sanitizer keeps what was freed"
    assert d.pids("worker") == [pid]


@pytest.mark.parametrize("what", ["multipart", "exit", "exception", "session", "input", "headers", "big"])
def test_nothing_grows(daemon, what):
    codes = {"multipart": "echo count($_FILES);", "exit": "register_shutdown_function(fn () => null); ob_start(); exit('x');",
             "exception": "try { throw new Exception('a'); } catch (Exception $e) { } throw new LogicException('b');",
             "session": "session_save_path(__DIR__); session_id('growtest'); session_start(); $_SESSION['a'] = 1;",
             "input": "echo strlen(file_get_contents('php://input'));",
             "headers": "for ($i = 0; $i < 20; $i++) { header(\"X-$i: $i\"); setcookie(\"c$i\", 'v'); } header_register_callback(fn () => 1);",
             "big": "echo str_repeat('x', 300000);"}
    d = daemon.php(ini=one(swoole={"max_request": 0}))
    d.write("cases/grow.php", "<?php " + codes[what])     # a file, as code is: what eval() compiles is only freed at the end
    pid = d.pids("worker")[0]
    headers, body, method = [], None, "GET"
    if what == "multipart":
        kind, body = http.multipart([("a", "1"), ("f", "n.txt", "text/plain", b"x" * 3000)])
        headers.append(("Content-Type", kind))
        method = "POST"
    if what == "input":
        body, method = b"z" * 20000, "POST"
    request = http.build("/grow", method, headers, body)
    batch = 5 if what == "big" else 20

    def usage():
        return int(ask(d, "echo memory_get_usage();").body)
    http.hammer(d.address, request, 300, batch)
    base = usage(), proc.rss_kb(pid)
    http.hammer(d.address, request, 1500, batch)
    after = usage(), proc.rss_kb(pid)
    print(base, after)
    assert after[0] - base[0] < 2048
    assert after[1] - base[1] < 1024 or proc.sanitized(pid)
    assert d.pids("worker") == [pid]


def test_max_request_counts_php_requests(daemon):
    d = daemon.php(ini=one(swoole={"max_request": 5, "max_request_grace": 0}))
    pids = [ask(d, "echo getmypid();").text for _ in range(15)]
    assert [pids.count(p) for p in dict.fromkeys(pids)] == [5, 5, 5]


# -- boot --------------------------------------------------------------------------------------------------------------------

def test_application_boots_once(daemon):
    d = daemon.callable("<?php file_put_contents(__DIR__ . '/boots', getmypid() . \"\\n\", FILE_APPEND); $b = getmypid();"
                        "return function () use ($b) { echo $b, ' ', getmypid(); };", ini={"swoole": {"worker_num": 4}})
    boots = open(os.path.join(d.app, "boots")).read().split()
    assert boots == [str(d.pid("manager"))]
    booted, served = d.get("/").text.split()
    assert booted == boots[0] and int(served) in d.pids("worker")
    proc.kill(d.pids("worker")[0])
    d.wait_settled()
    assert len(open(os.path.join(d.app, "boots")).read().split()) == 1, "a successor is forked, not booted"


def test_boot_in_every_worker(daemon):
    d = daemon.callable("<?php file_put_contents(__DIR__ . '/boots', getmypid() . \"\\n\", FILE_APPEND);"
                        "return function () { echo 'x'; };", ini={"rserverd": {"boot": "worker"}, "swoole": {"worker_num": 3}})
    boots = open(os.path.join(d.app, "boots")).read().split()
    assert set(map(int, boots)) >= set(d.pids("worker"))


def test_output_while_booting_goes_to_the_log(daemon):
    d = daemon.callable("<?php echo \"said at boot\\n\"; error_log('logged at boot'); return function () { echo 'x'; };")
    assert d.get("/").body == b"x"
    d.wait_log("said at boot")
    d.wait_log("logged at boot")


def test_headers_and_exit_handlers_of_the_boot_are_not_a_requests(daemon):
    d = daemon.callable("<?php @header('X-Boot: 1'); http_response_code(404); return function () { echo 'x'; };", ini=one())
    r = d.get("/")
    assert r.status == 200 and r.get("x-boot") is None


def test_callable_of_every_kind(daemon):
    for code in ("return function () { echo 'ok'; };", "function the_entry() { echo 'ok'; } return 'the_entry';",
                 "class E { function __invoke() { echo 'ok'; } } return new E;",
                 "class S { static function run() { echo 'ok'; } } return ['S', 'run'];", "return fn () => print('ok');"):
        assert daemon.callable("<?php " + code).get("/").body == b"ok"


def test_static_state_of_a_callable_stays(daemon):
    """greedy: nothing is restored that the application itself keeps; that is what resident means."""
    ini = one(rserverd={"isolation": "greedy"})
    d = daemon.callable("<?php return function () { static $n = 0; echo ++$n; };", ini=ini)
    assert [d.get("/").text for _ in range(3)] == ["1", "2", "3"]


def test_pcre_jit_and_database_after_fork(daemon):
    d = daemon.php(ini={"swoole": {"worker_num": 3}})
    code = ("$p = new PDO('sqlite:' . %s); $p->exec('create table if not exists t (x)'); $p->exec('insert into t values (1)');"
            "preg_match('/(a+)+b/', str_repeat('a', 20), $m); echo $p->query('select count(*) from t')->fetchColumn();"
            % json.dumps(d.path("app/t.sqlite")))
    assert sorted(int(ask(d, code).text) for _ in range(9)) == list(range(1, 10))


def test_client_of_ours_is_not_disturbed_by_urllib(daemon):
    """One independent client on the whole path."""
    d = daemon.php()
    req = urllib.request.Request(f"http://127.0.0.1:{d.port}/dump?a=1", data=b"x=1", headers={"X-Y": "z"})
    with urllib.request.urlopen(req, timeout=10 * SLOW) as r:
        got = json.load(r)
    assert got["get"] == {"a": "1"} and got["post"] == {"x": "1"}


def test_load_on_php(daemon):
    d = daemon.php(ini={"swoole": {"worker_num": 2}})

    def client(k):
        with d.conn() as c:
            for n in range(200):
                r = ask(d, f"echo '{k}.{n}:', $_GET['v'];", target=f"/run?v={k}-{n}", conn=c)
                assert r.text == f"{k}.{n}:{k}-{n}"
    for job in [Background(client, k) for k in range(6)]:
        job.result()
