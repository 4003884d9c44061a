"""HTTP of a script's server: contract B.4 to B.6, C.5. The server is php/swoole/http/server.php."""

import base64
import gzip
import json
import os
import re
import zlib

import pytest

from lib import http
from lib.wait import until

SERVER = "http/server.php"


@pytest.fixture
def web(server):
    return server(SERVER)


def ask(web, target="/request", method="GET", headers=(), body=None):
    r = web.request(method, target, headers, body)
    assert r.status == 200, r
    return r.json()


# ---- requests -------------------------------------------------------------------------------------------

def test_server_array(web):
    got = ask(web, "/request?b=2&a[]=1", headers=[("X-Custom-Name", "v")])
    s = got["server"]
    assert got["first"] == "query_string" and s["query_string"] == "b=2&a[]=1"
    assert s["request_method"] == "GET" and s["request_uri"] == "/request" == s["path_info"]
    assert s["server_protocol"] == "HTTP/1.1" and s["server_port"] == web.port and s["remote_addr"] == "127.0.0.1"
    assert isinstance(s["remote_port"], int) and isinstance(s["request_time"], int) and isinstance(s["request_time_float"], float)
    assert isinstance(s["master_time"], int) and abs(s["master_time"] - s["request_time"]) <= 1
    assert not [k for k in s if k.startswith("http_") or k == "script_name"] and s["server_addr"] == "127.0.0.1"
    assert got["get"] == {"b": "2", "a": ["1"]} and got["header"]["x-custom-name"] == "v"
    assert got["stream"] == 0 and got["fd"] >= 1 and got["class"] == "Swoole\\Http\\Request" and got["complete"] is True
    for name in ("post", "cookie", "files", "tmpfiles"):
        assert got[name] is None, name


def test_path_is_decoded_in_path_info_only(web):
    r = web.get("/%72equest?")
    assert r.status == 200 and r.json()["server"]["request_uri"] == "/%72equest"
    assert r.json()["server"]["path_info"] == "/request"


def test_no_query(web):
    got = ask(web)
    assert "query_string" not in got["server"] and got["get"] is None and got["raw"] == ""


def test_header_names_and_duplicates(web):
    got = ask(web, headers=[("X-Dup", "1"), ("x-dup", "2")])
    assert got["header"]["x-dup"] == "2" and "host" in got["header"]


def test_cookies(web):
    got = ask(web, headers=[("Cookie", "a=b%20c+d; e = f ;g=; =x; h")])
    assert got["cookie"] == {"a": "b c+d", "e": "f", "g": ""} and "cookie" not in got["header"]


def test_cookies_left_alone(server):
    web = server(SERVER, env={"RS_SET": '{"http_parse_cookie": false}'})
    got = ask(web, headers=[("Cookie", "a=b")])
    assert got["cookie"] is None and got["header"]["cookie"] == "a=b"


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_form(web, method):
    got = ask(web, method=method, headers=[("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")],
              body=b"x=1&y%5Bk%5D=2&z=a+b%26")
    assert got["post"] == {"x": "1", "y": {"k": "2"}, "z": "a b&"} and got["method"] == method
    assert base64.b64decode(got["raw"]) == b"x=1&y%5Bk%5D=2&z=a+b%26" and got["content"] is True
    assert got["data"].startswith(method + " /request HTTP/1.1\r\n") and got["data"].endswith("\r\n\r\nx=1&y%5Bk%5D=2&z=a+b%26")


def test_form_left_alone(server):
    web = server(SERVER, env={"RS_SET": '{"http_parse_post": false}'})
    got = ask(web, method="POST", headers=[("Content-Type", "application/x-www-form-urlencoded")], body=b"x=1")
    assert got["post"] is None and base64.b64decode(got["raw"]) == b"x=1"


def test_json_is_no_form(web):
    got = ask(web, method="POST", headers=[("Content-Type", "application/json")], body=b'{"a":1}')
    assert got["post"] is None and base64.b64decode(got["raw"]) == b'{"a":1}'


def multipart(*parts):
    body = b"".join(b"--B\r\n" + head.encode() + b"\r\n\r\n" + data + b"\r\n" for head, data in parts) + b"--B--\r\n"
    return [("Content-Type", "multipart/form-data; boundary=B")], body


def disposition(name, file=None, kind="text/plain"):
    head = f'Content-Disposition: form-data; name="{name}"'
    return head if file is None else head + f'; filename="{file}"\r\nContent-Type: {kind}'


def test_uploads(web):
    headers, body = multipart((disposition("n"), b"v"), (disposition("f", "a.txt"), b"hello"), (disposition("m[]", "b"), b"1"),
                              (disposition("m[]", "c"), b"22"), (disposition("none", ""), b""))
    got = ask(web, method="POST", headers=headers, body=body)
    f = got["files"]
    assert got["post"] == {"n": "v"} and base64.b64decode(got["raw"]) == body
    assert {k: f["f"][k] for k in ("name", "type", "error", "size")} == {"name": "a.txt", "type": "text/plain", "error": 0, "size": 5}
    assert sorted(f["f"]) == ["error", "name", "size", "tmp_name", "type"]
    assert [x["name"] for x in f["m"]] == ["b", "c"] and f["m"][1]["size"] == 2
    assert f["none"]["error"] == 4 and f["none"]["tmp_name"] == ""
    assert sorted(got["tmpfiles"]) == sorted([f["f"]["tmp_name"], f["m"][0]["tmp_name"], f["m"][1]["tmp_name"]])
    until(lambda: not os.listdir(web.folder + "/uploads"), message="temporary files are deleted with the request")


def test_uploads_as_php_lays_them_out(server):
    web = server(SERVER, env={"RS_SET": '{"http_parse_files": true}'})
    headers, body = multipart((disposition("m[]", "b"), b"1"), (disposition("m[]", "c"), b"22"))
    assert ask(web, method="POST", headers=headers, body=body)["files"]["m"]["name"] == ["b", "c"]


def test_two_files_of_one_name_leave_nothing(web):
    headers, body = multipart((disposition("f", "a.txt"), b"first"), (disposition("f", "b.txt"), b"second"))
    f = ask(web, method="POST", headers=headers, body=body)["files"]["f"]
    assert (f["name"], f["size"]) == ("b.txt", 6)
    until(lambda: not os.listdir(web.folder + "/uploads"), message="the first one is deleted as well")


def test_upload_can_be_moved(web):
    headers, body = multipart((disposition("f", "a.txt"), b"hello"))
    got = ask(web, "/upload", "POST", headers, body)
    assert got == {"is": True, "prefix": 0, "dir": web.folder + "/uploads", "text": "hello", "moved": True, "there": False}
    with open(web.folder + "/moved") as f:
        assert f.read() == "hello"


def test_an_upload_outlives_a_forked_child(server):
    """The child drops its copy of the request and goes on; the file is the parent's."""
    s = server(code="""<?php
        $server = new Swoole\\Http\\Server('127.0.0.1', (int)getenv('RS_PORT'), SWOOLE_PROCESS);
        $server->set(['worker_num' => 1, 'enable_coroutine' => false, 'upload_tmp_dir' => getenv('RS_DIR')]);
        $server->on('request', function ($request, $response) {
            $file = $request->files['f']['tmp_name'];
            $pid = pcntl_fork();
            if ($pid === 0) {
                $request = null;
                gc_collect_cycles();
                file_put_contents(getenv('RS_DIR') . '/child', 'done');
                return;
            }
            pcntl_waitpid($pid, $status);
            $response->end(json_encode([file_get_contents($file), is_uploaded_file($file), pcntl_wexitstatus($status)]));
        });
        $server->start();""")
    r = s.request("POST", "/", *multipart((disposition("f", "a.txt"), b"content")))
    assert r.json() == ["content", True, 0]
    assert os.path.exists(s.folder + "/child")
    until(lambda: not [n for n in os.listdir(s.folder) if n.startswith("swoole.upfile.")])


def test_upload_too_large(server):
    web = server(SERVER, env={"RS_SET": '{"upload_max_filesize": 3}'})
    headers, body = multipart((disposition("f", "a.txt"), b"hello"))
    assert ask(web, method="POST", headers=headers, body=body)["files"]["f"]["error"] == 1


def test_dynamic_properties(web):
    assert web.get("/dynamic").body == b"3" and "Deprecated" not in web.output()


def test_chunked_body_and_continue(web):
    with web.conn() as c:
        c.send(http.build("/request", "POST", [("Transfer-Encoding", "chunked"), ("Content-Type", "application/x-www-form-urlencoded")])
               + b"3\r\nx=1\r\n2\r\n&y\r\n0\r\n\r\n")
        assert c.response().json()["post"] == {"x": "1", "y": ""}
        c.send(b"POST /request HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n")
        assert c.head().status == 100
        c.send(b"abc")
        assert base64.b64decode(c.response().json()["raw"]) == b"abc"


def test_one_fd_for_a_connection_and_pipelining(web):
    with web.conn() as c:
        c.send(http.build("/request") * 5)
        assert len({c.response().json()["fd"] for _ in range(5)}) == 1


def test_too_large_body(web):
    with web.conn() as c:
        c.send(b"POST /request HTTP/1.1\r\nHost: h\r\nContent-Length: 400000\r\n\r\n")
        assert c.response().status == 413


def test_malformed(web):
    with web.conn() as c:
        c.send(b"GET  / HTTP/1.1\r\n\r\n")
        assert c.response().status == 400
        c.at_end()


def test_large_body_arrives_whole(server):
    web = server(SERVER, env={"RS_SET": '{"package_max_length": 20000000}'})
    body = os.urandom(3 << 20)
    got = ask(web, method="POST", headers=[("Content-Type", "application/octet-stream")], body=body)
    assert base64.b64decode(got["raw"]) == body


# ---- responses --------------------------------------------------------------------------------------------

@pytest.mark.parametrize("query,status,reason", [
    ("code=404", 404, "Not Found"), ("code=200", 200, "OK"), ("code=599&reason=Mine", 599, "Mine"), ("code=799", 200, "OK"),
    ("code=418", 418, "I'm a Teapot"),
])
def test_status(web, query, status, reason):
    r = web.get("/status?" + query)
    assert r.status == status and r.reason.lower() == reason.lower()


def test_headers(web):
    r = web.get("/headers")
    assert r.json() == ["two", "three", "5"]
    assert ("X-Aa-Bb", "two") in r.headers and ("x-raw", "three") in r.headers and r.all("X-List") == ["a", "b", "3"]
    assert r.all("X-Null") == []


def test_default_lines(web):
    with web.conn() as c:
        c.send(http.build("/defaults"))
        r = c.response()
    assert r.get("Server") == "swoole-http-server" and r.get("Content-Type") == "text/html" and r.get("Content-Length") == "1"
    assert r.get("Date") and r.get("Connection", "keep-alive") == "keep-alive"
    r = web.get("/defaults?drop=Server,Content-Type")
    assert r.get("Server") is None and r.get("Content-Type") is None


def test_no_line_of_an_attacker(web):
    r = web.get("/split")
    assert r.get("X-Evil") is None and r.get("X-Bad") is None and r.body == b"ok"
    until(lambda: os.path.exists(web.folder + "/said"))     # written after the answer
    assert len(json.loads(until(lambda: open(web.folder + "/said").read()))) == 1


def test_long_key(web):
    value, said = web.get("/longkey").json()
    assert value is False and len(said) == 1


def test_cookie_lines(web):
    r = web.get("/cookies")
    got = r.all("Set-Cookie")
    assert got[0] == "a=b+c%3Bd; path=/"
    assert got[1].startswith("e=f; expires=Wed, 18 May 2033 03:33:20 GMT; Max-Age=")
    assert got[1].endswith("; path=/p; domain=example.org; secure; httponly; samesite=Lax; priority=High")
    assert got[2] == "raw=x%20y; path=/" and got[3].startswith("gone=deleted; expires=Thu, 01 Jan 1970 00:00:01 GMT; Max-Age=0")
    assert got[4] == "nulls=v"


def test_bad_cookies(web):
    name, far, raw, cookies = web.get("/badcookies").json()
    assert name[0] is False and len(name[1]) == 1 and far[0] is False and len(far[1]) == 1
    assert raw == [False, []] and not cookies


def test_write_and_end(web):
    r = web.get("/write")
    assert r.framing == "chunked" or r.get("Transfer-Encoding") == "chunked"
    assert r.status == 200 and r.body.startswith(b"one") and r.body.endswith(b"last") and r.get("X-Late") is None
    late, status, empty, file, redirect, packed = json.loads(r.body[3:-4])
    assert late is False and status is False
    for value, said in (empty, file, redirect, packed):
        assert value is False and len(said) == 1


def test_nothing_after_the_end(web):
    assert web.get("/end2").body == b"x"
    until(lambda: os.path.exists(web.folder + "/end2"))
    got = until(lambda: open(web.folder + "/end2").read())
    assert json.loads(got) == [True, False, False, False, False, False, False, False]


def test_forgotten_end_is_500(web):
    with web.conn() as c:
        c.send(http.build("/noend"))
        r = c.response()
        assert r.status == 500 and r.body == b""
        c.send(http.build("/dynamic"))
        assert c.response().body == b"3"
        c.send(http.build("/writenoend"))
        assert c.response().body == b"part"


def test_exceptions_are_500_and_the_worker_lives(web):
    before = web.get("/worker").json()
    with web.conn() as c:
        c.send(http.build("/throw"))
        assert c.response().status == 500
        c.send(http.build("/exit"))
        assert c.response().status == 500
    web.wait_output("route fails")
    pids = {json.dumps(web.get("/worker").json()) for _ in range(20)}
    assert json.dumps(before) in pids


def test_fatal_error_is_500_and_the_worker_is_replaced(web):
    assert web.get("/fatal").status == 500
    assert web.get("/dynamic").body == b"3"


def test_end_from_a_timer(web):
    assert web.get("/keep").body == b"later"


def test_detach_and_create(web):
    assert web.get("/detach").json() == [True, [False, False]]
    bad_fd, wrong, by_number = web.get("/create").json()
    assert bad_fd[0] is False and len(bad_fd[1]) == 1 and wrong[0] is False and len(wrong[1]) == 1 and by_number is False


@pytest.mark.parametrize("query,body", [("", b"0123456789"), ("?o=3", b"3456789"), ("?o=2&n=3", b"234")])
def test_sendfile(web, query, body):
    r = web.get("/file" + query)
    assert r.body == body and r.get("Content-Type") == "text/css"


def test_sendfile_of_nothing(web):
    r = web.get("/emptyfile")
    assert r.status == 200 and r.body == b""


def test_bad_files(web):
    *failures, writable = web.get("/badfiles").json()
    assert all(value is False and len(said) == 1 for value, said in failures) and writable is True


def test_redirect(web):
    r = web.get("/redirect")
    assert r.status == 302 and r.get("Location") == "/to" and r.body == b""
    assert web.get("/redirect?code=301").status == 301


def test_head_has_no_body(web):
    r = web.request("HEAD", "/big?n=1000")
    assert r.status == 200 and r.body == b"" and r.get("Content-Length") == "1000"


@pytest.mark.parametrize("status", [204, 304])
def test_statuses_without_body(web, status):
    r = web.get(f"/status?code={status}")
    assert r.status == status and r.body == b"" and r.get("Content-Type") is None


def test_compression(web):
    plain = web.get("/big?n=1000")
    assert plain.get("Content-Encoding") is None and len(plain.body) == 1000
    packed = web.get("/big?n=1000", headers=[("Accept-Encoding", "deflate, gzip")])
    assert packed.get("Content-Encoding") == "gzip" and gzip.decompress(packed.body) == plain.body and len(packed.body) < 100
    flat = web.get("/big?n=1000", headers=[("Accept-Encoding", "deflate")])
    assert flat.get("Content-Encoding") == "deflate" and zlib.decompress(flat.body) == plain.body
    short = web.get("/big?n=10", headers=[("Accept-Encoding", "gzip")])
    assert short.get("Content-Encoding") is None
    refused = web.get("/big?n=1000", headers=[("Accept-Encoding", "gzip;q=0")])
    assert refused.get("Content-Encoding") is None
    forced = web.get("/gzip", headers=[("Accept-Encoding", "gzip")])
    assert forced.get("Content-Encoding") == "gzip" and gzip.decompress(forced.body) == b"zz"
    off = web.get("/nogzip", headers=[("Accept-Encoding", "gzip")])
    assert off.get("Content-Encoding") is None and off.body == b"n" * 500


def test_a_wrong_length_does_not_break_the_connection(web):
    with web.conn() as c:
        c.send(http.build("/length?n=99"))
        assert c.response().body == b"12345"
        c.send(http.build("/dynamic"))
        assert c.response().body == b"3"


def test_trailer(web):
    with web.conn() as c:
        c.send(http.build("/trailer"))
        r = c.head()
        assert r.get("Transfer-Encoding") == "chunked"
        assert c.line() == b"1" and c.exactly(3) == b"w\r\n" and c.line() == b"0" and c.line() == b"X-T: tail" and c.line() == b""


def test_echo_goes_to_the_terminal(web):
    assert web.get("/echo").body == b"quiet"
    web.wait_output("to the terminal")


def test_old_protocol_and_close(web):
    with web.conn() as c:
        c.send(b"GET /dynamic HTTP/1.0\r\n\r\n")
        r = c.response()
        assert r.body == b"3" and r.get("Connection") == "close"
        c.at_end()
    with web.conn() as c:
        c.send(http.build("/dynamic", headers=[("Connection", "close")]))
        assert c.response().get("Connection") == "close"
        c.at_end()


def test_large_answers_and_the_limit(server):
    web = server(SERVER, env={"RS_SET": '{"output_buffer_size": 2000000}'})
    assert len(web.get("/big?n=1999999").body) == 1999999
    assert web.get("/big?n=2000001").status == 500


# ---- files --------------------------------------------------------------------------------------------------

def test_static_files(web):
    with open(web.folder + "/public/static/a.css", "w") as f:
        f.write("body{}")
    r = web.get("/static/a.css?x=1")
    assert r.body == b"body{}" and "text/css" in r.get("Content-Type")
    again = web.get("/static/a.css", headers=[("If-Modified-Since", r.get("Last-Modified"))])
    assert again.status == 304
    part = web.get("/static/a.css", headers=[("Range", "bytes=1-2")])
    assert part.status == 206 and part.body == b"od"
    assert web.get("/static/none.css").status == 404
    assert web.get("/static/../server.php").status in (400, 404)


def put(web, name, text):
    path = os.path.join(web.folder, "public", name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as f:
        f.write(text)


def test_several_ranges_of_a_file(web):
    text = "".join(chr(97 + i % 26) for i in range(1000))
    put(web, "static/a.txt", text)
    r = web.get("/static/a.txt", headers=[("Range", "bytes=0-3, 10-12,-2,5000-")])
    kind, _, boundary = r.get("Content-Type").partition("; boundary=")
    assert r.status == 206 and kind == "multipart/byteranges" and len(boundary) == 16
    pieces = r.body.decode().split("--" + boundary)
    assert pieces[0] == "" and pieces[-1] == "--\r\n"
    for piece, at, end in zip(pieces[1:-1], (0, 10, 998), (3, 12, 999)):
        assert piece == f"\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Range: bytes {at}-{end}/1000\r\n\r\n{text[at:end + 1]}\r\n"
    assert len(pieces) == 5
    # RFC 9110 14.2: ranges are for GET alone
    head = web.request("HEAD", "/static/a.txt", [("Range", "bytes=0-3,10-12,-2")])
    assert head.status == 200 and head.body == b"" and head.get("Content-Length") == "1000"
    # what would be more than the file, or what nobody needs, is the whole file
    for field in ("bytes=0-500,400-999", "bytes=" + ",".join(f"{2 * i}-{2 * i}" for i in range(17))):
        r = web.get("/static/a.txt", headers=[("Range", field)])
        assert r.status == 200 and r.body.decode() == text
    assert web.get("/static/a.txt", headers=[("Range", "bytes=1000-,2000-")]).get("Content-Range") == "bytes */1000"
    big = "0123456789abcdef" * 40000
    put(web, "static/big.txt", big)
    r = web.get("/static/big.txt", headers=[("Range", "bytes=0-300000,400000-500000")])
    boundary = r.get("Content-Type").partition("; boundary=")[2]
    pieces = [p.partition("\r\n\r\n")[2][:-2] for p in r.body.decode().split("--" + boundary)[1:-1]]
    assert r.status == 206 and pieces == [big[:300001], big[400000:500001]], "not put together in memory: no bound but the file"


def test_places_for_files_only(server):
    web = server(SERVER, env={"RS_SET": '{"static_handler_locations": ["/static", "/img/"]}'})
    put(web, "static/a.css", "a")
    put(web, "static/unknown.xyz", "x")
    put(web, "static/code.php", "<?php secret")
    put(web, "img/b.png", "b")
    put(web, "other.css", "o")
    assert web.get("/static/a.css").body == b"a" and web.get("/img/b.png?x").body == b"b"
    unknown = web.get("/static/unknown.xyz")
    assert unknown.body == b"x" and unknown.get("Content-Type") == "application/octet-stream"
    app = web.get("/none").body
    for path in ("/static/none.css", "/img/none", "/static/", "/static", "/img/", "/static/code.php", "/static/.hidden"):
        r = web.get(path)
        assert r.status == 404 and r.body != app, path
    for path in ("/other.css", "/im", "/dynamic"):     # the application's
        assert web.get(path).body == (b"3" if path == "/dynamic" else app), path
    assert web.request("POST", "/static/a.css", body=b"x").body == app


def test_index_files(server):
    web = server(SERVER, env={"RS_SET": '{"http_index_files": ["index.php", "index.html", "home.html"]}'})
    put(web, "docs/index.html", "<p>index")
    put(web, "docs/index.php", "<?php secret")
    put(web, "docs/deep/home.html", "<p>home")
    put(web, "bare/a.css", "a")
    assert web.get("/docs/").body == b"<p>index" and web.get("/docs/deep/?q=1").body == b"<p>home"
    assert web.get("/docs/").get("Content-Type").startswith("text/html")
    way = web.get("/docs/deep?q=1")
    assert way.status == 301 and way.get("Location") == "/docs/deep/?q=1" and way.body == b""
    app = web.get("/none").body
    for path in ("/bare/", "/bare", "/", "/docs/index.html/", "/docs//", "//docs", "/docs/../docs/"):
        assert web.get(path).body == app or web.get(path).status == 400, path
    put(web, "index.html", "root")
    assert web.get("/").body == b"root"


def test_lists_of_directories(server):
    web = server(SERVER, env={"RS_SET": '{"http_autoindex": true, "http_index_files": ["index.html"]}'})
    for name in ("a b.txt", "<x>&\"'.txt", "javascript:alert(1)", "code.php", ".hidden", "sub/a.txt", "sub/index.html"):
        put(web, "d/" + name, "text")
    os.symlink("/etc/passwd", web.folder + "/public/d/link.txt")
    r = web.get("/d/")
    assert r.status == 200 and r.get("Content-Type") == "text/html; charset=utf-8"
    text = r.body.decode()
    assert re.findall('<li><a href="([^"]*)">', text) == \
        ["../", "%3Cx%3E%26%22%27.txt", "a%20b.txt", "javascript%3Aalert%281%29", "sub/"]
    assert "&lt;x&gt;&amp;&quot;'.txt" in text and "<x>" not in text
    assert web.get("/d/%3Cx%3E%26%22%27.txt").body == b"text" and web.get("/d/a%20b.txt").body == b"text"
    assert web.get("/d/sub/").body == b"text" and web.get("/d").get("Location") == "/d/"
    assert web.request("HEAD", "/d/").get("Content-Length") == str(len(r.body))
    for i in range(2100):
        put(web, f"many/{i:04}.txt", "")
    many = web.get("/many/").body.decode()
    assert many.count("<li>") == 2001 and "and more" in many
    conn = web.conn()
    for path in ("/d/", "/d", "/d/sub/", "/d/"):       # one connection, whatever it was
        conn.send(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        assert conn.response().status in (200, 301)


# ---- how many at once ------------------------------------------------------------------------------------------

def test_max_concurrency(server):
    web = server(code="""<?php
        $server = new Swoole\\Http\\Server('127.0.0.1', (int)getenv('RS_PORT'), SWOOLE_PROCESS);
        $server->set(['worker_num' => 2, 'enable_coroutine' => true, 'max_concurrency' => 3, 'http_compression' => false]);
        $server->on('request', function ($request, $response) {
            if ($request->server['request_uri'] === '/wait')
                while (!file_exists(getenv('RS_DIR') . '/go'))
                    Co::sleep(0.01);
            $response->end('done');
        });
        $server->start();""")
    waiting = [web.conn() for _ in range(3)]
    for c in waiting:
        c.send(b"GET /wait HTTP/1.1\r\nHost: x\r\n\r\n")
    until(lambda: web.get("/").status == 503)
    refused = web.get("/")
    assert refused.status == 503 and refused.get("Retry-After") == "1"
    web.wait_output("max_concurrency: 3 requests are worked on")
    waiting.pop().close()                              # one that leaves makes room
    until(lambda: web.get("/").status == 200)
    open(web.folder + "/go", "w").close()
    assert [c.response().body for c in waiting] == [b"done", b"done"]
    assert all(web.get("/").status == 200 for _ in range(10))


CLOSES = """<?php
$server = new Swoole\\Http\\Server('127.0.0.1', (int) getenv('RS_PORT'), SWOOLE_PROCESS);
$server->set(['worker_num' => 1, 'enable_coroutine' => false]);
$server->on('request', function ($q, $r) use ($server) {
    $part = $q->server['request_uri'] === '/part' && $r->write('part');
    $out = [$server->close($q->fd), $part ? $r->write('more') : $r->sendfile(__FILE__), $r->end('late'), $server->getLastError()];
    echo json_encode($out), "\\n";
});
$server->start();
"""


@pytest.mark.parametrize("target", ["/", "/part"])
def test_nothing_is_sent_after_close(server, target):
    s = server(code=CLOSES)
    with s.conn() as c:
        c.send(http.build(target))
        s.wait_output("[true,false,false,1004]")


LOOKS = """<?php
class Looks
{
    public function __construct(private $r, private $name)
    {
    }

    public function __destruct()
    {
        echo json_encode([$this->name, $this->r->{$this->name}]), "\\n";
        $this->r->{$this->name} = 5;
    }
}
$server = new Swoole\\Http\\Server('127.0.0.1', (int) getenv('RS_PORT'), SWOOLE_PROCESS);
$server->set(['worker_num' => 1, 'enable_coroutine' => false]);
$server->on('request', function ($q, $r) {
    foreach (['header', 'cookie'] as $name) {
        $r->$name = new Looks($r, $name);
        $r->$name('a', 'b');
        $r->$name('c', 'd');
    }
    $r->end('fine');
});
$server->start();
"""


def test_destructors_of_what_stood_in_place_of_headers(server):
    s = server(code=LOOKS)
    r = s.get("/")
    assert r.status == 200 and r.get("C") == "d" and r.get("Set-Cookie") == "c=d; path=/" and r.get("A") is None
    s.wait_output('["header",{"A":"b"}]')
    s.wait_output('["cookie",["a=b; path=\\/"]]')
