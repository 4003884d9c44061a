"""Database connections that stay open from request to request, and what requests do to them and to their configuration."""

import pytest

ROUTES = """<?php
use Illuminate\\Support\\Facades\\DB;
use Illuminate\\Support\\Facades\\Queue;
use Illuminate\\Support\\Facades\\Route;
$told = static fn (): array => ['file' => basename(DB::select('pragma database_list')[0]->file), 'pdo' => spl_object_id(DB::getPdo()),
    'known' => array_keys(DB::getConnections()), 'rows' => DB::selectOne('select count(*) as n from temp.sqlite_master')->n];
$tenant = static function (string $name): void {
    touch(storage_path("$name.sqlite"));
    config(['database.connections.sqlite.database' => storage_path("$name.sqlite")]);
};
$outside = static fn (): bool => DB::getPdo()->beginTransaction() && DB::getPdo()->rollBack();
Route::get('central', $told);
Route::get('mark', function () use ($told) { DB::statement('create temporary table mine (x)'); return $told(); });
Route::get('tenant/{name}', function (string $name) use ($told, $tenant) { $tenant($name); return $told(); });
Route::get('late/{name}', function (string $name) use ($told, $tenant) { DB::select('select 1'); $tenant($name); return $told(); });
Route::get('purge/{name}', function (string $name) use ($told, $tenant) {
    DB::select('select 1');
    $tenant($name);
    DB::purge('sqlite');
    return $told();
});
Route::get('reconnect', function () use ($told) { DB::reconnect(); return $told(); });
Route::get('option', function () use ($told) {
    config(['database.connections.sqlite.options' => [PDO::ATTR_STRINGIFY_FETCHES => true]]);
    return $told() + ['n' => DB::selectOne('select 1 as n')->n];
});
Route::get('n', fn () => ['n' => DB::selectOne('select 1 as n')->n]);
Route::get('attributes', function () {
    $pdo = DB::getPdo();
    foreach ([PDO::ATTR_CASE => PDO::CASE_UPPER, PDO::ATTR_STRINGIFY_FETCHES => true, PDO::ATTR_ERRMODE => PDO::ERRMODE_SILENT,
            PDO::ATTR_DEFAULT_FETCH_MODE => PDO::FETCH_NUM, PDO::ATTR_ORACLE_NULLS => PDO::NULL_TO_STRING] as $attribute => $value) {
        $pdo->setAttribute($attribute, $value);
    }
    $pdo->setAttribute(PDO::ATTR_CASE, PDO::CASE_LOWER);
    return ['pdo' => spl_object_id($pdo)];
});
Route::get('told-attributes', fn () => ['pdo' => spl_object_id(DB::getPdo()), 'are' => array_map(DB::getPdo()->getAttribute(...), [PDO::ATTR_CASE,
    PDO::ATTR_STRINGIFY_FETCHES, PDO::ATTR_ERRMODE, PDO::ATTR_DEFAULT_FETCH_MODE, PDO::ATTR_ORACLE_NULLS])]);
Route::get('begin/{how}', function (string $how) {
    match ($how) {
        'statement' => DB::statement('BEGIN'),
        'unprepared' => DB::unprepared('BEGIN'),
        'comment' => DB::unprepared("-- who would do so\n/* and so */ begin immediate"),
        'second' => DB::unprepared('select 1; savepoint mine'),
        'pdo' => DB::getPdo()->beginTransaction(),
        'framework' => DB::beginTransaction(),
    };
    DB::table('notes')->insert(['text' => 'left open']);
});
Route::get('begun', fn () => ['in' => DB::getPdo()->inTransaction(), 'outside' => $outside(), 'rows' => DB::table('notes')->where('text', 'left open')->count()]);
Route::get('queue/{name}', function (string $name) use ($tenant) {
    config(['queue.connections.rows' => ['driver' => 'database', 'table' => 'jobs', 'queue' => 'default', 'retry_after' => 90]]);
    $name === 'central' || $tenant($name);
    return ['file' => basename(Queue::connection('rows')->getDatabase()->select('pragma database_list')[0]->file)];
});
"""


def start(daemon, isolation="snapshot", routes=ROUTES):
    return daemon.laravel(files={"routes/api.php": routes}, ini={"rserverd": {"isolation": isolation}})


def ask(d, path):
    r = d.get("/api/" + path)
    assert r.status == 200, r.text[:500]
    return r.json() if r.body else None


@pytest.mark.parametrize("isolation", ["snapshot", "simple", "greedy"])
def test_the_configuration_in_force_decides_where_the_first_query_goes(daemon, isolation):
    """As under php-fpm, without a purge(), though the connection of that name is open from an earlier request; and that stays open."""
    d = start(daemon, isolation)
    central = ask(d, "mark")
    assert central["rows"] == 1
    for name in ("red", "blue", "red"):
        got = ask(d, f"tenant/{name}")
        assert got["file"] == f"{name}.sqlite" and got["rows"] == 0 and got["known"] == ["sqlite"]
        assert ask(d, "central") == central, "the same connection: its temporary table is there"
    assert ask(d, "late/red") == central, "it was too late: as under php-fpm"
    d.wait_idle()
    log = d.log()
    assert "changed the configuration" not in log.replace("GET /api/late/red changed the configuration", ""), "there is no need to be told"


def test_purge_is_what_it_was(daemon):
    d = start(daemon)
    assert ask(d, "mark")["rows"] == 1
    assert ask(d, "purge/red")["file"] == "red.sqlite"
    assert ask(d, "central")["file"] == "database.sqlite"


def test_reconnect_opens_another_one(daemon):
    """Also where this request has not used the one that is open from another."""
    d = start(daemon)
    assert ask(d, "mark")["rows"] == 1
    assert ask(d, "reconnect")["rows"] == 0
    assert ask(d, "central")["rows"] == 0


def test_other_options_mean_another_connection(daemon):
    d = start(daemon)
    for _ in range(2):
        assert ask(d, "n")["n"] == 1
        assert ask(d, "option")["n"] == "1"


def test_no_request_sees_connections_that_it_has_not_asked_for(daemon):
    routes = ROUTES + "Route::get('known', fn () => [array_keys(DB::getConnections())]);\n"
    d = start(daemon, routes=routes)
    ask(d, "central")
    assert ask(d, "known") == [[]]


def test_attributes_of_a_connection_go_back(daemon):
    """Also in the request that has made it."""
    d = start(daemon)
    made = ask(d, "attributes")
    first = ask(d, "told-attributes")
    assert first["pdo"] == made["pdo"], "it stays open"
    assert first["are"][0] == 0 and first["are"][2] == 2, "names as they are, errors are exceptions"
    for _ in range(2):
        ask(d, "attributes")
        assert ask(d, "told-attributes") == first
    assert ask(d, "n") == {"n": 1}


def test_attributes_that_its_maker_sets_belong_to_a_connection(daemon):
    routes = ROUTES + """
DB::extend('sqlite', function (array $config, string $name) {
    $pdo = new PDO('sqlite:' . $config['database']);
    $pdo->setAttribute(PDO::ATTR_ERRMODE, PDO::ERRMODE_EXCEPTION);
    $pdo->setAttribute(PDO::ATTR_STRINGIFY_FETCHES, true);
    return new Illuminate\\Database\\SQLiteConnection($pdo, $config['database'], '', $config);
});
"""
    d = start(daemon, routes=routes)
    for _ in range(3):
        assert ask(d, "n") == {"n": "1"}


@pytest.mark.parametrize("isolation", ["snapshot", "simple", "greedy"])
@pytest.mark.parametrize("how", ["statement", "unprepared", "comment", "second", "pdo", "framework"])
def test_transactions_of_every_kind_are_rolled_back(daemon, how, isolation):
    d = start(daemon, isolation)
    for _ in range(2):
        ask(d, f"begin/{how}")
        assert ask(d, "begun") == {"in": False, "outside": True, "rows": 0}
    d.wait_log("transaction open")


@pytest.mark.parametrize("isolation, what", [(isolation, what) for isolation in ("snapshot", "simple", "greedy")
                                             for what in ("function", "aggregate", "collation", "pdo", "read")] + [("snapshot", "timeout")])
def test_a_connection_that_is_no_longer_the_frameworks_is_closed(daemon, isolation, what):
    """Functions stay in SQLite as long as it is open, and so do attributes that cannot be asked for; a PDO object is a request's own."""
    d = start(daemon, isolation, ROUTES + """
$mine = static fn (): PDO => new PDO('sqlite::memory:');
Route::get('spoil/{what}', function (string $what) use ($mine) {
    DB::select('select 1');
    match ($what) {
        'function' => DB::getPdo()->sqliteCreateFunction('lower', fn () => 'polluted', 1),
        'aggregate' => DB::getPdo()->sqliteCreateAggregate('sum', fn () => null, fn () => 'polluted', 1),
        'collation' => DB::getPdo()->sqliteCreateCollation('mine', fn ($a, $b) => 0),
        'timeout' => DB::getPdo()->setAttribute(PDO::ATTR_TIMEOUT, 7),
        'pdo' => DB::connection()->setPdo($mine()),
        'read' => DB::connection()->setReadPdo($mine()),
    };
});
Route::get('spoilt', function () {
    try {
        $collated = DB::selectOne("select 'a' = 'b' collate mine as c")->c;
    } catch (Throwable $e) {
        $collated = 'unknown';
    }
    return ['lower' => DB::selectOne("select lower('X') as l")->l, 'sum' => DB::selectOne('select sum(x) as s from (select 1 as x)')->s,
        'collation' => $collated, 'timeout' => DB::selectOne('select timeout from pragma_busy_timeout')->timeout,
        'file' => basename(DB::getPdo()->query('pragma database_list')->fetch()['file']),
        'read' => basename(DB::connection()->getReadPdo()->query('pragma database_list')->fetch()['file'])];
});
""")
    clean = {"lower": "x", "sum": 1, "collation": "unknown", "timeout": 60000, "file": "database.sqlite", "read": "database.sqlite"}
    assert ask(d, "spoilt") == clean
    for _ in range(2):
        ask(d, f"spoil/{what}")
        assert ask(d, "spoilt") == clean
    assert ask(d, "mark")["rows"] == 1 and ask(d, "central")["rows"] == 1, "what nobody has spoilt stays open"


def test_functions_that_its_maker_gives_belong_to_a_connection(daemon):
    d = start(daemon, routes=ROUTES + """
DB::extend('sqlite', function (array $config, string $name) {
    $pdo = new PDO('sqlite:' . $config['database']);
    $pdo->sqliteCreateFunction('mine', fn () => 'made');
    return new Illuminate\\Database\\SQLiteConnection($pdo, $config['database'], '', $config);
});
Route::get('made', fn () => ['made' => DB::selectOne('select mine() as m')->m, 'pdo' => spl_object_id(DB::getPdo())]);
""".replace("\\\\", "\\"))
    first = ask(d, "made")
    assert first["made"] == "made"
    assert ask(d, "made") == first == ask(d, "made")


@pytest.mark.parametrize("isolation", ["snapshot", "greedy"])
def test_a_queue_in_a_database_is_not_the_last_tenants(daemon, isolation):
    d = start(daemon, isolation)
    for name in ("red", "central", "blue", "central"):
        assert ask(d, f"queue/{name}") == {"file": "database.sqlite" if name == "central" else f"{name}.sqlite"}


# -- many connections at once: a database for each tenant ---------------------------------------------------------------------------------

MANY = """<?php
final class Pool
{
    public ?PDO $pdo = null;

    public ?bool $same = null;
}
$GLOBALS['pool'] = new Pool();
$GLOBALS['open'] = [];
for ($i = 0; $i < 100; $i++) {
    $GLOBALS['open'][] = new PDO('sqlite:' . __DIR__ . "/tenant$i.sqlite");
    $GLOBALS['open'][$i]->exec('create table if not exists notes (text)');
    $GLOBALS['locks'][] = fopen(__DIR__ . "/lock$i", 'c');
}
return function (): void {
    $open = $GLOBALS['open'];
    match (strtok($_SERVER['REQUEST_URI'], '?')) {
        '/begin' => array_walk($open, function (PDO $pdo): void {
            $pdo->beginTransaction();
            $pdo->exec("insert into notes values ('left open')");
        }),
        '/attributes' => array_walk($open, fn (PDO $pdo) => $pdo->setAttribute(PDO::ATTR_CASE, PDO::CASE_UPPER)),
        '/locks' => array_walk($GLOBALS['locks'], fn ($file) => flock($file, LOCK_EX)),
        '/another' => (function () use ($open): void {
            $pdo = new PDO('sqlite::memory:');
            $pdo->setAttribute(PDO::ATTR_STRINGIFY_FETCHES, true);
            $address = spl_object_id($pdo);
            unset($pdo);
            $GLOBALS['pool']->pdo = new PDO('sqlite::memory:', options: [PDO::ATTR_STRINGIFY_FETCHES => true]);
            $GLOBALS['pool']->same = $address === spl_object_id($GLOBALS['pool']->pdo);
        })(),
        '/see' => print json_encode([
            'in' => count(array_filter($open, fn (PDO $pdo) => $pdo->inTransaction())),
            'rows' => array_sum(array_map(fn (PDO $pdo) => $pdo->query('select count(*) from notes')->fetchColumn(), $open)),
            'case' => array_sum(array_map(fn (PDO $pdo) => $pdo->getAttribute(PDO::ATTR_CASE), $open)),
            'locked' => count(array_filter(array_keys($open), fn ($i) => !flock(fopen(__DIR__ . "/lock$i", 'c'), LOCK_EX | LOCK_NB)))]),
        '/pool' => print json_encode(['same' => $GLOBALS['pool']->same,
            'text' => $GLOBALS['pool']->pdo->query('select 1')->fetchColumn()]),
    };
};
"""


@pytest.fixture
def many(daemon):
    return daemon.callable(MANY, ini={"swoole": {"worker_num": 1}, "rserverd": {"isolation": "snapshot", "snapshot_exempt": ["Pool"]}})


@pytest.mark.parametrize("what", ["begin", "attributes", "locks"])
def test_however_many_connections_are_left_open(many, what):
    clean = {"in": 0, "rows": 0, "case": 0, "locked": 0}
    assert many.get("/see").json() == clean
    for _ in range(2):
        assert many.get("/" + what).status == 200
        assert many.get("/see").json() == clean


def test_a_connection_is_not_taken_for_one_that_was_there_before(many):
    """What its predecessor's attribute was is not this one's."""
    assert many.get("/another").status == 200
    assert many.get("/pool").json() == {"same": True, "text": "1"}
