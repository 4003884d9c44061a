"""rserverd doctor: what requests leave behind, by whom; and doctor = true on a server that runs."""

import contextlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess

import pytest

from lib import proc
from lib.daemon import OTHERS_MAY, PHP_CASES, Daemon
from lib.wait import SLOW, until

APP = os.path.join(PHP_CASES, "doctor")


def prepare(d):
    shutil.copytree(APP, d.app, dirs_exist_ok=True)
    d.env["TMPDIR"] = d.path("tmp")     # the daemon asks at its end whether anything is left there
    return d


@pytest.fixture
def doctor(daemon):
    """The application of php/doctor, which is not started."""
    return prepare(daemon("php", start=False, framework="callable", entry="entry.php"))


def examine(d, *words, found=None, **kw):
    """The JSON report; found: whether there are findings."""
    result = d.ctl("doctor", "--json", *words, **kw)
    assert result.returncode in (0, 1), result.stderr
    report = json.loads(result.stdout)
    assert result.returncode == (1 if report["findings"] else 0)
    if found is not None:
        assert bool(report["findings"]) == found, result.stdout
    return report


LEAKS = ["/cache", "/late", "/listener", "/config", "/singleton", "/macro", "/ini", "/define", "/environment", "/transaction", "/global",
         "/function", "/inner", "/objects", "/memory"]
CLEAN = ["/", "/touch", "/lazy", "/nowhere", "/?query=1"]


@pytest.fixture(scope="module")
def report():
    d = prepare(Daemon(engine="php", framework="callable", entry="entry.php"))
    try:
        result = d.ctl("doctor", "--json", *CLEAN, *LEAKS, *CLEAN)
        assert result.returncode == 1, result.stderr
        yield json.loads(result.stdout)
    finally:
        d.finish()


def route(report, path):
    return next(r for r in report["routes"] if r["path"] == path)


def findings(report, path):
    return [c for c in route(report, path)["changes"] if c["finding"]]


@pytest.mark.parametrize("path, kind, owner, name, verdict, package", [
    ("/cache", "static", "Acme\\Cache", "items", "grows", "acme/cache"),
    ("/late", "static", "Acme\\Late", "kept", "grows", "acme/late"),
    ("/late", "function static", "Acme\\Late::remember", "calls", "grows", "acme/late"),
    ("/listener", "property", "Events", "listeners", "grows", "acme/listeners"),
    ("/config", "property", "Config", "items", "changed", "application"),
    ("/singleton", "property", "Tenant", "name", "changed", "application"),
    ("/macro", "static", "Request", "macros", "each", "application"),
    ("/inner", "inner", "SplObjectStorage", "", "grows", "PHP"),
    ("/ini", "ini", "", "precision", "changed", "unknown"),
    ("/environment", "environment", "", "LEFT_BY_REQUEST", "left", "unknown"),
    ("/define", "constant", "", "LEFT_BY_REQUEST", "left", "unknown"),
])
def test_a_leak_is_named(report, path, kind, owner, name, verdict, package):
    assert route(report, path)["statuses"] == [200, 200, 200]
    (one,) = [c for c in findings(report, path) if c["name"] == name and c["kind"] == kind]
    assert (one["class"], one["verdict"], one["package"]) == (owner, verdict, package)
    if package not in ("PHP", "unknown"):
        assert one["file"].endswith("/src/%s.php" % owner.split("\\")[1].split(":")[0] if "Acme" in owner else "/app/entry.php")


def test_what_was_there_before_has_its_place_named(report):
    (one,) = findings(report, "/config")
    assert one["where"] == "app.secret" and one["before"] == one["after"] == {"type": "array", "size": 5}


def test_sizes_before_and_after(report):
    (one,) = findings(report, "/cache")
    assert one["before"] == {"type": "array", "size": 0} and one["after"] == {"type": "array", "size": 3}
    assert one["sizes"] == [1, 2, 3]
    name, user = sorted(findings(report, "/singleton"), key=lambda c: c["name"])
    assert name["before"] == {"type": "string", "size": 6} and name["after"] == {"type": "string", "size": 21}
    assert user["after"] == {"type": "stdClass", "size": 0} and user["verdict"] == "each"


def test_who_put_it_there(report):
    (one,) = findings(report, "/listener")
    assert one["author"]["file"].endswith("vendor/acme/listeners/src/listeners.php") and one["author"]["line"] == 4
    assert one["file"].endswith("entry.php"), "the class is the application's, the closure is not"


def test_a_function_that_counts(report):
    (one,) = findings(report, "/function")
    assert one["kind"] == "function static" and "counter" in one["class"] and one["name"] == "n"


def test_open_transaction(report):
    r = route(report, "/transaction")
    assert r["transactions"] == 1 and r["findings"] >= 1
    assert route(report, "/")["transactions"] == 0


def test_objects_that_stay(report):
    (one,) = [o for o in route(report, "/objects")["objects"] if o["finding"]]
    assert one["class"] == "Node" and one["more"] == [1, 1, 1] and one["package"] == "application"


def test_memory_that_grows(report):
    r = route(report, "/memory")
    assert r["memory"]["growth"] >= 100000 and len(r["memory"]["bytes"]) == 3
    assert route(report, "/")["memory"]["growth"] == 0


@pytest.mark.parametrize("path", CLEAN)
def test_what_is_clean_has_no_findings_also_after_the_others(report, path):
    same = [r for r in report["routes"] if r["path"] == path]
    assert len(same) == 2
    for r in same:
        assert r["findings"] == 0, r
        assert r["statuses"] == [404 if path == "/nowhere" else 200] * 3


def test_lazily_made_is_listed_but_no_finding(report):
    (one,) = route(report, "/lazy")["changes"]
    assert (one["class"], one["name"], one["verdict"], one["finding"]) == ("Acme\\Cache", "store", "once", False)


def test_state_of_the_process_that_was_touched_is_no_finding(report):
    touched = [c for c in route(report, "/touch")["changes"] if c["verdict"] == "touched"]
    assert touched and all(c["kind"] == "process" and not c["finding"] for c in touched)


def test_values_are_not_told(report):
    text = json.dumps(report)
    assert "secret-of-the-request" not in text and "boot-secret" not in text


def test_the_json_has_the_documented_shape(report):
    assert set(report) == {"version", "base_path", "requests", "findings", "routes"}
    assert report["requests"] == 3 and report["findings"] == sum(r["findings"] for r in report["routes"])
    for r in report["routes"]:
        assert set(r) == {"path", "findings", "statuses", "memory", "transactions", "worker_ended", "left_out", "changes", "objects"}
        for c in r["changes"]:
            assert set(c) == {"kind", "class", "name", "where", "verdict", "finding", "before", "after", "sizes", "file", "package",
                              "author"}
            assert len(c["sizes"]) == 3 and c["verdict"] in ("once", "touched", "changed", "each", "grows", "left")
        for o in r["objects"]:
            assert set(o) == {"class", "file", "package", "finding", "more"}
        wanted = (sum(c["finding"] for c in r["changes"]) + sum(o["finding"] for o in r["objects"])
                  + (r["memory"]["growth"] > 0) + (r["transactions"] > 0) + r["worker_ended"])
        assert r["findings"] == wanted


def test_names_that_could_drive_a_terminal(doctor):
    result = doctor.ctl("doctor", "/global")
    assert result.returncode == 1
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f�]", result.stdout)
    assert r"left\x1b[31m\x07\xff\xc2\x9bname\x09\x0a" in result.stdout
    (one,) = findings(examine(doctor, "/global"), "/global")
    assert one["name"].startswith("left\x1b[31m\x07") and one["name"].endswith("name\t\n") and one["kind"] == "global"


def test_a_person_can_read_it(doctor):
    result = doctor.ctl("doctor", "/", "/cache", "/listener", "/transaction")
    assert result.returncode == 1
    text = result.stdout
    assert "GET /: 200 200 200; 0 findings" in text
    assert "grows with every request: static Acme\\Cache::$items" in text
    assert "array of 0 -> array of 3; package: acme/cache; in vendor/acme/cache/src/Cache.php" in text
    assert "put there by vendor/acme/listeners/src/listeners.php:4" in text
    assert "1 open transaction at its end" in text
    assert text.rstrip().endswith("4 findings") and "secret" not in text


def test_a_clean_application(doctor):
    result = doctor.ctl("doctor")
    assert result.returncode == 0 and result.stderr == ""
    assert "GET /: 200 200 200; 0 findings" in result.stdout


def test_requests_says_how_often(doctor):
    one = route(examine(doctor, "--requests", "5", "/cache", found=True), "/cache")
    assert one["changes"][0]["sizes"] == [1, 2, 3, 4, 5] and len(one["statuses"]) == 5
    single = route(examine(doctor, "--requests", "1", "/config", found=True), "/config")
    assert single["changes"][0]["verdict"] == "changed"


def test_a_report_is_bounded(doctor):
    r = route(examine(doctor, "/globals", found=True), "/globals")
    assert len(r["changes"]) <= 400 and r["left_out"] >= 300
    assert "more that are not listed" in doctor.ctl("doctor", "/globals").stdout


def test_a_request_that_ends_its_process(doctor):
    report = examine(doctor, "/fatal", "/cache", "/", found=True)
    r = route(report, "/fatal")
    assert r["worker_ended"] is True and r["statuses"] == [500, 500, 500]
    assert findings(report, "/cache")[0]["sizes"] == [1, 2, 3], "a new process looks at the others"
    assert route(report, "/")["findings"] == 0
    result = doctor.ctl("doctor", "/fatal")
    assert "has ended: a fatal error" in result.stdout and "Allowed memory size" in result.stderr


@pytest.mark.parametrize("words", [["cache"], ["/with space"], ["/new\nline"], ["/#fragment"], ["/é"], ["--requests", "0"],
                                   ["--requests", "many"], ["--requests", "101"], ["/a", "--json", "/b"], ["/" + "x" * 2000]])
def test_what_cannot_be_asked_for(doctor, words):
    result = doctor.ctl("doctor", *words)
    assert result.returncode == 2 and result.stderr.startswith("rserverd: ") and result.stdout == ""


def test_an_application_that_does_not_boot(doctor):
    doctor.write("entry.php", "<?php throw new RuntimeException('nobody is home');")
    result = doctor.ctl("doctor")
    assert result.returncode == 2 and "nobody is home" in result.stderr and result.stdout == ""


def test_a_configuration_that_is_wrong(doctor):
    doctor.set("swoole", worker_num="many")
    result = doctor.ctl("doctor")
    assert result.returncode == 2 and "worker_num" in result.stderr


def begin(d, *words):
    return subprocess.Popen(d.command("doctor", *words), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                            text=True, cwd=d.folder, env=d.environment(), start_new_session=True)


@pytest.mark.parametrize("sig", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_interrupted_in_a_request(doctor, sig):
    child = begin(doctor, "/slow")
    until(lambda: os.path.exists(os.path.join(doctor.app, "slow-has-begun")))
    os.killpg(child.pid, sig)       # as a terminal does; the instance is in a group of its own
    out, err = child.communicate(timeout=40 * SLOW)
    assert child.returncode == 2 and "interrupted" in err and out == ""
    assert not os.listdir(doctor.path("tmp")), "the folder is gone when the command has ended"
    assert not [p for p in doctor.everyone() if proc.alive(p) and proc.state(p) != "Z"]


def test_a_signal_that_is_ignored_stays_so(doctor):
    doctor.write("entry.php", "<?php return function () { touch(__DIR__ . '/asked'); usleep(300000); };")
    child = subprocess.Popen(["nohup", *doctor.command("doctor", "--requests", "1")], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                             stderr=subprocess.PIPE, text=True, cwd=doctor.folder, env=doctor.environment())
    until(lambda: os.path.exists(os.path.join(doctor.app, "asked")))
    child.send_signal(signal.SIGHUP)
    out, err = child.communicate(timeout=40 * SLOW)
    assert child.returncode == 0 and "0 findings" in out, err


def test_interrupted_while_booting(doctor):
    doctor.write("entry.php", "<?php touch(__DIR__ . '/booting'); sleep(30); return fn () => print 'x';")
    child = begin(doctor)
    until(lambda: os.path.exists(os.path.join(doctor.app, "booting")))
    child.send_signal(signal.SIGINT)
    assert "interrupted" in child.communicate(timeout=40 * SLOW)[1] and child.returncode == 2


def test_killed(doctor):
    """The instance does not outlive the command, and takes its folder along."""
    child = begin(doctor, "/slow")
    until(lambda: os.path.exists(os.path.join(doctor.app, "slow-has-begun")))
    child.kill()
    child.communicate()

    def nobody():
        doctor.reap()
        return not doctor.everyone()
    until(nobody, 30)


def test_a_server_of_the_same_configuration_is_not_disturbed(doctor):
    doctor.start()
    before = doctor.status()
    report = examine(doctor, "/cache", found=True)
    assert route(report, "/cache")["changes"]
    after = doctor.status()
    assert [p["pid"] for p in after["processes"]] == [p["pid"] for p in before["processes"]]
    assert after["requests"] == before["requests"] if "requests" in after else True
    assert doctor.pid_in_file() == doctor.master_pid and doctor.get("/").status == 200


def test_ports_that_are_taken_do_not_matter(doctor):
    with contextlib.ExitStack() as stack:
        taken = [stack.enter_context(socket.create_server(("127.0.0.1", 0))).getsockname()[1] for _ in range(3)]
        doctor.set("laravels", listen_port=taken[0])
        doctor.set("rserverd", listen=[f"127.0.0.1:{taken[1]}"])
        doctor.set("sockets.extra", host="127.0.0.1", port=taken[2], type=1, handler="Nobody")
        doctor.set("swoole", max_request=1, worker_num=4)
        assert route(examine(doctor, "/cache"), "/cache")["changes"][0]["sizes"] == [1, 2, 3], "one worker for all"


@pytest.mark.skipif(os.geteuid() != 0 or not OTHERS_MAY, reason="needs root, and a clone that others may look into")
def test_as_another_user(doctor):
    for folder, _, names in os.walk(doctor.folder):
        for name in ["", *names]:
            os.chown(os.path.join(folder, name), 65534, 65534)
    doctor.set("rserverd", user="nobody")
    assert route(examine(doctor, "/cache", found=True), "/cache")["findings"] == 1


# -- Laravel -----------------------------------------------------------------------------------------------------------------------

def test_laravel(daemon):
    d = daemon.laravel(start=False)
    d.env["TMPDIR"] = d.path("tmp")
    report = examine(d, "/api/hello", "/test/leave-traces?tag=x", "/test/traces", "/no/such", found=True)
    for path in ("/api/hello", "/test/traces", "/no/such"):
        assert route(report, path)["findings"] == 0, path
    left = {(c["class"], c["name"]): c for c in findings(report, "/test/leave-traces?tag=x")}
    macro = left["Illuminate\\Http\\Request", "macros"]
    assert macro["package"] == "application" and macro["author"]["file"].endswith("app/Testing/Traces.php")
    assert route(report, "/test/leave-traces?tag=x")["transactions"] >= 1


PROCESS = """<?php
namespace App\\Processes;
class Marks implements \\Hhxsv5\\LaravelS\\Swoole\\Process\\CustomProcessInterface {
    public static function callback(\\Swoole\\Http\\Server $swoole, \\Swoole\\Process $process) { touch(storage_path('process-ran')); sleep(9); }
    public static function onReload(\\Swoole\\Http\\Server $swoole, \\Swoole\\Process $process) {}
    public static function onStop(\\Swoole\\Http\\Server $swoole, \\Swoole\\Process $process) {}
}
"""


def test_laravel_routes_are_found_and_nothing_else_runs(daemon):
    d = daemon.app("laravel", start=False)
    d.write("app/Processes/Marks.php", PROCESS)
    d.write("config/laravels.php", "<?php return ['processes' => ['marks' => ['class' => App\\Processes\\Marks::class]], "
                                   "'timer' => ['enable' => true, 'jobs' => []]];")
    d.write("routes/api.php", """<?php
use Illuminate\\Support\\Facades\\Route;
Route::get('plain', fn () => 'plain');
Route::get('with/{id}', fn ($id) => $id);
Route::post('posted', fn () => 'posted');
Route::domain('other.test')->get('elsewhere', fn () => 'elsewhere');
""")
    d.write("routes/web.php", "<?php Illuminate\\Support\\Facades\\Route::get('/', fn () => 'home');")
    d.env["TMPDIR"] = d.path("tmp")
    paths = [r["path"] for r in examine(d, "--requests", "2")["routes"]]
    assert "/api/plain" in paths and "/" in paths
    assert not [p for p in paths if "with" in p or "posted" in p or "elsewhere" in p]
    assert not os.path.exists(os.path.join(d.app, "storage/process-ran"))


def test_lumen_routes_are_found(daemon):
    d = daemon.app("lumen", start=False, ini={"rserverd": {"boot": "worker"}})
    d.write("routes/web.php", "<?php $router->get('/plain', fn () => 'plain'); $router->get('/with/{id}', fn ($id) => $id);"
                              " $router->post('/posted', fn () => 'posted'); $router->get('opt[/{x}]', fn () => 'opt');")
    d.env["TMPDIR"] = d.path("tmp")
    report = examine(d)
    assert {r["path"]: r["statuses"] for r in report["routes"]} == {"/plain": [200, 200, 200]}


# -- doctor = true on a server ----------------------------------------------------------------------------------------------------------

HEADER = re.compile(r"^changed=(\d+); statics=(\d+); memory=[+-]\d+$")


def test_doctor_on_a_server(doctor):
    doctor.set("rserverd", doctor=True)
    doctor.set("swoole", worker_num=1, log_level=0)
    doctor.start()
    doctor.wait_log(r"\[warn\].*doctor = true")
    changed, statics = map(int, HEADER.match(doctor.get("/").get("x-rserverd-doctor")).groups())
    assert statics == 0
    for _ in range(3):
        leak = HEADER.match(doctor.get("/cache").get("x-rserverd-doctor"))
        assert (int(leak[1]), int(leak[2])) == (changed + 1, 1), "put back after each"
    doctor.wait_log(r"\[notice\] .*doctor: GET /cache has left \d+ changed places")
    doctor.wait_log(r"\[debug\] .*doctor: +static Acme.+Cache::items: array\(0\) -> array\(1\)")
    assert "secret-of-the-request" not in doctor.log()


def test_a_server_without_it_says_nothing(doctor):
    doctor.set("swoole", worker_num=1)
    doctor.start()
    r = doctor.get("/cache", {"X-Rserverd-Doctor": "keep"})
    assert r.get("x-rserverd-doctor") is None
    assert "doctor" not in doctor.log()


def test_a_client_cannot_make_a_server_keep(doctor):
    doctor.set("rserverd", doctor=True)
    doctor.set("swoole", worker_num=1)
    doctor.start()
    seen = {doctor.get("/cache", {"X-Rserverd-Doctor": "keep"}).get("x-rserverd-doctor").split("; m")[0] for _ in range(4)}
    assert len(seen) == 1, seen
