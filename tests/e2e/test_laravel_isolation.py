"""No request sees what another one left behind. One worker in most tests: everybody meets there."""

import base64
import hmac
import json
import os

import pytest

from lib import http, proc
from lib.daemon import PHP_CASES
from lib.load import Background
from lib.wait import until


def test_two_users_alternate_on_one_worker(daemon):
    d = daemon.laravel()
    alice, bob, nobody = d.browser(), d.browser(), d.browser()
    a = alice.get("/test/login?user=alice&tag=A").json()
    b = bob.get("/test/login?user=bob&tag=B").json()
    assert a["request"] == "alice@example.test" and b["request"] == "bob@example.test"
    for n in range(50):
        for who, mail, tag in ((alice, "alice@example.test", "A"), (bob, "bob@example.test", "B"), (nobody, None, None)):
            w = who.get("/test/whoami").json()
            assert (w["request"], w["auth"], w["helper"]) == (mail, mail, mail), n
            assert (w["tag"], w["helper_tag"]) == (tag, tag)
            assert w["api"] is None and w["default_guard"] == "web" and w["store"] is True
    assert alice.cookies["demo_session"] != bob.cookies["demo_session"]
    for who in (alice, bob, nobody):
        who.close()


def test_two_users_alternate_at_the_same_time(daemon):
    d = daemon.laravel(workers=2)

    def user(name):
        browser = d.browser()
        browser.get(f"/test/login?user={name}&tag={name}")
        for _ in range(60):
            w = browser.get("/test/whoami").json()
            assert w["request"] == f"{name}@example.test" and w["tag"] == name
        browser.close()
    for job in [Background(user, n) for n in ("alice", "bob", "alice", "bob")]:
        job.result()


def test_request_user_on_requests_1_to_100(daemon):
    """D1: what providers registered at boot (the user resolver is a rebound callback) must survive every request."""
    d = daemon.laravel()
    alice = d.browser()
    alice.get("/test/login?user=alice")
    for n in range(100):
        w = alice.get("/test/whoami").json()
        assert w["request"] == w["auth"] == "alice@example.test", n
    alice.close()


def test_token_guard_alternates(daemon):
    d = daemon.laravel()
    with d.conn() as c:
        for n in range(100):
            name = ("alice", "bob", None)[n % 3]
            headers = [("Accept", "application/json")] + ([("Authorization", f"Bearer token-{name}")] if name else [])
            r = c.request("/api/me", headers=headers)
            if name:
                assert r.json()["email"] == f"{name}@example.test"
            else:
                assert r.status == 401, "nobody is still logged in"


def test_token_and_session_users_do_not_mix(daemon):
    d = daemon.laravel()
    alice = d.browser()
    alice.get("/test/login?user=alice&tag=A")
    for _ in range(20):
        assert d.get("/test/token", {"Authorization": "Bearer token-bob", "Accept": "application/json"}).json()["request"] == "bob@example.test"
        assert alice.get("/test/whoami").json()["request"] == "alice@example.test"
        assert d.get("/test/whoami").json()["request"] is None
    alice.close()


GUARDS = """
Route::get('guards/{guard}', function (Illuminate\\Http\\Request $request, string $guard) {
    Auth::shouldUse($guard);
    $user = $request->user();
    return ['request' => $user?->email, 'guard' => auth($guard)->user()?->email, 'auth' => Auth::user()?->email, 'id' => Auth::id(),
            'token' => $user?->relationLoaded('accessToken') ? $user->accessToken : null, 'check' => Auth::check()];
});
Route::get('guarded/{guard}', fn (string $guard) => ['email' => Auth::user()->email])->middleware("auth:personal,server,signed");
"""


def change(path, old, new):
    """new: with {} for the old text, which is there once."""
    with open(path, encoding="utf-8") as f:
        text = f.read()
    assert text.count(old) == 1, f"{old} in {path}"
    with open(path, "w", encoding="utf-8") as f:
        f.write(text.replace(old, new.replace("{}", old)))


def signed(mail):
    return base64.b64encode(mail.encode()).decode() + "." + hmac.new(b"key", mail.encode(), "sha256").hexdigest()


@pytest.mark.parametrize("isolation", ["snapshot", "fork"])
def test_guards_as_packages_make_them(daemon, isolation):
    """Acceptance row 3: the guards of token packages, built as these build them, since the distribution has none of them."""
    d = daemon.laravel(start=False, ini={"rserverd": {"isolation": isolation}})
    with open(os.path.join(PHP_CASES, "guards", "PackageGuards.php"), encoding="utf-8") as f:
        d.write("app/Providers/PackageGuards.php", f.read())
    change(d.path("app/config/app.php"), "        App\\Providers\\AppServiceProvider::class,", "{}\n        App\\Providers\\PackageGuards::class,")
    change(d.path("app/config/auth.php"), "    'guards' => [", "{}" + "".join(
        f"\n        '{g}' => ['driver' => '{g}', 'provider' => 'users']," for g in ("personal", "server", "signed")))
    with open(d.path("app/routes/testing.php"), "a", encoding="utf-8") as f:
        f.write(GUARDS)
    d.start()
    alice = d.browser()
    alice.get("/test/login?user=alice")
    for n in range(30):
        for guard in ("personal", "server", "signed"):
            name = ("bob", "alice", None)[n % 3]
            mail = name and f"{name}@example.test"
            token = name and (signed(mail) if guard == "signed" else f"token-{name}")
            headers = {"Accept": "application/json", **({"Authorization": f"Bearer {token}"} if token else {})}
            w = d.get(f"/test/guards/{guard}", headers).json()
            assert (w["request"], w["guard"], w["auth"], w["check"]) == (mail, mail, mail, mail is not None), (n, guard)
            assert w["token"] == (token if guard == "personal" else None)
            assert d.get(f"/test/guarded/{guard}", headers).status == (200 if name else 401)
        w = alice.get("/test/whoami").json()
        assert w["request"] == w["auth"] == "alice@example.test" and w["default_guard"] == "web", n
    wrong = signed("alice@example.test")[:-1] + "x"
    assert d.get("/test/guards/signed", {"Authorization": f"Bearer {wrong}"}).json()["request"] is None
    alice.close()


def test_session_of_one_user_is_never_lost_on_many_workers(daemon):
    d = daemon.laravel(workers=3)
    user = d.browser()
    assert [user.get("/test/session").json()["count"] for _ in range(60)] == list(range(1, 61))
    user.close()


KEYS = ["config", "locale", "carbon", "timezone", "container", "cookies", "url", "pages", "proxies", "routes", "wrap", "guard", "user",
        "views", "listeners", "gates", "rules", "database", "models", "cache", "log", "php", "request"]


@pytest.fixture(scope="module")
def traces():
    """What /test/traces says before, after, and after /test/leave-traces has changed all it can; with web middleware too."""
    from lib.daemon import Daemon, scaffold
    d = Daemon(engine="php", ini={"swoole": {"worker_num": 1}})
    scaffold(d.app, "laravel", ["TEST_ROUTES=true"])
    d.start()
    try:
        pid = d.pids("worker")[0]
        d.get("/test/traces")
        result = {"pid": pid}
        for prefix in ("/test", "/test/web"):
            before = d.get(f"{prefix}/traces").json()
            left = d.get(f"{prefix}/leave-traces?tag=mark").json()
            d.wait_idle()
            after = d.get(f"{prefix}/traces").json()
            for n in range(3):
                d.get(f"{prefix}/leave-traces?tag=mark{n}")
            later = d.get(f"{prefix}/traces").json()
            result[prefix] = before, left, after, later
        result["pids"] = d.pids("worker")
        yield result
    finally:
        d.finish()


@pytest.mark.parametrize("prefix", ["/test", "/test/web"])
@pytest.mark.parametrize("key", KEYS)
def test_nothing_is_left_behind(traces, key, prefix):
    before, left, after, later = traces[prefix]
    if key not in ("request", "user"):
        assert left[key] != before[key], "the test itself must do something"
    assert after[key] == before[key]
    assert later[key] == before[key]


def test_every_trace_has_its_test(traces):
    assert set(traces["/test"][0]) == set(KEYS)
    assert traces["pids"] == [traces["pid"]], "and all in one process"


def test_locale(daemon):
    d = daemon.laravel()
    base = d.get("/test/locale").json()
    german = d.get("/test/locale?set=de").json()
    assert german["locale"] == "de" and german["greeting"] != base["greeting"]
    assert d.get("/test/locale").json() == base


def test_singleton_that_holds_a_request(daemon):
    """A singleton made in a request belongs to it."""
    d = daemon.laravel()
    for who in ("alice", "bob", "carol"):
        assert d.get(f"/test/holder?who={who}").json() == {"who": who, "asked": 1}


def test_controller_state(daemon):
    d = daemon.laravel()
    for who in ("alice", "bob", "carol"):
        assert d.get(f"/test/counter?who={who}").json() == {"count": 1, "who": who, "middleware": who}


KEEP = """<?php return ['destroy_controllers' => ['enable' => %s, 'excluded_list' => [%s]]];"""


@pytest.mark.parametrize("enable, excluded, kept", [
    ("true", "", False), ("false", "", True), ("true", "App\\Http\\Controllers\\Testing\\CounterController::class", True),
    ("true", "App\\Http\\Controllers\\ApiController::class", False)])
def test_destroy_controllers(daemon, enable, excluded, kept):
    d = daemon.laravel(config=KEEP % (enable, excluded))
    counts = [d.get("/test/counter?who=x").json()["count"] for _ in range(3)]
    assert counts == ([1, 2, 3] if kept else [1, 1, 1])


def test_open_transaction_is_rolled_back(daemon):
    d = daemon.laravel()
    for _ in range(3):
        assert d.get("/test/transaction").json() == {"before": 0, "now": 1}
    assert d.get("/api/notes").json() == []


def test_connection_configured_in_a_request(daemon):
    d = daemon.laravel()
    for name in ("one_", "two_", "three_"):
        assert d.get(f"/test/tenant?name={name}").json()["prefix"] == name


def test_model_events(daemon):
    d = daemon.laravel()
    assert d.get("/test/note-events").json()["text"] == "trimmed"
    assert "spoiled" in d.get("/test/note-events?spoil=1").json()["text"]
    for _ in range(3):
        assert d.get("/test/note-events").json()["text"] == "trimmed", "registered by the class: every request; by a request: only it"


def test_request_facades_and_urls_are_of_this_request(daemon):
    d = daemon.laravel()
    for n, host in enumerate(("one.test", "two.test:8080", "three.test")):
        r = d.get(f"/test/input?n={n}", host=host).json()
        assert r["url"] == f"http://{host}/test/input?n={n}" and r["to"] == f"http://{host}/somewhere" and r["all"] == {"n": str(n)}
    r = d.get("/test/input", {"Scheme": "https", "X-Real-IP": "10.1.2.3"}, host="proxied.test").json()
    assert r["secure"] is True and r["ip"] == "10.1.2.3" and r["to"] == "https://proxied.test/somewhere"
    r = d.get("/test/input").json()
    assert r["secure"] is False and r["ip"] == "127.0.0.1"


def test_native_session_in_laravel(daemon):
    d = daemon.laravel()
    a, b = d.browser(), d.browser()
    got = [who.get("/test/native-session").json()["count"] for who in (a, b, a, a, b)]
    assert got == [1, 1, 2, 3, 2]
    a.close(), b.close()


def test_random_is_fresh_in_laravel(daemon):
    d = daemon.laravel(workers=3)
    seen = {}

    def ask():
        for job in [Background(d.get, "/test/random") for _ in range(6)]:
            r = job.result().json()
            seen.setdefault(r.pop("pid"), r)
        return len(seen) == 3
    until(ask, 15)
    answers = list(seen.values())
    for key in answers[0]:
        assert len({json.dumps(a[key]) for a in answers}) == 3, key


# -- cleaners and providers --------------------------------------------------------------------------------------------------------

NEW_SHAPE = """<?php
namespace App\\Cleaners;
use Hhxsv5\\LaravelS\\Illuminate\\Cleaners\\BaseCleaner;
class NewShape extends BaseCleaner {
    public function clean() {
        file_put_contents(storage_path('app/cleaned'), 'new:' . get_class($this->currentApp) . ':'
            . ($this->currentApp === app() ? 'current' : 'other') . ':' . ($this->snapshotApp !== $this->currentApp ? 'snapshot' : 'same')
            . ':' . config('app.name') . "\\n", FILE_APPEND);
    }
}
"""
OLD_SHAPE = """<?php
namespace App\\Cleaners;
use Hhxsv5\\LaravelS\\Illuminate\\Cleaners\\CleanerInterface;
use Illuminate\\Container\\Container;
class OldShape implements CleanerInterface {
    public function clean(Container $app, Container $snapshot) {
        file_put_contents(storage_path('app/cleaned'), 'old:' . ($app === app() ? 'current' : 'other') . ':'
            . $snapshot['config']['app.name'] . "\\n", FILE_APPEND);
    }
}
"""
BAD = """<?php
namespace App\\Cleaners;
class Bad extends \\Hhxsv5\\LaravelS\\Illuminate\\Cleaners\\BaseCleaner {
    public function clean() { strlen([]); }
}
"""


def test_cleaners_of_both_shapes_in_their_order(daemon):
    d = daemon.laravel(
        config="<?php return ['cleaners' => [App\\Cleaners\\NewShape::class, App\\Cleaners\\OldShape::class, App\\Cleaners\\NewShape::class]];",
        files={"app/Cleaners/NewShape.php": NEW_SHAPE, "app/Cleaners/OldShape.php": OLD_SHAPE})
    path = os.path.join(d.app, "storage/app/cleaned")
    for n in range(1, 4):
        d.get("/test/leave-traces?tag=changed")
        until(lambda: os.path.exists(path) and open(path).read().count("\n") == 2 * n, message="each once per request")
    first, second = open(path).read().splitlines()[:2]
    assert first == "new:Illuminate\\Foundation\\Application:current:snapshot:changed", "before the built-in ones"
    assert second == "old:current:Demo"


def test_cleaners_from_the_ini(daemon):
    d = daemon.laravel(files={"app/Cleaners/NewShape.php": NEW_SHAPE},
                       ini={"laravels": {"cleaners": ["App\\Cleaners\\NewShape"]}})
    d.get("/api/hello")
    until(lambda: os.path.exists(os.path.join(d.app, "storage/app/cleaned")))


def test_cleaner_that_throws_does_not_stop_the_others(daemon):
    """D2, D3: every Throwable is contained, and the built-in cleaning still happens."""
    d = daemon.laravel(config="<?php return ['cleaners' => [App\\Cleaners\\Bad::class, App\\Cleaners\\NewShape::class]];",
                       files={"app/Cleaners/Bad.php": BAD, "app/Cleaners/NewShape.php": NEW_SHAPE})
    pid = d.pids("worker")[0]
    alice = d.browser()
    alice.get("/test/login?user=alice&tag=A")
    assert d.get("/test/whoami").json()["auth"] is None
    assert alice.get("/test/whoami").json()["auth"] == "alice@example.test"
    assert "new:" in open(os.path.join(d.app, "storage/app/cleaned")).read()
    d.wait_log("(?i)strlen|TypeError|App.*Bad")
    assert d.pids("worker") == [pid]
    alice.close()


@pytest.mark.parametrize("name", ["App\\Cleaners\\Nowhere", "App\\Models\\Note"])
def test_cleaner_that_is_none_is_refused_or_named(daemon, name):
    d = daemon.laravel(start=False, config=f"<?php return ['cleaners' => ['{name}']];")
    d.start(wait=False)
    until(lambda: d.exited() or d.settled(), 30)
    assert name.replace("\\", "") in d.log().replace("\\", ""), "it is named"
    if d.exited():
        d.expect_exit = 1


PROVIDER = """<?php
namespace App\\Providers;
class Again extends \\Illuminate\\Support\\ServiceProvider {
    public function register(): void { file_put_contents(storage_path('app/again'), "register\\n", FILE_APPEND); }
    public function boot(): void { file_put_contents(storage_path('app/again'), 'boot ' . request()->path() . "\\n", FILE_APPEND); }
}
"""


def test_register_providers(daemon):
    """Registered and booted again before every request, with that request bound."""
    d = daemon.laravel(config="<?php return ['register_providers' => [App\\Providers\\Again::class, 'App\\Providers\\Missing']];",
                       files={"app/Providers/Again.php": PROVIDER})
    path = os.path.join(d.app, "storage/app/again")
    open(path, "w").close()
    for n in (1, 2, 3):
        d.get("/api/hello")
    assert open(path).read() == "register\nboot api/hello\n" * 3


def test_register_providers_do_not_pile_up_listeners(daemon):
    d = daemon.laravel(config="<?php return ['register_providers' => [App\\Providers\\EventServiceProvider::class]];")
    for _ in range(3):
        d.get("/api/hello")
    seen = d.get("/api/hello").get("x-events")
    assert seen.count("received:") == 1, seen


THROWING = """<?php
namespace App\\Services;
class EventRecorder {
    public function received() { strlen([]); }
    public function generated() { throw new \\RuntimeException('listener of the response'); }
}
"""


def test_listeners_that_throw(daemon):
    """D3, D2: a TypeError in a listener is one request's trouble."""
    d = daemon.laravel(files={"app/Services/EventRecorder.php": THROWING})
    pid = d.pids("worker")[0]
    for _ in range(3):
        assert d.get("/api/hello").status in (200, 500)
    alice = d.browser()
    alice.get("/test/login?user=alice")
    assert d.get("/test/whoami").status in (200, 500)
    assert d.pids("worker") == [pid]
    alice.close()


def test_config_added_in_a_request_is_gone(daemon):
    """D15."""
    d = daemon.laravel()
    before = d.get("/test/traces").json()["config"]
    assert "added_x" in json.dumps(d.get("/test/leave-traces?tag=x").json()["config"])
    assert d.get("/test/traces").json()["config"] == before


def test_log_is_shared_but_context_is_not(daemon):
    d = daemon.laravel()
    d.get("/test/leave-traces?tag=secretcontext")
    d.get("/error")
    log = open(os.path.join(d.app, "storage/logs/laravel.log")).read()
    assert "nobody catches" in log and "secretcontext" not in log


def test_exception_in_a_request_cleans_up(daemon):
    """D2: every way out goes through the cleaning."""
    d = daemon.laravel()
    base = d.get("/test/traces").json()
    alice = d.browser()
    alice.get("/test/login?user=alice")
    for path in ("/error", "/test/exception", "/test/type-error", "/test/exit", "/test/dd", "/no/such", "/test/terminate-throws"):
        alice.get(path)
        d.wait_idle()
        assert d.get("/test/traces").json() == base, path
        assert d.get("/test/whoami").json()["auth"] is None
    alice.close()


INFLECTED = """<?php
use Illuminate\\Support\\Facades\\Route;
use Illuminate\\Support\\Pluralizer;
Route::get('inflected/{word}', static function (string $word): array {
    $inner = static fn (object $o, string $name): mixed => (new ReflectionProperty($o, $name))->getValue($o);
    $plurals = $inner(Pluralizer::inflector(), 'pluralizer');
    return ['plural' => Pluralizer::plural($word), 'rules' => spl_object_id($inner($plurals, 'wordInflector')),
        'words' => array_keys($inner($plurals, 'cache'))];
});
"""


def test_rules_of_words_are_made_before_the_fork_and_words_forgotten(daemon):
    """Names of tables are plurals; a request would make a thousand objects for its first one. The words may be a visitor's."""
    d = daemon.laravel(workers=2, files={"routes/api.php": INFLECTED})
    words = ["note", "mouse", "city", "child"] * 3
    answers = [d.get(f"/api/inflected/{word}").json() for word in words]
    assert [a["plural"] for a in answers] == ["notes", "mice", "cities", "children"] * 3
    assert len({a["rules"] for a in answers}) == 1
    known = set(answers[0]["words"]) - {"note"}
    assert all(set(a["words"]) - {word} == known for a, word in zip(answers, words))


@pytest.mark.slow
def test_memory_is_flat(daemon):
    """Session, Eloquent, Blade, exceptions: 6,000 requests after a warm-up."""
    d = daemon.laravel(ini={"swoole": {"max_request": 0}})
    pid = d.pids("worker")[0]
    requests = [http.build(p) for p in ("/api/hello", "/", "/notes", "/test/whoami", "/test/locale?set=de", "/no/such", "/test/exit")]

    def round_(n):
        for r in requests:
            http.hammer(d.address, r, n, 20)
    round_(150)
    first, rss = d.get("/test/process").json(), proc.rss_kb(pid)
    round_(900)
    last = d.get("/test/process").json()
    print(first["memory"], last["memory"], rss, proc.rss_kb(pid))
    assert last["pid"] == pid
    assert last["memory"] - first["memory"] < 128 << 10
    assert proc.rss_kb(pid) - rss < (2 << 10) + proc.quarantine_kb(pid)
