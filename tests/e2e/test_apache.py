"""The packaged Apache sample in front of the daemon, with a real Apache."""

import os

import pytest

from lib import fronts, http

pytestmark = pytest.mark.skipif(not fronts.APACHE, reason="needs Apache")


@pytest.fixture
def front(daemon):
    """The sample as it is shipped, with only its addresses, its root and its logs replaced."""
    d = daemon.php(start=False, ini={"swoole": {"package_max_length": "64M"}, "php": {
        "upload_max_filesize": "32M", "post_max_size": "40M"}})
    d.write("public/style.css", "a{}")
    d.write("public/index.php", "<?php echo 'source';")
    d.write("public/.env", "SECRET=1")
    for folder in (d.folder, d.app, os.path.join(d.app, "public")):
        os.chmod(folder, 0o755)
    d.start()
    a = fronts.front("apache", d.address, f"{d.app}/public")
    yield d, a
    a.stop()


def test_dynamic_and_static(front):
    d, a = front
    r = http.fetch(a.address, "/dump?a=1&b=%20", headers=[("Cookie", "c=1")])
    assert r.status == 200 and r.json()["get"] == {"a": "1", "b": " "}
    before = d.status()["requests_total"]
    r = http.fetch(a.address, "/style.css")
    assert r.body == b"a{}" and "text/css" in r.get("content-type")
    assert d.status()["requests_total"] == before, "Apache serves files itself"


@pytest.mark.parametrize("path", ["/index.php", "/INDEX.PHP", "/index.php/x", "/.env", "/a/.git/config"])
def test_sources_and_dot_files_are_never_shown(front, path):
    d, a = front
    before = d.status()["requests_total"]
    assert http.fetch(a.address, path).status in (403, 404)
    assert d.status()["requests_total"] == before


def test_proxy_headers_become_server_variables(front):
    d, a = front
    s = http.fetch(a.address, "/dump?x", host="shop.test", headers=[("X-Real-IP", "6.6.6.6")]).json()["server"]
    assert s["REMOTE_ADDR"] == "127.0.0.1", "what the client said of itself is replaced"
    assert s["REMOTE_PORT"] not in ("", str(a.port))
    assert s["HTTP_HOST"] == "shop.test"
    assert s["REQUEST_SCHEME"] == "http" and "HTTPS" not in s
    assert s["SERVER_PORT"] == str(a.port), "the port that the client asked"
    assert s["SERVER_PROTOCOL"] == "HTTP/1.1"


@pytest.mark.parametrize("path", ["/dump/a%20b", "/dump/a%2Fb", "/dump/%3Fx=1", "/dump/a+b;c=d,e@f", "/dump/%C3%A9",
                                  "/dump/100%25", "/dump//x//"])
def test_the_path_arrives_as_it_was_written(front, path):
    _, a = front
    assert http.fetch(a.address, path + "?q=%2F").json()["server"]["REQUEST_URI"] == path + "?q=%2F"


def test_only_the_daemon_is_asked(front):
    """A target that could be read as another host's address stays a path, or is refused."""
    _, a = front
    with http.Conn(a.address) as c:
        c.send(b"GET @127.0.0.2:1/x HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        assert c.response().status in (400, 404)
    r = http.fetch(a.address, "/@127.0.0.2:1/dump")
    assert r.json()["server"]["REQUEST_URI"] == "/@127.0.0.2:1/dump"


def test_connections_are_kept_and_uploads_pass(front):
    d, a = front
    for _ in range(100):
        assert http.fetch(a.address, "/dump").status == 200
    assert 1 <= d.status()["connections"] <= 32
    data = os.urandom(1 << 20) * 10
    kind, body = http.multipart([("f", "big.bin", "application/octet-stream", data)])
    r = http.fetch(a.address, "/dump", "POST", [("Content-Type", kind)], body)
    assert r.status == 200 and r.json()["files"]["f"]["size"] == len(data)
