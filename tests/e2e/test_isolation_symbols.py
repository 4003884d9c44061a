"""Snapshot isolation of names: constants that a request defined and files that it included are new to the next one, as under php-fpm."""

import json
import os

import pytest

from lib.wait import until

# Everything that remembers a constant in some opcode's cache, each in a code of its own.
ENTRY = r"""<?php
function plain() { return defined('X') ? X : 'no'; }
function fetched() { return X; }
function with_default($x = X) { return $x; }
function recursive($n) { return $n ? recursive($n - 1) : fetched(); }
trait T { function in_trait() { return defined('X') ? X : 'no'; } static function closure() { return fn () => X; } }
abstract class Base { function inherited() { return defined('X') ? X : 'no'; } }
class First extends Base { use T; function own() { return array_map(fn ($n) => X, [1])[0]; } }
class Second extends First { static function lsb() { return X; } }
final class Boot { const KEPT = 'kept'; }
define('BOOT', 'boot');
$live = fn () => defined('X') ? X : 'no';
$nested = fn () => (fn () => X)();
$bound = Closure::bind(function () { return X; }, new First, First::class);
$callable = fetched(...);
function generated() { while (true) { yield defined('X') ? X : 'no'; } }
$all = [
    'plain' => plain(...), 'fetched' => fn () => fetched(), 'with_default' => fn () => with_default(), 'recursive' => fn () => recursive(3),
    'in_trait' => fn () => (new First)->in_trait(), 'inherited' => fn () => (new Second)->inherited(), 'own' => fn () => (new Second)->own(),
    'lsb' => Second::lsb(...), 'closure' => fn () => (First::closure())(), 'live' => $live, 'nested' => $nested, 'bound' => $bound,
    'callable' => $callable, 'reflected' => fn () => constant('X'), 'file' => fn () => require __DIR__ . '/uses.php',
    'file closure' => fn () => (require __DIR__ . '/closure.php')(),
    'namespaced' => fn () => defined('Some\Where\X') ? \Some\where\X : 'no', 'generated' => fn () => generated()->current(),
];
return function () use ($all) {
    $path = parse_url($_SERVER['REQUEST_URI'], PHP_URL_PATH);
    if ($path === '/memory') {
        gc_collect_cycles();
        echo json_encode([memory_get_usage(), count(get_included_files()), count(get_defined_constants())]);
    } elseif ($path === '/code') {
        echo json_encode(eval($_GET['code']));
    } else {
        if (isset($_GET['x'])) {
            define('X', $_GET['x']);
            define('Some\Where\X', $_GET['x']);
        }
        $answers = [];
        foreach ($all as $name => $f) {
            for ($i = 0; $i < 3; $i++) {
                try {
                    $answers[$name] = $f();
                } catch (Error $e) {
                    $answers[$name] = str_contains($e->getMessage(), 'Undefined constant') ? 'no' : $e->getMessage();
                }
            }
        }
        echo json_encode($answers);
    }
};
"""

FILES = {
    "uses.php": "<?php return defined('X') ? X : 'no';",
    "closure.php": "<?php return function () { return (fn () => X)(); };",
    "settings.php": "<?php define('SETTING', $GLOBALS['from'] ?? 'none'); const ALSO = 2; $GLOBALS['setting'] = SETTING; return 'ran';",
    "lib.php": "<?php require_once __DIR__ . '/lib_constants.php'; const LIB = 1; define('LIB_TOO', 2); "
               "function lib() { return [LIB, LIB_TOO, LIB_FAR, LIB_FARTHER]; }",
    "lib_constants.php": "<?php const LIB_FAR = 3; require_once __DIR__ . '/lib_far.php';",
    "lib_far.php": "<?php define('LIB_FARTHER', 4);",
    "class.php": "<?php class Declared { const C = 1; static int $n = 0; static function n() { return ++self::$n; } } "
                 "class_alias('Declared', 'Alias');",
    "anonymous.php": "<?php define('ANON', 1); return new class { function v() { return ANON; } };",
    "halt.php": "<?php return __COMPILER_HALT_OFFSET__; __halt_compiler(); text",
    "object.php": "<?php class Ending { function __destruct() { file_put_contents(__DIR__ . '/ended', 'x', FILE_APPEND); } }",
}


@pytest.fixture
def app(daemon):
    def make(isolation="snapshot", start=True, **kw):
        d = daemon.callable(ENTRY, start=False, ini={"swoole": {"worker_num": 1}, "rserverd": {"isolation": isolation}}, **kw)
        for name, text in FILES.items():
            d.write(name, text)
        return d.start() if start else d
    return make


def quote(text):
    return "".join(c if c.isalnum() else f"%{ord(c):02x}" for c in text)


def code(d, text):
    answer = d.get("/code?code=" + quote(text))
    assert answer.status == 200, answer.body
    return json.loads(answer.body)


def no_constant_stays(d):
    none = d.get("/").json()
    assert set(none.values()) == {"no"} and len(none) == 18, none
    for x in ("one", "two", "three"):
        have = d.get(f"/?x={x}").json()
        assert set(have.values()) == {x}, have
        assert d.get("/").json() == none
    for n in range(30):
        assert set(d.get(f"/?x=v{n}").json().values()) == {f"v{n}"}
    assert d.get("/").json() == none
    assert "fatal error" not in d.log()


def test_no_opcode_remembers_a_constant(app):
    no_constant_stays(app())


@pytest.mark.parametrize("php", [
    {"opcache.enable": 0}, {"opcache.jit": "tracing", "opcache.jit_hot_func": 2, "opcache.jit_hot_loop": 2, "opcache.jit_hot_return": 2},
    {"opcache.jit": "function"}], ids=["without opcache", "tracing", "function"])
def test_no_opcode_remembers_a_constant_under(app, php):
    d = app(start=False)
    d.set("php", **{"opcache.jit_buffer_size": "32M", **php})
    no_constant_stays(d.start())


def test_no_opcode_remembers_a_constant_with_malloc(app):
    no_constant_stays(app(env={"USE_ZEND_ALLOC": "0"}))


def test_that_one_is_undefined_is_not_remembered_by_number(app):
    """An opcode remembers that a constant was undefined while there were so many: so many others are there later."""
    d = app()
    for n in range(5):
        assert code(d, f"define('OTHER{n}', 1); return plain();") == "no"
        assert code(d, "define('X', 'there'); return plain();") == "there"


def test_constants_of_boot_stay(app):
    d = app()
    for _ in range(3):
        assert code(d, "define('NEW', 1); return [BOOT, Boot::KEPT, defined('NEW')];") == ["boot", "kept", True]
        assert code(d, "return [BOOT, Boot::KEPT, defined('NEW')];") == ["boot", "kept", False]


def test_a_file_without_declarations_runs_in_every_request(app):
    d = app()
    for value in ("a", "b", "c"):
        run = f"$GLOBALS['from'] = '{value}'; return [require_once __DIR__ . '/settings.php', SETTING, ALSO, $GLOBALS['setting']];"
        assert code(d, run) == ["ran", value, 2, value]
        assert code(d, "return [defined('SETTING'), defined('ALSO'), isset($GLOBALS['setting'])];") == [False, False, False]
    assert "already defined" not in d.log()


def test_a_file_with_declarations_runs_once_and_its_constants_stay(app):
    d = app()
    for _ in range(3):
        assert code(d, "require_once __DIR__ . '/lib.php'; return lib();") == [1, 2, 3, 4]
        assert code(d, "return function_exists('lib') ? lib() : 0;") == [1, 2, 3, 4]
    assert "already defined" not in d.log() and "redeclare" not in d.log()


def test_classes_stay_and_are_as_new(app):
    d = app()
    for _ in range(3):
        assert code(d, "require_once __DIR__ . '/class.php'; return [Declared::n(), Alias::n(), Declared::n()];") == [1, 2, 3]
        assert code(d, "return class_exists('Alias', false);") is True


def test_an_anonymous_class_keeps_no_file(app):
    d = app()
    for _ in range(3):
        assert code(d, "return (require_once __DIR__ . '/anonymous.php')->v();") == 1
        assert code(d, "return defined('ANON');") is False


def test_halt_compiler(app):
    d = app()
    for _ in range(3):
        assert code(d, "return require __DIR__ . '/halt.php';") == FILES["halt.php"].index(" text")


def test_an_object_in_a_constant_ends_with_the_request(app):
    d = app()
    for n in range(1, 4):
        code(d, "require_once __DIR__ . '/object.php'; define('OBJECT', new Ending); return 1;")
        until(lambda: os.path.exists(d.path("app/ended")) and open(d.path("app/ended")).read() == "x" * n)


def test_two_thousand_do_not_grow(app):
    d = app()
    d.get("/?x=warm")

    def some(n):
        with d.conn() as c:
            for i in range(n):
                c.request(f"/?x=value{i % 10}")
                c.request("/code?code=" + quote("require_once __DIR__ . '/settings.php'; define('K' . mt_rand(), [1, 2]); return 1;"))
        return d.get("/memory").json()
    some(100)
    before = some(100)
    after = some(1000)
    assert after[1:] == before[1:]
    assert after[0] - before[0] < 2000, (before, after)


def test_greedy_keeps_them(app):
    d = app("greedy")
    d.get("/?x=left")
    assert set(d.get("/").json().values()) == {"left"}


@pytest.mark.parametrize("text, says", [("function twice() { return 1; }", r"Cannot redeclare twice\(\)"),
                                        ("class Twice {}", "Cannot declare class Twice")])
def test_who_declares_in_every_request_is_told_what_to_do(app, text, says):
    """`include` without _once of a file that declares: works once in a process, and the log says why and what helps."""
    d = app()
    d.allow_log.append(says)
    d.write("twice.php", f"<?php {text}")
    run = "include __DIR__ . '/twice.php'; return 'ran';"
    assert code(d, run) == "ran"
    assert d.get("/code?code=" + quote(run)).status == 500
    d.wait_log(rf"{says}.*(previously declared|already in use)")
    d.wait_log("worker is replaced: GET /code.*; functions and classes of earlier requests stay declared here: include their files with include_once "
               "or while booting, or use isolation = fork")


def test_under_fork_every_request_may_declare_the_same(app):
    d = app("fork")
    d.write("twice.php", "<?php function twice() { return 1; } class Twice {}")
    assert [code(d, "include __DIR__ . '/twice.php'; return twice();") for _ in range(3)] == [1] * 3


# -- classes that are made of constants ---------------------------------------------------------------------------------------------------

MADE = """<?php
namespace Tenants;

const PLAIN = 'boot';
class OfConstant { const TABLE = TENANT . '_users'; }
class Child extends OfConstant { const MORE = self::TABLE . '!'; }
class OfProperty { public array $tables = ['users' => TENANT]; }
class OfStatic { public static $table = \\TENANT; }
class OfBoot { const TABLE = PLAIN; }
return function (): void {
    \\define('TENANT', $_GET['tenant']);
    \\define('PLAIN', 'mine');
    echo json_encode(['pid' => getmypid(), 'table' => match ($_GET['of'] ?? '') {
        'constant' => OfConstant::TABLE,
        'child' => Child::MORE,
        'property' => (new OfProperty())->tables['users'],
        'static' => OfStatic::$table,
        'boot' => OfBoot::TABLE,
        default => TENANT,
    }]);
};
"""


@pytest.mark.parametrize("of, table", [("constant", "{}_users"), ("child", "{}_users!"), ("property", "{}"), ("static", "{}")])
def test_a_class_is_made_of_this_requests_constant(daemon, of, table):
    """PHP makes it once, so the process is replaced."""
    d = daemon.callable(MADE, ini={"swoole": {"worker_num": 1}, "rserverd": {"isolation": "snapshot"}})
    for tenant in ("red", "blue", "green"):
        assert d.get(f"/?of={of}&tenant={tenant}").json()["table"] == table.format(tenant)
    d.wait_log(r"defined TENANT, and class Tenants\\")


def test_a_constant_of_which_no_class_is_made_ends_nothing(daemon):
    d = daemon.callable(MADE, ini={"swoole": {"worker_num": 1}, "rserverd": {"isolation": "snapshot"}})
    (pid,) = d.pids("worker")
    for tenant in ("red", "blue"):
        assert d.get(f"/?tenant={tenant}").json() == {"pid": pid, "table": tenant}
        assert d.get(f"/?of=boot&tenant={tenant}").json() == {"pid": pid, "table": "boot"}


# -- what is done to a class when it is loaded ---------------------------------------------------------------------------------------------

AUTOLOADED = """<?php
spl_autoload_register(function (string $class): void {
    is_file(__DIR__ . "/$class.php") && require __DIR__ . "/$class.php";
});
return function (): void {
    Types::$calls++;
    echo json_encode([getmypid(), Types::$map, Types::$registry->names, Types::$calls, Types::$lazy]);
    Types::$map['mine'] = Types::$lazy = 'polluted';
    Types::$registry->names[] = 'polluted';
    Types::$registry = null;
};
"""
TYPES = """<?php
final class Types
{
    public static array $map = [];
    public static ?Registry $registry = null;
    public static int $calls = 0;
    public static ?string $lazy = null;
    public static function register(): void
    {
        self::$map['int'] = 'Int';
        self::$registry = new Registry();
        self::$registry->names[] = 'int';
    }
}
Types::register();
"""


def test_what_its_file_does_to_a_class_belongs_to_it(daemon):
    """It runs once."""
    d = daemon.callable(AUTOLOADED, start=False, ini={"swoole": {"worker_num": 1}, "rserverd": {"isolation": "snapshot"}})
    d.write("Types.php", TYPES)
    d.write("Registry.php", "<?php final class Registry { public array $names = []; }")
    d.start()
    (pid,) = d.pids("worker")
    for _ in range(3):
        assert d.get("/").json() == [pid, {"int": "Int"}, ["int"], 1, None]


def test_mail_is_sent_again_and_again(daemon):
    """Swift Mailer fills its registry when its first class is loaded."""
    d = daemon.laravel(files={"routes/api.php": """<?php
use Illuminate\\Support\\Facades\\Mail;
use Illuminate\\Support\\Facades\\Route;
Route::get('send', function () {
    config(['mail.default' => 'array', 'mail.mailers.array' => ['transport' => 'array']]);
    Mail::raw('text', fn ($mail) => $mail->to('to@example.org')->from('from@example.org')->subject('subject'));
    return ['pid' => getmypid(), 'charset' => Swift_DependencyContainer::getInstance()->lookup('properties.charset')];
});
Route::get('charset', function () { Swift_Preferences::getInstance()->setCharset('EUC-JP'); });
"""}, ini={"rserverd": {"isolation": "snapshot"}, "swoole": {"worker_num": 1}})
    first = d.get("/api/send").json()
    assert first["charset"] == "utf-8"
    for _ in range(2):
        assert d.get("/api/charset").status == 200
        assert d.get("/api/send").json() == first
