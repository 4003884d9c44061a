"""The timer process and its cron jobs (contract 2.5, 10.10)."""

import os
import re
import shutil
import signal
import tempfile
import time

import pytest

from lib import proc
from lib.daemon import run
from lib.laravels import newer
from lib.load import Background
from lib.ports import free_port
from lib.redis import ask_redis, redis  # noqa: F401 (a fixture)
from lib.wait import SLOW, stays, until


def jobs(app, *lines, **more):
    """Other jobs instead of those of the application: (PHP, ini) of each."""
    if app.of_ini:
        app.configure("timer", jobs=[ini for _, ini in lines], **more)
    else:
        app.config_php("$c['timer']['jobs'] = [" + ", ".join(php for php, _ in lines) + "];")
        app.configure("timer", **more)
    app.write_ini()


TICK = ("\\App\\Jobs\\Timer\\TickJob::class", "App\\Jobs\\Timer\\TickJob")


# -- jobs that run ------------------------------------------------------------------------------------------------------

def test_one_process_runs_all_jobs(app):
    (pid,) = app.titled("timer")
    for what in ("tick", "configured", "stopping", "throwing"):
        assert app.wait(what)["pid"] == pid
    assert app.report("configured")[0]["worker_id"] == -1, "it is no worker"


def test_interval_of_a_job(app):
    app.wait("tick", 14)
    ticks = app.report("tick")[:14]
    assert [t["i"] for t in ticks] == list(range(1, 15)), "one object for its life"
    gaps = sorted(b["at"] - a["at"] for a, b in zip(ticks, ticks[1:]))
    # Of a busy machine some are late, and those behind them early.
    assert 0.2 < gaps[len(gaps) // 2] < 0.25 + 0.1 * SLOW, gaps
    assert sum(gaps) > 0.2 * len(gaps), gaps


def test_interval_and_immediate_from_the_registration(app):
    """Once an hour, and at once."""
    first = app.wait("configured")
    assert (first["interval"], first["immediate"]) == (3600000, True)
    assert len(app.report("configured")) == 1
    assert first["at"] < app.wait("tick")["at"] + 0.25


def test_stop_ends_a_job_and_no_other(app):
    app.wait("stopping", 3)
    n = len(app.report("tick"))
    app.wait("tick", n + 4)
    assert [r["i"] for r in app.report("stopping")] == [1, 2, 3]


def test_what_a_job_throws_is_logged_and_it_runs_on(app):
    app.wait("throwing", 5)
    pids = {r["pid"] for r in app.report("throwing")}
    assert pids == set(app.titled("timer")), "the process has not died of it"
    until(lambda: "a job that throws" in app.log() and "ArgumentCountError" in app.log(), message="both are told")
    n = len(app.report("tick"))
    app.wait("tick", n + 2)


def test_exit_in_a_job_is_survived(app):
    n = len(app.report("tick"))
    app.leave("timer", "exit('a job leaves');")
    app.wait_log("a job leaves")
    app.wait("tick", n + 3, timeout=15)
    assert len(app.titled("timer")) == 1


def test_blocking_job_delays_the_others_but_loses_none(app):
    (pid,) = app.titled("timer")
    app.inbox("timer", "sleep(1);")
    n = len(app.report("tick"))
    app.wait("tick", n + 2)
    assert app.titled("timer") == [pid]


def test_pid_file(app):
    """storage/laravels-timer-process.pid."""
    (pid,) = app.titled("timer")
    path = os.path.join(app.app, "storage/laravels-timer-process.pid")
    until(lambda: os.path.exists(path) and open(path).read().strip() == str(pid),
          message=f"{path} holds {pid}")


def test_coroutine_sleep_in_a_job(app):
    assert app.inbox("timer", "$t = microtime(true); Swoole\\Coroutine::sleep(0.3); return round(microtime(true) - $t, 1);") >= 0.3


# -- its life --------------------------------------------------------------------------------------------------------------

def test_killed_timer_process_comes_back(hosted, release):
    d = hosted(release, processes=False)
    (pid,) = d.titled("timer")
    d.wait("stopping", 3)
    d.kill(pid)
    d.successor("timer", pid)
    d.wait("stopping", 6)
    assert d.report("stopping")[-1]["i"] == 3, "a job that stopped itself begins anew"
    d.wait_settled()


def test_reload_restarts_it_with_new_code(hosted, release):
    d = hosted(release, processes=False)
    d.wait("tick")
    (old,) = d.titled("timer")
    path = "app/Jobs/Timer/TickJob.php"
    with open(os.path.join(d.app, path)) as f:
        code = f.read()
    d.write(path, code.replace("'tick'", "'new tick'"))
    assert d.ctl("reload", "--wait").returncode == 0
    d.wait("new tick")
    until(lambda: not proc.alive(old), message="the old one has gone")
    assert len(d.titled("timer")) == 1
    last = d.report("tick")[-1]["at"]
    assert last <= d.report("new tick")[0]["at"], "never two of them"


def test_reload_with_a_running_job(hosted, release):
    """It may finish, within timer.max_wait_time; meanwhile no second timer process runs anything."""
    d = hosted(release, processes=False)
    (old,) = d.titled("timer")
    running = Background(d.inbox, "timer", "App\\Testing\\Report::add('busy'); usleep(2000000); App\\Testing\\Report::add('done'); return 'finished';")
    d.wait("busy")
    assert d.ctl("reload").returncode == 0
    assert running.result() == "finished"
    done = d.report("done")[0]
    assert done["pid"] == old
    d.successor("timer", old)
    n = len([r for r in d.report("tick") if r["pid"] != old])
    until(lambda: len([r for r in d.report("tick") if r["pid"] != old]) > n)
    assert min(r["at"] for r in d.report("tick") if r["pid"] != old) >= done["at"], "never both at a time"
    d.wait_settled()


def test_reload_does_not_wait_for_ever_for_a_job(hosted, release):
    d = hosted(release, start=False, processes=False)
    d.configure("timer", max_wait_time=1)
    d.write_ini()
    d.start()
    (old,) = d.titled("timer")
    stuck = Background(d.inbox, "timer", "App\\Testing\\Report::add('stuck'); while (true) sleep(60);")
    d.wait("stuck")
    assert d.ctl("reload").returncode == 0
    until(lambda: not proc.alive(old), 10, message="the stuck one is ended")
    until(lambda: len(d.titled("timer")) == 1, message="the new one")
    n = len(d.report("tick"))
    d.wait("tick", n + 2)
    assert not stuck.done()


def test_stop_with_a_stuck_job(hosted, release):
    d = hosted(release, start=False, processes=False)
    d.configure("swoole", max_wait_time=1)
    d.configure("timer", max_wait_time=1)
    d.write_ini()
    d.start()
    stuck = Background(d.inbox, "timer", "App\\Testing\\Report::add('stuck'); while (true) sleep(60);")
    d.wait("stuck")
    assert d.stop(timeout=10) == 0 and not stuck.done()


def test_usr1_to_the_timer_process_restarts_it(hosted, release):
    d = hosted(release, processes=False)
    (old,) = d.titled("timer")
    os.kill(old, signal.SIGUSR1)
    d.successor("timer", old)
    n = len(d.report("tick"))
    d.wait("tick", n + 2)
    d.wait_settled()


def test_no_jobs_no_process(hosted, release):
    d = hosted(release, start=False, timer=False, processes=False)
    jobs(d, enable=True)
    d.start()
    assert d.titled("timer") == []
    d.wait_settled()
    assert d.titled("timer") == [] and not d.report("tick")


def test_timer_that_is_off(hosted, release):
    d = hosted(release, timer=False, processes=False)
    d.wait_settled()
    assert d.titled("timer") == [] and not d.report("tick")


BAD = {
    "no such class": ("'App\\\\Jobs\\\\Timer\\\\Missing'", "App\\Jobs\\Timer\\Missing", "Missing"),
    "not a job": ("\\App\\Services\\Remembers::class", "App\\Services\\Remembers", "Remembers"),
    "no interval": ("\\App\\Jobs\\Timer\\ConfiguredJob::class", "App\\Jobs\\Timer\\ConfiguredJob", "(?i)interval"),
    "an interval of nothing": ("[\\App\\Jobs\\Timer\\ConfiguredJob::class, [0, true]]", "App\\Jobs\\Timer\\ConfiguredJob:0:true", "(?i)interval"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_job_stops_the_start(hosted, release, name):
    """D12: said once, at the start, and not by a process that restarts for ever."""
    php, ini, reason = BAD[name]
    d = hosted(release, start=False, processes=False)
    jobs(d, TICK, (php, ini))
    d.expect_exit = 1
    d.start(wait=False)
    assert d.wait_exit(30) == 1
    assert re.search(reason, d.log()), d.log()


def test_bad_job_does_not_pass_a_reload(hosted):
    """The good generation goes on, its timer too."""
    d = hosted("37", processes=False)
    path = "app/Jobs/Timer/TickJob.php"
    with open(os.path.join(d.app, path)) as f:
        code = f.read()
    d.write(path, code.replace("return 250;", "return 0;"))
    r = d.ctl("reload", "--wait")
    assert r.returncode == 1 and "interval" in (r.stdout + r.stderr).lower()
    n = len(d.report("tick"))
    d.wait("tick", n + 2)
    assert d.status()["generation"] == 1


# -- the scheduler -------------------------------------------------------------------------------------------------------------

SCHEDULE = ("\\Hhxsv5\\LaravelS\\Illuminate\\LaravelScheduleJob::class", "Hhxsv5\\LaravelS\\Illuminate\\LaravelScheduleJob")


@pytest.fixture(scope="module")
def clock():
    """A library that shifts the wall clock of whoever preloads it."""
    folder = tempfile.mkdtemp(prefix="rs-e2e-clock-")
    os.chmod(folder, 0o755)
    library = os.path.join(folder, "clock.so")
    made = run("gcc", "-shared", "-fPIC", "-O1", "-Wall", "-Wextra", "-o", library,
               os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib", "clock.c"))
    assert made.returncode == 0, made.stderr
    yield library
    shutil.rmtree(folder)


@pytest.mark.slow
def test_laravel_schedule_runs_at_full_minutes(hosted, release, clock):
    """Aligned to the minute, whenever the server started, and once a minute (the clock is put to 12 s before one)."""
    d = hosted(release, start=False, processes=False)
    jobs(d, SCHEDULE, TICK)
    shift = int(-((time.time() + 12) % 60) * 1000)
    d.env.update(LD_PRELOAD=clock, CLOCK_SHIFT_MS=str(shift))
    d.start()
    d.wait("tick")
    ran = d.wait("minute", timeout=30)
    assert ran["second"] < 10 * SLOW, "the command began at the minute"
    assert d.wait("call")["second"] < 5 * SLOW, "and so did what needs no process"
    n = len(d.report("tick"))
    d.wait("tick", n + 4, timeout=20)
    assert len(d.report("minute")) == len(d.report("call")) == 1, "once"


# -- the global lock -------------------------------------------------------------------------------------------------------------

def locked(hosted, release, port, **kw):
    return hosted(release, start=False, processes=False,
                  dotenv=["GLOBAL_LOCK=true", f"REDIS_PORT={port}", "REDIS_CLIENT=predis"], **kw)


@newer
def test_one_of_two_instances_runs_the_jobs(hosted, release, redis):
    """The key is LaravelS' own: laravels:timer: and the lower-cased lock key; its value host:port; it lasts 60 s."""
    a, b = locked(hosted, release, redis), locked(hosted, release, redis)
    a.start()
    a.wait("tick")
    b.start()
    until(lambda: b.titled("timer"), message="b has a timer process too")
    owner = ask_redis(redis, "GET", "laravels:timer:demo")
    assert owner.endswith(f":{a.port}"), owner
    assert 0 < int(ask_redis(redis, "TTL", "laravels:timer:demo")[1:]) <= 60
    n = len(a.report("tick"))
    a.wait("tick", n + 6)
    for d in (a, b):
        d.now_is_the_base()     # with the connection to Redis
    assert not b.report("tick") and not b.report("configured"), "the other one waits"


@newer
def test_instance_without_the_lock_stays_idle_over_a_reload(hosted, release, redis):
    """Somebody else in the cluster, perhaps still LaravelS itself, has the lock."""
    assert ask_redis(redis, "SET", "laravels:timer:demo", "10.1.2.3:5200", "EX", "600") == "+OK"
    d = locked(hosted, release, redis)
    d.start()
    (old,) = d.titled("timer")
    assert d.ctl("reload", "--wait").returncode == 0
    d.successor("timer", old)
    stays(lambda: not d.report("tick"), 1, message="no job runs")
    assert ask_redis(redis, "GET", "laravels:timer:demo") == "10.1.2.3:5200"
    assert int(ask_redis(redis, "TTL", "laravels:timer:demo")[1:]) > 60, "who does not own the lock does not renew it"


@newer
def test_lock_without_redis(hosted, release):
    """Nobody knows who else runs: no job does, the server serves, and the log says why."""
    d = locked(hosted, release, free_port())
    d.start()
    d.wait_log("(?i)redis|refused")
    assert d.get("/api/hello").status == 200
    assert not d.report("tick")
