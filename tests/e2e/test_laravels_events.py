"""Event handlers of an application: each in its process, with its arguments (contract 2.7, 10.15)."""

import signal

from lib import proc
from lib.laravels import newer
from lib.wait import until


def test_server_start_before_anything_is_forked(app):
    (started,) = app.report("ServerStart")
    assert started["class"] == "Swoole\\WebSocket\\Server"
    forked = [r for r in app.report("WorkerStart")]
    assert len(forked) >= 4 and all(started["at"] <= r["at"] for r in forked)
    assert started["pid"] not in {r["pid"] for r in forked}


@newer
def test_several_handlers_run_in_their_order(app):
    (first,), (second,) = app.report("ServerStart"), app.report("SecondServerStart")
    assert first["at"] <= second["at"] and first["pid"] == second["pid"]
    assert second["count"] == 2234, "it sees what the first one did"


def test_worker_start_in_workers_and_task_workers(app):
    starts = {r["id"]: r for r in app.report("WorkerStart")}
    assert sorted(starts) == [0, 1, 2, 3]
    for i, r in starts.items():
        assert r["taskworker"] is (i >= 2) and r["app"] == "Demo" and r["same"] is True
    assert {r["pid"] for r in starts.values()} == set(app.pids("worker") + app.pids("task"))
    assert not {r["pid"] for r in app.report("WorkerStart")} & set(app.titled("timer") + app.titled("inbox"))


@newer
def test_handler_that_throws_is_logged_and_the_next_runs(app):
    for i in range(4):
        app.wait_log(f"a handler that throws in {i}")


def test_stop_fires_worker_stop_and_then_server_stop(hosted, release):
    d = hosted(release, timer=False)
    pids = {**{p["id"]: p["pid"] for p in d.of(d.status(), "worker")}}
    assert d.stop() == 0
    stops = {r["id"]: r for r in d.report("WorkerStop")}
    assert sorted(stops) == [0, 1, 2, 3]
    assert {i: stops[i]["pid"] for i in pids} == pids
    (stop,) = d.report("ServerStop")
    assert stop["booted"] is True, "Laravel is there"
    assert stop["master_pid"] == d.master_pid
    assert all(r["at"] <= stop["at"] for r in d.reports if r is not stop), "last of all"
    assert not d.report("WorkerError")


def test_stop_by_signal_of_the_terminal(hosted):
    d = hosted("37", timer=False, processes=False)
    d.wait_settled()
    assert d.stop(signal.SIGINT) == 0
    assert len(d.report("WorkerStop")) == 4 and len(d.report("ServerStop")) == 1


def test_reload_fires_stop_and_start_of_workers_only(hosted, release):
    d = hosted(release, timer=False, processes=False)
    old = set(d.pids("worker") + d.pids("task"))
    assert d.ctl("reload", "--wait").returncode == 0
    d.wait("WorkerStop", 4)
    assert {r["pid"] for r in d.report("WorkerStop")} == old
    assert sorted(r["id"] for r in d.report("WorkerStart")) == [0, 0, 1, 1, 2, 2, 3, 3]
    assert not d.report("ServerStop") and not d.report("WorkerError")


def test_worker_error_upon_a_kill(hosted, release):
    """In a process beside the workers, with who it was and what it died of."""
    d = hosted(release, timer=False, processes=False)
    s = d.status()
    victims = {d.of(s, "worker")[1]["pid"]: (1, 9), d.of(s, "task")[0]["pid"]: (2, 11)}
    for pid, (_, sig) in victims.items():
        d.kill(pid, sig)
    for pid, (shown, sig) in victims.items():
        e = d.wait("WorkerError", of=pid)
        assert (e["id"], e["code"], e["signal"]) == (shown, 0, sig)
        assert e["pid"] not in d.pids("worker") + d.pids("task")
        until(lambda: proc.state(e["pid"]) != "Z", message="nothing is left as a zombie")
    until(d.settled)
    assert not d.report("WorkerStop"), "a crash is no end"
    assert len(d.report("WorkerStart")) == 6


def test_worker_error_upon_a_fatal_error(hosted, release):
    d = hosted(release, workers=1, timer=False, processes=False)
    pid = d.pid("worker")
    assert d.get("/test/memory").status == 500
    e = d.wait("WorkerError", of=pid)
    assert e["id"] == 0 and e["signal"] == 0 and e["code"] != 0
    until(d.settled)


def test_no_worker_error_upon_recycling(hosted, release):
    d = hosted(release, start=False, workers=1, timer=False, processes=False)
    d.configure("swoole", max_request=5, max_request_grace=0)
    d.write_ini()
    d.start()
    for _ in range(20):
        assert d.get("/api/hello").status == 200
    d.wait("WorkerStop", 3)
    d.wait_settled()
    assert not d.report("WorkerError")


def test_wrong_interface_stops_the_start(hosted):
    d = hosted("37", start=False, timer=False, processes=False)
    d.config_php("$c['event_handlers']['WorkerStart'] = [\\App\\Services\\Remembers::class];")
    d.expect_exit = 1
    d.start(wait=False)
    assert d.wait_exit(30) == 1
    assert "WorkerStartInterface" in d.log()


def test_before_start_is_server_start(hosted):
    """The name that 3.5.8 to 3.5.10 had."""
    d = hosted("35", start=False, timer=False, processes=False)
    d.config_php("$c['event_handlers'] = ['BeforeStart' => \\App\\Events\\ServerStartEvent::class];")
    d.start()
    assert len(d.report("ServerStart")) == 1
    assert d.code("return $server->atomicCount->get();") == 2233
