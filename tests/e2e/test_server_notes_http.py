"""HTTP and WebSocket servers of the API notes, run as they stand there (contract S.1, acceptance point 14):
php/swoole/notes_server/{http,routes,websocket*}.php."""

import gzip
import json
import os
import re

import pytest
import websocket

from lib import http, proc
from lib.wait import SLOW, until

NOTES = "notes_server/"
FORM = [("Content-Type", "application/x-www-form-urlencoded")]


# ---- HTTP (B.4, B.5, B.6, RQP2 to RQP6, RQ1, RS1 to RS8, RS10, C33, C60, H11) -----------------------------------------

@pytest.fixture(params=["synchronous", "asynchronous"])
def web(server, request):
    """"Both modes of a server": how requests are handled is all that differs."""
    return server(NOTES + "http.php", env={"RS_COROUTINES": str(int(request.param == "asynchronous"))})


def test_request_array(web):
    kind, body = http.multipart([("field", "of the form"), ("file", "name.txt", "text/plain", b"uploaded")])
    r = web.request("POST", "/request?hello=world", [("Content-Type", kind), ("Cookie", "a=b"), ("X-Some-Name", "v")], body)
    got = r.json()
    assert got["header"]["x-some-name"] == "v" and all(k == k.lower() for k in got["header"])
    assert got["server"]["request_method"] == "POST" and got["server"]["path_info"] == "/request"
    assert got["server"]["remote_addr"] == "127.0.0.1" and all(k == k.lower() for k in got["server"])
    assert got["get"] == {"hello": "world"} and got["post"] == {"field": "of the form"} and got["cookie"] == {"a": "b"}
    assert got["files"]["file"]["name"] == "name.txt" and got["files"]["file"]["size"] == 8
    assert got["raw"].encode() == body
    assert web.output().startswith("bool(true)\n") and "never" not in web.output()


def test_what_is_not_there_is_not_set(web):
    got = web.get("/request").json()
    assert [got[k] for k in ("get", "post", "cookie", "files", "raw")] == ["not set"] * 4 + [""]


def test_hello(web):
    assert web.request("POST", "/hello?hello=a", FORM, b"hello=b").body == b"ab"


def test_raw_content_of_what_is_no_form(web):
    got = web.request("POST", "/request", [("Content-Type", "application/json")], b'{"hello":1}').json()
    assert got["raw"] == '{"hello":1}' and got["post"] == "not set"


def test_no_post_array(server):
    web = server(NOTES + "http.php", env={"RS_POST": "0", "RS_COROUTINES": "1"})
    got = web.request("POST", "/request", FORM, b"hello=b").json()
    assert got["post"] == "not set" and got["raw"] == "hello=b"


def test_many_fields(web):
    """The notes' limit of 128 is max_input_vars of PHP now (H11)."""
    body = "&".join(f"f{n}=v" for n in range(200)).encode()
    assert len(web.request("POST", "/request", FORM, body).json()["post"]) == 200


def test_request_too_large(web):
    assert web.request("POST", "/request", FORM, b"a=" + b"x" * 200000).status == 413
    assert web.get("/hello?hello=still").status == 200


def test_header_status_cookie(web):
    r = web.get("/header")
    assert (r.status, r.body, r.get("Content-Type"), r.get("Set-Cookie")) == (404, b"nothing", "image/jpeg", "name=value; path=/")


def test_nothing_after_end(web):
    assert web.get("/late").body == b"first"
    web.wait_output("[false,false]")


def test_gzip(web):
    r = web.get("/gzip", [("Accept-Encoding", "gzip")])
    assert r.get("Content-Encoding") == "gzip" and gzip.decompress(r.body) == b"text " * 1000
    assert web.get("/gzip").body == b"text " * 1000
    assert web.get("/gzip-late", [("Accept-Encoding", "gzip")]).body == b"textfalse"


def test_write(web):
    r = web.get("/write")
    assert r.framing == "chunked" and r.body == b"one two "
    assert web.get("/sendfile-late").body == b"one false"


def test_sendfile(web):
    r = web.get("/test.jpg", [("Accept-Encoding", "gzip")])
    assert r.body == b"jpeg" * 1000 and r.get("Content-Type") == "image/jpeg" and r.get("Content-Encoding") is None
    assert web.get("/none.jpg").body == b"false"


def test_keep_alive(web):
    with web.conn() as c:
        for n in range(3):
            assert c.request(f"/hello?hello={n}", "POST", FORM, b"hello=x").body == b"%dx" % n
        c.send(http.build("/hello?hello=last", "POST", FORM + [("Connection", "close")], b"hello=x"))
        assert c.response().body == b"lastx" and c.at_end()


# ---- upload, routes (RQP7, C63, FN2, D5) -----------------------------------------------------------------------------

@pytest.fixture
def site(server):
    return server(NOTES + "routes.php")


def test_worker_has_a_name_and_loads_classes(site):
    out = site.wait_output("bool(true)")
    assert out.count("worker process start!") == 1
    until(lambda: any("hyh_worker_process" in proc.title(p) for p in proc.descendants(site.pid)), message="the worker's title")


@pytest.mark.parametrize("path, text", [("/", "index of GET"), ("/Index/index", "index of GET"), ("/Index", "index of GET"),
                                        ("/Index/none", "<h1>method 404 NOT FOUND!</h1>"),
                                        ("/None/index", "<h1>Controller 404 NOT FOUND!</h1>")])
def test_routes(site, path, text):
    assert site.get(path).text == text


def test_upload(site):
    kind, body = http.multipart([("file", "name.txt", "text/plain", b"uploaded")])
    assert site.request("POST", "/Index/file", [("Content-Type", kind)], body).text == "{'status':'success','code':'0'}"
    with open(site.folder + "/upload/name.txt") as f:
        assert f.read() == "uploaded"
    assert os.listdir(site.folder + "/data/uploadfiles") == []
    assert site.request("POST", "/Index/file", FORM, b"").text == "{'status':'failed!','code':'1'}"


def test_upload_that_nobody_takes(site):
    kind, body = http.multipart([("file", "name.txt", "text/plain", b"uploaded")])
    assert site.request("POST", "/", [("Content-Type", kind)], body).text == "index of POST"
    until(lambda: os.listdir(site.folder + "/data/uploadfiles") == [], message="the temporary file is gone")


def test_upload_folder_with_a_long_name(server):
    s = server(code="""<?php
$serv = new swoole_http_server('127.0.0.1', getenv('RS_PORT'));
$serv->set(array('upload_tmp_dir' => '/tmp/' . str_repeat('d', 216)));
$serv->on('request', fn () => null);
$serv->start();
echo "started";
""", wait=False)
    s.expect_exit = 255
    out = s.to_end()
    assert "Fatal error" in out and "upload_tmp_dir" in out and "started" not in out


# ---- WebSocket (B.7, W1, D21, D22, WS1 to WS4) ------------------------------------------------------------------------

def dial(s, path="/", **kw):
    return websocket.create_connection(f"ws://127.0.0.1:{s.port}{path}", timeout=20 * SLOW, **kw)


def test_websocket(server):
    s = server(NOTES + "websocket.php")
    ws = dial(s, "/chat?room=1", header=["X-Mine: yes"])
    out = s.wait_output("object(Swoole\\Http\\Request)")
    ws.send("to you")
    assert ws.recv() == "hello!"
    out = s.wait_output("receive clietn data ----")
    assert '["x-mine"]=>\n    string(3) "yes"' in out and '["path_info"]=>\n    string(5) "/chat"' in out
    assert re.search(r'object\(Swoole\\WebSocket\\Frame\)#\d+ \(\d+\) \{\n  \["fd"\]=>\n  int\((\d+)\)\n  \["data"\]=>\n  string\(6\) "to you"', out)
    fd = re.search(r'object\(Swoole\\WebSocket\\Frame\).*?int\((\d+)\)', out, re.S)[1]
    ws.close()
    s.wait_output(f"client {fd}close")
    for text in ("start\n", "manager start\n", "worker start\n"):
        s.wait_output(text)


def test_websocket_needs_its_callback(server):
    s = server(NOTES + "websocket_none.php", wait=False)
    s.expect_exit = 255
    out = s.to_end()
    assert "Fatal error" in out and "require onMessage callback" in out and "started" not in out


def test_push_up_to_the_limit(server):
    s = server(NOTES + "websocket_push.php")
    ws = dial(s)
    ws.send(str(2 << 20))
    assert ws.recv() == "x" * (2 << 20) and ws.recv() == "true"
    ws.send(str((2 << 20) + 1))
    assert ws.recv() == "false"
    ws.close()


def test_push_to_all_from_a_task(server):
    s = server(NOTES + "websocket_push.php")
    clients = [dial(s) for _ in range(5)]
    with s.conn() as plain:                 # an HTTP client is a connection, too; it must not get frames
        assert plain.request("/").body == b"plain"
        clients[2].send("all")
        assert len({ws.recv() for ws in clients}) == 1
        assert plain.silent(0.2)
    for ws in clients:
        ws.close()
