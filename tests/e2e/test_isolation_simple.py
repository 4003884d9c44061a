"""isolation = simple: providers on worker, across, in request and ignored; the container and listed services go back after every
request (spec/modes.md 2, 3, 7.7). greedy, where it differs, is beside it."""


import os
import re

import pytest


from lib import proc
from lib.daemon import TREE, run


NS = "App\\Providers\\"


def shipped(name, app="laravel"):
    with open(os.path.join(TREE, "tests/apps", app, name)) as f:
        return f.read()


COUNTS = """<?php
namespace App\\Providers;
/** How often each class was registered and booted in this process. */
abstract class Counts extends \\Illuminate\\Support\\ServiceProvider
{
    public static array $n = [];
    public function register() { self::$n[static::class]['register'] = (self::$n[static::class]['register'] ?? 0) + 1; }
    public function boot() { self::$n[static::class]['boot'] = (self::$n[static::class]['boot'] ?? 0) + 1; }
}
"""


def counting(name, base="Counts", body=""):
    return f"<?php\nnamespace App\\Providers;\nclass {name} extends {base}\n{{\n{body}\n}}\n"


DEFERRED = """    public function register() { parent::register(); $this->app->bind($this->service(), fn () => new \\ArrayObject()); }
    public function isDeferred() { return true; }
    public function provides() { return [$this->service()]; }
    private function service() { return strtolower(class_basename(static::class)); }"""
CLASSES = {
    "OnWorker": "", "Across": "", "InRequest": "", "Ignored": "",
    "DeferredAcross": DEFERRED, "DeferredInRequest": DEFERRED, "DeferredIgnored": DEFERRED,
}
PACKAGES = {"PackagesAcross": "", "PackagesInRequest": "", "PackagesIgnored": ""}
WEB = """
$a = 0;
Route::get('litmus', function () use (&$a) { return (string) ++$a; });
Route::get('counts', fn () => response()->json(App\\Providers\\Counts::$n));
Route::get('pid', fn () => (string) getmypid());
Route::get('leave', function () {
    View::share('left', 'x'); Event::listen('left', fn () => 1); Config::set('left', 'x'); app()->instance('left', 'x');
    app()->singleton('left.later', fn () => new ArrayObject()); app('left.later'); Blade::directive('left', fn () => 'x');
    Gate::define('left', fn () => true); Route::get('left', fn () => 'x'); URL::forceRootUrl('http://left'); app()->booting(fn () => 1);
    Cookie::queue('left', 'x');
    return 'left';
});
Route::get('found', fn () => response()->json([View::shared('left'), Event::hasListeners('left'), Config::get('left'), app()->bound('left'),
    app()->bound('left.later'), isset(Blade::getCustomDirectives()['left']), Gate::has('left'), url('/')]));
Route::get('flash', function () { session()->flash('told', 'once'); return session()->getId(); });
Route::get('told', fn () => (string) session('told', 'nothing'));
Route::get('half', function () { echo 'half an answer'; exit; });
Route::get('heap', function () { gc_collect_cycles(); return (string) memory_get_usage(); });
"""


def providers(*classes):
    """config/app.php with these beside its own."""
    text, at = shipped("config/app.php"), "        App\\Providers\\AppServiceProvider::class,\n"
    assert at in text
    return text.replace(at, at + "".join(f"        {NS}{c}::class,\n" for c in classes))


def lists(**names):
    return {f"providers_{option}": [NS + n for n in of] for option, of in names.items()}


@pytest.fixture
def simple(daemon):
    """An application with these providers of its own (name: body) beside the counting ones."""
    def make(more=None, isolation="simple", ini=None, start=True, web="", files=None, **options):
        classes = {**CLASSES, **(more or {})}
        written = {f"app/Providers/{n}.php": body if body.startswith("<?php") else counting(n, body=body)
                   for n, body in {**classes, **PACKAGES}.items()}
        written["app/Providers/Counts.php"] = COUNTS
        written["config/app.php"] = providers(*classes)
        written["bootstrap/cache/packages.php"] = "<?php return ['acme/counts' => ['providers' => [" + ", ".join(
            f"'App\\\\Providers\\\\{n}'" for n in PACKAGES) + "]]];"
        written["routes/web.php"] = re.sub(r"^use ", "use Illuminate\\\\Support\\\\Facades\\\\{Blade, Config, Cookie, Event, Gate, URL, View};\nuse ",
                                           shipped("routes/web.php"), count=1, flags=re.M) + WEB + web
        ini = {"rserverd": {"isolation": isolation, **options}, **(ini or {})}
        return daemon.laravel(start=start, ini=ini, files={**written, **(files or {})})
    return make


ALL = lists(on_worker=["OnWorker"], in_request=["InRequest", "DeferredInRequest", "PackagesInRequest"],
            ignore=["Ignored", "DeferredIgnored", "PackagesIgnored"])


# -- rows 1 to 3, 5, 6 of modes.md 7.7 ----------------------------------------------------------------------------------

@pytest.mark.parametrize("isolation, answers", [("simple", "111"), ("backup", "111"), ("greedy", "123")])
def test_litmus(simple, isolation, answers):
    """The route file runs again in every request, or once."""
    d = simple(isolation=isolation)
    assert "".join(d.get("/litmus").text for _ in range(3)) == answers


def test_litmus_with_routes_on_worker(simple):
    d = simple(**lists(on_worker=["RouteServiceProvider"]))
    assert [d.get("/litmus").text for _ in range(3)] == ["1", "2", "3"], "the route file ran once, at boot"
    assert d.get("/notes").status == 200


def test_nothing_that_a_request_left_is_found(simple):
    d = simple()
    before = d.get("/found").json()
    assert before[:7] == [None, False, None, False, False, False, False]
    for _ in range(3):
        r = d.get("/leave")
        assert r.status == 200 and r.text == "left"
        assert d.get("/found").json() == before
        assert d.get("/left").status == 404


def test_register_and_boot_are_counted(simple):
    d = simple(**ALL)
    n = 20
    for _ in range(n - 1):
        assert d.get("/api/hello").status == 200
    counts = d.get("/counts").json()
    once, each, both = {"register": 1, "boot": 1}, {"register": 1, "boot": n}, {"register": n, "boot": n}
    assert counts == {NS + "OnWorker": once, NS + "Across": each, NS + "DeferredAcross": each, NS + "PackagesAcross": each,
                      NS + "InRequest": both, NS + "PackagesInRequest": both}, "in request and deferred: nobody asked for it"


def test_deferred_in_request_comes_with_its_service(simple):
    d = simple(web="Route::get('ask/{name}', fn ($name) => app()->bound($name) ? (string) count(app($name)) : 'none');", **ALL)
    for _ in range(3):
        assert d.get("/ask/deferredinrequest").text == "0"
        assert d.get("/ask/deferredacross").text == "0"
        assert d.get("/ask/deferredignored").text == "none"
    counts = d.get("/counts").json()
    assert counts[NS + "DeferredInRequest"] == {"register": 3, "boot": 3}
    assert NS + "DeferredIgnored" not in counts


def test_counts_in_greedy(simple):
    d = simple(isolation="greedy", **ALL)
    for _ in range(5):
        counts = d.get("/counts").json()
    assert set(counts) == {NS + c for c in [*CLASSES, *PACKAGES]}
    assert all(c == {"register": 1, "boot": 1} for c in counts.values()), counts
    for option in ALL:
        assert f"{option} does nothing: it is for isolation = simple" in d.log()


def test_the_framework_s_cache_of_providers_stays_whole(simple):
    """bootstrap/cache/services.php is Artisan's and php-fpm's as well."""
    d = simple(**ALL)
    d.get("/api/hello")
    assert not os.path.exists(os.path.join(d.app, "bootstrap/cache/services.php"))


def test_exit(simple):
    d = simple(**ALL)
    pid = d.get("/pid").text
    for _ in range(3):
        assert d.get("/half").text == "half an answer"
        assert d.get("/litmus").text == "1" and d.get("/pid").text == pid


def test_max_request_loses_nothing(simple):
    d = simple(ini={"swoole": {"max_request": 5, "max_request_grace": 0}})
    with d.conn() as c:
        pids = {c.request("/pid").text for _ in range(30)}
    assert len(pids) >= 5, pids


def test_reload(simple):
    d = simple(more={"Says": "    public function boot() { config(['says' => 'old']); }"}, web="Route::get('says', fn () => config('says'));")
    assert d.get("/says").text == "old"
    good = counting("Says", body="    public function boot() { config(['says' => 'new']); }")
    d.write("app/Providers/Says.php", good.replace("{ config", "{ this is not php; config"))
    r = d.ctl("reload", "--wait")
    assert r.returncode == 1 and "syntax error" in r.stdout + r.stderr
    assert d.get("/says").text == "old", "the old workers serve"
    d.write("app/Providers/Says.php", good)
    assert d.ctl("reload", "--wait").returncode == 0
    assert [d.get("/says").text for _ in range(3)] == ["new"] * 3


def test_other_mode_after_a_reload(simple):
    d = simple()
    assert [d.get("/litmus").text for _ in range(3)] == ["1", "1", "1"]
    d.set("rserverd", isolation="greedy")
    assert d.ctl("reload", "--wait").returncode == 0
    assert [d.get("/litmus").text for _ in range(3)] == ["1", "2", "3"]


# -- order, requests, failures ------------------------------------------------------------------------------------------

ORDER = """    private function note($what) { app()->instance('order', [...(app()->bound('order') ? app('order') : []), $what]); }
    public function register() { $this->app->booting(fn () => $this->note('booting')); $this->app->booted(fn () => $this->note('booted')); }
    public function boot() { $this->note('boot across'); }"""
ORDER_IN = """    public function register() { app()->instance('order', ['register in request']); }
    public function boot() { app()->instance('order', [...app('order'), 'boot in request ' . request()->path()]); }"""


def test_order_within_a_request(simple):
    d = simple(more={"First": ORDER, "Second": ORDER_IN}, web="Route::get('order', fn () => response()->json(app('order')));",
               **lists(in_request=["Second"]))
    for _ in range(3):
        assert d.get("/order").json() == ["register in request", "booting", "boot across", "boot in request order", "booted"]


def test_callbacks_of_a_boot_reach_services_that_come_later(simple):
    """Most services begin with the request, so that resolving() and extend() of a boot() do what they do under php-fpm."""
    body = """    public function boot() {
        $this->app->resolving('translator', fn ($t) => $t->addLines(['x.said' => 'resolved'], 'en'));
        $this->app->extend('hash', fn ($hash) => new \\ArrayObject([$hash])); }"""
    d = simple(more={"Resolves": body}, web="Route::get('later', fn () => [__('x.said'), get_class(app('hash'))]);")
    for _ in range(3):
        assert d.get("/later").json() == ["resolved", "ArrayObject"]


FAILS = """    public function boot() { if (request()->header('X-Fail')) { throw new \\RuntimeException('provider says no'); } }"""


def test_boot_that_throws_is_an_answer_of_the_application(simple):
    d = simple(more={"Fails": FAILS}, **ALL)
    pid = d.get("/pid").text
    for _ in range(3):
        r = d.get("/api/hello", {"X-Fail": "1", "Accept": "application/json"})
        assert r.status == 500 and r.json()["message"] == "provider says no"
        assert d.get("/api/hello").status == 200 and d.get("/pid").text == pid
    assert "provider says no" in open(os.path.join(d.app, "storage/logs/laravel.log")).read(), "it was reported"
    assert d.get("/counts").json()[NS + "OnWorker"] == {"register": 1, "boot": 1}


def test_exceptions_and_missing_pages(simple):
    d = simple(**ALL)
    before = d.get("/found").json()
    for path, status in (("/error", 500), ("/test/exception", 500), ("/test/type-error", 500), ("/no/such", 404), ("/test/dd", 200)) * 3:
        assert d.get(path).status == status, path
        assert d.get("/found").json() == before and d.get("/litmus").text == "1"


def test_sessions_logins_and_flashes(simple):
    d = simple(**ALL)
    alice, bob, nobody = d.browser(), d.browser(), d.browser()
    alice.get("/test/login?user=alice&tag=A")
    bob.get("/test/login?user=bob&tag=B")
    for n in range(10):
        for who, mail, tag in ((alice, "alice@example.test", "A"), (bob, "bob@example.test", "B"), (nobody, None, None)):
            w = who.get("/test/whoami").json()
            assert (w["request"], w["auth"], w["tag"]) == (mail, mail, tag), n
    for _ in range(3):
        assert len(alice.get("/flash").text) == 40
        assert nobody.get("/told").text == bob.get("/told").text == "nothing"
        assert [alice.get("/told").text, alice.get("/told").text] == ["once", "nothing"]
    for who in (alice, bob, nobody):
        who.close()


# -- nothing piles up ---------------------------------------------------------------------------------------------------

PILES = """    public function boot() {
        \\Illuminate\\Support\\Facades\\Event::listen('piled', fn () => 1); \\Illuminate\\Support\\Facades\\Event::listen('piled.*', fn () => 1);
        \\Illuminate\\Support\\Facades\\Blade::directive('piled', fn () => 'p'); \\Illuminate\\Support\\Facades\\Blade::precompiler(fn ($t) => $t);
        \\Illuminate\\Support\\Facades\\Gate::define('piled', fn () => true); \\Illuminate\\Support\\Facades\\Gate::before(fn () => null);
        \\Illuminate\\Support\\Facades\\View::composer('piled', fn () => 1); \\Illuminate\\Support\\Facades\\View::share('piled', 1);
        \\Illuminate\\Support\\Str::macro('piled', fn () => 1); \\Illuminate\\Support\\Facades\\Queue::createPayloadUsing(fn () => []);
        $this->loadViewsFrom(resource_path('views'), 'piled'); $this->loadTranslationsFrom(resource_path('lang'), 'piled');
        $this->loadJsonTranslationsFrom(resource_path('lang')); $this->loadMigrationsFrom(database_path('migrations'));
        $this->publishes([__FILE__ => base_path('piled.php')], 'piled'); $this->commands([\\App\\Console\\Piled::class]);
        $this->booting(fn () => 1); $this->app->booting(fn () => 1); $this->app->terminating(fn () => 1);
        $this->app->resolving('piled', fn () => 1); $this->app->extend('files', fn ($f) => $f); $this->app->tag(['files'], 'piled');
        $this->app->rebinding('piled', fn () => 1); $this->app->when(self::class)->needs('$x')->give(1);
        $this->app['router']->pushMiddlewareToGroup('web', \\Illuminate\\Foundation\\Http\\Middleware\\TrimStrings::class); $this->app['router']->bind('piled', fn () => 1);
        $this->app['router']->pattern('piled', '1'); $this->app['config']->push('piled', 1); $this->app['url']->defaults(['piled' => 1]);
        $this->app['db']->extend('piled', fn () => 1); $this->app['cache']->extend('piled', fn () => 1);
        \\Illuminate\\Database\\Eloquent\\Relations\\Relation::morphMap(['piled' => \\App\\Models\\Note::class]);
        \\App\\Models\\Note::created(fn () => 1); \\App\\Models\\Note::addGlobalScope('piled', fn () => 1);
        \\Illuminate\\Foundation\\Http\\Middleware\\TrimStrings::skipWhen(fn () => false);
        $this->app[\\Illuminate\\Contracts\\Debug\\ExceptionHandler::class]->reportable(fn (\\DomainException $e) => null);
        $this->app[\\Illuminate\\Contracts\\Http\\Kernel::class]->prependMiddleware(\\Illuminate\\Foundation\\Http\\Middleware\\TrimStrings::class);
    }"""
SIZES = r"""
Route::get('sizes', function () {
    $size = function ($value, $depth = 3) use (&$size) {
        return !is_array($value) || $depth === 0 ? 1 : count($value) + array_sum(array_map(fn ($v) => $size($v, $depth - 1), $value));
    };
    $of = function (object $o) use ($size) {
        $sizes = [];
        for ($c = new ReflectionObject($o); $c; $c = $c->getParentClass()) {
            foreach ($c->getProperties() as $p) {
                $p->setAccessible(true);
                $on = $p->isStatic() ? null : $o;
                if (($on === null || $p->isInitialized($o)) && is_array($v = $p->getValue($on))) { $sizes[$c->name . '::' . $p->name] = $size($v); }
            }
        }
        return $sizes;
    };
    $objects = ['app' => app(), 'routes' => app('router')->getRoutes(), 'finder' => app('view')->getFinder(),
        'kernel' => app(Illuminate\Contracts\Http\Kernel::class), 'handler' => app(Illuminate\Contracts\Debug\ExceptionHandler::class),
        'gate' => app(Illuminate\Contracts\Auth\Access\Gate::class), 'note' => new App\Models\Note(), 'trim' => new Illuminate\Foundation\Http\Middleware\TrimStrings(),
        'artisan' => (new ReflectionClass(Illuminate\Console\Application::class))->newInstanceWithoutConstructor(), 'str' => new Illuminate\Support\Str()];
    foreach (['events', 'router', 'url', 'view', 'blade.compiler', 'translator', 'translation.loader', 'config', 'db', 'cache', 'queue', 'validator'] as $name) {
        $objects[$name] = app($name);
    }
    foreach (app()->getProviders(Illuminate\Support\ServiceProvider::class) as $provider) { $objects['provider ' . get_class($provider)] = $provider; }
    $queue = new ReflectionProperty(Illuminate\Queue\Queue::class, 'createPayloadCallbacks');
    $queue->setAccessible(true);
    return ['queue' => count($queue->getValue()), 'handlers' => count(spl_autoload_functions())] + array_map($of, $objects);
});
"""


def flat(d, n, path="/sizes"):
    assert d.get("/notes").status == 200     # its connection to the database stays
    r = d.get(path)
    assert r.status == 200, re.search(r"<!--(.*?)-->", r.text + "<!---->", re.S)[1][:1500]
    first = r.json()
    with d.conn() as c:
        def some(n):
            for i in range(n):
                assert c.request(("/api/hello", "/notes", "/no/such", "/litmus")[i % 4]).status == (200, 200, 404, 200)[i % 4]
        some(600)
        heap, pid = int(c.request("/heap").text), int(c.request("/pid").text)
        rss = proc.rss_kb(pid)
        some(n)
        last, then = c.request(path).json(), int(c.request("/heap").text)
        assert int(c.request("/pid").text) == pid
    assert last == first, [(k, p, n, first[k].get(p)) for k in last if last[k] != first[k] for p, n in last[k].items() if n != first[k].get(p)]
    assert then - heap < 64 << 10, "the heap has grown"
    assert proc.rss_kb(pid) - rss < (2 << 10) + proc.quarantine_kb(pid), "the process has grown"
    return first


def test_nothing_piles_up_over_1000_requests(simple):
    d = simple(more={"Piles": PILES}, web=SIZES, files={"app/Console/Piled.php": counting("Piled", "\\Illuminate\\Console\\Command").replace(
        "App\\Providers", "App\\Console"), "resources/views/piled.blade.php": "@piled"}, **ALL)
    sizes = flat(d, 1000)
    assert sizes["queue"] == 1 and sizes["gate"]["Illuminate\\Auth\\Access\\Gate::beforeCallbacks"], "they are there in each request"


def test_cached_routes(simple):
    d = simple(web=SIZES, start=False, **ALL)
    # A cache cannot hold the closures of the shipped routes file.
    d.write("routes/web.php", "<?php\nuse Illuminate\\Support\\Facades\\Route;\nRoute::get('/', [App\\Http\\Controllers\\PageController::class, 'home'])"
            "->name('home');\n")
    d.write("routes/api.php", "<?php\nuse Illuminate\\Support\\Facades\\Route;\n"
            "Route::get('hello', [App\\Http\\Controllers\\ApiController::class, 'hello'])->name('hello');\n")
    d.set("rserverd", isolation="simple")
    made = artisan(d, "route:cache")
    assert made.returncode == 0 and os.path.exists(os.path.join(d.app, "bootstrap/cache/routes-v7.php")), made.stdout + made.stderr
    d.start()
    pid = d.pids("worker")[0]
    with d.conn() as c:
        def some(n):
            for i in range(n):
                assert c.request(("/api/hello", "/no/such")[i % 2]).status == (200, 404)[i % 2]
        some(600)
        rss = proc.rss_kb(pid)
        some(1000)
    assert d.pids("worker") == [pid] and proc.rss_kb(pid) - rss < (2 << 10) + proc.quarantine_kb(pid)


def artisan(d, *words):
    return run(d.binary, "php", os.path.join(d.app, "artisan"), *words, cwd=d.app, env=d.environment(), timeout=60)


# -- boot = worker, configuration, refusals -----------------------------------------------------------------------------

def test_boot_in_the_worker(simple):
    d = simple(boot="worker", **ALL)
    assert [d.get("/litmus").text for _ in range(3)] == ["1", "1", "1"]
    counts = d.get("/counts").json()
    assert counts[NS + "OnWorker"] == {"register": 1, "boot": 1} and counts[NS + "Across"] == {"register": 1, "boot": 4}
    assert counts[NS + "InRequest"] == {"register": 4, "boot": 4} and NS + "Ignored" not in counts


def test_from_the_configuration_of_the_application(simple):
    d = simple(isolation=None, files={"config/laravels.php": "<?php return ['rserverd' => ['isolation' => 'simple', "
                                      "'providers_on_worker' => ['App\\\\Providers\\\\OnWorker'], "
                                      "'providers_ignore' => ['App\\\\Providers\\\\Ignored']]];"})
    assert [d.get("/litmus").text for _ in range(3)] == ["1", "1", "1"]
    counts = d.get("/counts").json()
    assert counts[NS + "OnWorker"] == {"register": 1, "boot": 1} and counts[NS + "Across"] == {"register": 1, "boot": 4}
    assert NS + "Ignored" not in counts


WRONG = {
    "no such class": ({"providers_in_request": ["App\\Providers\\Missing"]}, "providers_in_request: there is no class App\\Providers\\Missing"),
    "no provider": ({"providers_ignore": ["App\\Models\\Note"]},
                    "providers_ignore: App\\Models\\Note must extend Illuminate\\Support\\ServiceProvider"),
    "in two lists": ({"providers_on_worker": [NS + "Across"], "providers_ignore": [NS + "across"]},
                     f"providers_ignore: {NS}Across is in providers_on_worker as well"),
}


@pytest.mark.parametrize("boot", ["manager", "worker"])
@pytest.mark.parametrize("name", WRONG)
def test_wrong_class_stops_the_start(simple, name, boot):
    options, message = WRONG[name]
    d = simple(start=False, boot=boot, **options)
    d.expect_exit = 1
    d.start(wait=False)
    assert d.wait_exit(30) == 1
    assert message in d.log(), d.log()


def test_provider_that_is_not_the_applications_is_a_warning(simple):
    d = simple(start=False, files={"app/Providers/Stray.php": counting("Stray")}, **lists(
        on_worker=["Stray"]), providers_ignore=["Illuminate\\Events\\EventServiceProvider"])
    d.start()
    assert f"providers_on_worker: {NS}Stray is none of the application's providers" in d.log()
    assert "providers_ignore: Illuminate\\Events\\EventServiceProvider is registered by bootstrap/app.php" in d.log()
    assert d.get("/api/hello").status == 200 and NS + "Stray" not in d.get("/counts").json()


def test_callable_is_refused(daemon):
    d = daemon.callable("<?php return fn () => print 'x';", start=False, ini={"rserverd": {"isolation": "simple"}})
    d.expect_exit = 1
    d.start(wait=False)
    assert d.wait_exit(30) == 1
    assert "isolation = simple restores the container of Laravel and Lumen" in d.log()
    assert "allowed: snapshot, fork, greedy" in d.log()


KERNEL = """<?php
namespace App\\Console;
class Kernel extends \\Illuminate\\Foundation\\Console\\Kernel
{
    public function bootstrap() { parent::bootstrap(); $this->app->boot(); }
}
"""


def test_kernel_that_boots_by_itself_is_refused(simple):
    d = simple(start=False, files={"app/Console/Kernel.php": KERNEL})
    d.expect_exit = 1
    d.start(wait=False)
    assert d.wait_exit(30) == 1
    assert "the console kernel of this application boots the providers in its own way" in d.log()


def test_warm_up_is_a_request(simple):
    d = simple(warm_up=["/api/hello", "/found"], **ALL)
    assert [d.get("/litmus").text for _ in range(3)] == ["1", "1", "1"]
    counts = d.get("/counts").json()
    assert counts[NS + "Across"] == {"register": 1, "boot": 2 + 4} and counts[NS + "OnWorker"] == {"register": 1, "boot": 1}


def test_other_modes_of_some_paths(simple):
    d = simple(ini={"isolation.a": {"prefix": "/pid", "mode": "fork"}, "isolation.b": {"prefix": "/litmus", "mode": "greedy"}}, **ALL)
    pid = str(d.pids("worker")[0])
    assert len({d.get("/pid").text for _ in range(3)} | {pid}) == 4, "a process for each"
    assert [d.get("/litmus").text for _ in range(3)] == ["1", "1", "1"], "the cleaners run in greedy, too, and providers boot"
    for _ in range(3):
        counts = d.get("/counts").json()
    assert counts[NS + "Across"]["register"] == 1


# -- Lumen --------------------------------------------------------------------------------------------------------------

@pytest.fixture
def lumen(daemon):
    def make(start=True, **options):
        d = daemon.app("lumen", start=False, ini={"rserverd": {"isolation": "simple", **options}, "swoole": {"worker_num": 1}})
        d.write("app/Providers/Counts.php", COUNTS)
        for name in ("OnWorker", "Across"):
            d.write(f"app/Providers/{name}.php", counting(name))
        d.write("bootstrap/app.php", shipped("bootstrap/app.php", "lumen").replace(
            "$app->register(App\\Providers\\AuthServiceProvider::class);",
            "$app->register(App\\Providers\\AuthServiceProvider::class);\n$app->register(App\\Providers\\OnWorker::class);\n"
            "$app->register(App\\Providers\\Across::class);\n$app->router->get('/counts', fn () => App\\Providers\\Counts::$n);"))
        return d.start() if start else d
    return make


def test_lumen(lumen):
    d = lumen(**lists(on_worker=["OnWorker"]))
    for _ in range(4):
        assert d.get("/hello/you").text == "Hello you"
    assert d.get("/counts").json() == {NS + "OnWorker": {"register": 1, "boot": 1}, NS + "Across": {"register": 1, "boot": 5}}
    before = d.get("/traces").json()
    for _ in range(5):
        d.get("/leave-traces")
        assert d.get("/traces").json() == before
    assert d.get("/api/me", {"Authorization": "Bearer token-alice"}).status == 200
    assert d.get("/api/me").status == 401


@pytest.mark.parametrize("option", ["in_request", "ignore"])
def test_lumen_has_no_such_list(lumen, option):
    d = lumen(start=False, **lists(**{option: ["Across"]}))
    d.expect_exit = 1
    d.start(wait=False)
    assert d.wait_exit(30) == 1
    assert re.search(rf"providers_{option}: App.Providers.Across: in a Lumen application bootstrap/app.php itself registers the "
                     "providers; allowed: providers_on_worker", d.log()), d.log()


# -- the test applications: WebSocket, tasks, timer, processes ------------------------------------------------------------

@pytest.mark.parametrize("release", ["35", "37"])
def test_hosted_application(hosted, release):
    """Every event boots the providers as a request does."""
    counts = {"app/Providers/Counts.php": COUNTS, "app/Providers/Across.php": counting("Across")}
    d = hosted(release, start=False, workers=1, tasks=1, files=counts)
    d.write("config/app.php", providers("Across"))
    d.configure("rserverd", isolation="simple")
    d.write_ini()
    d.start()
    count = f"\\{NS}Counts::$n['App\\\\Providers\\\\Across']"
    first = d.code(f"return {count}['boot'];")
    assert d.code(f"return {count}['register'];") == 1
    assert d.code(f"return {count}['boot'];") == first + 2
    for path in ("/api/hello", "/notes", "/test/whoami", "/test/locale?set=de"):
        r = d.get(path)
        assert r.status == 200, (path, d.laravel_log()[-3000:])
    alice = d.login("alice")
    c = d.ws("/ws", alice)
    assert c.opened["user"] == "alice@example.test"
    at = c.code(f"return {count}['boot'];")
    assert c.code(f"return {count}['boot'];") == at + 1, "a message is a scope"
    assert c.code("app()->instance('left', 1); return [auth()->user()->email, app()->isBooted()];") == ["alice@example.test", True]
    assert c.code("return app()->bound('left');") is False
    c.close()
    alice.close()
    for name in ("timer", "process"):
        assert d.inbox(name, "return [app()->isBooted(), \\App\\Models\\User::count(), route('home') !== ''];") == [True, 2, True], name
    assert d.report("WorkerStart")


def test_event_whose_providers_do_not_boot(hosted):
    """It is left out, the log says why, and connections and processes go on."""
    d = hosted("37", start=False, workers=1, tasks=1, timer=False, processes=False, files={"app/Providers/Fails.php": counting(
        "Fails", "\\Illuminate\\Support\\ServiceProvider",
        "    public function boot() { if (is_file(storage_path('fail'))) { throw new \\RuntimeException('provider says no'); } }")})
    d.write("config/app.php", providers("Fails"))
    d.configure("rserverd", isolation="simple")
    d.write_ini()
    d.start()
    pids = d.pids("worker") + d.pids("task")
    c = d.ws("/ws-plain")
    d.write("storage/fail", "")
    c.send("echo lost")
    d.wait_log("worker 0 .*provider says no")
    os.unlink(os.path.join(d.app, "storage/fail"))
    assert c.ask("echo back") == "echo back".removeprefix("echo ")
    task = "touch(storage_path('fail')); \\Hhxsv5\\LaravelS\\Swoole\\Task\\Task::deliver(new \\App\\Tasks\\CodeTask('%s', 'return 1;'));"
    d.code(task % "one")
    d.wait_log("task worker .*provider says no")
    os.unlink(os.path.join(d.app, "storage/fail"))
    d.code(task.replace("touch(storage_path('fail'));", "") % "two")
    assert d.wait("handled", tag="two") and not d.report("handle", tag="one")
    c.close()
    assert d.pids("worker") + d.pids("task") == pids
