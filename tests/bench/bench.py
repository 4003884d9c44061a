#!/usr/bin/python3
"""make bench [B=name]: the numbers of docs/BENCHMARKS.md, measured here and now.

bench.py [--starts N] [--seconds S] [--requests N] [--connections N] [--json FILE] [NAME...]
                                 NAME: broadcast, compression, fork, hello, idle, isolation, laravel, memory, static, table, tls,
                                 websocket, workers (default all),
                                 isolation-mixed (--requests, default 100000; some minutes)

CPU is utime + stime of all processes of a server, per answered request; the load generator is not counted. Servers are
started anew and measured in turns (A, B, A, B ...), and the median of the starts is shown, since one start differs from the
next. Exit status 1 when a bar is missed.
"""

import argparse
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "e2e"))

from lib import h2, http, proc  # noqa: E402
from lib.daemon import BINARY, Daemon, scaffold  # noqa: E402
from lib.fpm import Fpm, Nginx  # noqa: E402
from lib.mixed import Memory, Mixed, describe  # noqa: E402
from lib.server import Server  # noqa: E402
from lib.tls import Authority, Conn, client_context  # noqa: E402
from lib.wait import until  # noqa: E402
from lib.ws_load import Load  # noqa: E402

TICK = os.sysconf("SC_CLK_TCK")
CONNECTIONS = 64
HELLO = "<?php return function () { echo 'Hello, world!'; };\n"
CACHED = {"opcache.validate_timestamps": "0"}


# -- measuring -----------------------------------------------------------------------------------------------------

def cpu_s(pids):
    return sum(proc.cpu_ticks(p) for p in pids) / TICK


def cpu_with_children_s(pids):
    """And of the processes that they have reaped: with isolation = fork a request has one of its own."""
    return sum(int(x) for p in pids for x in (proc.stat_fields(p) or [0] * 15)[11:15]) / TICK


def wrk(address, path, seconds, connections=CONNECTIONS, headers=(), scheme="http"):
    """(requests, requests per second); every answer must be a 2xx."""
    more = [word for name, value in headers for word in ("-H", f"{name}: {value}")]
    out = subprocess.run(["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", *more, f"{scheme}://{address[0]}:{address[1]}{path}"],
                         text=True, capture_output=True, check=True).stdout
    assert "Non-2xx" not in out and "Socket errors" not in out, out
    return int(re.search(r"(\d+) requests in", out).group(1)), float(re.search(r"Requests/sec:\s+([\d.]+)", out).group(1))


def measure(address, path, pids, seconds, headers=(), **kw):
    """{us: CPU microseconds per request, rps}; pids() lists the server's processes."""
    wrk(address, path, 1, headers=headers, **kw)
    before = cpu_s(pids())
    n, rps = wrk(address, path, seconds, headers=headers, **kw)
    return {"us": (cpu_s(pids()) - before) / n * 1e6, "rps": rps}


def in_turns(starts, **servers):
    """servers: name -> function that starts, measures, stops. The median of each, over interleaved starts."""
    got = {name: [] for name in servers}
    for _ in range(starts):
        for name, one in servers.items():
            got[name].append(one())
    return {name: {k: statistics.median(r[k] for r in runs) for k in runs[0]} for name, runs in got.items()}


def daemon(ini=None, **kw):
    d = Daemon(engine="php", ini=ini, **kw)
    d.check_fds = d.check_rss = False
    return d


def pids_of(d):
    return lambda: [p["pid"] for p in d.status()["processes"]]


def family(child):
    return lambda: [child.pid] + proc.descendants(child.pid)


# -- servers ---------------------------------------------------------------------------------------------------------

def hello_daemon(ini=None):
    d = daemon(ini, framework="callable", entry="entry.php")
    d.write("entry.php", HELLO)
    return d.start()


def laravel_daemon(jit=False, workers=2, ini=None):
    d = daemon({"php": {**CACHED, **({"opcache.jit": "tracing", "opcache.jit_buffer_size": "64M"} if jit else {})},
                **(ini or {})})
    d.set("swoole", worker_num=workers, max_request=0)
    cached_application(d.app)
    return d.start()


def cached_application(folder, controllers=(), routes="", pages=""):
    """The demo application as it is deployed: configuration and routes cached, no debug. More routes of the API, and of pages."""
    scaffold(folder, "laravel", ["APP_DEBUG=false", "APP_ENV=production", "LOG_LEVEL=error"])
    for name, text in dict(controllers).items():
        with open(os.path.join(folder, "app", "Http", "Controllers", f"{name}.php"), "w", encoding="utf-8") as f:
            f.write(text)
    for name, text in (("api.php", routes), ("web.php", pages)):
        with open(os.path.join(folder, "routes", name), "a", encoding="utf-8") as f:
            f.write(text)
    for command in ("config:cache", "route:cache"):
        subprocess.run(["php", "artisan", command], cwd=folder, check=True, capture_output=True)


def with_daemon(make, path, seconds):
    def one():
        d = make()
        try:
            return measure(d.address, path, pids_of(d), seconds)
        finally:
            d.finish()
    return one


def nginx_static(seconds):
    def one():
        n = Nginx(lambda s: f"server {{ listen 127.0.0.1:{s.port}; root {s.path('www')}; keepalive_requests 100000000; }}")
        os.makedirs(n.path("www"))
        n.write("www/hello.txt", "Hello, world!")
        try:
            return measure(n.address, "/hello.txt", family(n.children[-1]), seconds)
        finally:
            n.stop()
    return one


def fpm_laravel(path, seconds, workers=2):
    def one():
        d = daemon()
        cached_application(d.app)
        f = Fpm(os.path.join(d.app, "public"), "127.0.0.1", children=workers, php_values=CACHED)
        try:
            return measure(f.address, path, lambda: [p for c in f.children for p in family(c)()], seconds)
        finally:
            f.stop()
            d.finish()
    return one


def kernel_loop(path, requests, jit=False, ask=False):
    """The least a resident Laravel can cost: one CLI process, kernel and router, no server at all; ask: see kernel_loop.php."""
    def one():
        folder = daemon()
        cached_application(folder.app)
        options = ["-d", "opcache.enable_cli=1", "-d", "opcache.validate_timestamps=0", "-d", "opcache.file_update_protection=0"]
        if jit:
            options += ["-d", "opcache.jit=tracing", "-d", "opcache.jit_buffer_size=64M"]
        try:
            out = subprocess.run(["php", *options, os.path.join(HERE, "kernel_loop.php"), folder.app, path, str(requests),
                                  *(["ask"] if ask else [])], text=True, capture_output=True, check=True).stdout
            us, *alone = map(float, out.split())
            return {"us": us, "rps": 1e6 / us, **({"alone": alone[0]} if ask else {})}
        finally:
            folder.finish()
    return one


# -- TLS: the same certificate, protocols and ciphers for both ------------------------------------------------------------

ANEW = {"headers": [("Connection", "close")], "connections": 4}
IDLE = 300


def tls_daemon():
    d = daemon(framework="callable", entry="entry.php")
    cert, key = Authority(d.folder).server("localhost", "127.0.0.1")
    d.set("swoole", ssl_cert_file=cert, ssl_key_file=key)
    d.write("entry.php", HELLO)
    return d.start()


def tls_site(n):
    os.makedirs(n.path("www"))
    n.write("www/hello.txt", "Hello, world!")
    cert, key = Authority(n.path("www")).server("localhost", "127.0.0.1")
    return (f"server {{ listen 127.0.0.1:{n.port} ssl; ssl_certificate {cert}; ssl_certificate_key {key};"
            " ssl_protocols TLSv1.2 TLSv1.3; ssl_ecdh_curve X25519:prime256v1; ssl_session_cache shared:x:1m;"
            f" root {n.path('www')}; keepalive_requests 100000000; }}")


def tls_measure(make, path, seconds):
    """CPU per request on kept connections, per request with a handshake, and memory per idle connection."""
    def one():
        s = make()
        ours = isinstance(s, Daemon)
        pids = pids_of(s) if ours else family(s.children[-1])
        try:
            kept = measure(s.address, path, pids, seconds, scheme="https")
            anew = measure(s.address, path, pids, seconds, scheme="https", **ANEW)
            holders = s.pids("reactor") if ours else pids()
            before = sum(proc.own_kb(p) for p in holders)
            clients = [Conn(s.address, client_context()) for _ in range(IDLE)]
            for c in clients:
                c.request(path)
            memory = (sum(proc.own_kb(p) for p in holders) - before) / IDLE
            for c in clients:
                c.close()
            return {"us": kept["us"], "rps": kept["rps"], "anew": anew["us"], "memory": memory}
        finally:
            s.finish() if ours else s.stop()
    return one


def bench_tls(t, o):
    r = in_turns(o.starts, nginx=tls_measure(lambda: Nginx(tls_site), "/hello.txt", o.seconds), ours=tls_measure(tls_daemon, "/", o.seconds))
    for name, who in (("nginx", "nginx, static file of 13 bytes"), ("ours", "callable hello world")):
        t.row(f"TLS, {who}: CPU per request", f"{r[name]['us']:.1f} us ({r[name]['rps']:.0f}/s)")
        t.row("the same with a handshake (TLS 1.3, P-256) for each: CPU per request", f"{r[name]['anew']:.0f} us")
        t.row(f"the same, memory for each of {IDLE} idle connections", f"{r[name]['memory']:.1f} kB")
    for key, what in (("us", "TLS, callable / nginx"), ("anew", "TLS with handshakes, callable / nginx")):
        ratio = r["ours"][key] / r["nginx"][key]
        t.row(what, f"{ratio:.2f}", "at most 1.20", ratio <= 1.2)


# -- HTTP/2 in clear text, prior knowledge -----------------------------------------------------------------------------------

def h2load(address, path, n, streams=100):
    """Requests per second; all of them must have succeeded."""
    out = subprocess.run(["h2load", f"-n{n}", "-c4", f"-m{streams}", f"http://{address[0]}:{address[1]}{path}"],
                         text=True, capture_output=True, check=True).stdout
    assert f"{n} succeeded, 0 failed, 0 errored" in out and f"status codes: {n} 2xx" in out, out
    return float(re.search(r"([\d.]+) req/s", out).group(1))


def over_h2(make, path, pids, stop, seconds):
    n = 30000 * seconds

    def one():
        s = make()
        try:
            h2load(s.address, path, 10000)
            before = cpu_s(pids(s)())
            rps = h2load(s.address, path, n)
            return {"us": (cpu_s(pids(s)()) - before) / n * 1e6, "rps": rps}
        finally:
            stop(s)
    return one


def h2_daemon():
    return hello_daemon({"swoole": {"open_http2_protocol": True}})


def h2_nginx():
    n = Nginx(lambda s: f"server {{ listen 127.0.0.1:{s.port} http2; root {s.path('www')}; keepalive_requests 100000000; }}")
    os.makedirs(n.path("www"))
    n.write("www/hello.txt", "Hello, world!")
    return n


IDLE_H2 = 400


def idle_h2(make, path, holders, stop):
    """kB of the server's own memory for each connection that has had one request and waits for the next."""
    def one():
        s = make()
        try:
            before = sum(proc.own_kb(p) for p in holders(s))
            clients = [h2.Client(s) for _ in range(IDLE_H2)]
            for c in clients:
                assert c.get(path).status == 200
            grown = sum(proc.own_kb(p) for p in holders(s)) - before
            for c in clients:
                c.sock.close()
            return {"each": grown / IDLE_H2}
        finally:
            stop(s)
    return one


def bench_http2(t, o):
    idle = in_turns(o.starts, nginx=idle_h2(h2_nginx, "/hello.txt", lambda n: family(n.children[-1])(), Nginx.stop),
                    ours=idle_h2(h2_daemon, "/", lambda d: d.pids("reactor"), Daemon.finish))
    for name, who in (("nginx", "nginx"), ("ours", "ours")):
        t.row(f"HTTP/2, {who}: memory for each of {IDLE_H2:,} idle connections", f"{idle[name]['each']:.1f} kB")
    r = in_turns(o.starts, nginx=over_h2(h2_nginx, "/hello.txt", lambda n: family(n.children[-1]), Nginx.stop, o.seconds),
                 ours=over_h2(h2_daemon, "/", pids_of, Daemon.finish, o.seconds))
    t.row("HTTP/2, nginx, static file of 13 bytes: CPU per request", f"{r['nginx']['us']:.1f} us ({r['nginx']['rps']:.0f}/s)")
    t.row("HTTP/2, callable hello world: CPU per request", f"{r['ours']['us']:.1f} us ({r['ours']['rps']:.0f}/s)")
    t.row("HTTP/2, callable / nginx", f"{r['ours']['us'] / r['nginx']['us']:.2f}")


# -- servers of scripts, and many WebSocket clients --------------------------------------------------------------------

JSON = """<?php
$rows = array_map(fn ($i) => ['id' => $i, 'name' => "user number $i", 'mail' => md5((string) $i) . '@example.test', 'active' => $i % 3 > 0], range(1, 200));
$json = substr(json_encode($rows), 0, 20000);
return function () use ($json) { header('Content-Type: application/json'); echo $json; };
"""


def json_server(seconds, coding, front=None):
    """20 kB of JSON, compressed (or not) by the server itself, or by nginx in front of it: CPU of all of them."""
    def one():
        d = daemon({"swoole": {"http_compression": bool(coding) and not front, "max_request": 0}}, framework="callable", entry="entry.php")
        d.write("entry.php", JSON)
        d.start()
        n = front and Nginx(lambda s: f"""gzip {'on' if coding else 'off'}; gzip_types application/json; gzip_proxied any;
            upstream u {{ server 127.0.0.1:{d.port}; keepalive 64; }}
            server {{ listen 127.0.0.1:{s.port}; keepalive_requests 100000000;
                location / {{ proxy_pass http://u; proxy_http_version 1.1; proxy_set_header Connection ""; }} }}""")
        address = n.address if n else d.address
        try:
            headers = [("Accept-Encoding", coding)] if coding else []
            r = http.fetch(address, "/", headers=headers)
            assert r.get("content-encoding") == (coding or None), r
            pids = (lambda: pids_of(d)() + family(n.children[-1])()) if n else pids_of(d)
            return {**measure(address, "/", pids, seconds, headers), "bytes": len(r.body)}
        finally:
            if n:
                n.stop()
            d.finish()
    return one


def script(name, **env):
    return Server(code=open(os.path.join(HERE, name), encoding="utf-8").read(), env=env).start()


def ws_echo(seconds, clients=50, size=64, settings=None):
    """CPU per message, there and back; the messages of a second warm the server up."""
    def one():
        s = script("ws_echo.php", RS_SETTINGS=json.dumps(settings or {}))
        try:
            with Load(s.port, "echo", clients, size, 1000) as load:
                load.result()
            with Load(s.port, "echo", clients, size, seconds * 1000) as load:
                before = cpu_s(s.everyone())
                got = load.result()
                return {"us": (cpu_s(s.everyone()) - before) / got["messages"] * 1e6, "rps": got["messages"] / got["seconds"]}
        finally:
            s.finish()
    return one


def ws_idle(clients):
    """Bytes for each of so many connections that have had a message each: growth of all processes, and of the reactor alone."""
    def one():
        s = script("ws_echo.php")
        try:
            with Load(s.port, "echo", 50, 64, 1000) as load:    # what is made on first use is there
                load.result()
            reactor = [p for p in s.everyone() if "reactor" in proc.title(p)]
            before = {p: proc.own_kb(p) for p in s.everyone()}
            with Load(s.port, "hold", clients):
                grown = {p: proc.own_kb(p) - kb for p, kb in before.items()}
            return {"all": sum(grown.values()) * 1024 / clients, "reactor": grown[reactor[0]] * 1024 / clients}
        finally:
            s.finish()
    return one


def ws_broadcast(clients, silent):
    def one():
        s = script("ws_broadcast.php", RS_BYTES="64")
        try:
            with Load(s.port, "broadcast", clients, silent) as load:
                got = load.result()
            assert got["server"]["pushed"] == clients + 1, got
            return {"last": got["last_ms"], "php": got["server"]["ms"], "told": got["told_ms"]}
        finally:
            s.finish()
    return one


# -- isolation ---------------------------------------------------------------------------------------------------------

FACTS = """<?php
namespace App\\Http\\Controllers;
final class FactsController
{
    public function __invoke(): array
    {
        return \\Rserverd\\snapshot_facts() + ['pid' => getmypid()];
    }
}
"""


def isolation_daemon(mode):
    """The demo application as it is deployed, with one worker and a route that tells what the snapshot has cost; the two that
    are measured are there a second time, where the mode is greedy."""
    d = daemon({"php": CACHED, "rserverd": {"isolation": mode},
                "isolation.page": {"prefix": "/greedy", "mode": "greedy"}, "isolation.api": {"prefix": "/api/greedy", "mode": "greedy"}})
    d.set("swoole", worker_num=1, max_request=0)
    cached_application(d.app, {"FactsController": FACTS},
                       "Route::get('facts', App\\Http\\Controllers\\FactsController::class);\n"
                       "Route::get('greedy/hello', [ApiController::class, 'hello']);\n",
                       "Route::get('greedy/notes', [NoteController::class, 'index']);\n")
    return d.start()


def beside_greedy(path, twin, pairs=20):
    """CPU of a request to path by that of one to twin, which is greedy: in turns in one worker, since one start differs from the
    next by more than a restore costs. The median of the pairs."""
    def one():
        d = isolation_daemon("snapshot")
        try:
            everyone = family(d.child)
            ratios = []
            for p in (path, twin):
                wrk(d.address, p, 1, 4)
            for i in range(pairs):
                us = {}
                for p in ((path, twin), (twin, path))[i % 2]:
                    before = cpu_with_children_s(everyone())
                    n, _ = wrk(d.address, p, 1, 4)
                    us[p] = (cpu_with_children_s(everyone()) - before) / n
                ratios.append(us[path] / us[twin])
            return {"ratio": statistics.median(ratios)}
        finally:
            d.finish()
    return one


def restores(d, path, bursts=100, size=10):
    """Of each burst of requests the mean time of a restore, by the engine's own clock; the median of them, so that what a busy
    machine does to some of them does not count. And what the snapshot holds."""
    times, changed = [], []
    with d.conn() as c:
        facts = c.request("/api/facts").json()
        for _ in range(bursts):
            for _ in range(size):
                assert c.request(path).status == 200
            before, facts = facts, c.request("/api/facts").json()
            n = facts["restores"] - before["restores"]
            assert facts["pid"] == before["pid"] and n == size + 1, (before, facts)
            times.append((facts["restore_ns"] - before["restore_ns"]) / n / 1000)
            changed.append((facts["changed"] - before["changed"]) / n)
    return {"restore": statistics.median(times), "changed": statistics.median(changed), "take": facts["take_us"],
            "places": facts["places"], "objects": facts["objects"]}


def isolation_cost(mode, path, seconds):
    """CPU per request; with a snapshot also microseconds per restore."""
    def one():
        d = isolation_daemon(mode)
        try:
            wrk(d.address, path, 1, 4)
            result = restores(d, path) if mode == "snapshot" else {}
            everyone = family(d.child)
            before = cpu_with_children_s(everyone())
            n, rps = wrk(d.address, path, seconds, 4)
            return result | {"us": (cpu_with_children_s(everyone()) - before) / n * 1e6, "rps": rps}
        finally:
            d.finish()
    return one


# -- isolation = fork ----------------------------------------------------------------------------------------------------

# Boots for 10 ms of CPU, as an application of some size does: services are made, patterns compiled.
HEAVY = """<?php
$boot = static function (): array {
    $used = static fn (): float => ($u = getrusage())['ru_utime.tv_sec'] + $u['ru_utime.tv_usec'] / 1e6;
    $end = $used() + 0.01;
    $services = [];
    do {
        $o = new stdClass();
        for ($i = 0; $i < 50; $i++) { $o->{"p$i"} = ['name' => "service$i", 'tags' => ["a$i", "b$i"]]; }
        if (count($services) < 500) { $services[] = $o; }
    } while ($used() < $end);
    return $services;
};
$services = $boot();
$handle = static function () use ($services): void {
    header('Content-Type: application/json');
    echo json_encode(['hello' => 'world', 'services' => count($services) > 0]);
};
"""


def whole_family_s(roots):
    """CPU seconds of processes and all their descendants, with those that were reaped: some live for one request."""
    pids = {p for root in roots for p in [root, *proc.descendants(root)]}
    return sum(sum(int(x) for x in proc.stat_fields(p)[11:15]) for p in pids) / TICK


def measure_one_by_one(address, path, roots, n):
    """One client, one request after the other: {us: CPU microseconds per request, with all processes that came and went}."""
    request = http.build(path)
    http.hammer(address, request, max(20, n // 10), batch=1)
    before = whole_family_s(roots)
    seen = http.hammer(address, request, n, batch=1)
    assert set(seen) == {200}, seen
    time.sleep(0.3)     # the last ones are reaped
    return {"us": (whole_family_s(roots) - before) / n * 1e6}


def forking(mode, requests):
    def one():
        d = laravel_daemon(workers=1, ini={"rserverd": {"isolation": mode, "warm_up": ["/api/hello"]}})
        try:
            return measure_one_by_one(d.address, "/api/hello", [d.master_pid], requests)
        finally:
            d.finish()
    return one


def heavy_daemon(requests):
    def one():
        d = daemon({"rserverd": {"isolation": "fork", "warm_up": ["/"]}, "swoole": {"worker_num": 1, "max_request": 0},
                    "php": CACHED}, framework="callable", entry="entry.php")
        d.write("entry.php", HEAVY + "return $handle;\n")
        try:
            return measure_one_by_one(d.start().address, "/", [d.master_pid], requests)
        finally:
            d.finish()
    return one


def heavy_fpm(requests):
    def one():
        d = daemon()
        d.write("public/index.php", HEAVY + "$handle();\n")
        f = Fpm(os.path.join(d.app, "public"), "127.0.0.1", php_values=CACHED)
        try:
            return measure_one_by_one(f.address, "/", [c.pid for c in f.children], requests)
        finally:
            f.stop()
            d.finish()
    return one


# -- the benchmarks ----------------------------------------------------------------------------------------------------

class Table:
    def __init__(self):
        self.rows, self.missed = [], []

    def row(self, what, value, bar=None, ok=None):
        self.rows.append((what, value, bar or "", "" if ok is None else "ok" if ok else "MISSED"))
        if ok is False:
            self.missed.append(what)
        print(f"| {what} | {value} | {bar or ''} | {self.rows[-1][3]} |", flush=True)


def bench_hello(t, o):
    r = in_turns(o.starts, nginx=nginx_static(o.seconds), ours=with_daemon(hello_daemon, "/", o.seconds))
    ratio = r["ours"]["us"] / r["nginx"]["us"]
    t.row("nginx, static file of 13 bytes: CPU per request", f"{r['nginx']['us']:.1f} us ({r['nginx']['rps']:.0f}/s)")
    t.row("callable hello world: CPU per request", f"{r['ours']['us']:.1f} us ({r['ours']['rps']:.0f}/s)")
    t.row("callable / nginx", f"{ratio:.2f}", "at most 1.50", ratio <= 1.5)


def files_daemon():
    d = daemon({"laravels": {"handle_static": True}}, framework="callable", entry="entry.php")
    d.write("entry.php", HELLO)
    for name, data in STATIC.items():
        d.write("public" + name, data)
    return d.start()


def nginx_files(path, seconds):
    """As distributions configure it: sendfile, tcp_nopush."""
    def one():
        n = Nginx(lambda s: f"sendfile on; tcp_nopush on; server {{ listen 127.0.0.1:{s.port}; root {s.path('www')}; keepalive_requests 100000000; }}")
        os.makedirs(n.path("www"))
        for name, data in STATIC.items():
            n.write("www" + name, data)
        try:
            return measure(n.address, path, family(n.children[-1]), seconds)
        finally:
            n.stop()
    return one


STATIC = {"/small.txt": "x" * 1024, "/large.txt": "x" * (1 << 20)}


def bench_static(t, o):
    """Files of 1 kB and 1 MB against nginx."""
    for path, what, bar in (("/small.txt", "1 kB", 1.2), ("/large.txt", "1 MB", 1.0)):
        r = in_turns(o.starts, nginx=nginx_files(path, o.seconds), ours=with_daemon(files_daemon, path, o.seconds))
        for who in r:
            t.row(f"static file of {what}, {who}: CPU per request", f"{r[who]['us']:.1f} us ({r[who]['rps']:.0f}/s)")
        ratio = r["ours"]["us"] / r["nginx"]["us"]
        t.row(f"static file of {what}, ours / nginx", f"{ratio:.2f}", f"at most {bar:.2f}", ratio <= bar)


def bench_compression(t, o):
    s = o.seconds
    r = in_turns(o.starts, ours_plain=json_server(s, ""), front_plain=json_server(s, "", front=True),
                 ours=json_server(s, "gzip"), front=json_server(s, "gzip", front=True))
    for name, text in (("ours_plain", "not compressed"), ("front_plain", "not compressed, behind nginx"), ("ours", "http_compression, gzip level 1"),
                       ("front", "gzip of nginx in front, level 1")):
        t.row(f"JSON of 20 kB, {text}: CPU per request", f"{r[name]['us']:.0f} us ({r[name]['rps']:.0f}/s, {r[name]['bytes']:.0f} bytes)")
    t.row("http_compression / nginx in front (CPU)", f"{r['ours']['us'] / r['front']['us']:.2f}")


def bench_fork(t, o):
    """A process for each request: what that costs above the request itself, and against php-fpm, which boots for each."""
    n = 100 * o.seconds
    r = in_turns(o.starts, greedy=forking("greedy", n), fork=forking("fork", n), fpm=heavy_fpm(n), heavy=heavy_daemon(n))
    for name in ("greedy", "fork"):
        t.row(f"Laravel JSON route, one client, isolation = {name}: CPU per request", f"{r[name]['us']:.0f} us")
    above = (r["fork"]["us"] - r["greedy"]["us"]) / 1000
    t.row("fork above greedy", f"{above:.2f} ms", "at most 2.50 ms", above <= 2.5)
    t.row("an application that boots for 10 ms, nginx + php-fpm with OPcache: CPU per request", f"{r['fpm']['us']:.0f} us")
    t.row("the same, isolation = fork", f"{r['heavy']['us']:.0f} us")
    times = r["fpm"]["us"] / r["heavy"]["us"]
    t.row("php-fpm / isolation = fork (CPU)", f"{times:.1f}", "at least 1.0", times >= 1)


def bench_laravel(t, o):
    path = "/api/hello"
    r = in_turns(o.starts,
                 loop=kernel_loop(path, 5000), ask=kernel_loop(path, 5000, ask=True),
                 ours=with_daemon(laravel_daemon, path, o.seconds),
                 fpm=fpm_laravel(path, o.seconds),
                 loop_jit=kernel_loop(path, 5000, jit=True),
                 ours_jit=with_daemon(lambda: laravel_daemon(jit=True), path, o.seconds))
    for name, text in (("loop", "bare kernel loop"), ("ours", "rserverd"), ("fpm", "nginx + php-fpm"),
                       ("loop_jit", "bare kernel loop, JIT"), ("ours_jit", "rserverd, JIT")):
        t.row(f"Laravel JSON route, {text}: CPU per request", f"{r[name]['us']:.0f} us ({r[name]['rps']:.0f}/s)")
    ratio = r["ours"]["us"] / r["loop"]["us"]
    t.row("rserverd / bare loop (CPU)", f"{ratio:.2f}", "at most 1.25", ratio <= 1.25)
    t.row("the same with JIT", f"{r['ours_jit']['us'] / r['loop_jit']['us']:.2f}")
    t.row("the bare loop with a byte to another process and back after each request",
          f"{r['ask']['us']:.0f} us, {r['ask']['alone']:.0f} us of it without the request")
    t.row("rserverd / that", f"{r['ours']['us'] / r['ask']['us']:.2f}")
    times = r["ours"]["rps"] / r["fpm"]["rps"]
    t.row("requests per second, rserverd / php-fpm", f"{times:.1f}", "at least 5.0", times >= 5)


def flat(t, d, what, path, total, o, headers=()):
    """Memory of every process after a tenth of the requests, and at the end: within 2 per cent."""
    def load(n):
        goal = d.status()["requests_total"] + n
        while d.status()["requests_total"] < goal:
            wrk(d.address, path, 2, o.connections, headers)
        d.wait_settled()
        time.sleep(1)   # an idle worker gives back what it does not need: both looks come after that
    load(total // 10)
    before = {p["pid"]: (p["role"], proc.rss_kb(p["pid"])) for p in d.status()["processes"]}
    load(total - total // 10)
    for p in d.status()["processes"]:
        assert p["pid"] in before, f"{p['role']} was replaced:\n{d.log()[-4000:]}"
        role, was = before[p["pid"]]
        now = proc.rss_kb(p["pid"])
        growth = (now - was) / was * 100
        t.row(f"{what}: memory of {role} {p['id'] if role == 'worker' else ''} after 10 % and at the end",
              f"{was} kB, {now} kB ({growth:+.2f} %)", "within 2 %", growth <= 2)


def visitor(d):
    """The header of somebody who has been there: all requests are of one session."""
    b = d.browser()
    b.get("/notes")
    b.close()
    return [("Cookie", "; ".join(f"{name}={value}" for name, value in b.cookies.items()))]


def bench_memory(t, o):
    all_flat(t, o, (
        ("1,000,000 callable requests", lambda: hello_daemon({"swoole": {"max_request": 0}}), "/", 1_000_000, lambda d: []),
        ("50,000 Laravel JSON requests", laravel_daemon, "/api/hello", 50_000, lambda d: []),
        ("50,000 Laravel pages (session, Eloquent, Blade)", laravel_daemon, "/notes", 50_000, visitor)))


def bench_million(t, o):
    """The same with a million of each; it takes half an hour and is not among those that run when none is named."""
    all_flat(t, o, (
        ("1,000,000 Laravel JSON requests", laravel_daemon, "/api/hello", 1_000_000, lambda d: []),
        ("1,000,000 Laravel pages (session, Eloquent, Blade)", laravel_daemon, "/notes", 1_000_000, visitor)))


def all_flat(t, o, cases):
    for what, make, path, total, headers in cases:
        d = make()
        try:
            flat(t, d, what, path, total, o, headers(d))
        finally:
            d.finish()


def bench_workers(t, o):
    """What a worker costs beyond the first, and how fast a killed one is replaced."""
    workers = 6
    d = laravel_daemon(workers=workers)
    try:
        while min(w["requests"] for w in d.of(d.status(), "worker")) < 1000:
            wrk(d.address, "/api/hello", 2)
        d.wait_settled()
        time.sleep(1.5)     # the idle second of the bar
        dirty = sorted(proc.anonymous_dirty_kb(p) for p in d.pids("worker"))
        worst = dirty[-1] / 1024
        t.row(f"anonymous private dirty memory of each of {workers} Laravel workers after 1,000 requests",
              f"{dirty[0] / 1024:.2f} to {worst:.2f} MB", "at most 4 MB", worst <= 4)
    finally:
        d.finish()
    d = laravel_daemon(workers=1, ini={"swoole": {"log_level": 0}})
    try:
        for _ in range(11):
            proc.kill(d.pids("worker")[0])
            until(lambda: d.settled())
        # the master's own clock: from the order to fork to the worker's word that it serves
        times = [int(x) for x in re.findall(r"is ready after (\d+) ms", d.log())][1:]
        t.row(f"a killed Laravel worker's successor serves after the order to fork it (median, largest of {len(times)})",
              f"{statistics.median(times):.0f} ms, {max(times)} ms", "at most 10 ms", statistics.median(times) <= 10)
    finally:
        d.finish()


def table_operations(processes, count=300_000):
    def one():
        out = subprocess.run([BINARY, "run", os.path.join(HERE, "table.php"), str(count), str(processes)],
                             text=True, capture_output=True, check=True).stdout
        return json.loads(out)
    return one


def bench_table(t, o):
    """Swoole\\Table from PHP: the method call, the conversion of values, the lock, the row."""
    r = in_turns(o.starts, alone=table_operations(1), two=table_operations(2))
    for name, ns in r["alone"].items():
        t.row(f"Swoole\\Table, {name}: CPU per call, one process / two at once", f"{ns:.0f} ns / {r['two'][name]:.0f} ns")


def bench_websocket(t, o):
    r = in_turns(o.starts, hello=with_daemon(hello_daemon, "/", o.seconds), echo=ws_echo(o.seconds))
    ratio = r["echo"]["us"] / r["hello"]["us"]
    t.row("callable hello world: CPU per request", f"{r['hello']['us']:.1f} us ({r['hello']['rps']:.0f}/s)")
    t.row("WebSocket echo, 50 clients, 64 bytes: CPU per message", f"{r['echo']['us']:.1f} us ({r['echo']['rps']:.0f}/s)")
    t.row("WebSocket echo / callable", f"{ratio:.2f}", "at most 1.10", ratio <= 1.1)


def bench_idle(t, o):
    r = in_turns(o.starts, idle=ws_idle(10_000))["idle"]
    t.row("10,000 idle WebSocket connections: memory of all processes, each", f"{r['all']:.0f} bytes", "at most 3,000",
          r["all"] <= 3000)
    t.row("of that, the reactor", f"{r['reactor']:.0f} bytes")


def http_idle(n):
    """Bytes of the reactor's own memory for each of n connections that have had a request."""
    def one():
        d = hello_daemon({"swoole": {"max_conn": n + 100}})
        try:
            reactor = d.pid("reactor")
            before = proc.own_kb(reactor)
            clients = [d.conn() for _ in range(n)]
            for c in clients:
                assert c.request("/").status == 200
            grown = proc.own_kb(reactor) - before
            for c in clients:
                c.close()
            return {"each": grown * 1024 / n}
        finally:
            d.finish()
    return one


def bench_keepalive(t, o):
    each = in_turns(o.starts, idle=http_idle(9_000))["idle"]["each"]
    t.row("9,000 idle keep-alive connections: memory of the reactor, each", f"{each:.0f} bytes", "at most 2,048", each <= 2048)


def bench_broadcast(t, o):
    """One call of PHP pushes 64 bytes to each of 10,000 connections; then the same when some of them do not read."""
    r = in_turns(o.starts, quick=ws_broadcast(10_000, 0), slow=ws_broadcast(10_000, 100))
    for name, text in (("quick", "all read"), ("slow", "100 do not read, their buffers are full")):
        t.row(f"push to 10,000 connections, {text}: the last reader has it / PHP is through",
              f"{r[name]['last']:.0f} ms / {r[name]['php']:.0f} ms")
    ratio = r["slow"]["last"] / r["quick"]["last"]
    t.row("the last reader, with / without clients that do not read", f"{ratio:.2f}", "at most 1.50", ratio <= 1.5)


def bench_isolation(t, o):
    """What a request costs in each mode, in turns; the restore by the engine's own clock."""
    modes = ("greedy", "snapshot", "simple", "fork")
    for path, twin, text in (("/api/hello", "/api/greedy/hello", "JSON route"),
                             ("/notes", "/greedy/notes", "page with session, Eloquent and Blade")):
        r = in_turns(o.starts, beside=beside_greedy(path, twin), **{m: isolation_cost(m, path, o.seconds) for m in modes})
        for mode in modes:
            t.row(f"{text}, isolation = {mode}: CPU per request", f"{r[mode]['us']:.0f} us ({r[mode]['rps']:.0f}/s)")
        s = r["snapshot"]
        t.row(f"{text}: one restore ({s['objects']:.0f} objects, {s['places']:.0f} places, {s['changed']:.0f} changed by a request)",
              f"{s['restore']:.1f} us", "at most 10 us", s["restore"] <= 10)
        ratio = r["beside"]["ratio"]
        t.row(f"{text}, snapshot / greedy in turns in one worker (CPU)", f"{ratio:.2f}", "at most 1.10", ratio <= 1.1)
        more = (r["fork"]["us"] - r["greedy"]["us"]) / 1000
        t.row(f"{text}, fork beyond greedy (CPU)", f"{more:.2f} ms", "at most 2.5 ms", more <= 2.5)
        t.row(f"{text}: the snapshot is taken in", f"{s['take'] / 1000:.1f} ms, once in a worker")


def bench_isolation_mixed(t, o):
    """Every answer is checked (tests/e2e/lib/mixed.py); a wrong one ends it with what was wrong."""
    from test_isolation_proof import LEAKS
    d = daemon({"rserverd": {"isolation": "snapshot"}, "swoole": {"worker_num": 1, "max_request": 0}})
    scaffold(d.app, "pollution", ["TEST_ROUTES=true", "APP_DEBUG=false", "LOG_LEVEL=emergency"])
    d.start()
    try:
        m = Mixed(d, leaks=LEAKS["snapshot"])
        m.run(2000)     # each pollution has been there more than once, and tables have their size
        memory = Memory(d)
        m.run(o.requests - 2000)
        m.close()
        print(f"{m.sent} requests: {describe(m.kinds)}", file=sys.stderr)
        t.row(f"{m.sent:,} mixed requests, isolation = snapshot: wrong answers", "0", "0", True)
        (_, php, rss), = memory.growth()
        t.row("PHP's heap from request 2,000 on", f"{php:+.2f} %", "within 1 %", php <= 1)
        t.row("resident pages of the worker from request 2,000 on", f"{rss:+.2f} %", "within 1 %", rss <= 1)
    finally:
        d.finish()


BENCHES = {"broadcast": bench_broadcast, "compression": bench_compression, "fork": bench_fork, "hello": bench_hello, "http2": bench_http2,
           "idle": bench_idle, "isolation": bench_isolation, "isolation-mixed": bench_isolation_mixed, "keepalive": bench_keepalive,
           "laravel": bench_laravel, "memory": bench_memory, "million": bench_million, "static": bench_static, "table": bench_table,
           "tls": bench_tls, "websocket": bench_websocket, "workers": bench_workers}
LONG = {"isolation-mixed", "million"}


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("names", nargs="*", metavar="NAME", help=", ".join(BENCHES))
    p.add_argument("--starts", type=int, default=3)
    p.add_argument("--seconds", type=int, default=5)
    p.add_argument("--requests", type=int, default=100_000)
    p.add_argument("--connections", type=int, default=CONNECTIONS, help="of the load generator, memory only")
    p.add_argument("--json", metavar="FILE")
    o = p.parse_args()
    unknown = set(o.names) - set(BENCHES)
    if unknown:
        p.error(f"no benchmark {', '.join(sorted(unknown))}; there are: {', '.join(BENCHES)}")
    if not shutil.which("wrk"):
        p.error("wrk is not installed")
    proc.become_subreaper()
    t = Table()
    print("| what | measured | bar | |\n|---|---|---|---|")
    for name in o.names or [b for b in BENCHES if b not in LONG]:
        BENCHES[name](t, o)
    if o.json:
        with open(o.json, "w") as f:
            json.dump([dict(zip(("what", "value", "bar", "verdict"), r)) for r in t.rows], f, indent=1)
    sys.exit(1 if t.missed else 0)


if __name__ == "__main__":
    main()
