"""lib/smuggling.py: our verdict on each case alone, and that an nginx in front of us never counts requests as we do not."""

import json
import os

import pytest

from lib import http, smuggling
from lib.daemon import Daemon
from lib.fpm import NGINX, Nginx
from lib.ports import free_port
from lib.wait import until

CASES = smuggling.CASES
DAEMON = {"swoole": {"package_max_length": "64K"},
          "rserverd": {"access_log_format": "json", "header_timeout": 3, "body_timeout": 3}}


def test_enough_and_explained():
    assert len(CASES) >= 120
    for name, c in CASES.items():
        assert c.front is None or (c.front != (c.ours, c.ours) and len(c.why) > 20), f"{name}: a difference needs its reason"


def answers(address, data):
    """All final answers until the other side closes."""
    got = []
    with http.Conn(address, lenient=True) as c:
        c.send(data + smuggling.END)
        while True:
            try:
                while len(c.buf) < 5 and c.fill():
                    pass
                if c.buf and not c.buf.startswith(b"HTTP/"):
                    return "0.9"
                r = c.response()
            except http.Closed:
                return " ".join(got)
            if r.status >= 200:
                got.append(str(r.status))


class Lines:
    """What was appended to a log of JSON lines."""

    def __init__(self, path):
        self.path, self.at = path, os.path.getsize(path) if os.path.exists(path) else 0

    def read(self):
        with open(self.path, "rb") as f:
            f.seek(self.at)
            return [json.loads(line) for line in f.read().decode("latin-1").split("\n")[:-1]]


def daemon_with_log():
    d = Daemon(ini=DAEMON)
    d.access = d.path("access.log")
    d.set("rserverd", access_log=d.access)
    d.start()
    d.base_fds = None   # connections of nginx's stay
    return d


@pytest.fixture(scope="module")
def alone():
    d = daemon_with_log()
    yield d
    d.finish()


@pytest.mark.parametrize("name", CASES)
def test_our_verdict(alone, name):
    c = CASES[name]
    log = Lines(alone.access)
    got = answers(alone.address, c.data)
    assert got == c.ours
    lines = until(lambda: (seen := log.read()) and len(seen) >= len(got.split()) and seen)
    assert " ".join(str(line["status"]) for line in lines) == got, "one line for each answer"
    if not c.plain:
        assert not [line for line in lines if line["request"].startswith("GET /hidden ") and line["status"] == 200]


class Front:
    """nginx with two ports: one that reads a body before it passes it on, one that passes it on as it comes."""

    def __init__(self):
        self.daemon = daemon_with_log()
        self.ports = {"buffered": free_port(), "unbuffered": free_port()}
        self.nginx = Nginx(self.http_part)
        self.log = self.nginx.path("access.json")

    def http_part(self, service):
        # limits that do not hide ours
        servers = "".join(f"""
            server {{
                listen 127.0.0.1:{port};
                access_log {service.path('access.json')} seen;
                client_header_timeout 3s; client_body_timeout 3s; keepalive_timeout 3s; client_max_body_size 0;
                location / {{
                    proxy_pass http://daemon;
                    proxy_http_version 1.1;
                    proxy_set_header Connection "";
                    proxy_set_header Host $http_host;
                    proxy_request_buffering {'on' if mode == 'buffered' else 'off'};
                    proxy_next_upstream off;
                }}
            }}""" for mode, port in self.ports.items())
        return f"""
            log_format seen escape=json '{{"request":"$request","status":"$status","upstream":"$upstream_addr","theirs":"$upstream_status"}}';
            upstream daemon {{ server 127.0.0.1:{self.daemon.port}; keepalive 4; }}
            server {{ listen 127.0.0.1:{service.port}; }}
            {servers}"""

    def stop(self):
        self.nginx.stop()
        self.daemon.finish()


@pytest.fixture(scope="module")
def front():
    f = Front()
    yield f
    f.stop()


@pytest.mark.skipif(not NGINX, reason="needs nginx")
@pytest.mark.parametrize("mode", ["buffered", "unbuffered"])
@pytest.mark.parametrize("name", CASES)
def test_behind_nginx(front, name, mode):
    """As many requests here as nginx has passed on, with the same answers; and the client sees what the table says."""
    c = CASES[name]
    theirs, ours = Lines(front.log), Lines(front.daemon.access)
    got = answers(("127.0.0.1", front.ports[mode]), c.data)
    passed = until(lambda: (seen := theirs.read()) and len(seen) >= len(got.split()) and
                   ([line for line in seen if line["upstream"]],))[0]
    seen = until(lambda: (lines := ours.read(),) if len(ours.read()) >= len(passed) else None,
                 message=f"{len(passed)} requests")[0]
    assert len(seen) == len(passed), (passed, seen)
    for line, mine in zip(passed, seen):
        assert ("/hidden" in mine["request"]) == ("/hidden" in line["request"]), (passed, seen)
        if line["theirs"] and line["theirs"] != "-":
            assert str(mine["status"]) == line["theirs"], (passed, seen)
    assert got == (c.ours if c.front is None else c.front[mode == "unbuffered"])
