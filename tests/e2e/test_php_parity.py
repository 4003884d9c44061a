"""PHP as under php-fpm: the same bytes are sent to a real php-fpm behind nginx and to rserverd, and what the same script
sees, and what the client gets, must be equal.

What may differ is named here and nowhere else:
"""

import base64
import os
import re
import shutil

import pytest

from lib import http, proc
from lib.daemon import PHP_CASES, Daemon, copy_cases
from lib.fpm import FPM, NGINX, Fpm

# $_SERVER: ports and times of this very request; what only a FastCGI process has; what names the software; what is
# nginx's own (REMOTE_USER is its auth_basic). PATH_INFO is LaravelS' (the decoded path), and so is an environment
# in $_SERVER: ours shows the daemon's, with what the engine sets for resident packages; REQUEST_ID is ours.
MAY_DIFFER = {"SERVER_PORT", "REMOTE_PORT", "REQUEST_TIME", "REQUEST_TIME_FLOAT", "SERVER_SOFTWARE", "FCGI_ROLE", "REQUEST_ID",
              "REDIRECT_STATUS", "USER", "HOME", "argv", "argc", "REMOTE_USER", "PATH_INFO",
              "APP_RUNNING_IN_CONSOLE", "VAR_DUMPER_FORMAT", "PHP_INI_SCAN_DIR"}
# Response headers: the server's own.
SERVERS_OWN = {"server", "date", "connection", "keep-alive", "transfer-encoding", "content-length"}

HOST = "example.test"

pytestmark = pytest.mark.skipif(not (NGINX and FPM), reason="needs nginx and php-fpm")


def R(target="/dump", method="GET", headers=(), body=None, host=HOST):
    return http.build(target, method, headers, body, host)


def form(body, target="/dump", method="POST", kind="application/x-www-form-urlencoded", headers=()):
    return R(target, method, [("Content-Type", kind), *headers], body if isinstance(body, bytes) else body.encode())


def parts(fields, target="/dump", method="POST", boundary="----rserverd7MA4YWxk"):
    kind, body = http.multipart(fields, boundary)
    return R(target, method, [("Content-Type", kind)], body)


def basic(text):
    return ("Authorization", b"Basic " + base64.b64encode(text))


REQUESTS = {
    # query strings
    "plain": R(),
    "query": R("/dump?a=1&b=2"),
    "query empty": R("/dump?"),
    "query without values": R("/dump?a&b&c="),
    "query arrays": R("/dump?a[]=1&a[]=2&a[x]=3&a[y][z]=4&a[y][]=5"),
    "query nested deep": R("/dump?" + "a" + "[x]" * 70 + "=1"),
    "query broken brackets": R("/dump?a[=1&b]=2&c[d=3&[e]=4&f[g]h=5&i[[j]]=6"),
    "query dots and blanks in names": R("/dump?a.b=1&c%20d=2&e+f=3&.g=4&%20h=5"),
    "query encoded": R("/dump?a=%C3%A9%20+%26%3D&%61b=c"),
    "query invalid UTF-8": R("/dump?a=%ff%fe&%80=x"),
    "query bad percent": R("/dump?a=%&b=%4&c=%zz&d=100%25"),
    "query NUL": R("/dump?a=x%00y&b%00c=1"),
    "query duplicate names": R("/dump?a=1&a=2&a[]=3&b[]=1&b=2"),
    "query semicolons": R("/dump?a=1;b=2&c=3"),
    "query double ampersand": R("/dump?&&a=1&&b=2&"),
    "query equals": R("/dump?a==1&=2&b=c=d"),
    "query too many": R("/dump?" + "&".join(f"v{i}={i}" for i in range(1100))),
    "query question marks": R("/dump?a=b?c=d&e=?"),
    "query slash and colon": R("/dump?u=http://x.test:80/y?z"),
    "query integer-like keys": R("/dump?0=a&1=b&01=c&-5=d&9999999999=e&x[007]=f"),
    "query raw bytes": R(b"/dump?a=\xc3\xa9\xff"),
    "query reserved names": R("/dump?GLOBALS[x]=1&_GET=2&this=3&_SERVER[x]=4"),
    # paths
    "path rest": R("/dump/more/of/it?x=1"),
    "path encoded": R("/dump/%C3%A9%20x/%2F/y"),
    "path double slash": R("/dump//x///y"),
    "path with dots": R("/dump/a/./b/../c"),
    "path with php inside": R("/dump/a.phpx/b"),
    "path plus and tilde": R("/dump/~a+b;c=d,e!$'()*"),
    "absolute form": R("http://example.test/dump?a=1"),
    # cookies
    "cookie": R(headers=[("Cookie", "a=1; b=2")]),
    "cookie encoded": R(headers=[("Cookie", "a=x%20y+z; b=%C3%A9; c=\"quoted\"")]),
    "cookie odd": R(headers=[("Cookie", "a; b=; =c; d=e=f;;  g=h ;i=j")]),
    "cookie arrays": R(headers=[("Cookie", "a[x]=1; a[y]=2; b.c=3")]),
    "cookie duplicates": R(headers=[("Cookie", "a=1; a=2")]),
    "cookie bytes": R(headers=[("Cookie", b"a=\xc3\xa9\xff")]),
    # other headers
    "headers": R(headers=[("X-Custom", "v"), ("Accept", "*/*"), ("User-Agent", "test agent/1.0"), ("X-Empty", ""),
                          ("Accept-Language", "de,en;q=0.5"), ("Referer", "http://from.test/?a=b")]),
    "header bytes": R(headers=[("X-Bytes", b"\xc3\xa9 \xff\xfe")]),
    "header blanks": R(headers=[("X-Blank", "  a  b  ")]),
    "header with digits": R(headers=[("X-1-2", "x"), ("X-a-B-c", "y")]),
    "header proxy is dropped": R(headers=[("X-Forwarded-For", "10.1.2.3"), ("X-Forwarded-Proto", "https"),
                                          ("X-Forwarded-Host", "other.test")]),
    "header ajax": R(headers=[("X-Requested-With", "XMLHttpRequest")]),
    "basic auth": R(headers=[basic(b"user:pass:word")]),
    "basic auth empty password": R(headers=[basic(b"user:")]),
    "basic auth without colon": R(headers=[basic(b"user")]),
    "basic auth bytes": R(headers=[basic(b"us\xc3\xa9r:p\xff")]),
    "basic auth rubbish": R(headers=[("Authorization", "Basic !!!")]),
    "basic auth in lower case": R(headers=[("Authorization", "basic " + base64.b64encode(b"u:p").decode())]),
    "bearer": R(headers=[("Authorization", "Bearer abc.def.ghi")]),
    "digest": R(headers=[("Authorization", 'Digest username="Mufasa", realm="x", nonce="n", uri="/", response="r"')]),
    "host with port": R(host="example.test:8080"),
    # bodies
    "post": form("a=1&b=2"),
    "post empty": form(""),
    "post arrays": form("a[]=1&a[]=2&a[x][y]=3&b.c=4"),
    "post encoded": form("a=%C3%A9+%2B&b=%ff&c=x%00y"),
    "post with query": form("a=post&b=post", "/dump?a=get&c=get"),
    "post and cookies": form("a=post", "/dump?a=get", headers=[("Cookie", "a=cookie; k=cookie")]),
    "post too many": form("&".join(f"v{i}={i}" for i in range(1100))),
    "post large": form("a=" + "x" * 300_000),
    "post with charset": form("a=%E9", kind="application/x-www-form-urlencoded; charset=ISO-8859-1"),
    "post upper-case type": form("a=1", kind="Application/X-WWW-Form-URLEncoded"),
    "post JSON": form('{"a":[1,2,{"b":"\\u00e9"}]}', kind="application/json"),
    "post text": form("just text", kind="text/plain"),
    "post no type": R(method="POST", body=b"a=1&b=2"),
    "post unknown type": form("a=1", kind="x/y"),
    "post broken type": form("a=1", kind=";;;"),
    "post XML": form("<a>b</a>", kind="application/xml; charset=utf-8"),
    "post binary": form(bytes(range(256)) * 10, kind="application/octet-stream"),
    "post with a NUL type": form("a=1", kind="application/x-www-form-urlencoded;"),
    "put form": form("a=1&b=2", method="PUT"),
    "put JSON": form('{"a":1}', method="PUT", kind="application/json"),
    "patch": form("a=1", method="PATCH"),
    "delete": R(method="DELETE"),
    "delete with a body": form("a=1", method="DELETE"),
    "options": R(method="OPTIONS"),
    "unknown method": R(method="PROPFIND"),
    "get with a body": form("a=1&b=2", method="GET"),
    "method override": form("_method=PUT&a=1", headers=[("X-HTTP-Method-Override", "DELETE")]),
    # multipart
    "multipart fields": parts([("a", "1"), ("b[]", "2"), ("b[]", "3"), ("c[x][y]", "4")]),
    "multipart file": parts([("f", "name.txt", "text/plain", b"content"), ("a", "1")]),
    "multipart empty file": parts([("f", "empty.txt", "text/plain", b"")]),
    "multipart no file chosen": parts([("f", "", "application/octet-stream", b"")]),
    "multipart several files": parts([("f[]", "a.txt", "text/plain", b"a"), ("f[]", "b.txt", "image/png", b"bb"),
                                      ("g", "c.bin", "application/octet-stream", bytes(range(256)))]),
    "multipart nested names": parts([("f[x][]", "a.txt", "text/plain", b"a"), ("f[y]", "b.txt", "text/plain", b"b"),
                                     ("p[q][r]", "1")]),
    "multipart path in name": parts([("f", "../../etc/passwd", "text/plain", b"x"),
                                     ("g", "C:\\\\dir\\\\file.txt", "text/plain", b"y"), ("h", "dir/full.txt", "text/plain", b"z")]),
    "multipart odd names": parts([("a b.c", "1"), ("x[", "2"), ("", "3"), ("y]", "4")]),
    "multipart UTF-8 names": parts([("f", "\u00e9t\u00e9 \u2603.txt", "text/plain", b"x"), ("n\u00e4me", "w\u00e4rt")]),
    "multipart quotes in name": parts([("f", 'a\\"b.txt', "text/plain", b"x")]),
    "multipart large file": parts([("f", "big.bin", "application/octet-stream", os.urandom(1 << 10) * 1500)]),
    "multipart too large a file": parts([("f", "big.bin", "application/octet-stream", b"x" * 2_500_000), ("a", "1")]),
    "multipart MAX_FILE_SIZE": parts([("MAX_FILE_SIZE", "3"), ("f", "a.txt", "text/plain", b"abcdef")]),
    "multipart 25 files": parts([(f"f{i}", f"{i}.txt", "text/plain", b"x") for i in range(25)]),
    "multipart binary field": parts([("a", bytes(range(256)))]),
    "multipart no boundary": form("rubbish", kind="multipart/form-data"),
    "multipart cut short": form("------x\r\nContent-Disposition: form-data; name=\"f\"; filename=\"a\"\r\n\r\nabc",
                                kind="multipart/form-data; boundary=----x"),
    "multipart rubbish": form("no parts at all", kind="multipart/form-data; boundary=x"),
    "multipart quoted boundary": form("--x y\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n--x y--\r\n",
                                      kind='multipart/form-data; boundary="x y"'),
    "multipart with a preamble": form("preamble\r\n--x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n--x--\r\nepilogue",
                                      kind="multipart/form-data; boundary=x"),
    "multipart in PUT": parts([("a", "1"), ("f", "a.txt", "text/plain", b"abc")], method="PUT"),
    "multipart and query": parts([("a", "post")], "/dump?a=get&b=get"),
    "body above post_max_size": form("a=" + "x" * (9 << 20)),
    # framing
    "chunked": b"POST /dump HTTP/1.1\r\nHost: example.test\r\nContent-Type: application/x-www-form-urlencoded\r\n"
               b"Transfer-Encoding: chunked\r\n\r\n" + http.chunked(b"a=1&b=22222222222", 5),
    "empty chunked": b"POST /dump HTTP/1.1\r\nHost: example.test\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "empty without a type": b"POST /dump HTTP/1.1\r\nHost: example.test\r\nContent-Length: 0\r\n\r\n",
    "a type without a body": b"GET /dump HTTP/1.1\r\nHost: example.test\r\nContent-Type: application/json\r\n\r\n",
    "HTTP/1.0": b"GET /dump?a=1 HTTP/1.0\r\nHost: example.test\r\n\r\n",
}
# nginx 1.22 shows PHP the blanks inside, the bytes, and everything else of these as they came; but it decodes and
# normalises the path for its own location matching only, so REQUEST_URI is compared as sent.


@pytest.fixture(scope="module")
def pair():
    d = Daemon(engine="php", framework="callable", entry="public/index.php",
               ini={"swoole": {"worker_num": 1, "package_max_length": "16M"}})
    copy_cases(d.app)
    shutil.copy(os.path.join(PHP_CASES, "front.php"), d.path("app/public/index.php"))
    fpm = Fpm(os.path.join(d.app, "public"), HOST, php_values={"output_buffering": 0})
    try:
        d.start()
        yield d, fpm
    finally:
        fpm.stop()
        d.finish()


def ask(address, data):
    with http.Conn(address, lenient=True) as c:
        c.send(data)
        return c.response(data.split(b" ", 1)[0].decode())


@pytest.mark.parametrize("name", REQUESTS)
def test_superglobals(pair, name):
    d, fpm = pair
    data = REQUESTS[name]
    ours, theirs = ask(d.address, data), ask(fpm.address, data)
    assert ours.status == theirs.status == 200, (ours, theirs)
    ours, theirs = ours.json(), theirs.json()
    environment = set(d.environment()) | {"_", "PWD", "SHLVL", "LOGNAME"}
    for side in (ours, theirs):
        for key in MAY_DIFFER:
            side["server"].pop(key, None)
    for key in environment - set(theirs["server"]):
        if not key.startswith("HTTP_"):
            ours["server"].pop(key, None)
    # getallheaders(): php-fpm guesses the spelling from HTTP_X_Y and shows the two CONTENT_* that nginx always sends.
    for side in (ours, theirs):
        side["headers"] = {n.lower(): v for n, v in side["headers"].items()
                           if n.lower() not in ("content-length", "content-type")}
        if side["errors"]:      # a warning about the request itself: no place in a file, no caller
            side["errors"] = side["errors"]["type"], side["errors"]["message"].split(": ", 1)[-1]
    for part in theirs:
        assert ours[part] == theirs[part], f"{part} differs"
    assert ours.keys() == theirs.keys()


@pytest.mark.parametrize("name", REQUESTS)
def test_server_variables_have_the_right_types(pair, name):
    d, _ = pair
    s = ask(d.address, REQUESTS[name]).json()["server"]
    assert s["SERVER_PORT"] == str(d.port)
    assert s["REMOTE_ADDR"] == "127.0.0.1" and s["REMOTE_PORT"].isdigit()
    assert s["SERVER_SOFTWARE"]
    assert "HTTP_PROXY" not in s


# Scripts: what they make of the response must reach the client equally.
SCRIPTS = {
    "nothing": "",
    "echo": "echo 'hello';",
    "status": "http_response_code(404); echo 'x';",
    "status line": "header('HTTP/1.1 410 Gone'); echo 'x';",
    "status header": "header('Status: 403 Forbidden'); echo 'x';",
    "odd status": "http_response_code(299); echo 'x';",
    "status as argument": "header('X-A: b', true, 207);",
    "location": "header('Location: /elsewhere');",
    "location with 201": "http_response_code(201); header('Location: /made');",
    "location with 307": "header('Location: /x', true, 307);",
    "content type": "header('Content-Type: text/plain'); echo 'x';",
    "content type with charset": "header('Content-Type: text/plain; charset=ISO-8859-1'); echo 'x';",
    "content type not text": "header('Content-Type: image/png'); echo 'x';",
    "content type removed": "header_remove('Content-Type'); echo 'x';",
    "default_charset": "ini_set('default_charset', 'ISO-8859-15'); echo 'x';",
    "default_mimetype": "ini_set('default_mimetype', 'text/css'); echo 'x';",
    "replace": "header('X-A: 1'); header('X-A: 2'); header('x-a: 3');",
    "append": "header('X-A: 1'); header('X-A: 2', false); header('X-B: 3', false);",
    "remove one": "header('X-A: 1'); header('X-B: 2'); header_remove('x-a');",
    "remove all": "header('X-A: 1'); setcookie('a', 'b'); header_remove(); echo 'x';",
    "case kept": "header('x-CaSe-Of: Kept');",
    "value bytes": "header(\"X-A: \\xc3\\xa9\");",
    "header with newline": "@header(\"X-A: 1\\r\\nX-Injected: 2\"); echo 'x';",
    "header with NUL": "@header(\"X-A: 1\\0X\"); echo 'x';",
    "empty header value": "header('X-A:'); echo 'x';",
    "setcookie": "setcookie('a', 'b c'); setcookie('d', 'e', 2000000000, '/p', 'example.test', true, true);",
    "setcookie samesite": "setcookie('a', 'b', ['samesite' => 'Lax', 'secure' => true, 'httponly' => true, 'path' => '/']);",
    "setcookie delete": "setcookie('a', '', 1);",
    "setrawcookie": "setrawcookie('a', 'b%20c');",
    "many cookies": "for ($i = 0; $i < 30; $i++) setcookie(\"c$i\", (string) $i);",
    "headers_list": "header('X-A: 1'); setcookie('a', 'b'); echo json_encode(headers_list());",
    "header callback": "header_register_callback(function () { header('X-Late: 1'); header_remove('X-Early'); });"
                       "header('X-Early: 1'); echo 'x';",
    "sent after flush": "echo 'a'; flush(); echo json_encode(headers_sent()); @header('X-Too-Late: 1');",
    "headers_sent before": "echo json_encode(headers_sent()); echo 'b'; echo json_encode(headers_list());",
    "output buffer": "ob_start(); echo 'a'; header('X-After: 1'); $x = ob_get_clean(); echo strrev($x . 'b');",
    "output callback": "ob_start(fn ($b) => strtoupper($b)); echo 'abc';",
    "open buffers": "ob_start(); echo 'a'; ob_start(fn ($b) => \"<$b>\"); echo 'b';",
    "discarded": "ob_start(); echo 'gone'; ob_end_clean(); echo 'kept';",
    "print and friends": "print 'a'; printf('%03d', 7); print_r(['x' => 1]); var_dump(1.5, null, [true]); var_export('q');",
    "php://output": "file_put_contents('php://output', 'via stream'); fwrite(fopen('php://output', 'w'), '!');",
    "readfile": "readfile(__FILE__ === '' ? '' : '/etc/hostname');",
    "binary": "header('Content-Type: application/octet-stream'); echo implode('', array_map('chr', range(0, 255)));",
    "large": "echo str_repeat('0123456789abcdef', 65536);",
    "own content length": "header('Content-Length: 5'); echo 'abcde';",
    "exit": "echo 'a'; exit; echo 'b';",
    "exit text": "echo 'a'; exit('b');",
    "exit status": "echo 'a'; exit(3);",
    "exit in a function": "(function () { try { echo 'a'; exit; } finally { echo 'never'; } })(); echo 'b';",
    "exit in an output callback": "ob_start(function ($b) { return $b . '!'; }); echo 'a'; exit;",
    "exit with a destructor": "$o = new class { function __destruct() { echo 'destructed'; } }; echo 'a,'; exit;",
    "shutdown function": "register_shutdown_function(function () { echo ',shutdown'; }); echo 'a';",
    "shutdown after exit": "register_shutdown_function(function ($x) { echo \",$x\"; }, 'arg'); echo 'a'; exit;",
    "shutdown registers shutdown": "register_shutdown_function(function () { echo '1'; register_shutdown_function("
                                   "function () { echo '2'; }); });",
    "exit in shutdown": "register_shutdown_function(function () { echo '1'; exit; }); "
                        "register_shutdown_function(function () { echo '2'; });",
    "headers in shutdown": "register_shutdown_function(function () { header('X-Shut: 1'); http_response_code(202); echo 'x'; });",
    "uncaught exception": "throw new RuntimeException('nobody');",
    "uncaught after output": "echo 'a'; throw new RuntimeException('nobody');",
    "uncaught after flush": "echo 'a'; flush(); throw new RuntimeException('nobody');",
    "uncaught error": "undefined_function_here();",
    "type error": "strlen([]);",
    "exception handler": "set_exception_handler(function ($e) { http_response_code(409); echo 'handled ', $e->getMessage(); });"
                         "throw new Exception('e');",
    "exception handler that throws": "set_exception_handler(function ($e) { http_response_code(409); throw new Exception('second'); });"
                                     "register_shutdown_function(function () { echo json_encode(error_get_last()['type'] ?? null); });"
                                     "echo 'a'; throw new Exception('first');",
    "exception handler that throws it again": "set_exception_handler(function ($e) { echo 'seen'; throw $e; }); throw new Exception('e');",
    "exception handler that calls what there is not": "set_exception_handler(function ($e) { nowhere_at_all(); }); throw new Exception('e');",
    "exception handler that triggers": "set_exception_handler(function ($e) { trigger_error('bad', E_USER_ERROR); }); throw new Exception('e');",
    "exception handler that exits": "set_exception_handler(function ($e) { http_response_code(409); exit('bye'); }); throw new Exception('e');",
    "exception handler that is no callable now": "class Gone { static function __callStatic($n, $a) { throw new LogicException($n); } } "
                                                 "set_exception_handler('Gone::there'); throw new Exception('e');",
    "exception handler with another one": "set_exception_handler(function ($e) { set_exception_handler(function ($e) { echo 'two'; });"
                                          " throw new Exception('second'); }); throw new Exception('first');",
    "exception handler and what a shutdown function throws": "set_exception_handler(function ($e) { echo 'handled ', $e->getMessage(); });"
                                                             "register_shutdown_function(function () { throw new Exception('late'); });",
    "exception handler that throws, in shutdown": "set_exception_handler(function ($e) { throw new Exception('second'); });"
                                                  "register_shutdown_function(function () { throw new Exception('late'); });",
    "exception handler and a destructor": "set_exception_handler(function ($e) { echo 'handled ', $e->getMessage(); });"
                                          "$o = new class { function __destruct() { throw new Exception('d'); } }; echo 'a';",
    "exception in shutdown": "register_shutdown_function(function () { throw new Exception('late'); }); echo 'a';",
    "error handler": "set_error_handler(function ($n, $m) { echo \"[$m]\"; return true; }); echo $undefined; trigger_error('mine');",
    "warnings are not shown": "echo $undefined, 'x'; echo 1 <=> [] , 'y';",
    "display_errors on": "ini_set('display_errors', '1'); ini_set('html_errors', '0'); echo $undefined; echo 'x';",
    "display_errors html": "ini_set('display_errors', '1'); echo $undefined; echo 'x';",
    "shown exception": "ini_set('display_errors', '1'); throw new RuntimeException('shown');",
    "shown fatal": "ini_set('display_errors', '1'); eval('class P%d implements Countable {}');" % 1,
    "user error": "trigger_error('fatal by user', E_USER_ERROR); echo 'not reached';",
    "fatal error": "eval('class BrokenPromise implements Countable {}');",
    "parse error": "eval('this is not php');",
    "memory": "ini_set('memory_limit', '32M'); $a = []; while (true) { $a[] = str_repeat('x', 100000); }",
    "memory with shutdown": "ini_set('memory_limit', '32M'); register_shutdown_function(function () { "
                            "$GLOBALS['a'] = null; echo 'shutdown ran: ', error_get_last() !== null ? 'error' : 'none'; });"
                            "$a = []; while (true) { $a[] = str_repeat('x', 100000); }",
    "stack depth": "$f = function ($n) use (&$f) { return $n ? $f($n - 1) + 1 : 0; }; echo $f(20000);",
    "time limit": "set_time_limit(1); while (true) { }",
    "generator left open": "function_exists('gen_left') || eval('function gen_left() { try { yield 1; yield 2; } finally { echo \"f\"; } }');"
                           "$g = gen_left(); $g->current(); echo 'a';",
    "fiber": "$f = new Fiber(function () { echo 'in,'; Fiber::suspend(); echo 'out'; }); $f->start(); echo 'mid,'; $f->resume();",
    "fiber left suspended": "$f = new Fiber(function () { try { Fiber::suspend(); } finally { echo 'cleanup'; } }); $f->start(); echo 'a,';",
    "exit in a fiber": "(new Fiber(function () { echo 'in'; exit; }))->start(); echo 'never';",
    "session": "session_id('fixed-id-for-the-test'); session_start(); $_SESSION['n'] = 1; echo session_id();",
    "session nocache": "session_cache_limiter('private'); session_id('abcdef0123456789abcdef'); session_start(); echo 'x';",
    "superglobals written": "$_GET['x'] = 1; $_SERVER['Y'] = 2; unset($_COOKIE); echo json_encode([$_GET, isset($_COOKIE)]);",
    "constant and ini": "ini_set('precision', '5'); echo 1/3;",
    "locale": "setlocale(LC_ALL, 'C.UTF-8'); echo strtoupper('abc'), date_default_timezone_get();",
    "rewrite var": "output_add_rewrite_var('sid', 'abc'); echo '<a href=\"x.php\">l</a><form action=\"y\"></form>';",
    "connection": "echo connection_status(), json_encode(connection_aborted());",
    "headers after a fatal": "header('X-A: 1'); http_response_code(418); eval('class BrokenPromise implements Countable {}');",
    "finish request": "header('X-A: 1'); echo 'seen'; fastcgi_finish_request(); echo 'unseen';",
    "gzip by PHP": "ini_set('zlib.output_compression', '1'); echo str_repeat('a', 1000);",
    "204": "http_response_code(204); header('X-A: 1');",
    "304": "http_response_code(304); header('ETag: \"x\"');",
    "static": "echo (function () { static $n = 0; return ++$n; })();",
}


def normal(r):
    """Status, headers, body. Max-Age counts down while we look; nginx takes Content-Type out of a 304; our own frames
    are below the script's in a stack trace."""
    headers = sorted((n.lower(), re.sub(r"Max-Age=\d{6,}", "Max-Age=N", v)) for n, v in r.headers
                     if n.lower() not in SERVERS_OWN and (r.status != 304 or n.lower() != "content-type"))
    return r.status, headers, re.sub(rb"Stack trace:.*?  thrown in", b"thrown in", r.body, flags=re.S)


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("name", SCRIPTS)
def test_response(pair, name, method):
    d, fpm = pair
    code = base64.b64encode(SCRIPTS[name].encode())
    data = R("/run", method, [("X-Code", code)])
    ours, theirs = ask(d.address, data), ask(fpm.address, data)
    if "ini_set" in SCRIPTS[name]:      # whether it is restored is the subject of test_php_requests.py, not of the next row
        for pid in d.pids("worker"):
            proc.kill(pid)
        d.wait_settled()
    assert normal(ours) == normal(theirs)


def test_after_all_that_the_worker_is_clean(pair):
    """The corpus again, in one worker, after every script has had its turn."""
    d, fpm = pair
    code = base64.b64encode(b"echo json_encode([ini_get('precision'), ini_get('display_errors'), error_reporting(), "
                            b"date_default_timezone_get(), setlocale(LC_ALL, '0'), ob_get_level(), getcwd() !== '/', "
                            b"error_get_last(), ini_get('memory_limit'), ini_get('default_charset'), umask(), "
                            b"get_included_files() !== [], session_status(), $_SESSION ?? null]);")
    data = R("/run", "GET", [("X-Code", code)])
    d.wait_settled()
    for _ in range(3):
        assert ask(d.address, data).json() == ask(fpm.address, data).json()


def test_repeated_headers_are_joined(pair):
    """nginx 1.22 hands php-fpm each of them, and the last one wins there; newer ones join. We join, losing nothing."""
    d, _ = pair
    data = R(headers=[("X-Multi", "one"), ("x-multi", "two"), ("Cookie", "a=1"), ("Cookie", "b=2")])
    got = ask(d.address, data).json()
    assert got["server"]["HTTP_X_MULTI"] == "one, two"
    assert got["server"]["HTTP_COOKIE"] == "a=1; b=2"
    assert got["cookie"] == {"a": "1", "b": "2"}


def test_proxy_header_is_never_a_variable(pair):
    d, _ = pair
    got = ask(d.address, R(headers=[("Proxy", "evil:80")])).json()
    assert "HTTP_PROXY" not in got["server"]


@pytest.mark.parametrize("line", ["Nonsense", "X-A : 1", "X A: 1", ": 1", "X\u00e9: 1"])
def test_malformed_header_lines_never_leave(pair, line):
    """nginx answers some of these with 502. Here the strict parser of the client is the test: an honest answer."""
    d, _ = pair
    code = base64.b64encode(f"header({line!r}); header('X-Good: 1'); echo 'x';".encode())
    with http.Conn(d.address) as c:
        c.send(R("/run", "GET", [("X-Code", code)]))
        r = c.response()
        assert r.status in (200, 500, 502)
        if r.status == 200:
            assert r.body == b"x" and r.get("x-good") == "1"
            assert not {n.strip().lower() for n, _ in r.headers} & {"x a", "x-a", ""}


def test_custom_reason_phrase(pair):
    d, _ = pair
    code = base64.b64encode(b"header('HTTP/1.1 418 Short and stout');")
    r = ask(d.address, R("/run", "GET", [("X-Code", code)]))
    assert (r.status, r.reason) == (418, "Short and stout")


def test_content_length_when_it_is_known(pair):
    d, _ = pair
    code = base64.b64encode(b"echo 'hello';")
    r = ask(d.address, R("/run", "GET", [("X-Code", code)]))
    assert r.get("content-length") == "5" and r.get("transfer-encoding") is None
