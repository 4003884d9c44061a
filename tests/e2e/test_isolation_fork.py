"""isolation = fork: each request in a process of its own, a child of the warm application. Whatever it does there is over with it."""

import os
import re
import signal


import pytest

from lib import http, proc
from lib.daemon import BINARY, sanitizer_environment
from lib.laravels import Thrown, task
from lib.load import Load
from lib.wait import stays, until

FORK = {"rserverd": {"isolation": "fork"}, "swoole": {"worker_num": 1}}

# One entry for most tests: what a request asks for is in its query.
ENTRY = r"""<?php
if (!function_exists('until_removed')) {
    function until_removed($file) { touch($file); while (file_exists($file)) { usleep(5000); clearstatcache(); } }
}
$n = 0;
$kept = new class { public array $list = []; };
return function () use (&$n, $kept) {
    static $calls = 0;
    $n++;
    $calls++;
    $kept->list[] = str_repeat('x', 100);
    $GLOBALS['left'][] = 1;
    $do = $_GET['do'] ?? '';
    $file = __DIR__ . '/' . ($_GET['file'] ?? 'running');
    switch ($do) {
        case 'exit': exit('said before exit');
        case 'fatal': throw new Error('not caught');
        case 'undefined': undefined_function_of_nobody(); break;
        case 'oom': ini_set('memory_limit', '16M'); $s = 'x'; while (true) { $s .= $s; } break;
        case 'segv': posix_kill(getmypid(), SIGSEGV); sleep(5); break;
        case 'leak': $GLOBALS['leak'] = str_repeat('leak', 5000000); break;
        case 'ini': ini_set('precision', '3'); setlocale(LC_ALL, 'C'); mt_srand(1); date_default_timezone_set('Asia/Tokyo'); break;
        case 'hold': file_put_contents("$file.pid", getmypid()); until_removed($file); break;
        case 'fork':
            $pid = pcntl_fork();
            if ($pid === 0) { file_put_contents($file, getmypid()); exit('child says nothing to anybody'); }
            pcntl_waitpid($pid, $status); echo 'waited ', pcntl_wexitstatus($status), ' '; break;
        case 'fork-lives':  // a child that outlives its request, and the request's sudden end
            if (pcntl_fork() === 0) { until_removed($file); exit(3); }
            while (!file_exists($file)) { usleep(1000); clearstatcache(); }
            posix_kill(getmypid(), SIGKILL); sleep(5); break;
        case 'stream': for ($i = 0; $i < 3; $i++) { echo "data: $i\n\n"; flush(); if ($i < 2) until_removed("$file$i"); } return;
        case 'big': for ($i = 0; $i < (int) $_GET['mb'] * 16; $i++) { echo str_repeat(chr(65 + $i % 26), 65536); } return;
        case 'hash': echo hash('sha256', file_get_contents('php://input')), ' ', strlen(file_get_contents('php://input')); return;
        case 'upload': echo hash_file('sha256', $_FILES['f']['tmp_name']), ' ', $_FILES['f']['size']; return;
        case 'shutdown': register_shutdown_function(function () { echo 'from shutdown'; }); break;
        case 'finish':
            echo 'answered'; fastcgi_finish_request(); until_removed($file); file_put_contents("$file.after", 'done'); return;
        case 'destruct':
            $GLOBALS['o'] = new class { public function __destruct() { echo 'destructed'; } }; break;
        case 'gz': $GLOBALS['gz'] = fopen("compress.zlib://$file", 'w'); fwrite($GLOBALS['gz'], 'all of it'); break;
        case 'session': session_start(); echo $_SESSION['n'] = ($_SESSION['n'] ?? 0) + 1; return;
        case 'random':
            mt_rand(); echo json_encode([mt_rand(), rand(), random_int(0, PHP_INT_MAX), lcg_value(), uniqid('', true),
                str_shuffle('abcdefghijklmnopqrstuvwxyz0123456789')]); return;
        case 'title': echo cli_get_process_title(); return;
        case 'until-left': ignore_user_abort(false); register_shutdown_function(fn () => touch("$file.left"));
            for ($i = 0; $i < 6000; $i++) { echo str_repeat('.', 100); flush(); usleep(5000); } return;
    }
    echo json_encode(['n' => $n, 'static' => $calls, 'kept' => count($kept->list), 'left' => count($GLOBALS['left']),
        'precision' => ini_get('precision'), 'zone' => date_default_timezone_get(), 'pid' => getmypid(),
        'leak' => strlen($GLOBALS['leak'] ?? '')]);
};
"""


def forked(daemon, start=True, **kw):
    ini = {k: dict(v) for k, v in FORK.items()}
    for section, keys in kw.pop("ini", {}).items():
        ini.setdefault(section, {}).update(keys)
    return daemon.callable(ENTRY, start=start, ini=ini, **kw)


def titled(d, text):
    return [p for p in d.everyone() if text in proc.title(p) and proc.state(p) != "Z"]


def nurseries(d):
    """Not a process that one of them has just forked, which still has its title."""
    return [p for p in titled(d, "request processes of worker") if "worker process" in proc.title(proc.ppid(p))]


def nurseries_of_ready(d, workers):
    """Those of so many workers, each ready; else None."""
    found = {proc.ppid(p): p for p in nurseries(d)}
    s = d.status() or {"processes": []}
    ready = {p["pid"] for p in d.of(s, "worker") if p["state"] != "booting"}
    return list(found.values()) if len(found) == workers and set(found) == ready else None


def runners(d):
    return titled(d, "request process of worker")


def held(d, file="running"):
    """The pid of a request that holds, once it does."""
    path = d.path("app", file)
    until(lambda: os.path.exists(path), message="the request runs")
    with open(path + ".pid", encoding="ascii") as f:
        return int(f.read())


def let_go(d, file="running"):
    os.unlink(d.path("app", file))


def fresh(answer):
    return (answer["n"], answer["static"], answer["kept"], answer["left"]) == (1, 1, 1, 1)


# -- isolation -----------------------------------------------------------------------------------------------------------------

def test_nothing_of_a_request_is_there_for_the_next(daemon):
    d = forked(daemon)
    worker = d.pids("worker")
    first = d.get("/").json()
    answers = [d.get("/?do=" + do).json() for do in ("", "leak", "", "ini", "")]
    assert all(fresh(a) for a in [first, *answers]), answers
    assert [a["leak"] for a in answers] == [0, 20000000, 0, 0, 0]
    assert answers[3]["zone"] == "Asia/Tokyo" and answers[4]["zone"] == first["zone"]
    assert answers[3]["precision"] == "3" and answers[4]["precision"] == first["precision"]
    pids = {a["pid"] for a in [first, *answers]}
    assert len(pids) == 6 and worker[0] not in pids, "a process each"
    assert d.pids("worker") == worker


@pytest.mark.parametrize("do, status, text, alarm", [
    ("exit", 200, "said before exit", None),
    ("fatal", 500, None, None),
    ("undefined", 500, None, None),
    pytest.param("oom", 500, None, None, marks=pytest.mark.memory_limit),
    ("segv", 500, None, "killed by signal 11"),
])
def test_however_a_request_ends_it_harms_nobody(daemon, do, status, text, alarm):
    d = forked(daemon)
    worker = d.pids("worker")
    for _ in range(2):
        r = d.get("/?do=" + do)
        assert r.status == status
        assert text is None or r.text == text
        assert fresh(d.get("/").json())
    assert d.pids("worker") == worker and d.status()["generation"] == 1
    if alarm:
        d.wait_log(alarm)


def test_end_of_a_request_is_the_end_of_a_script(daemon):
    """Shutdown functions, destructors of what the request made, buffers of open files: as under php-fpm."""
    d = forked(daemon)
    assert d.get("/?do=shutdown").text.endswith("from shutdown")
    assert d.get("/?do=destruct").text.endswith("destructed")
    d.get("/?do=gz&file=x.gz")
    import gzip
    until(lambda: not [p for p in runners(d) if proc.fds(p) and any("x.gz" in t for t in proc.fds(p).values())])
    with gzip.open(d.path("app/x.gz")) as f:
        assert f.read() == b"all of it"


def test_work_after_the_response_is_done(daemon):
    d = forked(daemon)
    assert d.get("/?do=finish&file=f").text == "answered"
    until(lambda: os.path.exists(d.path("app/f")))
    let_go(d, "f")
    until(lambda: os.path.exists(d.path("app/f.after")), message="what came after the response")
    assert fresh(d.get("/").json())


def test_randomness_is_fresh(daemon):
    d = forked(daemon, start=False)
    d.write("entry.php", "<?php mt_srand(42); mt_rand(); lcg_value(); uniqid('', true); shuffle_at_boot();\n"
            "function shuffle_at_boot() { str_shuffle('abc'); }\n" + ENTRY.replace("<?php", "", 1))
    d.start()
    with d.conn() as c:
        answers = [c.request("/?do=random").json() for _ in range(100)]
    for column in zip(*answers):
        assert len(set(column)) == len(column)


def test_a_session_goes_on(daemon):
    d = forked(daemon)
    b = d.browser()
    assert [b.get("/?do=session").text for _ in range(3)] == ["1", "2", "3"]
    assert d.browser().get("/?do=session").text == "1"


def test_fork_of_user_code(daemon):
    d = forked(daemon)
    r = d.get("/?do=fork&file=child")
    assert r.status == 200 and r.text.startswith("waited 0"), "its child answers nobody"
    assert fresh(d.get("/").json())


def test_child_of_a_request_does_not_keep_it_alive(daemon):
    """It holds the dead request's channel; the worker hears of the death nevertheless."""
    d = forked(daemon)
    assert d.get("/?do=fork-lives&file=lives").status == 500
    assert fresh(d.get("/").json())
    d.wait_log("killed by signal 9")
    let_go(d, "lives")


# -- transport -----------------------------------------------------------------------------------------------------------------

def test_stream_leaves_at_once(daemon):
    d = forked(daemon)
    with d.conn() as c:
        c.send(http.build("/?do=stream&file=go"))
        r = c.response(body=False)
        for i in range(3):
            assert c.piece(r) == b"data: %d\n\n" % i
            if i < 2:
                until(lambda: os.path.exists(d.path(f"app/go{i}")))
                let_go(d, f"go{i}")
        assert not c.piece(r)
        assert fresh(c.request("/").json())


def test_large_download_by_a_slow_client(daemon):
    d = forked(daemon)
    with d.conn(rcvbuf=4096) as c:
        c.send(http.build("/?do=big&mb=20"))
        r = c.response(body=False)
        stays(lambda: len(runners(d)) >= 1, 0.3)
        got = b"".join(iter(lambda: c.piece(r), b""))
        assert len(got) == 20 << 20 and got == b"".join(bytes([65 + i % 26]) * 65536 for i in range(320))


@pytest.mark.parametrize("size", [0, 1000, 300_000, 5_000_000, 40_000_000])
def test_bodies(daemon, size):
    import hashlib
    d = forked(daemon, ini={"swoole": {"package_max_length": "64M"}, "php": {"post_max_size": "64M", "upload_max_filesize": "64M"}})
    body = os.urandom(size)
    want = f"{hashlib.sha256(body).hexdigest()} {size}"
    assert d.post("/?do=hash", body).text == want
    kind, form = http.multipart([("f", "name.bin", "application/octet-stream", body)])
    assert d.post("/?do=upload", form, [("Content-Type", kind)]).text == want
    assert fresh(d.get("/").json())


def test_many_requests_ahead_on_one_connection(daemon):
    d = forked(daemon)
    with d.conn() as c:
        for _ in range(20):
            c.send(b"".join(http.build(f"/?i={i}") for i in range(8)))
            assert all(fresh(c.response().json()) for _ in range(8))


def test_client_that_leaves_ends_the_request(daemon):
    d = forked(daemon)
    c = d.conn()
    c.send(http.build("/?do=until-left&file=s"))
    c.response(body=False)
    c.reset()
    until(lambda: os.path.exists(d.path("app/s.left")), message="the request has ended")
    assert fresh(d.get("/").json())


# -- processes -----------------------------------------------------------------------------------------------------------------

def test_titles(daemon):
    d = forked(daemon)
    worker, = d.pids("worker")
    nursery, = nurseries(d)
    assert proc.ppid(nursery) == worker
    spare, = until(lambda: runners(d))
    assert proc.ppid(spare) == nursery
    assert d.get("/?do=title").text.endswith("laravels: request process of worker 0")


def test_spare_killed_is_replaced_unseen(daemon):
    d = forked(daemon)
    for _ in range(5):
        spare = until(lambda: runners(d))[0]
        proc.kill(spare)
        until(lambda: spare not in runners(d))
        assert fresh(d.get("/").json())
    assert len(d.pids("worker")) == 1


@pytest.mark.parametrize("size", [0, 5_000_000])
def test_spare_killed_with_a_request_in_hand_that_it_has_not_begun(daemon, size):
    """Another one gets it, with its body, whether that came in a frame or is a file."""
    import hashlib
    d = forked(daemon, ini={"swoole": {"package_max_length": "8M"}})
    worker, body = d.pids("worker"), os.urandom(size)
    for _ in range(3):
        spare = until(lambda: runners(d))[0]
        proc.kill(spare, signal.SIGSTOP)
        with d.conn() as c:
            c.send(http.build("/?do=hash", "POST", body=body))
            until(lambda: d.of(d.status(), "worker")[0]["state"] == "busy", message="it has the request")
            proc.kill(spare)
            assert c.response().text == f"{hashlib.sha256(body).hexdigest()} {size}"
        d.wait_idle()
    assert d.pids("worker") == worker


def test_running_one_killed(daemon):
    d = forked(daemon)
    worker = d.pids("worker")
    with d.conn() as c, d.conn() as other:
        c.send(http.build("/?do=hold"))
        pid = held(d)
        other.send(http.build("/"))        # posted behind it
        proc.kill(pid)
        assert c.response().status == 500
        assert fresh(other.response().json()), "it was not its fault"
        assert fresh(c.request("/").json()), "the connection lives on"
    assert d.pids("worker") == worker
    d.wait_log(f"request process {pid} was killed by signal 9")


def test_worker_killed_takes_its_processes_along(daemon):
    d = forked(daemon)
    with d.conn() as c, d.conn() as other:
        c.send(http.build("/?do=hold"))
        runner, family = held(d), nurseries(d) + runners(d)
        other.send(http.build("/"))
        proc.kill(d.pids("worker")[0])
        assert c.response().status == 502
        assert fresh(other.response().json())
        assert runner in family
        until(lambda: not any(proc.alive(p) and proc.state(p) != "Z" for p in family), message="none of them is left")
    d.wait_settled()
    let_go(d)


def test_nursery_killed_lets_the_request_end_and_the_worker_is_replaced(daemon):
    d = forked(daemon)
    d.allow_log.append("the process that forks for requests has died")
    worker = d.pids("worker")
    with d.conn() as c, d.conn() as other:
        c.send(http.build("/?do=hold"))
        held(d)
        other.send(http.build("/"))
        proc.kill(nurseries(d)[0])
        d.wait_log("forks for requests has died")
        let_go(d)
        assert fresh(c.response().json()), "it has run to its end"
        assert fresh(other.response().json())
    until(lambda: d.settled() and d.pids("worker") != worker, message="the worker is replaced")
    assert fresh(d.get("/").json())


def test_nursery_and_worker_killed(daemon):
    """Nobody is left who would end what runs: it notices by itself."""
    d = forked(daemon)
    d.allow_log.append("the process that forks for requests has died")
    with d.conn() as c:
        c.send(http.build("/?do=hold"))
        runner = held(d)
        proc.kill(nurseries(d)[0])
        d.wait_log("forks for requests has died")
        assert proc.alive(runner)
        proc.kill(d.pids("worker")[0])
        assert c.response().status == 502
        until(lambda: not proc.alive(runner) or proc.state(runner) == "Z", message="it has ended")
    d.wait_settled()
    let_go(d)


def test_idle_nursery_killed_costs_no_request(daemon):
    d = forked(daemon, ini={"swoole": {"worker_num": 2}})
    d.allow_log.append("the process that forks for requests has died")
    with Load(d.address, threads=2) as load:
        for _ in range(25):
            # One that dies before its worker is ready would be a failed start, which backs off.
            gone = until(lambda: nurseries_of_ready(d, 2), message="each worker has one and is ready")[0]
            proc.kill(gone)
            until(lambda: gone not in nurseries(d), message="it is gone")
        load.stop()
        # A request whose spare had just been forked by the one that died runs; none is lost.
        assert not load.failed, load.failed[:5]


def test_reload_under_load(daemon):
    d = forked(daemon, ini={"swoole": {"worker_num": 2}})
    before = nurseries(d)
    with Load(d.address, threads=3) as load:
        for _ in range(3):
            assert d.ctl("reload", "--wait").returncode == 0
        load.ok(at_least=10)
    until(lambda: d.settled() and len(nurseries(d)) == 2 and not set(before) & set(nurseries(d)), message="only the new ones")


def test_stop_waits_for_the_request_that_runs(daemon):
    d = forked(daemon)
    with d.conn() as c:
        c.send(http.build("/?do=hold"))
        held(d)
        d.signal(signal.SIGTERM)
        d.wait_log("stopping")
        let_go(d)
        assert fresh(c.response().json())
    assert d.wait_exit() == 0


def test_term_to_everybody_is_no_accident(daemon):
    """A service manager that signals all processes of the service."""
    d = forked(daemon)
    with d.conn() as c:
        c.send(http.build("/?do=hold"))
        runner = held(d)
        for p in [*nurseries(d), runner]:
            proc.kill(p, signal.SIGTERM)
        d.signal(signal.SIGTERM)
        d.wait_log("stopping")
        let_go(d)
        assert fresh(c.response().json())
    assert d.wait_exit() == 0


def test_request_timeout_reaches_the_process(daemon):
    d = forked(daemon, ini={"rserverd": {"request_timeout": 1}})
    d.allow_log.append("request overdue|is ended|^  ")
    d.write("entry.php", "<?php return function () { if (isset($_GET['slow'])) { $end = microtime(true) + 30;"
            " while (microtime(true) < $end) { usleep(1000); } } echo getmypid(); };")
    assert d.ctl("reload", "--wait").returncode == 0
    r = d.get("/?slow", timeout=20)
    assert r.status == 504
    d.wait_log("PHP backtrace")
    until(lambda: d.get("/").status == 200)
    d.wait_settled()


def test_max_request_counts(daemon):
    d = forked(daemon, ini={"swoole": {"max_request": 10, "max_request_grace": 0}})
    with Load(d.address, threads=2) as load:
        until(lambda: load.count >= 60)
        load.ok()
    pids = set(d.pids("worker"))
    assert len(pids) == 1
    assert int(until(lambda: d.log().count("is ready after"))) >= 5, "workers were replaced"


def test_memory_stays_flat(daemon):
    d = forked(daemon)
    def load(n):
        http.hammer(d.address, http.build("/"), n)
        for _ in range(5):
            http.fetch(d.address, "/?do=leak")
    load(200)
    d.wait_settled()
    family = d.pids("worker") + nurseries(d)
    before = {p: proc.own_kb(p) for p in family}
    load(2000)
    assert d.pids("worker") + nurseries(d) == family
    # A page that is shared counts in parts: with a spare less, until it is forked, the others have more. A leak of half a kilobyte a
    # request would show and stay.
    for p in family:
        until(lambda: proc.own_kb(p) <= before[p] + 800 + proc.quarantine_kb(p),
              message=f"{proc.title(p)}: {proc.own_kb(p)} kB, {before[p]} before")
    assert len(d.everyone()) <= 7


# -- only some paths ---------------------------------------------------------------------------------------------------------------

def test_a_prefix_only(daemon):
    d = forked(daemon, ini={"rserverd": {"isolation": "greedy"}, "isolation.legacy": {"prefix": "/legacy", "mode": "fork"}})
    d.write("entry.php", "<?php $n = 0; return function () use (&$n) { echo ++$n; };")
    assert d.ctl("reload", "--wait").returncode == 0
    with d.conn() as c:
        def ask(path):
            return int(c.request(path).text)
        assert [ask("/") for _ in range(3)] == [1, 2, 3]
        # from what was there before the worker served anything, however the path is written
        for path in ("/legacy", "/legacy/x", "/%6cegacy", "/%6Cegac%79/y", "//legacy", "/index.php/legacy", "/%2flegacy?a=/b", "/legacy/"):
            assert [ask(path) for _ in range(2)] == [1, 1], path
        assert ask("/") == 4
        assert [ask(path) for path in ("/legacyx", "/x/legacy", "/x?/legacy", "/Legacy", "/%256cegacy")] == [5, 6, 7, 8, 9]


# -- an application ------------------------------------------------------------------------------------------------------------------

@pytest.mark.memory_limit
def test_logins_and_sessions_of_laravel(daemon):
    d = daemon.laravel(ini={"rserverd": {"isolation": "fork", "warm_up": ["/api/hello"]}})
    alice, bob, nobody = d.browser(), d.browser(), d.browser()
    alice.get("/test/login?user=alice&tag=A")
    bob.get("/test/login?user=bob&tag=B")
    for _ in range(3):
        for who, mail, tag in ((alice, "alice@example.test", "A"), (bob, "bob@example.test", "B"), (nobody, None, None)):
            w = who.get("/test/whoami").json()
            assert (w["request"], w["auth"], w["tag"]) == (mail, mail, tag)
    for path, status in (("/test/exception", 500), ("/test/fatal", 500), ("/test/exit", 203), ("/test/memory", 500), ("/api/hello", 200)):
        assert d.get(path).status == status, path
    d.allow_log += ["testing", "Allowed memory", "Fatal"]


def test_warm_up_runs_once_before_the_fork(daemon):
    d = forked(daemon, start=False, ini={"rserverd": {"warm_up": ["/one?a=1", "/exits", "/fails", "two"]}})
    d.write("entry.php", r"""<?php
$seen = [];
return function () use (&$seen) {
    $seen[] = [$_SERVER['REQUEST_METHOD'], $_SERVER['REQUEST_URI'], $_GET, getmypid(), count($_COOKIE)];
    header('X-Left: over');
    http_response_code(418);
    $GLOBALS['warmed'] = true;
    if ($_SERVER['REQUEST_URI'] === '/exits') exit('x');
    if ($_SERVER['REQUEST_URI'] === '/fails') throw new RuntimeException('on purpose');
    http_response_code(200);
    header_remove('X-Left');
    echo json_encode($seen);
};""")
    d.start()
    manager, = d.pids("manager")
    r = d.get("/x")
    assert r.status == 200 and "x-left" not in {n.lower() for n, _ in r.headers}
    seen = r.json()
    assert [s[:3] for s in seen] == [["GET", "/one?a=1", {"a": "1"}], ["GET", "/exits", []], ["GET", "/fails", []], ["GET", "/x", []]]
    assert {s[3] for s in seen[:3]} == {manager}
    log = d.log()
    assert "warm_up: /fails: " in log and "on purpose" in log
    assert "warm_up: two is no path" in log
    assert log.count("on purpose") == 1, "once, in the manager"


def huge_kb(pid, name, field):
    """Of the mappings with this in their name, what the field adds up to."""
    total, here = 0, False
    for line in proc.read(pid, "smaps").decode().splitlines():
        if re.match("[0-9a-f]+-", line):
            here = name in line
        elif here and line.startswith(field + ":"):
            total += int(line.split()[1])
    return total


@pytest.mark.skipif(not os.path.exists("/sys/kernel/mm/transparent_hugepage") or tuple(map(int, os.uname().release.split(".")[:2])) < (6, 1),
                    reason="this kernel makes no huge pages of what is there already")
def test_shared_memory_of_opcache_is_in_huge_pages(daemon):
    d = forked(daemon, start=False, ini={"swoole": {"log_level": 0}, "php": {"opcache.file_update_protection": "0"}})
    d.write("late.php", "<?php return fn () => 'compiled late';")
    d.write("entry.php", r"""<?php
return function () {
    $was = opcache_is_script_cached(__DIR__ . '/late.php');
    echo json_encode([opcache_is_script_cached(__FILE__), $was, (require __DIR__ . '/late.php')(), opcache_get_status(false)['opcache_enabled']]);
};""")
    d.start()
    own, shared = map(int, re.search(r"(\d+) huge pages hold .*, (\d+) its shared memory", d.log()).groups())
    assert own >= 1 and shared >= 1
    # What one request process compiles is there for the next: it is still one memory, for all.
    assert d.get("/").json() == [True, False, "compiled late", True]
    assert d.get("/").json() == [True, True, "compiled late", True]
    assert huge_kb(d.pid("manager"), "rserverd-shared", "ShmemPmdMapped") >= 2048
    nursery, = nurseries(d)
    assert huge_kb(nursery, "", "AnonHugePages") >= 2048, "the nursery has made its own"


def mapped(pid, library):
    """Modes of what this process has mapped of the library's file."""
    return {line.split()[1] for line in proc.read(pid, "maps").decode().splitlines() if library in line}


def test_data_of_libraries_is_the_nursery_s_own(daemon):
    """And is what it was: requests run by it."""
    if sanitizer_environment(BINARY):
        pytest.skip("a sanitizer's functions write to their data while they copy it")
    d = forked(daemon, ini={"swoole": {"log_level": 0}})
    assert fresh(d.get("/").json())
    nursery, = nurseries(d)
    assert int(until(lambda: re.search(r"(\d+) pieces of data of libraries", d.log()))[1]) >= 10
    for library in ("libphp8", "/libc.so", "rserverd-php.so"):
        assert "rw-p" in mapped(d.pid("manager"), library) and "r-xp" in mapped(nursery, library)
        assert "rw-p" not in mapped(nursery, library), library


@pytest.mark.memory_limit     # and malloc() has gaps of its own
@pytest.mark.parametrize("limit, at_most", [("128M", 100), ("-1", 100), ("4M", 1000)])
def test_what_a_request_allocates_is_not_spread_over_what_the_boot_has_left(daemon, limit, at_most):
    """
    A thousand small strings: the boot has left four gaps of their size on each of 256 pages, and each that is written to is a copy. Where
    memory_limit leaves no room for whole pages, all goes on with the gaps.
    """
    d = forked(daemon, start=False, ini={"php": {"memory_limit": limit}})
    d.write("entry.php", r"""<?php
$kept = [];
for ($i = 0; $i < 16384; $i++) $kept[] = str_repeat(chr(65 + $i % 26), 36);
for ($i = 0; $i < 16384; $i += 16) unset($kept[$i]);
return function () use ($kept) {
    $mine = [];
    $before = getrusage()['ru_minflt'];
    for ($i = 0; $i < 1000; $i++) $mine[] = str_repeat(chr(97 + $i % 26), 36);
    echo json_encode([getrusage()['ru_minflt'] - $before, count($mine), count($kept)]);
};""")
    d.start()
    for _ in range(2):
        faults, mine, kept = d.get("/").json()
        assert (mine, kept) == (1000, 15360)
        assert faults < at_most, "16 pages of strings, and the array"


@pytest.mark.memory_limit
def test_warm_up_that_breaks_the_manager_is_a_failed_boot(daemon):
    d = forked(daemon, start=False, ini={"rserverd": {"warm_up": ["/?do=oom"]}})
    d.expect_exit = 1
    d.allow_log.append(".")
    d.start(wait=False)
    assert d.wait_exit(30) == 1
    assert "warm_up: a fatal error in /?do=oom" in d.log()


# -- an application with a server ------------------------------------------------------------------------------------------------------

def test_server_is_there_for_a_request_process(hosted):
    """What it says goes through its worker: pushes, tasks, results that it waits for. Events run in the worker, as ever."""
    d = hosted("37", timer=False, processes=False, ini={"rserverd": {"isolation": "fork"}})
    workers = d.pids("worker")
    assert {d.code("return getmypid();") for _ in range(4)}.isdisjoint(workers)
    assert d.code("return app('swoole')->worker_id;") in (0, 1)
    assert d.code("return app('swoole')->worker_pid === getmypid();") is True
    c = d.ws()
    assert c.code("return getmypid();") in workers
    assert d.code(f"return app('swoole')->push({c.fd}, 'from a request');") is True
    assert c.recv() == "from a request"
    for n in range(3):
        assert d.code(f"return {d.deliver(task(f't{n}', 'return 1;'))};") is True
        d.wait("handle", tag=f"t{n}")
        assert d.wait("finish", tag=f"t{n}")["pid"] in workers
    # ids of tasks are nobody else's, so the result finds who waits
    assert d.code(f"$s = app('swoole'); return $s->taskwait({task('w', 'return 1;')}, 10) !== false;") is True
    d.wait("handle", tag="w")
    with pytest.raises(Thrown, match=r"callback of task\(\) is dropped"):
        d.code(f"return app('swoole')->task({task('never', 'return 1;')}, -1, function () {{}});")
    d.code(f"return @app('swoole')->task({task('c', 'return 1;')}, -1, function () {{}});")
    d.wait("handle", tag="c")
    assert not d.report("handle", tag="never")
    assert c.alive() and d.pids("worker") == workers
    assert d.code(f"return app('swoole')->disconnect({c.fd}, 4000, 'over');") is True
    assert c.closed() == (4000, "over")
