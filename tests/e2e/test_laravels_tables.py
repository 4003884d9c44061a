"""swoole_tables of an application, and atomics put on the server object (contract 10.14)."""

import pytest

from lib import proc
from lib.laravels import Thrown, quoted, task
from lib.load import Background
from lib.wait import until


def test_tables_are_on_the_server(app):
    assert app.code("return [get_class($server->wsTable), get_class($server->mixedTable), app('swoole')->wsTable === $server->wsTable];") == \
        ["Swoole\\Table", "Swoole\\Table", True]
    assert app.code("return [$server->wsTable->size >= 102400, $server->mixedTable->size >= 1024];") == [True, True]


def test_columns(app):
    app.code("$server->mixedTable->set('row', ['n' => -5, 'f' => 1.5, 's' => str_repeat('x', 40)]);")
    assert app.code("return $server->mixedTable->get('row');") == {"n": -5, "f": 1.5, "s": "x" * 32}, "cut at the column's size"
    assert app.code("return [$server->mixedTable->get('row', 'f'), $server->mixedTable->get('none'), $server->mixedTable->exist('row')];") == \
        [1.5, False, True]
    assert app.code("$t = $server->mixedTable; $t->del('row'); return $t->exist('row');") is False


def test_every_process_sees_the_same_rows(app):
    app.code("$server->wsTable->set('shared', ['value' => 1]);")
    for place in ("timer", "process"):
        assert app.inbox(place, "return $server->wsTable->incr('shared', 'value');") > 1
    more = "return app('swoole')->wsTable->incr('shared', 'value');"
    app.code(f"return {app.deliver(task('table', more))};")
    assert app.wait("handled", tag="table")["result"] == 4
    c = app.ws()
    assert c.code("return $server->wsTable->get('shared', 'value');") == 4
    c.close()
    assert app.code("return $server->wsTable->get('shared', 'value');") == 4


def test_concurrent_increments(app):
    app.code("$server->wsTable->set('sum', ['value' => 0]);")
    add = "for ($i = 0; $i < 20000; $i++) $server->wsTable->incr('sum', 'value'); return getmypid();"
    working, pids = [], set()

    def both_workers_process_and_timer():
        more = [Background(app.code, add) for _ in range(4)]
        more += [Background(app.inbox, "process", add), Background(app.inbox, "timer", add)]
        pids.update(w.result() for w in more)
        working.extend(more)
        return len(pids) >= 4
    until(both_workers_process_and_timer, 30, message="everybody has taken part")
    assert app.code("return $server->wsTable->get('sum', 'value');") == len(working) * 20000


def test_iteration_during_writes(app):
    app.code("for ($i = 0; $i < 1000; $i++) $server->wsTable->set(\"it:$i\", ['value' => $i]);")
    writing = Background(app.code, "$end = microtime(true) + 1; $n = 0; while (microtime(true) < $end) { $k = 'it:' . mt_rand(0, 999);"
                                   "$server->wsTable->set($k, ['value' => (int)substr($k, 3)]); $server->wsTable->set('w:' . $n++ % 500, ['value' => 1]); } return $n;")
    while not writing.done():
        bad = app.code("$seen = []; $bad = []; foreach ($server->wsTable as $k => $row) { if (!str_starts_with($k, 'it:')) continue;"
                       "$seen[$k] = 1; if ((int)substr($k, 3) !== $row['value']) $bad[] = [$k, $row]; } return [count($seen), $bad];")
        assert bad == [1000, []]
    assert writing.result() > 100
    app.code("foreach ($server->wsTable as $k => $row) $keys[] = $k; foreach ($keys as $k) $server->wsTable->del($k);")


def test_declared_rows_fit(app):
    """All of them, whatever their keys hash to."""
    assert app.code("$n = 0; for ($i = 0; $i < 102400; $i++) $n += $server->wsTable->set(\"user:$i\", ['value' => $i]); return $n;") == 102400
    assert app.code("return [count($server->wsTable), $server->wsTable->get('user:77777', 'value')];") == [102400, 77777]
    app.code("for ($i = 0; $i < 102400; $i++) $server->wsTable->del(\"user:$i\"); return count($server->wsTable);")


def test_atomic_from_the_server_start(app):
    """Put on $server before anything was forked: every process has the same."""
    start = app.code("return $server->atomicCount->get();")
    assert start == (2233 if app.release == "35" else 2234)
    app.code("$server->atomicCount->add(1);")
    app.inbox("timer", "return $server->atomicCount->add(1);")
    app.inbox("process", "return $server->atomicCount->add(1);")
    assert app.code("return $server->atomicCount->get();") == start + 3
    app.code("$server->atomicCount->sub(3);")


def test_lock_and_table_from_the_server_start(app):
    assert app.inbox("process", "$server->handTable->set('x', ['n' => 7]); return $server->handLock->trylock();") is True
    assert app.code("return [$server->handTable->get('x', 'n'), $server->handLock->trylock()];") == [7, False]
    assert app.inbox("process", "return $server->handLock->unlock();") is True
    assert app.code("$got = $server->handLock->trylock(); $server->handLock->unlock(); return $got;") is True


def test_dynamic_properties_make_no_noise(app):
    assert app.code("$server->mine = [1, 2]; return $server->mine;") == [1, 2]
    assert "dynamic property" not in app.log() + app.laravel_log()


# -- what survives --------------------------------------------------------------------------------------------------------

def test_contents_survive_reloads_and_crashes(hosted, release):
    d = hosted(release, processes=False)
    d.code("$server->wsTable->set('kept', ['value' => 42]); $server->atomicCount->set(99); $server->handTable->set('hand', ['n' => 5]);")
    look = "return [$server->wsTable->get('kept', 'value'), $server->atomicCount->get(), $server->handTable->get('hand', 'n')];"
    for generation in (2, 3):
        assert d.ctl("reload", "--wait").returncode == 0
        assert d.status()["generation"] == generation
        assert d.code(look) == [42, 99, 5]
    d.kill(d.pids("worker")[0])
    d.wait_settled()
    assert d.code(look) == [42, 99, 5]
    d.kill(d.pid("manager"))
    until(lambda: d.settled_in(4), 20, message="a new generation")
    assert d.code(look) == [42, 99, 5]
    until(lambda: d.titled("timer"), message="its timer")
    assert d.inbox("timer", look) == [42, 99, 5]
    reactor = d.pid("reactor")
    d.kill(reactor)
    until(lambda: d.settled_without(reactor), 20, message="a new reactor")
    assert d.code(look) == [42, 99, 5]


def test_both_generations_see_each_other_while_one_drains(hosted, release):
    d = hosted(release, timer=False, processes=False)
    c, gate = d.ws(), d.path("gate")
    c.send(f"code $server->wsTable->set('drain', ['value' => 1]); while (!file_exists({quoted(gate)})) usleep(10000);"
           "return $server->wsTable->get('drain', 'value');")
    until(lambda: d.code("return $server->wsTable->get('drain', 'value');") == 1)
    reload = Background(d.ctl, "reload", "--wait")
    until(lambda: d.status()["generation"] == 2, 30)
    assert d.code("return $server->wsTable->incr('drain', 'value', 10);") == 11
    with open(gate, "w"):
        pass
    assert c.recv() == '{"value":11}'
    assert reload.result().returncode == 0
    d.wait_settled()


def test_table_that_the_configuration_does_not_change(hosted):
    """config/laravels.php is not read anew by a reload: a table with another schema waits for a restart, and all are kept."""
    d = hosted("37", start=False, timer=False, processes=False)
    d.config_php("")
    d.start()
    d.code("$server->wsTable->set('kept', ['value' => 42]); $server->mixedTable->set('x', ['n' => 1, 'f' => 1, 's' => 'a']);")
    d.config_php("$c['swoole_tables']['mixed']['column'][2]['size'] = 64;")
    assert d.ctl("reload", "--wait").returncode == 0
    assert d.code("return [$server->wsTable->get('kept', 'value'), $server->mixedTable->get('x', 's')];") == [42, "a"]


@pytest.mark.parametrize("change, reason", [
    ("$c['swoole_tables']['bad'] = ['size' => 0, 'column' => [['name' => 'v', 'type' => \\Swoole\\Table::TYPE_INT, 'size' => 8]]];", "size"),
    ("$c['swoole_tables']['bad'] = ['size' => 16, 'column' => []];", "column"),
    ("$c['swoole_tables']['bad'] = ['size' => 16, 'column' => [['name' => 'v', 'type' => 99]]];", "type"),
])
def test_bad_table_stops_the_start(hosted, change, reason):
    d = hosted("37", start=False, timer=False, processes=False)
    d.config_php(change)
    d.expect_exit = 1
    d.start(wait=False)
    assert d.wait_exit(30) == 1
    assert "bad" in d.log() and reason in d.log()


def test_missing_table_is_a_clear_error(app):
    with pytest.raises(Thrown):
        app.code("return $server->noneTable->get('x');")
    assert proc.alive(app.master_pid)
