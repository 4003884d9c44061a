"""Asynchronous tasks and events: delivered from everywhere, handled once, never lost by a reload (contract 2.3, 2.4, 10.8, 10.9)."""

import json
import time

import pytest

from lib.laravels import Thrown, newer, quoted, task
from lib.load import Background
from lib.wait import SLOW, until

PLACES = ["worker", "task", "finish", "timer", "process", "websocket", "artisan"]
NS = "\\Hhxsv5\\LaravelS\\Swoole\\Task\\"


def run_in(app, place, call):
    """Runs PHP code there that is to return true; of what runs in a task or at its end nobody hears."""
    if place == "worker":
        assert app.code(call) is True
    elif place == "task":
        assert app.code(f"return {app.deliver(task('outer', call))};") is True
    elif place == "finish":
        assert app.code(f"return {app.deliver(task('outer', '', call))};") is True
    elif place == "websocket":
        c = app.ws()
        assert c.code(call) is True
        c.close()
    elif place == "artisan":
        assert app.artisan_code(call) is True
    else:
        assert app.inbox(place, call) is True


def deliver_from(app, place, what):
    """Delivers that task (PHP code) from there."""
    run_in(app, place, f"return {app.deliver(what)};")


# -- delivery, handle, finish -------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("place", PLACES)
def test_deliver_from(app, place):
    """handle() in a task worker, then finish() in a worker with what handle() left in the object."""
    tag = f"from-{place}"
    deliver_from(app, place, task(tag, "return getmypid();"))
    handled = app.wait("handle", tag=tag)
    finished = app.wait("finish", tag=tag)
    assert handled["taskworker"] is True and 2 <= handled["worker_id"] < 4
    assert finished["taskworker"] is False and 0 <= finished["worker_id"] < 2
    assert finished["result"] == handled["pid"], "what handle() left in the object"
    assert handled["pid"] in app.pids("task") and finished["pid"] in app.pids("worker")


def test_finish_runs_in_the_worker_that_delivered(app):
    for n in range(6):
        tag = f"home-{n}"
        pid = app.code(f"{app.deliver(task(tag))}; return getmypid();")
        assert app.wait("finish", tag=tag)["pid"] == pid


def test_task_without_finish(app):
    assert app.code(f"return {NS}Task::deliver(new \\App\\Tasks\\PlainTask('plain'));") is True
    app.wait("plain", tag="plain")


def test_tasks_with_two_arguments_as_in_3_5(app):
    assert app.code(f"return {NS}Task::deliver(new \\App\\Tasks\\PlainTask('two'), true);") is True
    app.wait("plain", tag="two")


def test_hundreds_of_tasks_are_handled_once_each(app):
    app.code(f"for ($i = 0; $i < 300; $i++) {NS}Task::deliver(new \\App\\Tasks\\PlainTask('many'));")
    app.wait("plain", 300, timeout=20, tag="many")
    until(lambda: app.settled(), message="nothing is left to do")
    assert len(app.report("plain", tag="many")) == 300
    assert len({r["pid"] for r in app.report("plain", tag="many")}) == 2, "by both task workers"


def test_large_payload(app):
    md5 = app.code(f"$data = str_repeat(random_bytes(1024), 3000); {NS}Task::deliver(new \\App\\Tasks\\PlainTask('large', $data));"
                   "return md5($data);")
    assert app.wait("plain", tag="large")["md5"] == md5


def test_model_travels_as_its_identifier(app):
    app.code(f"$note = \\App\\Models\\Note::create(['text' => 'before']); $task = new \\App\\Tasks\\NoteTask('model', $note);"
             f"\\App\\Models\\Note::whereKey($note->id)->update(['text' => 'after']); {NS}Task::deliver($task);")
    assert app.wait("note", tag="model")["text"] == "after"


def test_closure_is_refused_at_delivery(app):
    with pytest.raises(Thrown) as e:
        app.code(f"{NS}Task::deliver(new \\App\\Tasks\\PlainTask('closure', fn() => 1));")
    assert "Closure" in e.value.message


@pytest.mark.parametrize("call", ["delay(-1)", "setTries(0)", "setTries(-3)"])
def test_bad_arguments(app, call):
    with pytest.raises(Thrown) as e:
        app.code(f"{task('bad')}->{call};")
    assert e.value.name == "InvalidArgumentException"


def test_defaults_of_a_task(app):
    assert app.code(f"$t = {task('defaults')}; return [$t->getDelay(), $t->getTries(), $t->delay(3)->getDelay(),"
                    "$t->setTries(2) === $t, $t->getTries()];") == [0, 1, 3, True, 2]


def test_scope_is_fresh_in_every_task(app):
    """Neither a request nor the task before it is seen."""
    look = "return [config('app.name'), auth()->user()];"
    for n in range(6):
        app.code(f"config(['app.name' => 'of the request']); {app.deliver(task(f'scope-{n}', look))};")
        assert app.wait("handled", tag=f"scope-{n}")["result"] == ["Demo", None]


# -- failing ----------------------------------------------------------------------------------------------------------------

def test_tries(app):
    code = "if ($this->attempt < 3) throw new \\RuntimeException('attempt ' . $this->attempt . ' fails'); return 'at last';"
    app.code(f"$t = {task('tries', code)}->setTries(3); return {app.deliver('$t')};")
    assert app.wait("finish", tag="tries")["result"] == "at last"
    assert [r["attempt"] for r in app.report("handle", tag="tries")] == [1, 2, 3]


@pytest.mark.parametrize("code, logged", [("throw new \\RuntimeException('gives-up-7401');", "gives-up-7401"),
                                          ("strlen();", "ArgumentCountError")])
def test_tries_that_all_fail_are_logged(app, code, logged):
    tag = logged + " fails"
    pids = app.pids("task")
    app.code(f"$t = {task(tag, code)}->setTries(2); return {app.deliver('$t')};")
    app.wait("handle", 2, tag=tag)
    app.wait_log(logged)
    app.code(f"return {app.deliver(task('behind ' + tag))};")
    app.wait("finish", tag="behind " + tag)
    assert len(app.report("handle", tag=tag)) == 2 and not app.report("finish", tag=tag)
    assert app.pids("task") == pids, "no process has died of it"


@pytest.mark.parametrize("code, logged", [("throw new \\RuntimeException('finish-fails-7402');", "finish-fails-7402"),
                                          ("strlen();", "ArgumentCountError")])
def test_finish_that_fails_is_logged(app, code, logged):
    pids = app.pids("worker")
    app.code(f"return {app.deliver(task('bad finish ' + logged, '', code))};")
    app.wait("finish", tag="bad finish " + logged)
    app.wait_log(logged)
    assert app.get("/api/hello").status == 200 and app.pids("worker") == pids


@pytest.mark.parametrize("how", ["exit('leaves-7403');", "dd('leaves-7403');"])
def test_exit_and_dd_end_the_task_only(app, how):
    pids = app.pids("task")
    app.code(f"return {app.deliver(task(how, how))};")
    app.wait("handle", tag=how)
    app.wait_log("leaves-7403")
    for n in range(3):
        app.code(f"return {app.deliver(task(f'after {how} {n}'))};")
        app.wait("finish", tag=f"after {how} {n}")
    assert app.pids("task") == pids


def test_no_task_workers(hosted, release):
    """A task is refused; events without task workers would be an error of the configuration."""
    d = hosted(release, start=False, tasks=0, timer=False, processes=False)
    d.configure("swoole", task_worker_num=0)
    d.without_events()
    d.write_ini()
    d.start()
    assert d.code(f"return {NS}Task::deliver(new \\App\\Tasks\\PlainTask('none'));") is False
    d.wait_log("(?i)task.?worker")
    assert not d.pids("task") and not d.report("plain")


# -- delay ------------------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("place", ["worker", "process", "artisan"])
def test_delay(app, place):
    tag = f"delayed-{place}"
    before = time.time()
    deliver_from(app, place, f"{task(tag)}->delay(1)")
    first = app.wait("handle", tag=tag)
    assert before + 1 <= first["at"] + 0.01
    assert first["at"] < time.time() + 1 and app.wait("finish", tag=tag)
    assert len(app.report("handle", tag=tag)) == 1


def test_delays_end_in_their_order(app):
    before = time.time()
    app.code("foreach ([3 => 'c', 1 => 'a', 2 => 'b'] as $s => $t) " + NS + "Task::deliver((new \\App\\Tasks\\PlainTask('order-' . $t))->delay($s));"
             + NS + "Task::deliver(new \\App\\Tasks\\PlainTask('order-0'));")
    at = [app.wait("plain", tag=f"order-{x}")["at"] for x in "0abc"]
    assert at == sorted(at)
    late = [x - before - n for n, x in enumerate(at)]
    assert all(-0.01 < x < 3 * SLOW for x in late), late


def test_delayed_task_outlives_everything_but_the_server(hosted, release):
    """The worker that delivered is killed, the task workers are killed, the code is reloaded: it is handled all the same, once."""
    d = hosted(release, timer=False, processes=False)
    pid = d.code(f"{NS}Task::deliver({task('survivor')}->delay(4)); {NS}Task::deliver({task('event-like')}->delay(3)); return getmypid();")
    d.kill(pid)
    for task_worker in d.pids("task"):
        d.kill(task_worker)
    d.wait_settled()
    assert d.ctl("reload", "--wait").returncode == 0
    until(lambda: len(d.pids("manager")) == 1, message="the old manager has gone")
    d.kill(d.pid("manager"))
    d.wait("finish", tag="survivor")
    d.wait("finish", tag="event-like")
    until(lambda: d.settled_in(3), 20, message="the generation behind the killed manager")
    assert len(d.report("handle", tag="survivor")) == 1
    assert d.report("handle", tag="survivor")[0]["pid"] != pid


# -- reload and crash -----------------------------------------------------------------------------------------------------------

SLOW_TASK = "usleep(1200000); return getmypid();"


def until_file(path):
    """Code of a task that goes on when there is such a file."""
    return f"while (!file_exists({quoted(path)})) usleep(10000); return getmypid();"


def reload_then(d, path):
    """A reload, and that file when the new generation serves."""
    reload = Background(d.ctl, "reload", "--wait")
    until(lambda: d.status()["generation"] == 2, 30, message="the new generation serves")
    with open(path, "w"):
        pass
    assert reload.result().returncode == 0


def test_reload_waits_for_a_running_task(hosted, release):
    d = hosted(release, timer=False, processes=False)
    gate = d.path("gate")
    d.code(f"return {d.deliver(task('running', until_file(gate)))};")
    old = d.wait("handle", tag="running")["pid"]
    reload_then(d, gate)
    finished = d.wait("finish", tag="running")
    d.wait_settled()
    assert finished["result"] == old and finished["pid"] in d.pids("worker"), "by the old task worker, then in a new worker"
    assert len(d.report("handle", tag="running")) == 1


def test_reload_takes_what_waits_to_the_new_generation(hosted, release):
    d = hosted(release, tasks=1, timer=False, processes=False)
    gate = d.path("gate")
    d.code(f"{d.deliver(task('first', until_file(gate)))}; for ($i = 0; $i < 5; $i++) {NS}Task::deliver(new \\App\\Tasks\\PlainTask('queued'));")
    old = d.wait("handle", tag="first")["pid"]
    reload_then(d, gate)
    d.wait("plain", 5, tag="queued")
    d.wait("finish", tag="first")
    d.wait_settled()
    assert {r["pid"] for r in d.report("plain", tag="queued")} == {d.pid("task")} != {old}


def test_killed_task_worker_loses_its_task_and_says_which(hosted, release):
    d = hosted(release, tasks=1, timer=False, processes=False)
    d.code(f"{d.deliver(task('lost', 'sleep(600);'))}; {d.deliver(task('behind'))}; {NS}Task::deliver(new \\App\\Tasks\\PlainTask('behind'));")
    pid = d.wait("handle", tag="lost")["pid"]
    d.kill(pid)
    d.wait("finish", tag="behind")
    d.wait("plain", tag="behind")
    d.wait_log(r"App\\\\?Tasks\\\\?CodeTask")
    assert len(d.report("handle", tag="lost")) == 1 and not d.report("finish", tag="lost"), "lost, not handled twice"
    d.wait_settled()


@pytest.mark.memory_limit
def test_fatal_error_in_a_task(hosted, release):
    d = hosted(release, tasks=1, timer=False, processes=False)
    pid = d.pid("task")
    eat = "ini_set('memory_limit', memory_get_usage() + (4 << 20)); $x = []; while (true) $x[] = str_repeat('x', 65536);"
    d.code(f"return {d.deliver(task('eats', eat))};")
    d.wait("handle", tag="eats")
    d.code(f"return {d.deliver(task('next'))};")
    assert d.wait("finish", tag="next")
    d.wait_log("(?i)memory size")
    until(lambda: d.settled_without(pid), message="another task worker")


def test_killed_worker_still_gets_its_finish_run(hosted, release):
    d = hosted(release, timer=False, processes=False)
    pid = d.code(f"{d.deliver(task('orphan', SLOW_TASK))}; return getmypid();")
    d.wait("handle", tag="orphan")
    d.kill(pid)
    finished = d.wait("finish", tag="orphan")
    assert finished["pid"] != pid and finished["taskworker"] is False
    d.wait_settled()


def test_stop_lets_a_running_task_finish(hosted, release):
    d = hosted(release, timer=False, processes=False)
    d.code(f"return {d.deliver(task('at the end', SLOW_TASK))};")
    d.wait("handle", tag="at the end")
    assert d.stop() == 0
    assert d.report("handled", tag="at the end")


def test_task_worker_is_recycled(hosted, release):
    d = hosted(release, start=False, tasks=1, timer=False, processes=False)
    d.configure("swoole", task_max_request=5)
    d.write_ini()
    d.start()
    for n in range(20):
        d.code(f"return {d.deliver(task(f'recycle-{n}'))};")
    for n in range(20):
        d.wait("finish", tag=f"recycle-{n}")
    assert len({r["pid"] for r in d.report("handle")}) >= 2
    d.wait_settled()


def test_status_shows_the_queue(hosted, release):
    """Running, waiting, delayed: an operator sees them (user pain 16)."""
    d = hosted(release, tasks=1, timer=False, processes=False)
    gate = d.path("gate")
    d.code(f"{d.deliver(task('holds', f'while (!file_exists({quoted(gate)})) usleep(10000);'))};"
           f"for ($i = 0; $i < 4; $i++) {NS}Task::deliver(new \\App\\Tasks\\PlainTask('waits'));"
           f"for ($i = 0; $i < 3; $i++) {NS}Task::deliver((new \\App\\Tasks\\PlainTask('later'))->delay(600));")
    d.wait("handle", tag="holds")
    def numbers():
        s = d.status()
        return [s.get(k) for k in ("tasks_running", "tasks_queued", "tasks_delayed")] == [1, 4, 3]
    until(numbers, message=f"status knows of 1, 4 and 3 tasks: {json.dumps(d.status())}")
    with open(gate, "w"):
        pass
    d.wait("plain", 4, tag="waits")
    until(lambda: (s := d.status()) and s["tasks_queued"] == 0 and s["tasks_delayed"] == 3)


# -- events -------------------------------------------------------------------------------------------------------------------

def fire(app, event, tag, code=None, more=""):
    items = ", ".join(f"{quoted(k)} => {quoted(v)}" for k, v in (code or {}).items())
    return app.code(f"$e = new \\App\\Tasks\\{event}({quoted(tag)}, [{items}]); {more} return {NS}Event::fire($e);")


def by(app, tag):
    return [r["by"] for r in app.report("listen", tag=tag)]


def test_listeners_run_in_order_in_a_task_worker(app):
    assert fire(app, "CodeEvent", "order") is True
    last = app.wait("listen", tag="order", by="SecondListener")
    assert by(app, "order") == ["FirstListener", "SecondListener"] and last["taskworker"] is True
    assert last["heard"] == 1, "a new object for every event"


def test_listeners_of_the_event_and_of_the_configuration(app):
    """3.5: those of the configuration. 3.7: the event's own, then the configuration's, none twice."""
    fire(app, "OtherEvent", "union")
    app.wait("listen", tag="union", by="ThirdListener")
    app.settled()
    assert by(app, "union") == ["FirstListener", "ThirdListener"]


def test_listener_that_returns_false_is_the_last(app):
    fire(app, "CodeEvent", "false", {"FirstListener": "return false;"})
    fire(app, "CodeEvent", "null", {"FirstListener": "return null;"})
    fire(app, "CodeEvent", "zero", {"FirstListener": "return 0;"})
    app.wait("listen", tag="null", by="SecondListener")
    app.wait("listen", tag="zero", by="SecondListener")
    until(app.settled)
    assert by(app, "false") == ["FirstListener"]


@pytest.mark.parametrize("code", ["throw new \\RuntimeException('listener-fails-7404');", "strlen();"])
def test_listener_that_throws_does_not_stop_the_next(app, code):
    tag = "throws " + code
    fire(app, "CodeEvent", tag, {"FirstListener": code}, "$e->setTries(2);")
    app.wait("listen", tag=tag, by="SecondListener")
    assert by(app, tag) == ["FirstListener", "FirstListener", "SecondListener"], "each is tried as often as it may be"
    app.wait_log("listener-fails-7404|ArgumentCountError")


def test_delayed_event(app):
    before = time.time()
    fire(app, "CodeEvent", "later", more="$e->delay(1);")
    assert app.wait("listen", tag="later")["at"] + 0.01 >= before + 1


@newer
def test_what_is_no_listener_is_skipped(app):
    pids = app.pids("task")
    fire(app, "WrongEvent", "wrong")
    app.wait("listen", tag="wrong", by="ThirdListener")
    app.wait_log("NoListener")
    assert app.pids("task") == pids


@pytest.mark.parametrize("place", ["task", "timer", "process", "websocket", "artisan"])
def test_fire_from(app, place):
    run_in(app, place, f"return {NS}Event::fire(new \\App\\Tasks\\CodeEvent({quoted('fired ' + place)}));")
    app.wait("listen", tag="fired " + place, by="SecondListener")
