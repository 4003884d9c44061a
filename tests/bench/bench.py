"""The measurements of docs/BENCHMARKS.md. Prints Markdown tables.

    bin/bench [hello] [laravel] [fpm] [memory] [fork] [long]

CPU is utime + stime of all processes of a server, read from /proc before and after a run and divided by the requests that
wrk counted: seconds are noise on a shared machine, CPU per request is not. Servers that are compared run in turns within one
run; each figure is the median over starts (RUNS, default 3).
"""

import os
import re
import statistics
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
TREE = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(TREE, "tests", "e2e"))

from lib import proc  # noqa: E402
from lib.daemon import Daemon, run  # noqa: E402
from lib.fpm import Fpm, Nginx  # noqa: E402

RUNS = int(os.environ.get("RUNS", "3"))
SECONDS = int(os.environ.get("SECONDS", "4"))
TICK = os.sysconf("SC_CLK_TCK")
JSON_ROUTE = "/api/hello"


def cpu_us(root):
    """CPU of a process, its descendants, and the children they have reaped, in microseconds."""
    ticks = 0
    for pid in [root] + proc.descendants(root):
        f = proc.stat_fields(pid)
        if f:
            ticks += sum(int(x) for x in f[11:15])
    return ticks * 1e6 / TICK


def wrk(address, target, seconds=None, connections=64):
    """(requests, requests per second); any answer that is not 2xx is an error of the bench."""
    out = run("wrk", "-t1", f"-c{connections}", f"-d{seconds or SECONDS}s", f"http://{address[0]}:{address[1]}{target}").stdout
    bad = re.search(r"Non-2xx or 3xx responses: (\d+)|Socket errors: (.*)", out)
    if bad:
        raise SystemExit(f"wrk: {bad.group(0)}\n{out}")
    return int(re.search(r"(\d+) requests in", out).group(1)), float(re.search(r"Requests/sec:\s+([\d.]+)", out).group(1))


def measure(address, target, pid, **kw):
    """(CPU us per request, requests per second), after a warm-up."""
    wrk(address, target, seconds=1, **kw)
    before = cpu_us(pid)
    n, rps = wrk(address, target, **kw)
    return (cpu_us(pid) - before) / n, rps


def table(title, head, rows):
    print(f"\n### {title}\n\n| " + " | ".join(head) + " |\n|" + "---|" * len(head))
    for row in rows:
        print("| " + " | ".join(f"{c:.2f}" if isinstance(c, float) else str(c) for c in row) + " |")
    sys.stdout.flush()


def scaffold(folder, **env):
    """The Laravel application of the tests with cached configuration and routes."""
    app = os.path.join(folder, "app")
    settings = {"APP_DEBUG": "false", "APP_ENV": "production", "LOG_LEVEL": "error", **env}
    subprocess.run([os.path.join(TREE, "bin", "app-scaffold"), app, "laravel"] + [f"{k}={v}" for k, v in settings.items()],
                   check=True, stdout=subprocess.DEVNULL)
    for command in ("config:cache", "route:cache"):
        subprocess.run(["php", "artisan", command], cwd=app, check=True, stdout=subprocess.DEVNULL)
    subprocess.run(["chmod", "-R", "a+rwX", app], check=True)
    return app


def daemon(ini=None, **kw):
    """A resident server for a bench: no recycling, quiet."""
    ini = {**(ini or {})}
    ini["swoole"] = {"max_request": 0, "log_level": 4, **ini.get("swoole", {})}
    return Daemon(engine=kw.pop("engine", "php"), ini=ini, **kw).start()


def callable_daemon(engine="php", **swoole):
    d = Daemon(engine=engine, framework="callable" if engine == "php" else None,
               entry=os.path.join(HERE, "hello.php") if engine == "php" else None,
               ini={"swoole": {"max_request": 0, "log_level": 4, "worker_num": 2, **swoole}})
    return d.start()


def laravel_daemon(app, workers, **php):
    return daemon(app=app, ini={"swoole": {"worker_num": workers}, "php": {"opcache.validate_timestamps": 0, **php},
                                "rserverd": {"user": "root"} if os.getuid() == 0 else {}})


# -- hello ------------------------------------------------------------------------------------------------------------


def static_nginx():
    def part(service):
        service.write("hello.txt", "hello")
        return f"""open_file_cache max=16; keepalive_requests 100000000;
            server {{ listen 127.0.0.1:{service.port}; root {service.folder}; }}"""
    return Nginx(part)


def hello():
    """A callable against nginx with a static file of the same size; the core alone (fake engine) beside it."""
    got = {"nginx": [], "rserverd callable": [], "rserverd fake engine": []}
    for _ in range(RUNS):
        n = static_nginx()
        got["nginx"].append(measure(n.address, "/hello.txt", n.children[0].pid))
        n.stop()
        for name, engine in (("rserverd callable", "php"), ("rserverd fake engine", "fake")):
            d = callable_daemon(engine)
            got[name].append(measure(d.address, "/", d.master_pid))
            d.finish()
    base = statistics.median(c for c, _ in got["nginx"])
    table("Hello world, 64 keep-alive connections", ["server", "CPU us/request", "requests/s", "CPU against nginx"],
          [[name, statistics.median(c for c, _ in v), statistics.median(r for _, r in v),
            statistics.median(c for c, _ in v) / base] for name, v in got.items()])


# -- Laravel ----------------------------------------------------------------------------------------------------------


def bare_loop(app, jit):
    """The kernel alone in one CLI process with the same settings; its own getrusage()."""
    options = ["opcache.enable_cli=1", "opcache.validate_timestamps=0", f"opcache.jit={jit}",
               "opcache.jit_buffer_size=" + ("64M" if jit != "off" else "0")]
    out = run("php", *[w for o in options for w in ("-d", o)], os.path.join(HERE, "bare-loop.php"), app, JSON_ROUTE, "5000",
              timeout=300)
    if out.returncode:
        raise SystemExit(out.stdout + out.stderr)
    return float(out.stdout)


def laravel():
    """JSON route without session: the whole server against the bare kernel loop."""
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        app = scaffold(folder)
        for jit in ("off", "tracing"):
            bare, ours, rps = [], [], []
            for _ in range(RUNS):
                bare.append(bare_loop(app, jit))
                d = laravel_daemon(app, 2, **{"opcache.jit": jit, "opcache.jit_buffer_size": "64M" if jit != "off" else "0"})
                c, r = measure(d.address, JSON_ROUTE, d.master_pid)
                ours.append(c)
                rps.append(r)
                d.finish()
            rows.append([jit, statistics.median(bare), statistics.median(ours), statistics.median(rps),
                         statistics.median(ours) / statistics.median(bare)])
    table("Laravel JSON route, no session, configuration and routes cached",
          ["JIT", "bare loop CPU us", "rserverd CPU us/request", "requests/s", "ratio"], rows)


def fpm():
    """The same route behind nginx + php-fpm, static pool of the same size."""
    ours, theirs = [], []
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        app = scaffold(folder)
        for _ in range(RUNS):
            f = Fpm(os.path.join(app, "public"), children=2, php={"opcache.validate_timestamps": "0"})
            cpu = [0.0, 0.0]
            wrk(f.address, JSON_ROUTE, seconds=1, connections=16)
            cpu[0] = sum(cpu_us(c.pid) for c in f.children)
            n, rps = wrk(f.address, JSON_ROUTE, connections=16)
            cpu[1] = sum(cpu_us(c.pid) for c in f.children)
            theirs.append(((cpu[1] - cpu[0]) / n, rps))
            f.stop()
            d = laravel_daemon(app, 2)
            ours.append(measure(d.address, JSON_ROUTE, d.master_pid, connections=16))
            d.finish()
    cpu_o, rps_o = (statistics.median(x[i] for x in ours) for i in (0, 1))
    cpu_t, rps_t = (statistics.median(x[i] for x in theirs) for i in (0, 1))
    table("Laravel JSON route against nginx + php-fpm (2 workers each, OPcache, validate_timestamps=0)",
          ["server", "CPU us/request", "requests/s", "requests/s against php-fpm"],
          [["nginx + php-fpm", cpu_t, rps_t, 1.0], ["rserverd", cpu_o, rps_o, rps_o / rps_t]])


# -- memory and forks ---------------------------------------------------------------------------------------------------


def memory_of(d):
    return {f"{p['role']} {p['id']}": proc.rss_kb(p["pid"]) for p in d.status()["processes"]}


def flat(name, d, target, total, connections):
    """Memory of every process after the first tenth and at the end."""
    wrk_until(d, target, total // 10, connections)
    time.sleep(1)
    start = memory_of(d)
    wrk_until(d, target, total, connections)
    time.sleep(1)
    end = memory_of(d)
    rows = [[role, start[role], end[role], 100.0 * (end[role] - start[role]) / start[role]] for role in start]
    table(f"{name}: resident memory over {d.status()['requests_total']} requests", ["process", "after a tenth, kB", "at the end, kB",
                                                                              "growth %"], rows)


def wrk_until(d, target, total, connections):
    while d.status()["requests_total"] < total:
        wrk(d.address, target, seconds=5, connections=connections)


def long():
    """1,000,000 callable and 50,000 Laravel requests."""
    d = callable_daemon()
    flat("Callable", d, "/", 1000000, 64)
    d.finish()
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        d = laravel_daemon(scaffold(folder), 2)
        flat("Laravel", d, JSON_ROUTE, 50000, 16)
        d.finish()


def memory():
    """Private dirty memory of each worker after 1,000 Laravel requests and an idle second."""
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        d = laravel_daemon(scaffold(folder), 4)
        wrk_until(d, JSON_ROUTE, 4000, 16)
        time.sleep(1.5)
        rows = [[w["id"], w["requests"], proc.anonymous_dirty_kb(w["pid"]), proc.rss_kb(w["pid"])]
                for w in d.of(d.status(), "worker")]
        d.finish()
    table("Memory that a worker adds (Laravel)", ["worker", "requests", "private dirty kB", "resident kB"], rows)


def fork():
    """From kill -9 of a worker to its successor saying that it serves, by the master's own log."""
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        d = laravel_daemon(scaffold(folder), 2)
        d.set("swoole", log_level=0)
        d.ctl("reload", "--wait")
        took = []
        for _ in range(10):
            victim = d.pids("worker")[0]
            proc.kill(victim)
            d.wait_settled()
        for m in re.finditer(r"worker \d+ .*ready after (\d+(?:\.\d+)?) ms", d.log()):
            took.append(float(m.group(1)))
        d.finish()
    table("Fork order to serving, ms", ["forks", "median", "largest"], [[len(took), statistics.median(took), max(took)]])


ALL = {"hello": hello, "laravel": laravel, "fpm": fpm, "memory": memory, "fork": fork, "long": long}


def main():
    proc.become_subreaper()
    names = sys.argv[1:] or [n for n in ALL if n != "long"]
    for name in names:
        if name not in ALL:
            raise SystemExit(f"bench: no {name}; there are: {' '.join(ALL)}")
        ALL[name]()


if __name__ == "__main__":
    main()
