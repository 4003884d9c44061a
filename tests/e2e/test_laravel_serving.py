"""A real Laravel application: boots once, answers as under php-fpm, ends its requests in every way."""

import hashlib
import json
import os
import re
import shutil
import time

import pytest

from lib import http, proc
from lib.daemon import Daemon, run, scaffold
from lib.fpm import FPM, NGINX, Fpm
from lib.load import Background
from lib.wait import SLOW, until

HTML = "text/html; charset=UTF-8"


def token(page):
    return re.search(r'name="_token" value="([^"]+)"', page.text).group(1)


def storage(d, name):
    return os.path.join(d.app, "storage/app", name)


# -- boot ----------------------------------------------------------------------------------------------------------

def test_boots_and_answers(daemon):
    d = daemon.laravel(workers=2)
    r = d.get("/api/hello")
    assert r.status == 200 and r.json()["message"] == "hello" and r.get("content-type") == "application/json"
    assert int(r.get("content-length")) == len(r.body)
    home = d.get("/")
    assert home.status == 200 and home.get("content-type") == HTML and 'id="visits">1<' in home.text
    info = d.ctl("info").stdout
    assert "Laravel" in info and "8.83" in info


def test_process_as_packages_expect_it(daemon):
    d = daemon.laravel()
    p = d.get("/test/process").json()
    assert p["console"] is False and p["environment"] == "local" and p["base_path"] == d.app
    assert p["opcache"]["opcache_enabled"] is True
    assert d.get("/test/dump").json()["sapi"] == "cli"


def test_slim_application_without_kernels(daemon):
    """Laravel 11's shape: everything in bootstrap/app.php."""
    d = daemon.app("slim")
    assert d.get("/").json()["console"] is False
    assert d.get("/fail").status == 422 and d.get("/fail").json()["error"] == "handled in bootstrap/app.php"
    assert d.get("/empty?value=").json()["value"] in (None, "none")
    assert "slim" in d.get("/view").text
    user = d.browser()
    assert [user.get("/count").json()["count"] for _ in range(5)] == [1, 2, 3, 4, 5]
    user.close()


def test_folder_without_an_application(daemon):
    d = daemon("php", start=False)
    d.expect_exit = 1
    d.start(wait=False)
    assert d.wait_exit(20) == 1
    assert d.app in d.log() and "framework" in d.log()


@pytest.mark.parametrize("files, word", [
    ({"think": "#!/usr/bin/env php\n", "composer.json": '{"require": {"topthink/framework": "^6"}}',
      "vendor/autoload.php": "<?php"}, "ThinkPHP"),
])
def test_frameworks_of_later_releases_are_named(daemon, files, word):
    d = daemon("php", start=False)
    d.expect_exit = 1
    for name, text in files.items():
        d.write(name, text)
    d.start(wait=False)
    assert d.wait_exit(20) == 1
    assert word.lower() in d.log().lower()


BREAKS = {
    "syntax error in a provider": ("app/Providers/AppServiceProvider.php", "<?php this is not php", "syntax error"),
    "exception in a provider": ("app/Providers/AppServiceProvider.php", """<?php namespace App\\Providers;
class AppServiceProvider extends \\Illuminate\\Support\\ServiceProvider {
    public function boot(): void { throw new \\RuntimeException('provider says no'); } }""", "provider says no"),
    "syntax error in a config": ("config/app.php", "<?php return [", "syntax error|unexpected"),
    "config that is no array": ("config/laravels.php", "<?php return 42;", "laravels.php"),
    "exception in config/laravels.php": ("config/laravels.php", "<?php throw new Exception('no config today');", "no config today"),
    "broken .env": (".env", "APP_NAME=x\nNO NAME \"x\n", "invalid name"),     # Laravel prints that, and exits
    "missing autoload": ("vendor/autoload.php", None, "autoload"),
}


@pytest.mark.parametrize("name", BREAKS)
def test_application_that_does_not_boot(daemon, name):
    """D5: a failed boot or a failed configuration stops the start, and says why."""
    path, text, reason = BREAKS[name]
    d = daemon.laravel(start=False)
    if text is None:
        os.unlink(os.path.join(d.app, path))
    else:
        d.write(path, text)
    d.expect_exit = 1
    d.start(wait=False)
    assert d.wait_exit(30) == 1
    assert re.search(reason, d.log(), re.I), d.log()


@pytest.mark.parametrize("name", ["exception in a provider", "broken .env"])
def test_bad_release_of_laravel_leaves_the_old_one_serving(daemon, name):
    d = daemon.laravel()
    path, text, reason = BREAKS[name]
    good = open(os.path.join(d.app, path)).read()
    d.write(path, text)
    r = d.ctl("reload", "--wait")
    assert r.returncode == 1 and reason in r.stderr + r.stdout
    assert d.get("/api/hello").status == 200 and d.status()["generation"] == 1
    d.write(path, good)
    assert d.ctl("reload", "--wait").returncode == 0
    assert d.get("/api/hello").status == 200


def test_reload_serves_new_code(daemon):
    d = daemon.laravel(workers=2)
    path = "app/Http/Controllers/ApiController.php"
    code = open(os.path.join(d.app, path)).read()
    d.write(path, code.replace("'hello'", "'new hello'"))
    assert d.ctl("reload", "--wait").returncode == 0
    assert d.get("/api/hello").json()["message"] == "new hello"


CONFIG = """<?php
return [
    'listen_port' => %d,
    'server' => 'from-config',
    'handle_static' => true,
    'process_prefix' => env('APP_NAME'),
    'swoole' => ['worker_num' => 3, 'document_root' => base_path('public'), 'package_max_length' => 2 * 1024 * 1024,
                 'log_file' => storage_path('logs/never.log'), 'unknown_thing' => 1],
    'timer' => ['enable' => false, 'jobs' => []],
];
"""


def test_config_laravels_php_is_evaluated(daemon):
    """Weaker than the ini, stronger than the defaults."""
    d = daemon.laravel(start=False)
    d.write("config/laravels.php", CONFIG % 1)
    del d.ini["swoole"]["worker_num"]
    d.write_ini()
    d.ini["swoole"]["worker_num"] = 3       # what we expect to be there
    d.start()
    r = d.get("/robots.txt")
    assert r.status == 200 and r.get("server") == "from-config"
    assert len(d.pids("worker")) == 3
    assert d.post("/api/echo", b"x" * (3 << 20)).status == 413
    assert "unknown_thing" in d.log(), "unknown keys are named"
    out = d.ctl("config").stdout
    assert re.search(r"worker_num = \d+", out)


def test_no_settings_file_with_secrets_is_left_lying_about(daemon):
    """D18."""
    d = daemon.laravel()
    d.get("/")
    key = re.search(r"APP_KEY=base64:(\S+)", open(os.path.join(d.app, ".env")).read()).group(1)
    for where, _, files in os.walk(d.folder):
        for name in files:
            path = os.path.join(where, name)
            if name == ".env" or os.path.islink(path) or not os.path.isfile(path):
                continue
            with open(path, "rb") as f:
                if key.encode() in f.read():
                    assert not os.stat(path).st_mode & 0o077, path


def test_symlinked_release_of_laravel(daemon):
    d = daemon.laravel(start=False)
    for name in ("one", "two"):
        shutil.copytree(d.app, d.path(name), symlinks=True)
        path = d.path(name, "app/Http/Controllers/ApiController.php")
        code = open(path).read()
        with open(path, "w") as f:
            f.write(code.replace("'hello'", f"'release {name}'"))
    os.symlink(d.path("one"), d.path("current"))
    d.set("laravels", laravel_base_path=d.path("current"))
    d.start()
    assert d.get("/api/hello").json()["message"] == "release one"
    os.symlink(d.path("two"), d.path("current.new"))
    os.rename(d.path("current.new"), d.path("current"))
    assert d.ctl("reload", "--wait").returncode == 0
    assert d.get("/api/hello").json()["message"] == "release two"
    assert d.get("/test/process").json()["base_path"] in (d.path("two"), d.path("current"))


# -- the pages of the application ----------------------------------------------------------------------------------------

def test_session_counter(daemon):
    d = daemon.laravel(workers=2)
    alice, bob = d.browser(), d.browser()
    for n in range(1, 11):
        assert f'id="visits">{n}<' in alice.get("/").text
    assert 'id="visits">1<' in bob.get("/").text
    booted = {re.search(r'id="booted">([\d.]+)<', visitor.get("/").text).group(1) for visitor in (alice, bob) * 5}
    assert len(booted) == 1, "the application stays in memory"
    alice.close(), bob.close()


def test_login_and_logout(daemon):
    d = daemon.laravel(workers=2)
    user = d.browser()
    r = user.get("/me")
    assert r.status == 302 and r.get("location").endswith("/login")
    form = user.get("/login")
    r = user.post("/login", {"_token": token(form), "email": "alice@example.test", "password": "wrong one"})
    assert r.status == 302
    assert 'class="error"' in user.get("/login").text
    r = user.post("/login", {"_token": token(user.get("/login")), "email": "alice@example.test", "password": "secret"})
    assert r.status == 302 and r.get("location").endswith("/me")
    assert 'id="user">Alice<' in user.get("/me").text
    assert 'id="user">Alice<' in user.get("/").text
    r = user.post("/logout", {"_token": token(user.get("/me"))})
    assert r.status == 302 and user.get("/me").status == 302
    user.close()


def test_csrf_is_enforced(daemon):
    d = daemon.laravel()
    assert d.post("/notes", b"text=x", {"Content-Type": "application/x-www-form-urlencoded"}).status == 419


def test_validation_and_flash_data(daemon):
    d = daemon.laravel(workers=2)
    user = d.browser()
    r = user.post("/notes", {"_token": token(user.get("/notes")), "text": "y" * 200}, [("Referer", f"http://localhost/notes")])
    assert r.status == 302
    page = user.get("/notes")
    assert 'class="error"' in page.text and "y" * 200 in page.text, "errors and old input"
    assert 'class="error"' not in user.get("/notes").text, "only once"
    r = user.post("/notes", {"_token": token(user.get("/notes")), "text": "a note <b>"})
    assert "a note &lt;b&gt;" in user.get("/notes").text
    user.close()
    r = d.post("/api/echo", b'{"a": [1, {"b": "\xc3\xa9"}]}', {"Content-Type": "application/json"})
    assert r.json()["input"] == {"a": [1, {"b": "\u00e9"}]} and r.json()["json"] is True


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_forms_of_every_method(daemon, method):
    d = daemon.laravel()
    r = d.request(method, "/api/echo?q=1", {"Content-Type": "application/x-www-form-urlencoded"}, b"a[x]=1&b=%C3%A9")
    assert r.json()["method"] == method
    assert r.json()["input"] == {"q": "1", "a": {"x": "1"}, "b": "\u00e9"}
    assert r.json()["content"] == "a[x]=1&b=%C3%A9"


def test_method_override(daemon):
    d = daemon.laravel()
    r = d.post("/api/echo", b"_method=DELETE&a=1", {"Content-Type": "application/x-www-form-urlencoded"})
    assert r.json()["method"] == "DELETE"
    assert d.post("/api/echo", b"{}", {"X-HTTP-Method-Override": "PUT", "Content-Type": "application/json"}).json()["method"] == "PUT"


def test_upload_and_download(daemon):
    d = daemon.laravel(workers=2)
    user = d.browser()
    data = os.urandom(1_500_000)
    kind, body = http.multipart([("_token", token(user.get("/files"))), ("file", "my file.bin", "application/octet-stream", data)])
    r = user.request("/files", "POST", [("Content-Type", kind)], body)
    assert r.status == 302, r
    page = user.get("/files")
    assert "my_file.bin" in page.text
    r = user.get("/files/my_file.bin")
    assert r.body == data and "attachment" in r.get("content-disposition")
    assert r.get("content-length") == str(len(data))
    r = user.get("/files/my_file.bin", [("Range", "bytes=100-199")])
    assert r.status == 206 and r.body == data[100:200], "D6: the range, not the whole file"
    assert r.get("content-range") == f"bytes 100-199/{len(data)}"
    r = user.get("/files/my_file.bin", [("Range", "bytes=-50")])
    assert r.status == 206 and r.body == data[-50:]
    r = user.request("/files/my_file.bin", "HEAD")
    assert r.body == b"" and r.get("content-length") == str(len(data))
    assert user.get("/files/no-such-file").status == 404
    user.close()


def test_is_uploaded_file_in_laravel(daemon):
    d = daemon.laravel()
    data = os.urandom(200_000)
    kind, body = http.multipart([("file", "a.bin", "application/octet-stream", data), ("other", "b.txt", "text/plain", b"other")])
    r = d.post("/test/upload?keep=1", body, {"Content-Type": kind}).json()
    assert r["is_uploaded_file"] is True and r["md5"] == hashlib.md5(data).hexdigest()
    assert open(r["moved"], "rb").read() == data
    assert open(storage(d, "uploads/other"), "rb").read() == b"other"
    r = d.post("/test/upload", body, {"Content-Type": kind}).json()
    until(lambda: not os.path.exists(r["files"]["file"]["tmp_name"]), message="temporary files are gone")


def test_server_sent_events_arrive_one_by_one(daemon):
    d = daemon.laravel()
    with d.conn() as c:
        r = c.request("/events/stream?ms=200")
        assert r.get("content-type").startswith("text/event-stream")
        events = [p for _, p in r.pieces if b"data:" in p]
        assert len(events) == 5
        assert r.pieces[-1][0] - r.pieces[0][0] > 0.6


def test_not_found_and_method_not_allowed_are_the_applications(daemon):
    d = daemon.laravel()
    assert d.get("/no/such/page").status == 404
    assert d.request("DELETE", "/notes").status == 405
    r = d.get("/no/such/page", {"Accept": "application/json"})
    assert r.status == 404 and r.get("content-type") == "application/json"


def test_exception_page(daemon):
    d = daemon.laravel()
    r = d.get("/error")
    assert r.status == 500 and "An exception that nobody catches." in r.text
    assert "An exception that nobody catches." in open(os.path.join(d.app, "storage/logs/laravel.log")).read()
    r = d.get("/error", {"Accept": "application/json"})
    assert r.status == 500 and r.json()["message"] == "An exception that nobody catches."


def test_exception_page_of_production_tells_nothing(daemon):
    d = daemon.laravel(dotenv=["APP_DEBUG=false", "APP_ENV=production"])
    r = d.get("/error")
    assert r.status == 500 and "nobody catches" not in r.text and "Server Error" in r.text


# -- dd(), exit, fatal errors ------------------------------------------------------------------------------------------------

def test_dd_in_the_browser(daemon):
    d = daemon.laravel()
    pid = d.pids("worker")[0]
    for path in ("/dd", "/test/dd"):
        for _ in range(3):
            r = d.get(path)
            assert r.status in (200, 500) and "sf-dump" in r.text and "<script" in r.text.lower(), r
            assert r.get("content-type") == HTML
        assert d.get("/api/hello").status == 200
    assert d.pids("worker") == [pid]
    assert "sf-dump" not in d.log() and "the worker goes on" not in d.log(), "and not on the terminal"


@pytest.mark.parametrize("path, status, body", [
    ("/exit", 200, "This text was echoed before exit(); the worker goes on.\n"), ("/test/exit", 203, "left in a controller"),
    ("/test/exit-middleware", 202, "left in a middleware"), ("/test/exit-shutdown", 200, "returned"),
    ("/test/exit-deep", 200, "left in a transaction"),
])
def test_exit_everywhere(daemon, path, status, body):
    d = daemon.laravel()
    pid = d.pids("worker")[0]
    base = d.get("/test/traces").json()
    for _ in range(3):
        r = d.get(path)
        assert (r.status, r.text) == (status, body)
    assert d.get("/test/traces").json() == base, "nothing is left of it"
    assert d.get("/api/notes").json() == [], "the transaction was rolled back"
    assert d.pids("worker") == [pid]
    if path == "/exit":
        assert d.get(path).get("x-left-by") == "exit"


@pytest.mark.memory_limit
def test_fatal_error_shows_the_frameworks_page_and_replaces_the_process(daemon):
    d = daemon.laravel()
    for path, text in (("/test/fatal", "BrokenPromise"), ("/test/memory", "memory size")):
        pid = d.pids("worker")[0]
        r = d.get(path)
        assert r.status == 500
        assert text in r.text, "the framework's own shutdown function rendered it (APP_DEBUG)"
        until(lambda: d.settled_without(pid), message="replaced")
        d.wait_log(text)
        assert d.get("/api/hello").status == 200
    assert "BrokenPromise" in open(os.path.join(d.app, "storage/logs/laravel.log")).read()


def test_infinite_loop_with_a_time_limit(daemon):
    d = daemon.laravel()
    pid = d.pids("worker")[0]
    r = d.get("/test/loop?limit=1")
    assert r.status == 500 and "execution time" in r.text
    until(lambda: d.settled_without(pid))
    assert d.get("/api/hello").status == 200


def test_infinite_loop_with_request_timeout(daemon):
    d = daemon.laravel(ini={"rserverd": {"request_timeout": 1}})
    r = d.get("/test/loop")
    assert r.status == 504
    d.wait_log("LimitController")
    d.wait_settled()
    assert d.get("/api/hello").status == 200


def test_shutdown_functions_run_once_per_request(daemon):
    d = daemon.laravel()
    for n in range(1, 6):
        d.get("/test/shutdown?file=s")
        # the answer is sent first: the file may not be there yet
        until(lambda: os.path.exists(storage(d, "s")) and open(storage(d, "s")).read().count("ran") == n)
    d.get("/api/hello")
    d.wait_idle()
    assert open(storage(d, "s")).read() == "ran\n" * 5


# -- sending ----------------------------------------------------------------------------------------------------------------

def test_terminate_runs_after_the_answer(daemon):
    """D4: send, then terminate; and the worker is busy meanwhile."""
    d = daemon.laravel()
    r = d.get(f"/test/terminate?ms={2500 * SLOW:.0f}&file=t")     # for longer than the questions take
    assert r.body == b"returned"
    assert not os.path.exists(storage(d, "t"))
    assert [w["state"] for w in d.of(d.status(), "worker")] == ["busy"]
    until(lambda: os.path.exists(storage(d, "t")))


def test_exception_while_terminating_hurts_nobody(daemon):
    d = daemon.laravel()
    pid = d.pids("worker")[0]
    base = d.get("/test/traces").json()
    for _ in range(3):
        assert d.get("/test/terminate-throws").body == b"returned"
    assert d.get("/test/traces").json() == base, "D2: cleaned up all the same"
    assert d.pids("worker") == [pid]
    text = d.log() + open(os.path.join(d.app, "storage/logs/laravel.log")).read()
    assert "thrown while terminating" in text


def test_finish_request_in_laravel(daemon):
    d = daemon.laravel()
    r = d.get("/test/finish-early?ms=2000&file=f")
    assert r.body == b"the whole answer" and not os.path.exists(storage(d, "f"))
    until(lambda: os.path.exists(storage(d, "f")))
    assert d.get("/api/hello").status == 200


def test_echo_and_flush_stream(daemon):
    d = daemon.laravel()
    with d.conn() as c:
        r = c.request("/test/echo-flush?ms=200")
        assert r.get("x-early") == "yes"
        assert [p for _, p in r.pieces][:3] == [b"part 1\n", b"part 2\n", b"part 3\n"]
        assert r.body.endswith(b"the end\n")
        assert r.pieces[2][0] - r.pieces[0][0] > 0.3


def test_streamed_response_of_any_size(daemon):
    d = daemon.laravel()
    pid = d.pids("worker")[0]
    d.get("/test/stream")
    before = proc.rss_kb(pid)
    r = d.get("/test/stream?chunks=800&bytes=65536")
    assert len(r.body) == 800 * 65536
    assert proc.rss_kb(pid) - before < 8 << 10
    r = d.get("/test/big?bytes=10485760")
    assert len(r.body) == 10485760 and r.get("content-length") == "10485760"


def test_client_leaves_a_stream(daemon):
    d = daemon.laravel()
    for ignore in (0, 1):
        name = f"abort{ignore}"
        c = d.conn()
        c.send(http.build(f"/test/until-abort?file={name}&ignore={ignore}"))
        assert c.piece(c.response(body=False))
        c.reset()
        until(lambda: os.path.exists(storage(d, name)) and "status" in open(storage(d, name)).read())
        assert "status 1" in open(storage(d, name)).read()
        assert ("seen" in open(storage(d, name)).read()) == bool(ignore)
        assert d.get("/api/hello").status == 200


def test_cookies_leave_as_the_framework_built_them(daemon):
    """D7."""
    d = daemon.laravel()
    lines = d.get("/test/cookies").all("set-cookie")
    byname = {line.split("=", 1)[0]: line.lower() for line in lines}
    assert "samesite=strict" in byname["strict"] and "secure" in byname["strict"] and "httponly" in byname["strict"]
    assert "v%201" in byname["strict"]
    assert "samesite=none" in byname["none"] and "domain=example.test" in byname["none"] and "path=/sub" in byname["none"]
    assert byname["raw"].startswith("raw=a%20b;") and "samesite" not in byname["raw"]
    assert "expires=thu, 01" in byname["gone"] or "max-age=0" in byname["gone"]


def test_temporary_download_is_deleted(daemon):
    d = daemon.laravel()
    r = d.get("/test/file?bytes=1000000")
    assert len(r.body) == 1000000 and "name.txt" in r.get("content-disposition")
    d.wait_idle()
    assert not [n for n in os.listdir(os.path.join(d.app, "storage/app")) if n.endswith(".txt")]


def test_events_of_laravels(daemon):
    """laravels.received_request and laravels.generated_response: once each, in order, with their arguments."""
    d = daemon.laravel()
    for _ in range(3):
        assert d.get("/api/hello").get("x-events") == "received:bound:api/hello generated:200"
        assert d.get("/nowhere").get("x-events") == "received:bound:nowhere generated:404"
        assert d.get("/error").get("x-events") == "received:bound:error generated:500"


def test_echo_before_a_response_of_known_length_keeps_everybody_in_step(daemon):
    """php-fpm sends the declared length and cuts the rest off. Nothing of the response may be lost here."""
    d = daemon.laravel()
    with d.conn() as c:
        for _ in range(3):
            assert c.request("/test/both-json").body in (b'echoed,{"a":1}', b'{"a":1}')
            assert c.request("/test/file-echo?bytes=10").body in (b"echoed,0123456789", b"0123456789")
        assert c.request("/api/hello").status == 200


# -- views -------------------------------------------------------------------------------------------------------------------

def test_blade_view_made_and_edited_after_the_boot(daemon):
    d = daemon.laravel()
    pid = d.pids("worker")[0]
    name = "resources/views/late.blade.php"
    d.write(name, "first {{ $value }}")
    assert d.get("/test/view?name=late&value=a").text == "first a"
    for n in range(3):
        d.write(name, f"edited {n} {{{{ $value }}}}")
        stamp = time.time() + 2 + n
        os.utime(os.path.join(d.app, name), (stamp, stamp))
        assert d.get("/test/view?name=late&value=%3C").text == f"edited {n} &lt;"
        assert d.get("/test/view?name=late&value=b").text == f"edited {n} b"
    assert d.pids("worker") == [pid]


@pytest.mark.slow
def test_view_compiled_after_the_boot_is_cached_and_does_not_grow(daemon):
    """5,000 requests for a page that OPcache would recompile, and leak, every time if its clock stood still."""
    d = daemon.laravel(ini={"swoole": {"max_request": 0}})
    d.write("resources/views/late.blade.php", "first " + "<p>{{ $value }}</p>\n" * 50)
    pid = d.pids("worker")[0]
    request = http.build("/test/view?name=late&value=a")
    http.hammer(d.address, request, 1500)
    first = d.get("/test/process").json()
    rss = proc.rss_kb(pid)
    assert http.hammer(d.address, request, 5000) == {200: 5000}
    last = d.get("/test/process").json()
    print(first["memory"], last["memory"], rss, proc.rss_kb(pid), first["opcache"]["memory_usage"], last["opcache"]["memory_usage"])
    assert last["pid"] == pid
    assert last["memory"] - first["memory"] < 64 << 10
    assert proc.rss_kb(pid) - rss < (2 << 10) + proc.quarantine_kb(pid)
    for side in ("used_memory", "wasted_memory"):
        assert last["opcache"]["memory_usage"][side] - first["opcache"]["memory_usage"][side] < 256 << 10
    hits = last["opcache"]["opcache_statistics"]["hits"] - first["opcache"]["opcache_statistics"]["hits"]
    misses = last["opcache"]["opcache_statistics"]["misses"] - first["opcache"]["opcache_statistics"]["misses"]
    assert hits >= 5000 and misses < 50


def test_opcache_is_not_reset_by_workers(daemon):
    """D20: a recycled worker finds the cache warm."""
    d = daemon.laravel(workers=2, ini={"swoole": {"max_request": 20, "max_request_grace": 0}})
    http.hammer(d.address, http.build("/api/hello"), 200, 10)
    d.wait_settled()
    s = d.get("/test/process").json()["opcache"]["opcache_statistics"]
    assert s["manual_restarts"] == 0 and s["hash_restarts"] == 0 and s["oom_restarts"] == 0


# -- as under php-fpm ----------------------------------------------------------------------------------------------------------

ROUTES = ["/test/echo", "/test/return", "/test/both", "/test/headers", "/test/cookies", "/test/status/404",
          "/test/status/201", "/test/status/503", "/test/stream", "/test/stream?chunks=3&bytes=100000", "/test/stream-echo",
          "/test/big?bytes=100000", "/test/open-buffers", "/test/exit", "/test/exit-middleware", "/test/exit-shutdown",
          "/test/exit-deep", "/test/echo-flush?ms=1", "/test/locale?set=de", "/test/counter?who=a", "/test/type-error", "/test/dump?a=1",
          "/test/input?a[]=1&b=%C3%A9", "/api/hello", "/api/notes", "/no/such", "/api/me", "/test/holder?who=x"]
OWN = {"server", "date", "connection", "transfer-encoding", "content-length", "keep-alive", "x-events", "x-level"}


@pytest.fixture(scope="module")
def pair():
    if not (NGINX and FPM):
        pytest.skip("needs nginx and php-fpm")
    d = Daemon(engine="php", ini={"swoole": {"worker_num": 1}})
    scaffold(d.app, "laravel", ["TEST_ROUTES=true", "APP_DEBUG=false"])
    run("chmod", "-R", "a+rwX", d.app)
    fpm = Fpm(os.path.join(d.app, "public"), "example.test")
    try:
        d.start()
        yield d, fpm
    finally:
        fpm.stop()
        d.finish()


def without_what_must_differ(r):
    headers = sorted((n.lower(), re.sub(r"(?i)expires=[^;]+|max-age=\d+", "time", v)) for n, v in r.headers if n.lower() not in OWN)
    body = re.sub(rb"level \d", b"level N", r.body)     # output_buffering is 4096 there, none here
    if "json" in (r.get("content-type") or ""):
        data = r.json()
        if isinstance(data, dict) and "server" in data:
            data = {k: data[k] for k in ("get", "post", "cookie", "files", "request", "input", "input_again", "headers")}
            for name in ("Content-Length", "Content-Type"):     # nginx sends php-fpm empty ones
                data["headers"].pop(name, None)
        if isinstance(data, dict):
            data.pop("knows_all_variables", None)       # there .env is read after the request was made
        body = json.dumps(data, sort_keys=True)
    return r.status, headers, body


@pytest.mark.parametrize("route", ROUTES)
def test_answers_as_under_php_fpm(pair, route):
    d, fpm = pair
    headers = [("Accept", "application/json"), ("X-Custom", "1"), ("Cookie", "a=b"), ("Connection", "close")]
    answers = []
    for address in (d.address, fpm.address):
        with http.Conn(address, lenient=True) as c:
            answers.append(c.request(route, headers=headers, host="example.test"))
    ours, theirs = map(without_what_must_differ, answers)
    assert ours == theirs


@pytest.mark.parametrize("credentials", ["Basic dTpw", "Bearer abc", 'Digest username="a", realm="r"', "Basic !!", "none"])
def test_credentials_as_under_php_fpm(pair, credentials):
    """The request object makes header fields of variables that PHP has made of a header field."""
    d, fpm = pair
    headers = [("Accept", "application/json"), ("Authorization", credentials), ("X-Custom", "1"), ("Connection", "close")]
    seen = []
    for address in (d.address, fpm.address):
        with http.Conn(address, lenient=True) as c:
            seen.append(c.request("/test/input?a=1", headers=headers, host="example.test").json())
    assert seen[0]["headers"] == seen[1]["headers"] and seen[0]["headers"]["x-custom"] == ["1"] and credentials in seen[0]["headers"]["authorization"]
    assert seen[0]["credentials"] == seen[1]["credentials"] and seen[0]["knows_all_variables"]


FORM = "application/x-www-form-urlencoded"
PART = b'--B\r\nContent-Disposition: form-data; name="a%d"\r\n\r\nv\r\n'
ODD_BODIES = {
    "too many variables": (FORM, b"&".join(b"a%d=1" % i for i in range(1500))),
    "too many parts": ("multipart/form-data; boundary=B", b"".join(PART % i for i in range(1500)) + b"--B--\r\n"),
    "no boundary": ("multipart/form-data", PART % 1 + b"--B--\r\n"),
    "a boundary of 7000 bytes": ("multipart/form-data; boundary=" + "B" * 7000, b"x"),
    "parts without an end": ("multipart/form-data; boundary=B", PART % 1),
    "nested too deep": (FORM, b"a" + b"[b]" * 100 + b"=1"),
}


@pytest.mark.parametrize("name", ODD_BODIES)
def test_odd_bodies_as_under_php_fpm(pair, name):
    """What PHP warns of while it reads them is logged; the application's error handler would make a 500 of it."""
    d, fpm = pair
    kind, body = ODD_BODIES[name]
    answers = []
    for address in (d.address, fpm.address):
        with http.Conn(address, lenient=True) as c:
            answers.append(c.request("/test/input", "POST", [("Content-Type", kind), ("Accept", "application/json"), ("Connection", "close")], body,
                                     host="example.test"))
    assert [r.status for r in answers] == [200, 200], answers
    ours, theirs = (r.json() for r in answers)
    assert ours["all"] == theirs["all"]
    if name == "too many variables":
        d.wait_log("Input variables exceeded 1000")


@pytest.mark.parametrize("code", ["echo 'a'; ob_flush(); flush(); echo 'b'; ob_flush(); flush();", "ob_end_clean(); echo 'ab';",
                                  "while (ob_get_level() > 0) { ob_end_flush(); } ob_start(); echo 'a'; ob_end_flush(); echo 'b';",
                                  "ob_clean(); echo 'ab'; ob_end_flush();"])
def test_streams_that_flush_an_outermost_buffer(daemon, code):
    """php.ini of php-fpm has one; the notice that there is none here would be an exception in the middle of the stream."""
    routes = f"<?php\nuse Illuminate\\Support\\Facades\\Route;\nRoute::get('s', fn () => response()->stream(function () {{ {code} }}));\n"
    d = daemon.laravel(files={"routes/api.php": routes})
    r = d.get("/api/s")
    assert r.status == 200 and r.body == b"ab"
    assert "No buffer" not in d.log()


CHANGED = {     # what a middleware may change before what reads it is made: (code, answer)
    "locale": ("config(['app.locale' => 'de']); return [__('demo.greeting'), app('validator')->getTranslator()->getLocale()];", ["Guten Morgen", "de"]),
    "fallback": ("config(['app.fallback_locale' => 'de']); return [app('translator')->getFallback()];", ["de"]),
    "lines": ("app()->useLangPath('/nowhere'); return [__('demo.greeting')];", ["demo.greeting"]),
    "cookie": ("config(['session.domain' => 't.test', 'session.path' => '/p']); return [(string) cookie('a', 'b')];",
               ["a=b; path=/p; domain=t.test; httponly; samesite=lax"]),
    "nothing": ("return [__('demo.greeting'), (string) cookie('a', 'b')];", ["Good morning", "a=b; path=/; httponly; samesite=lax"]),
}


@pytest.mark.parametrize("isolation", ["snapshot", "greedy"])
def test_configuration_changed_before_it_is_read(daemon, isolation):
    """As under php-fpm, where these services are made when they are first needed."""
    routes = "<?php\nuse Illuminate\\Support\\Facades\\Route;\n" + "".join(
        f"Route::get('{name}', function () {{ {code} }});\n" for name, (code, _) in CHANGED.items())
    d = daemon.laravel(files={"routes/api.php": routes}, ini={"rserverd": {"isolation": isolation}})
    for name in [*CHANGED, *CHANGED]:
        assert d.get(f"/api/{name}").json() == CHANGED[name][1], name
        assert d.get("/api/nothing").json() == CHANGED["nothing"][1]
