"""The packaged nginx sample in front of the daemon, with a real nginx."""

import os

import pytest

from lib import fronts, http
from lib.fpm import NGINX
from lib.wait import until

pytestmark = pytest.mark.skipif(not NGINX, reason="needs nginx")


@pytest.fixture
def front(daemon):
    """The sample as it is shipped, with only its addresses and its root replaced."""
    made = []

    def make(**ini):
        d = daemon.php(start=False, ini={"swoole": {"package_max_length": "64M"}, "php": {
            "upload_max_filesize": "32M", "post_max_size": "40M"}, **ini})
        d.write("public/style.css", "a{}")
        d.write("public/index.php", "<?php echo 'source';")
        d.start()
        made.append(fronts.front("nginx", d.address, f"{d.app}/public"))
        return d, made[-1]
    yield make
    for n in made:
        n.stop()


def test_dynamic_and_static(front):
    d, n = front()
    r = http.fetch(n.address, "/dump?a=1", headers=[("Cookie", "c=1")])
    assert r.status == 200 and r.json()["get"] == {"a": "1"}
    before = d.status()["requests_total"]
    r = http.fetch(n.address, "/style.css")
    assert r.body == b"a{}" and "text/css" in r.get("content-type")
    assert d.status()["requests_total"] == before, "try_files: nginx serves files itself"


def test_php_sources_are_never_shown(front):
    _, n = front()
    r = http.fetch(n.address, "/index.php")
    assert b"<?php" not in r.body and r.body != b"source"


def test_keepalive_upstream(front):
    """Many requests of many clients over few connections to the daemon."""
    d, n = front()
    for _ in range(100):
        assert http.fetch(n.address, "/dump").status == 200
    assert 1 <= d.status()["connections"] <= 8


def test_proxy_headers_become_server_variables(front):
    d, n = front()
    s = http.fetch(n.address, "/dump?x", host="shop.test").json()["server"]
    assert s["REMOTE_ADDR"] == "127.0.0.1" and s["REMOTE_PORT"] != ""
    assert s["HTTP_HOST"] == "shop.test"
    assert s["SERVER_PROTOCOL"] == "HTTP/1.1"
    assert s["REQUEST_SCHEME"] == "http" and "HTTPS" not in s
    assert s["SERVER_PORT"] == str(n.port), "the port that the client asked"
    assert s["REMOTE_PORT"] != s["SERVER_PORT"]


def test_large_upload(front):
    d, n = front()
    data = os.urandom(1 << 20) * 20
    kind, body = http.multipart([("f", "big.bin", "application/octet-stream", data)])
    r = http.fetch(n.address, "/dump", "POST", [("Content-Type", kind)], body)
    assert r.status == 200, r
    assert r.json()["files"]["f"]["size"] == len(data)


def test_streams_are_not_buffered_when_asked(front):
    import base64
    d, n = front()
    code = (b"header('Content-Type: text/event-stream'); header('X-Accel-Buffering: no');"
            b"for ($i = 0; $i < 4; $i++) { echo \"data: $i\\n\\n\"; flush(); usleep(500000); }")
    with http.Conn(n.address) as c:
        r = c.request("/run", headers=[("X-Code", base64.b64encode(code))])
        assert len(r.pieces) >= 4
        assert r.pieces[-1][0] - r.pieces[0][0] > 1


def test_reload_behind_nginx_loses_nothing(front):
    from lib.load import Load
    d, n = front()
    with Load(n.address, "/dump", threads=2) as load:
        for _ in range(5):
            assert d.ctl("reload", "--wait").returncode == 0
        until(lambda: load.count > 50)
    load.ok()


FORGED = [("X-Real-IP", "6.6.6.6"), ("X-Real-Port", "666"), ("Server-Protocol", "HTTP/9"), ("Server-Name", "evil"),
          ("Server-Addr", "6.6.6.7"), ("Server-Port", "6667"), ("Scheme", "https")]


def test_nginx_overwrites_forged_headers(front):
    _, n = front()
    s = http.fetch(n.address, "/dump", headers=FORGED).json()["server"]
    assert s["REMOTE_ADDR"] == "127.0.0.1" and s["REQUEST_SCHEME"] == "http" and s["SERVER_PROTOCOL"] == "HTTP/1.1"
    assert "HTTPS" not in s and s["SERVER_PORT"] == str(n.port)


def test_proxy_headers_of_a_trusted_peer(daemon):
    d = daemon.php()
    s = d.get("/dump", [("X-Real-IP", "10.9.8.7"), ("X-Real-Port", "1234"), ("Server-Protocol", "HTTP/1.1"),
                        ("Server-Name", "shop.test"), ("Server-Addr", "10.0.0.1"), ("Server-Port", "443"),
                        ("Scheme", "https")]).json()["server"]
    assert (s["REMOTE_ADDR"], s["REMOTE_PORT"], s["SERVER_NAME"]) == ("10.9.8.7", "1234", "shop.test")
    assert (s["SERVER_ADDR"], s["SERVER_PORT"], s["REQUEST_SCHEME"], s["HTTPS"]) == ("10.0.0.1", "443", "https", "on")
    assert s["HTTP_X_REAL_IP"] == "10.9.8.7", "D8: copies are kept"


def test_proxy_headers_of_a_stranger_are_only_headers(daemon):
    d = daemon.php(ini={"rserverd": {"trusted_proxies": ["10.0.0.0/8"]}})
    s = d.get("/dump", FORGED).json()["server"]
    assert s["REMOTE_ADDR"] == "127.0.0.1" and s["REMOTE_PORT"] != "666"
    assert s["SERVER_PROTOCOL"] == "HTTP/1.1" and s["SERVER_PORT"] == str(d.port)
    assert s.get("REQUEST_SCHEME", "http") == "http" and "HTTPS" not in s
    assert s["HTTP_X_REAL_IP"] == "6.6.6.6"


@pytest.mark.parametrize("value", ["not an ip", "6.6.6.6, 7.7.7.7", "", "999.1.1.1", "6.6.6.6\t"])
def test_rubbish_of_a_trusted_peer_is_not_taken_over(daemon, value):
    d = daemon.php()
    s = d.get("/dump", [("X-Real-IP", value), ("X-Real-Port", "http"), ("Scheme", "gopher")]).json()["server"]
    if value.strip() != "6.6.6.6":
        assert s["REMOTE_ADDR"] == "127.0.0.1"
    assert s["REMOTE_PORT"].isdigit()
    assert "HTTPS" not in s


def test_unix_socket_peer_is_trusted_by_default(daemon):
    d = daemon.php(start=False)
    path = d.path("run/up.sock")
    d.set("rserverd", listen=[path])
    d.start()
    s = http.fetch(path, "/dump", headers=[("X-Real-IP", "10.9.8.7"), ("Scheme", "https")]).json()["server"]
    assert s["REMOTE_ADDR"] == "10.9.8.7" and s["HTTPS"] == "on"
    assert s["SERVER_PORT"] == "443", "a socket has no port: by the scheme, or as the Host field says"
    s = http.fetch(path, "/dump").json()["server"]
    assert "HTTPS" not in s and (s["REMOTE_ADDR"], s["SERVER_PORT"]) == ("", "80")
    assert http.fetch(path, "/dump", host="shop.test:8080").json()["server"]["SERVER_PORT"] == "8080"
