"""Snapshot isolation of what PHP keeps in C: random state, handlers, autoloaders, wrappers, settings of extensions, transactions."""

import json
import random

import pytest

from lib.wait import until

# name: (what a request does, what another request shows); each is an expression of PHP or statements with a return
CASES = {
    "mt_srand": ("mt_srand(7);", "return $GLOBALS['again'](fn () => mt_rand(), 'mt_srand(7);');"),
    "srand": ("srand(7);", "return $GLOBALS['again'](fn () => rand(), 'srand(7);');"),
    "autoload": ("spl_autoload_register(fn ($c) => eval('class A' . mt_rand() . ' {}'));", "return count(spl_autoload_functions());"),
    "autoload first": ("spl_autoload_register(function ($c) { $GLOBALS['asked'] = $c; }, true, true);",
                       "class_exists('Nowhere'); return $GLOBALS['asked'] ?? null;"),
    "autoload out": ("foreach (spl_autoload_functions() as $f) { spl_autoload_unregister($f); }",
                     "return [count(spl_autoload_functions()), class_exists('Made\\\\ByBoot')];"),
    "autoload extensions": ("spl_autoload_extensions('.x');", "return spl_autoload_extensions();"),
    "ticks": ("register_tick_function(function () { $GLOBALS['ticked'] = true; });",
              "eval('declare(ticks=1); $a = 1; $b = 2;'); return isset($GLOBALS['ticked']);"),
    "wrapper": ("stream_wrapper_register('mine', 'Wrapper');", "$w = stream_get_wrappers(); sort($w); return $w;"),
    "wrapper out": ("stream_wrapper_unregister('data');", "$w = stream_get_wrappers(); sort($w); return [$w, file_get_contents('data:,x')];"),
    "wrapper in its place": ("stream_wrapper_unregister('data'); stream_wrapper_register('data', 'Wrapper');",
                             "return file_get_contents('data:,x');"),
    "wrapper of boot out": ("stream_wrapper_unregister('boot');",
                            "return [in_array('boot', stream_get_wrappers()), is_resource(@fopen('boot://x', 'r'))];"),
    "wrapper of boot registered again": ("stream_wrapper_unregister('boot'); stream_wrapper_register('boot', 'OtherWrapper');",
                                         "$f = @fopen('boot://x', 'r'); return $f ? get_class(stream_get_meta_data($f)['wrapper_data']) : null;"),
    "context options": ("stream_context_set_option($GLOBALS['context'], 'http', 'header', 'Authorization: mine');",
                        "return stream_context_get_options($GLOBALS['context']);"),
    "context notification": ("stream_context_set_params($GLOBALS['context'], ['notification' => fn () => 1]);",
                             "return array_keys(stream_context_get_params($GLOBALS['context']));"),
    "standard streams": ("fclose(STDIN); fclose(STDOUT); fclose(STDERR);",
                         "return [is_resource(STDIN), is_resource(STDOUT), is_resource(STDERR) && fwrite(STDERR, '') === 0, is_resource($GLOBALS['stderr'])];"),
    "opcache": ("ini_set('opcache.enable', '0');", "return [ini_get('opcache.enable'), opcache_get_status(false)['opcache_enabled'] ?? null];"),
    "jit": ("@ini_set('opcache.jit', 'off');", "return opcache_get_status(false)['jit']['on'] ?? null;"),
    "filter": ("stream_filter_register('mine.*', 'Filter');", "return stream_get_filters();"),
    "header callback": ("header_register_callback(function () { header('X-Left: yes'); }); ob_start(); echo 1; ob_end_clean();",
                        "return 1;"),
    "libxml errors": ("libxml_use_internal_errors(true); simplexml_load_string('<broken');",
                      "$was = libxml_use_internal_errors(true); return [$was, count(libxml_get_errors())];"),
    "libxml loader": ("libxml_set_external_entity_loader(fn () => null);",
                      "return libxml_get_external_entity_loader() === null;"),
    "mb language": ("mb_language('ja');", "return mb_language();"),
    "mb http output": ("mb_http_output('SJIS');", "return mb_http_output();"),
    "mb detect order": ("mb_detect_order(['EUC-JP']);", "return mb_detect_order();"),
    "mb regex": ("mb_regex_encoding('EUC-JP'); mb_regex_set_options('im');", "return [mb_regex_encoding(), mb_regex_set_options()];"),
    "mb encoding": ("mb_internal_encoding('EUC-JP'); mb_substitute_character(0x3f3f);",
                    "return [mb_internal_encoding(), mb_substitute_character()];"),
    "iconv": ("@iconv_set_encoding('internal_encoding', 'ISO-8859-1');", "return iconv_get_encoding('internal_encoding');"),
    "intl": ("Locale::setDefault('de_AT');", "return Locale::getDefault();"),
    "openssl errors": ("openssl_pkey_get_private('none'); ", "return openssl_error_string();"),
    "json error": ("json_decode('{');", "return json_last_error();"),
    "preg error": ("@preg_match('/(?:\\\\D+|<\\\\d+>)*[!?]/', 'foobar foobar foobar');", "return preg_last_error();"),
    "last error": ("@strlen($undefined);", "return error_get_last();"),
    "assert callback": ("assert_options(ASSERT_CALLBACK, function () { });", "return assert_options(ASSERT_CALLBACK) === null;"),
    "assert": ("assert_options(ASSERT_WARNING, 0);", "return assert_options(ASSERT_WARNING);"),
    "signal": ("pcntl_signal(SIGUSR2, function () { });", "return is_int(pcntl_signal_get_handler(SIGUSR2));"),
    "signal ignored": ("pcntl_signal(SIGHUP, SIG_IGN);", "return pcntl_signal_get_handler(SIGHUP);"),
    "signal mask": ("pcntl_sigprocmask(SIG_BLOCK, [SIGUSR2]);", "pcntl_sigprocmask(SIG_BLOCK, [], $old); return $old;"),
    "async signals": ("pcntl_async_signals(true);", "return pcntl_async_signals(null);"),
    "alarm": ("pcntl_alarm(1000);", "return pcntl_alarm(0);"),
    "gc": ("gc_disable();", "return gc_enabled();"),
    "error handler": ("set_error_handler(fn () => true); set_error_handler(fn () => true);", "return handlers();"),
    "error handler, the same again": ("set_error_handler(fn () => 1); set_error_handler($GLOBALS['boot_handler']);", "return handlers();"),
    "error handler out": ("restore_error_handler(); restore_error_handler();", "return handlers();"),
    "error handler level": ("set_error_handler($GLOBALS['boot_handler'], E_ERROR);", "return handlers();"),
    "exception handler": ("set_exception_handler(fn () => true);", "return handlers();"),
    "time limit": ("set_time_limit(3);", "return ini_get('max_execution_time');"),
    "abort": ("ignore_user_abort(true);", "return ignore_user_abort();"),
    "session name": ("session_name('OTHER'); session_module_name('user') ;", "return [session_name(), session_module_name()];"),
    "session handler": ("session_set_save_handler(new Handler, false);", "return session_module_name();"),
    "session cookie": ("session_set_cookie_params(['path' => '/x', 'samesite' => 'Lax']); session_cache_limiter('public');",
                       "return [session_get_cookie_params(), session_cache_limiter()];"),
    "locale": ("setlocale(LC_ALL, 'C.UTF-8', 'C.utf8', 'en_US.UTF-8');", "return setlocale(LC_ALL, '0');"),
    "locale of numbers": ("setlocale(LC_NUMERIC, 'C.UTF-8', 'C.utf8'); setlocale(LC_CTYPE, 'POSIX');", "return setlocale(LC_ALL, '0');"),
    "time zone": ("date_default_timezone_set('Asia/Tokyo');", "return date_default_timezone_get();"),
    "directory": ("chdir('/');", "return getcwd();"),
    "umask": ("umask(0);", "return umask();"),
    "environment": ("putenv('LEFT=x');", "return getenv('LEFT');"),
    "include path": ("set_include_path('/nowhere');", "return get_include_path();"),
    "error level": ("error_reporting(1);", "return error_reporting();"),
    "stream context": ("stream_context_set_default(['http' => ['method' => 'PUT']]);",
                       "return stream_context_get_options(stream_context_get_default());"),
    "libxml context": ("libxml_set_streams_context(stream_context_create(['mine' => ['x' => 1]]));",
                       "stream_wrapper_register('ctx', 'Wrapper'); (new DOMDocument)->load('ctx://x', LIBXML_NOERROR | LIBXML_NOWARNING); "
                       "return Wrapper::$options;"),
    "rewrite": ("output_add_rewrite_var('left', 'yes');", "echo '<a href=\"/x\">'; return 1;"),
    "output buffers": ("ob_start(); ob_start(fn ($x) => strtoupper($x));", "return ob_get_level();"),
    "implicit flush": ("ob_implicit_flush(true);", "return ob_get_status();"),
    "syslog": ("openlog('left', LOG_PID, LOG_USER);", "return 1;"),
    "libxml loader off": ("@libxml_disable_entity_loader(true);", "return (new DOMDocument)->load('data:text/xml,<x/>');"),
    "gettext": ("textdomain('left'); bindtextdomain('left', '/tmp'); bindtextdomain('messages', '/usr'); bind_textdomain_codeset('messages', 'KOI8-R');",
                "return [textdomain(null), bindtextdomain('left', null), bindtextdomain('messages', null)];"),
    "title": ("cli_set_process_title('left');", "return cli_get_process_title();"),
    "intl error": ("normalizer_normalize(chr(255));", "return [intl_get_error_code(), intl_get_error_message()];"),
    "directive of boot taken out": ("ini_restore('user_agent');", "return ini_get('user_agent');"),
    "hooks": ("Swoole\\Runtime::setHookFlags(SWOOLE_HOOK_SLEEP);", "return Swoole\\Runtime::getHookFlags();"),
    "lock": ("flock($GLOBALS['file'], LOCK_EX | LOCK_NB);", "return flock(fopen(__FILE__, 'rb'), LOCK_EX | LOCK_NB);"),
    "lock of SplFileObject": ("$GLOBALS['object']->flock(LOCK_SH | LOCK_NB);", "return flock(fopen(__FILE__, 'rb'), LOCK_EX | LOCK_NB);"),
    "transaction of SQLite3": ("$GLOBALS['sqlite']->exec('/**/ begin');", "return @$GLOBALS['sqlite']->exec('begin') && $GLOBALS['sqlite']->exec('end');"),
    "transaction of a prepared statement": ("$GLOBALS['pdo']()->prepare('savepoint s')->execute();",
                                            "return $GLOBALS['pdo']()->beginTransaction() && $GLOBALS['pdo']()->rollBack();"),
    "database error": ("@$GLOBALS['pdo']()->exec('nonsense');", "return $GLOBALS['pdo']()->errorCode();"),
    "transaction": ("$GLOBALS['pdo']()->beginTransaction();", "return $GLOBALS['pdo']()->inTransaction();"),
    "transaction of SQL": ("$GLOBALS['pdo']()->exec('BEGIN');", "return $GLOBALS['pdo']()->inTransaction();"),
}

ENTRY = r"""<?php
class Wrapper {
    public $context; static $options;
    function stream_open($path, $mode, $o, &$opened) { self::$options = $this->context ? stream_context_get_options($this->context) : []; return true; }
    function stream_read($n) { return ''; } function stream_eof() { return true; } function stream_stat() { return []; }
    function stream_set_option($o, $a, $b) { return false; }
}
class OtherWrapper extends Wrapper { }
stream_wrapper_register('boot', 'Wrapper');
$GLOBALS['stderr'] = STDERR;
$GLOBALS['context'] = stream_context_create(['http' => ['method' => 'GET']]);
class Filter extends php_user_filter { }
class Handler extends SessionHandler { }
class Database extends PDO { }
spl_autoload_register(function ($class) { if ($class === 'Made\ByBoot') { eval('namespace Made; class ByBoot {}'); } });
$GLOBALS['boot_handler'] = $boot_handler = function ($level, $text) { return true; };
set_error_handler(fn () => false);
set_error_handler($boot_handler, E_ALL & ~E_NOTICE);
set_exception_handler(function ($e) { echo get_class($e), ': ', $e->getMessage(); });
function handlers() {
    $e = set_error_handler(null); restore_error_handler();
    $x = set_exception_handler(null); restore_exception_handler();
    $depth = 0;
    while ($depth < 20 && ($h = set_error_handler(null))) { restore_error_handler(); restore_error_handler(); $depth++; }
    return [$e === $GLOBALS['boot_handler'], $depth, $x !== null];
}
/* Is this what comes after the seed, or something new? */
$GLOBALS['again'] = function (Closure $next, string $seed) { $value = $next(); eval($seed); return $value === $next(); };
$connection = new Database('sqlite::memory:');
$connection->exec('CREATE TABLE t (n)');
$connection->setAttribute(PDO::ATTR_ERRMODE, PDO::ERRMODE_SILENT);
$GLOBALS['pdo'] = fn () => $connection;
$GLOBALS['file'] = fopen(__FILE__, 'rb');
$GLOBALS['object'] = new SplFileObject(__FILE__, 'rb');
$GLOBALS['sqlite'] = new SQLite3(':memory:');
ini_set('user_agent', 'boot');
$cases = [CASES];
return function () use ($cases) {
    ini_set('display_errors', '0');
    if (parse_url($_SERVER['REQUEST_URI'], PHP_URL_PATH) === '/memory') {
        gc_collect_cycles();
        echo json_encode([memory_get_usage(), count(get_resources())]);
        return;
    }
    $answer = isset($_GET['code']) ? eval($_GET['code']) : $cases[$_GET['case']]();
    echo json_encode($answer, JSON_PARTIAL_OUTPUT_ON_ERROR);
};
"""


def entry():
    """Compiled once: every eval() with a closure costs PHP memory that it never frees."""
    return ENTRY.replace("CASES", "".join(f"'pollute {n}' => function () {{ {c[0]} return 1; }},\n'show {n}' => function () {{ {c[1]} }},\n"
                                          for n, c in CASES.items()))


def quote(text):
    return "".join(c if c.isalnum() else f"%{ord(c):02x}" for c in text)


def start(daemon, isolation="snapshot", **kw):
    return daemon.callable(entry(), ini={"swoole": {"worker_num": 1}, "rserverd": {"isolation": isolation}}, **kw)


def show(d, name):
    a = d.get("/?case=" + quote("show " + name))
    assert a.status == 200 and b"Error" not in a.body, (name, a.body)
    return a.body, a.get("x-left")


def pollute(d, name):
    assert d.get("/?case=" + quote("pollute " + name)).status == 200, name


def nothing_left(d):
    wrong = {}
    for name in CASES:
        before = show(d, name)
        for _ in range(3):
            pollute(d, name)
            after = show(d, name)
            if after != before:
                wrong[name] = (before, after)
    assert not wrong
    assert len(d.pids("worker")) == 1 and "fatal error" not in d.log()


def test_nothing_is_left_in_the_process(daemon):
    nothing_left(start(daemon))


def test_nothing_is_left_with_malloc(daemon):
    nothing_left(start(daemon, env={"USE_ZEND_ALLOC": "0"}))


def test_nothing_is_left_under_jit(daemon):
    d = start(daemon, start=False)
    d.set("php", **{"opcache.jit": "tracing", "opcache.jit_buffer_size": "32M", "opcache.jit_hot_func": 2, "opcache.jit_hot_loop": 2})
    nothing_left(d.start())


def test_greedy_shows_most_of_them(daemon):
    """The rows are pollutions. What is put back in every mode is not seen here either."""
    d = start(daemon, "greedy")
    seen = set()
    for name in CASES:
        before = show(d, name)
        pollute(d, name)
        if show(d, name) != before:
            seen.add(name)
    assert {"autoload", "wrapper", "wrapper out", "filter", "mb detect order", "async signals", "alarm",
            "openssl errors", "gettext", "lock", "hooks"} <= seen
    assert not seen & {"transaction", "transaction of SQLite3", "transaction of a prepared statement", "title", "intl error"}, "every mode"


def test_a_left_transaction_is_named(daemon):
    d = start(daemon)
    pollute(d, "transaction")
    assert show(d, "transaction")[0] == b"false"
    d.wait_log(r"GET /\?case=pollute%20transaction left a database transaction open: rolled back")
    insert = "$p = $GLOBALS['pdo'](); %s $p->exec('INSERT INTO t VALUES (1)'); return 1;"
    d.get("/?code=" + quote(insert % "$p->beginTransaction();"))
    d.get("/?code=" + quote(insert % ""))
    assert d.get("/?code=" + quote("return $GLOBALS['pdo']()->query('SELECT count(*) FROM t')->fetchColumn();")).body == b"1"


def test_a_committed_transaction_is_not_touched(daemon):
    d = start(daemon)
    d.get("/?code=" + quote("$p = $GLOBALS['pdo'](); $p->beginTransaction(); $p->exec('INSERT INTO t VALUES (1)'); $p->commit();"))
    assert d.get("/?code=" + quote("return $GLOBALS['pdo']()->query('SELECT count(*) FROM t')->fetchColumn();")).body == b"1"
    assert "left a database transaction" not in d.log()


def test_two_thousand_pollutions_do_not_grow(daemon):
    d = start(daemon)
    names = [n for n in CASES if n != "autoload"]

    def some(n):
        with d.conn() as c:
            for i in range(n):
                c.request("/?case=" + quote("pollute " + names[i % len(names)]))
        return d.get("/memory").json()
    some(3 * len(names))
    before = some(3 * len(names))
    after = some(2000 // len(names) * len(names))
    assert after[0] - before[0] < 2000 and after[1] == before[1], (before, after)


def test_a_lock_of_boots_file_is_let_go_with_the_process_of_a_request(daemon):
    """isolation = fork: the manager has that file open as well, so the lock does not end with the process."""
    d = start(daemon, "fork")
    for _ in range(2):
        pollute(d, "lock")
        d.wait_idle()
        assert show(d, "lock")[0] == b"true"


def test_a_semaphore_is_let_go(daemon):
    """Made by boot; its key is this test's own, and it is removed."""
    key = random.randrange(1 << 24, 1 << 30)
    d = start(daemon, start=False)
    d.write("entry.php", entry().replace("$cases = [", f"$GLOBALS['semaphore'] = sem_get({key}, 1, 0600, true);\n$cases = [", 1))
    d.start()
    code = f"$other = sem_get({key}); $free = sem_acquire($other, true); $free && sem_release($other); return $free;"
    try:
        for _ in range(2):
            assert d.get("/?code=" + quote("return sem_acquire($GLOBALS['semaphore']);")).body == b"true"
            assert d.get("/?code=" + quote(code)).body == b"true"
    finally:
        d.get("/?code=" + quote(f"sem_remove(sem_get({key}));"))


@pytest.mark.parametrize("call", ["proc_nice(1)", "posix_setrlimit(POSIX_RLIMIT_CORE, 0, 0)", "posix_setsid()", "Phar::interceptFileFuncs()"])
def test_what_cannot_be_taken_back_ends_the_worker(daemon, call):
    d = start(daemon)
    (old,) = d.pids("worker")
    assert d.get("/?code=" + quote(f"{call}; return getmypid();")).json() == old
    d.wait_log(r"GET /\?code=.* called " + call.split("(")[0].split(":")[-1])
    until(lambda: d.settled() and d.pids("worker") != [old], message="another worker")
    assert d.get("/?code=" + quote("return getmypid();")).json() != old


def test_what_nobody_may_do_ends_nothing(daemon):
    d = start(daemon)
    (old,) = d.pids("worker")
    assert d.get("/?code=" + quote("return @posix_setpgid(999999999, 0);")).body == b"false"
    assert d.get("/?code=" + quote("return getmypid();")).json() == old


@pytest.mark.parametrize("isolation", ["snapshot", "greedy"])
def test_a_client_gets_the_encoding_it_asked_for(daemon, isolation):
    """ob_gzhandler remembers what the client of the first request understood."""
    d = start(daemon, isolation)
    path = "/?code=" + quote("ob_start('ob_gzhandler'); echo str_repeat('clean ', 100); ob_end_flush(); return 1;")
    assert d.get(path, headers=[("Accept-Encoding", "gzip")]).get("content-encoding") == "gzip"
    r = d.get(path)
    assert r.get("content-encoding") is None and r.body.startswith(b"clean clean ")
    assert d.get(path, headers=[("Accept-Encoding", "deflate")]).get("content-encoding") == "deflate"


def test_compression_of_php_ini_is_each_requests_own(daemon):
    """zlib.output_compression asks each client what it understands, as under php-fpm."""
    d = start(daemon, start=False)
    d.set("php", **{"zlib.output_compression": "1"})
    d.start()
    path = "/?code=" + quote("return str_repeat('clean ', 100);")
    for encoding in ("gzip", None, "deflate", None, "gzip"):
        r = d.get(path, headers=[("Accept-Encoding", encoding)] if encoding else [])
        assert r.get("content-encoding") == encoding and (encoding or r.body == b'"' + b"clean " * 100 + b'"')
