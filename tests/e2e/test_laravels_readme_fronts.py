"""The web servers of the LaravelS READMEs in front of the application of their examples: readme/*.conf as it stands there, but
for addresses and paths; for what Apache refuses, modules that are loaded by other names and inside of a virtual host; and for
the second slash that 3.5's rule puts in front of every path, which no route of Laravel 8 matches, under php-fpm neither."""

import os
import re

import pytest
import websocket

from lib import fronts, http
from lib.fpm import Nginx
from lib.wait import SLOW
from test_laravels_readme import Readme

HERE = os.path.dirname(os.path.abspath(__file__))


@pytest.fixture(scope="module")
def app():
    d = Readme("37", timer=False, processes=False)
    d.user_names = []
    try:
        d.write("public/style.css", "a{}" * 1000)
        for folder in (d.folder, d.app, os.path.join(d.app, "public")):
            os.chmod(folder, 0o755)
        d.start()
    except BaseException:
        d.clear()
        raise
    yield d
    d.base_fds = None
    d.finish()


def example(name, *changes):
    with open(os.path.join(HERE, "readme", name)) as f:
        text = f.read()
    for pattern, new, times in changes:
        text = fronts.replaced(text, pattern, new, times)
    return text


def nginx(name, d):
    return Nginx(lambda n: "log_format main '$remote_addr';\n" + example(
        name, (r"server 127\.0\.0\.1:5200", f"server 127.0.0.1:{d.port}", 1), (r"listen 80;", f"listen 127.0.0.1:{n.port};", 1),
        (r"/yourpath/laravel-s-test/public", f"{d.app}/public", 1), (r"/yourpath/log/nginx", n.folder, 1)))


def apache(name, d):
    modules = ["log_config"] if os.path.exists(f"{fronts.MODULES}/mod_log_config.so") else []
    modules += ["filter", "proxy_balancer", "lbmethod_byrequests", "slotmem_shm", "remoteip", "deflate"]
    of_35 = name == "apache35.conf"
    return fronts.Apache(lambda a: 'LogFormat "%h" combined\n' + example(
        name, (r"\n?[ ]*LoadModule .*", "", 7 if of_35 else 8), (r"balancer://laravels/%", "balancer://laravels%", int(of_35)), (r"<VirtualHost \*:80>", f"<VirtualHost 127.0.0.1:{a.port}>", 1),
        (r"/\w+path/laravel-s-test/public;", f"{d.app}/public", 1), (r"http://192\.168\.1\.1:5200", f"http://127.0.0.1:{d.port}", 1),
        (r"\$\{APACHE_LOG_DIR\}", a.folder, 2)), modules)


KINDS = {"nginx.conf": nginx, "nginx_websocket.conf": nginx, "apache37.conf": apache, "apache35.conf": apache}
NEEDS = {nginx: fronts.NGINX, apache: fronts.APACHE}


@pytest.fixture(scope="module", params=sorted(KINDS))
def front(request, app):
    make = KINDS[request.param]
    if not NEEDS[make]:
        pytest.skip(f"needs {make.__name__}")
    f = make(request.param, app)
    yield f
    f.stop()


def test_dynamic_and_static(app, front, request):
    r = http.fetch(front.address, "/json", headers={"Host": "www.laravels.com"})
    assert r.status == 200 and r.get("header1") == "value1" and any(c.startswith("c1=") for c in r.all("set-cookie"))
    assert "time" in r.json()
    kind = "application/x-www-form-urlencoded"
    got = http.fetch(front.address, "/form?q=1", "POST", {"Content-Type": kind, "Cookie": "sessionId=abc"}, b"name=me").json()
    assert got["name"] == "me" and got["all"]["q"] == "1" and got["rawContent"] == "name=me"
    css = http.fetch(front.address, "/style.css", headers={"Accept-Encoding": "gzip"})
    assert css.status == 200 and css.get("server", "").lower().startswith(("nginx", "apache"))
    assert (css.get("content-encoding") == "gzip") == (request.node.callspec.params["front"] != "nginx_websocket.conf")
    assert http.fetch(front.address, "/no/such/page").status == 404


def test_urls_and_addresses(app, front):
    look = b"return [$request->path(), $request->fullUrl(), $request->ip(), $request->query('a')];"
    path, url, ip, a = http.fetch(front.address, "/code?a=b%20c", "POST", {"Host": "www.laravels.com"}, look).json()["value"]
    assert (path, ip, a) == ("code", "127.0.0.1", "b c") and re.fullmatch(r"http://www\.laravels\.com(:\d+)?/code\?a=b%20c", url), url


@pytest.mark.parametrize("front", ["nginx_websocket.conf"], indirect=True)
def test_websocket(app, front):
    c = websocket.create_connection("ws://127.0.0.1:%d/ws" % front.port, timeout=10 * SLOW)
    assert c.recv().startswith("Welcome to LaravelS #")
    c.send("through nginx")
    assert c.recv().startswith('Broadcast: new message "through nginx"')
    c.close()
