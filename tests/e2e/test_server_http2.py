"""HTTP/2 on the ports of a script's server (C52 of the contract). The server is php/swoole/http/http2.php."""

import base64
import json
import os
import re
import ssl
import socket

import pytest

from lib.daemon import run
from lib.h2 import PREFACE, Client
from lib.wait import until

pytest.importorskip("h2")
SERVER = "http/http2.php"
SOURCE = os.path.join(os.path.dirname(__file__), "php", "swoole", SERVER)


@pytest.fixture
def web(server):
    return server(SERVER)


def over_tls(server, certificate, **more):
    return server(SERVER, ports=2, env={"RS_TLS": str(certificate), "RS_SET2": json.dumps(more)})


# ---- clients --------------------------------------------------------------------------------------------

def test_curl_with_prior_knowledge(web):
    got = run("curl", "-s", "-i", "--max-time", 20, "--http2-prior-knowledge", f"http://127.0.0.1:{web.port}/request?x=1", "-d", "a=b")
    assert got.stdout.startswith("HTTP/2 200"), got.stdout
    assert "connection:" not in got.stdout.lower() and "transfer-encoding" not in got.stdout.lower()
    r = json.loads(got.stdout.split("\n\n", 1)[-1].split("\r\n\r\n", 1)[-1])
    assert r["server"]["server_protocol"] == "HTTP/2" and r["post"] == {"a": "b"} and r["get"] == {"x": "1"}
    assert r["data"] == "POST /request?x=1 HTTP/2"


def test_curl_asks_for_an_upgrade_and_stays_with_http_1(web):
    got = run("curl", "-s", "-i", "--max-time", 20, "--http2", f"http://127.0.0.1:{web.port}/request")
    assert got.stdout.startswith("HTTP/1.1 200")


@pytest.mark.parametrize("wants,gets", [("--http2", "HTTP/2"), ("--http1.1", "HTTP/1.1"), ("--http1.0", "HTTP/1.0")])
def test_curl_over_tls(server, certificate, wants, gets):
    web = over_tls(server, certificate)
    got = run("curl", "-sk", "--max-time", 20, wants, f"https://127.0.0.1:{web.ports[1]}/request")
    r = json.loads(got.stdout)
    assert r["server"]["server_protocol"] == gets and r["port"] == web.ports[1]
    assert (r["stream"] > 0) == (gets == "HTTP/2")


def test_nghttp(web):
    got = run("nghttp", "-nv", f"http://127.0.0.1:{web.port}/write")
    assert re.search(r":status: 200", got.stdout) and "END_STREAM" in got.stdout, got.stdout + got.stderr


def test_h2load_has_nothing_to_complain_of(server, certificate):
    web = over_tls(server, certificate)
    for url in (f"http://127.0.0.1:{web.port}/big?n=100", f"https://127.0.0.1:{web.ports[1]}/big?n=100000"):
        got = run("h2load", "-n", 400, "-c", 4, "-m", 20, url, timeout=120)
        assert "400 succeeded, 0 failed, 0 errored, 0 timeout" in got.stdout, got.stdout


# ---- only where it is wanted -----------------------------------------------------------------------------

def test_it_is_off_unless_it_is_wanted(server):
    web = server(SERVER, env={"RS_SET": '{"open_http2_protocol": false}'})
    with web.conn() as c:
        c.send(PREFACE)
        assert c.response().status == 505
    assert "WARNING" not in web.output()


def test_a_tls_port_without_it_does_not_offer_it(server, certificate):
    web = over_tls(server, certificate, open_http2_protocol=False)
    got = run("curl", "-sk", "--max-time", 20, "--http2", f"https://127.0.0.1:{web.ports[1]}/request")
    assert json.loads(got.stdout)["server"]["server_protocol"] == "HTTP/1.1"
    with Client(web) as c:
        assert c.get("/redirect").status == 301


def test_it_makes_a_port_speak_http(server):
    """On a port of a Swoole\\Server the setting is enough, as open_http_protocol is."""
    web = server(code="""<?php
        $s = new Swoole\\Server('127.0.0.1', (int) getenv('RS_PORT'), SWOOLE_PROCESS);
        $s->set(['worker_num' => 1, 'open_http2_protocol' => true]);
        $s->on('receive', fn () => null);
        $s->on('request', fn ($q, $r) => $r->end($q->server['server_protocol']));
        $s->start();""")
    with Client(web) as c:
        assert c.get("/").body == b"HTTP/2"
    assert web.get("/").body == b"HTTP/1.1"


def test_websockets_beside_it(web):
    with web.conn() as c:
        c.send(b"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
               b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
        assert c.head().status == 101
    with Client(web) as c:
        a = c.get("/request", headers=[("sec-websocket-version", "13"), ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==")])
        assert a.status == 200


# ---- requests -----------------------------------------------------------------------------------------------

def test_the_request(web):
    with Client(web) as c:
        a = c.get("/request?a=1", method="POST", body=b"x=1&y=2", headers=[
            ("content-type", "application/x-www-form-urlencoded"), ("cookie", "a=b"), ("cookie", "c=d"), ("x-y", "z")])
        r = json.loads(a.body)
        assert r["server"]["server_protocol"] == "HTTP/2" and r["server"]["request_method"] == "POST"
        assert r["server"]["request_uri"] == "/request" and r["server"]["server_port"] == web.port
        assert r["header"]["host"] == c.authority and r["header"]["x-y"] == "z"
        assert r["get"] == {"a": "1"} and r["post"] == {"x": "1", "y": "2"} and r["cookie"] == {"a": "b", "c": "d"}
        assert r["stream"] == 1


def test_streams_of_one_connection_have_its_number(web):
    with Client(web) as c:
        streams = [c.ask("/request") for _ in range(5)]
        answers = [json.loads(c.wait(s).body) for s in streams]
        assert [r["stream"] for r in answers] == streams and len({r["fd"] for r in answers}) == 1
        assert all(r["connections"] == 1 for r in answers)
    fd = answers[0]["fd"]
    web.wait_output(f"close {fd}\n")
    assert web.output().count("connect ") - web.output().count("close ") == 0 and web.output().count(f"connect {fd}\n") == 1


def test_big_bodies(web):
    body = os.urandom(700_000)
    with Client(web) as c:
        streams = [c.ask("/request", "PUT", body=body) for _ in range(3)]
        assert all(base64.b64decode(json.loads(c.wait(s).body)["raw"]) == body for s in streams)


def test_too_big_a_body(server):
    web = server(SERVER, env={"RS_SET": '{"package_max_length": 100000}'})
    with Client(web) as c:
        s = c.ask("/request", "POST", headers=[("content-length", "1000000")], end=False)
        assert c.wait(s).status == 413
        assert c.get("/redirect").status == 301


# ---- answers -------------------------------------------------------------------------------------------------

def test_status_headers_cookies(web):
    with Client(web) as c:
        a = c.get("/answer")
        assert a.status == 418 and a.body == b"tea" and a.get("content-length") == "3" and a.get("x-mixed-case") == "v"
        assert [v for n, v in a.headers if n == "set-cookie"] == ["a=b+c; path=/", "d=e; path=/"]
        assert [v for n, v in a.headers if n == "x-several"] == ["1", "2"]
        assert a.get("connection") is None and a.get("server") and a.get("date")
        assert c.get("/redirect").get("location") == "/to"
        assert c.get("/nowhere").status == 404


def test_pieces(web):
    with Client(web) as c:
        a = c.get("/write")
        assert a.body == b"piece 0\npiece 1\npiece 2\nend\n" and a.get("content-length") is None and a.get("transfer-encoding") is None


@pytest.mark.parametrize("target,body", [("?body=text", b"text"), ("", b""), ("?write=1", b"piece"), ("?write=1&body=more", b"piecemore"),
                                         ("?body=" + "x" * 3000, b"x" * 3000)])
def test_trailers(web, target, body):
    with Client(web) as c:
        a = c.get("/trailers" + target, headers=[("te", "trailers")])
        assert a.ended and a.body == body and a.trailers == [("grpc-status", "0"), ("grpc-message", "fine")]
        a = c.get("/trailers" + target, method="HEAD")
        assert a.ended and a.body == b"" and a.trailers == []
        assert c.get("/redirect").status == 301


def test_trailers_do_not_go_into_http_1_without_pieces(web):
    r = web.get("/trailers?body=text")
    assert r.body == b"text" and not any(n.lower().startswith("grpc") for n, _ in r.headers)


def test_files(web):
    source = open(SOURCE, "rb").read()
    with Client(web) as c:
        assert c.get("/file").body == source
        assert c.get("/file?o=5&n=10").body == source[5:15]
        assert c.get("/static/file.txt").body == b"file" * 100_000
        assert c.get("/static/file.txt", headers=[("range", "bytes=4-7")]).status == 206
        a = c.get("/file", method="HEAD")
        assert a.ended and a.body == b"" and a.get("content-length") == str(len(source))


def test_compression(web):
    got = run("nghttp", "-v", "-H", "accept-encoding: gzip", f"http://127.0.0.1:{web.port}/big?n=5000")
    assert "content-encoding: gzip" in got.stdout


def test_big_answers_and_small_windows(web):
    with Client(web, window=1000) as c:
        streams = [c.ask(f"/big?n={100_000 + i}") for i in range(4)]
        assert [len(c.wait(s).body) for s in streams] == [100_000 + i for i in range(4)]


def test_pieces_for_a_client_that_takes_nothing_do_not_pile_up(server):
    """write() says no at socket_buffer_size, whatever stream the bytes are for; other streams go on."""
    web = server(SERVER, env={"RS_SET": '{"enable_coroutine": false, "socket_buffer_size": 1000000}'})
    web.allow_output.append("output buffer")
    with Client(web, window=1000) as c:
        c.eat = False
        slow = c.ask("/pieces?n=1000")
        refused = until(lambda: os.path.exists(f"{web.folder}/refused") and open(f"{web.folder}/refused").read())
        assert 15 <= int(refused) <= 100
        assert c.get("/redirect").status == 301
        c.h2.reset_stream(slow)
        c.flush()
        assert c.get("/redirect").status == 301


def test_in_a_coroutine_write_waits_for_the_client(server):
    web = server(SERVER, env={"RS_SET": '{"socket_buffer_size": 100000}'})
    with Client(web) as c:
        assert c.get("/pieces?n=100").body == b"p" * 6_553_600
    assert not os.path.exists(f"{web.folder}/refused")


def test_answers_in_any_order(web):
    with Client(web) as c:
        # Both workers keep some of them: three in one of them are answered, the last first.
        streams = [c.ask("/keep") for _ in range(5)]
        until(lambda: sum(c.answers[s].ended for s in streams) >= 3 or not c.read())
        done = [s for s in streams if c.answers[s].ended]
        assert sorted(c.answers[s].body for s in done) == [b"kept 0", b"kept 1", b"kept 2"]


def test_create_answers_its_own_stream(web):
    with Client(web) as c:
        streams = [c.ask("/task") for _ in range(6)]
        assert [c.wait(s).body.decode() for s in streams] == [f"stream {s}" for s in streams]


def test_failures(web):
    web.allow_output += ["route fails", "worker"]
    with Client(web) as c:
        assert c.get("/none").status == 500
        a = c.get("/throw")
        assert a.status in (500, 502)
        assert c.get("/redirect").status == 301


def test_what_belongs_to_no_answer(web):
    web.allow_output += ["speaks HTTP/2"]
    with Client(web) as c:
        assert c.get("/frames").body == b"[false,false,false]"
        assert c.get("/raw").body == b"unharmed"
        assert c.get("/redirect").status == 301
    web.wait_output("what was sent to it as it is would break that")


# ---- ends ----------------------------------------------------------------------------------------------------

def test_close_lets_what_was_said_leave(web):
    with Client(web) as c:
        a = c.get("/close")
        assert a.ended and len(a.body) == 100_000
        assert c.until_closed() == 0
    web.wait_output("close ")


def test_reset(web):
    with Client(web) as c:
        assert c.get("/redirect").status == 301
        c.ask("/cut")
        c.until_closed()
        assert c.closed


def test_a_stream_that_is_taken_back(web):
    with Client(web) as c:
        s = c.ask("/slow")
        c.h2.reset_stream(s, 8)
        c.flush()
        assert c.get("/slow").body == b"slow"
        assert not c.answers[s].ended


def test_silence(server):
    web = server(SERVER, env={"RS_SET": '{"heartbeat_idle_time": 1, "heartbeat_check_interval": 1}'})
    with Client(web) as c:
        assert c.get("/redirect").status == 301
        assert c.until_closed() == 0
    web.wait_output("close ")


def test_stopping_lets_requests_end(web):
    with Client(web) as c:
        s = c.ask("/slow")
        until(lambda: c.read() or True)
        web.signal(15)
        a = c.wait(s)
        assert a.body == b"slow" or a.status == 503 or a.reset is not None
        c.until_closed()
    assert web.child.wait(20) == 0


def test_the_preface_alone_may_wait(web):
    """Who is silent is the port's business (heartbeat), not a time of HTTP's."""
    with socket.create_connection(web.address) as s:
        s.settimeout(10)
        s.sendall(PREFACE + b"\0\0\0\4\0\0\0\0\0")
        assert s.recv(9)[3] == 4
    web.wait_output("close ")


def test_python_over_tls(server, certificate):
    web = over_tls(server, certificate)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_alpn_protocols(["h2"])
    sock = context.wrap_socket(socket.create_connection(("127.0.0.1", web.ports[1]), timeout=20))
    assert sock.selected_alpn_protocol() == "h2"
    with Client(web, sock=sock) as c:
        streams = [c.ask("/trailers?body=t") for _ in range(3)]
        assert [c.wait(s).trailers[0] for s in streams] == [("grpc-status", "0")] * 3


# ---- hosted applications ---------------------------------------------------------------------------------------

@pytest.mark.parametrize("main,extra", [(True, False), (False, True)])
def test_each_port_of_an_application_has_its_own_setting(hosted, certificate, main, extra):
    """In clear text, and with TLS where the extra port serves the main port's certificate."""
    d = hosted(timer=False, processes=False, start=False)
    d.config_php(f"""
        $c['swoole'] += ['ssl_cert_file' => '{certificate}/cert.pem', 'ssl_key_file' => '{certificate}/key.pem'];
        $c['swoole']['open_http2_protocol'] = {json.dumps(main)};
        foreach ($c['sockets'] as &$socket) {{
            if ($socket['port'] == {d.ports['HTTP']}) {{
                $socket['type'] |= SWOOLE_SSL;
            }}
            if (in_array($socket['port'], [{d.ports['HTTP']}, {d.ports['WS']}])) {{
                $socket['settings'] = ['open_http2_protocol' => {json.dumps(extra)}] + ($socket['settings'] ?? []);
            }}
        }}
        unset($socket);""")
    d.start()
    for port, on in ((d.port, main), (d.ports["HTTP"], extra)):
        got = run("curl", "-sk", "-o", "/dev/null", "-w", "%{http_version} %{http_code}", "--max-time", 20, "--http2",
                  f"https://127.0.0.1:{port}/nowhere")
        assert got.stdout.split()[0] == ("2" if on else "1.1") and got.stdout.split()[1] in ("202", "404"), got
    with socket.create_connection(("127.0.0.1", d.ports["WS"])) as s:
        s.settimeout(10)
        s.sendall(PREFACE + b"\0\0\0\4\0\0\0\0\0")
        assert s.recv(9)[:4] == (b"\0\0\x24\4" if extra else b"HTTP")


def test_requests_to_an_extra_port_of_an_application(hosted):
    d = hosted(timer=False, processes=False, start=False)
    d.config_php(f"""
        foreach ($c['sockets'] as &$socket) {{
            if ($socket['port'] == {d.ports['HTTP']}) {{
                $socket['settings'] = ['open_http2_protocol' => true] + ($socket['settings'] ?? []);
            }}
        }}
        unset($socket);""")
    d.start()
    url = f"http://127.0.0.1:{d.ports['HTTP']}/"
    plain = run("curl", "-s", "--max-time", 20, url).stdout
    assert plain and run("curl", "-s", "--max-time", 20, "--http2-prior-knowledge", url).stdout == plain
    with socket.create_connection(("127.0.0.1", d.ports["HTTP"])) as s, Client(d, sock=s) as c:
        streams = [c.ask("/") for _ in range(20)]
        assert [c.wait(s).status for s in streams] == [202] * 20
        a = c.get("/x?a=b", method="POST", body=b"body")
        assert json.loads(a.body)["body"] == "body" and a.get("x-port") == str(d.ports["HTTP"])
        assert d.ctl("reload", "--wait").returncode == 0
        assert c.get("/").status == 202
