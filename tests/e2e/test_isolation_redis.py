"""Connections to Redis stay open from request to request; what a request tells the server about one does not."""

import shutil

import pytest

from lib.load import Background
from lib.redis import ask_redis, redis  # noqa: F401 (a fixture)
from lib.wait import until

AUTOLOAD = "<?php require __DIR__ . '/composer.php'; require_once 'Predis/autoload.php';\n"
ROUTES = """<?php
use Illuminate\\Support\\Facades\\Redis;
use Illuminate\\Support\\Facades\\Route;
$client = static fn () => Redis::connection()->client();
$raw = static fn (string ...$words) => $client()->executeRaw($words);
Route::get('told', function () use ($client, $raw) {
    $info = [];
    foreach (explode(' ', trim($raw('CLIENT', 'INFO'))) as $pair) {
        [$key, $value] = explode('=', $pair, 2);
        $info[$key] = $value;
    }
    return ['id' => $info['id'], 'db' => $info['db'], 'multi' => $info['multi'], 'sub' => $info['sub'], 'name' => $info['name'],
        'user' => $info['user'], 'get' => Redis::get('whose')];
});
Route::get('do/{what}', function (string $what) use ($client, $raw) {
    $id = $raw('CLIENT', 'ID');
    match ($what) {
        'nothing' => Redis::get('whose'),
        'command' => Redis::select(3),
        'client' => $client()->select(3),
        'raw' => $raw('SELECT', '3'),
        'pipeline' => $client()->pipeline(fn ($pipe) => $pipe->select(3)),
        'multi' => $raw('MULTI'),
        'queued' => [$raw('MULTI'), $raw('SET', 'whose', 'polluted')],
        'watch' => $client()->watch('whose'),
        'subscribe' => Redis::subscribe(['news'], fn () => null),
        'subscribed' => $raw('SUBSCRIBE', 'news'),
        'name' => $raw('CLIENT', 'SETNAME', 'polluted'),
        'user' => $raw('AUTH', 'guest', 'guest'),
        'unread' => $client()->getConnection()->writeRequest($client()->createCommand('echo', ['polluted'])),
        'transaction' => $client()->transaction(fn ($all) => $all->set('done', '1')),
        'watched' => [$client()->watch('whose'), $client()->unwatch()],
        'back' => [$client()->select(3), $client()->select(2)],
    };
    return ['id' => $id];
});
Route::get('exec', function () use ($client, $raw) {
    $raw('MULTI');
    Redis::set('done', '2');
    return ['exec' => $raw('EXEC')];
});
"""


def database(port):
    return f"""<?php
return ['default' => 'sqlite', 'connections' => [], 'migrations' => 'migrations', 'redis' => [
    'client' => 'predis',
    'options' => ['prefix' => ''],
    'default' => ['host' => '127.0.0.1', 'port' => {port}, 'database' => 2, 'read_write_timeout' => 60],
]];
"""


def start(daemon, port, isolation="snapshot"):
    assert ask_redis(port, "ACL", "SETUSER", "guest", "on", ">guest", "~*", "+@all") == "+OK"
    d = daemon.laravel(start=False, files={"routes/api.php": ROUTES, "config/database.php": database(port)},
                       ini={"rserverd": {"isolation": isolation}})
    shutil.move(f"{d.app}/vendor/autoload.php", f"{d.app}/vendor/composer.php")
    d.write("vendor/autoload.php", AUTOLOAD)
    d.start()
    told(d)
    d.wait_settled()
    d.base_fds = d.fd_table(d.status())  # the connection stays open; another one in its place is one, too
    return d


def ask(d, path):
    r = d.get("/api/" + path)
    assert r.status == 200, r.text[:500]
    return r.json()


def told(d):
    """What the next visitor's connection is like, but for its number."""
    seen = ask(d, "told")
    return seen.pop("id"), seen


CLEAN = {"db": "2", "multi": "-1", "sub": "0", "name": "", "user": "default", "get": None}


@pytest.mark.parametrize("isolation", ["snapshot", "simple", "greedy"])
@pytest.mark.parametrize("what", ["command", "client", "raw", "pipeline", "multi", "queued", "watch", "subscribed", "name", "user", "unread"])
def test_the_next_request_sees_nothing_of_it(daemon, redis, isolation, what):  # noqa: F811
    d = start(daemon, redis, isolation)
    assert told(d)[1] == CLEAN
    for _ in range(2):
        ask(d, f"do/{what}")
        assert told(d)[1] == CLEAN
    assert ask(d, "exec")["exec"] is not None, "nobody watches"


def test_who_changes_nothing_keeps_the_connection(daemon, redis):  # noqa: F811
    """And who has put it back: that is what it is kept for."""
    d = start(daemon, redis)
    id, _ = told(d)
    for what in ("nothing", "transaction", "watched", "back"):
        assert str(ask(d, f"do/{what}")["id"]) == id, what
        assert told(d) == (id, CLEAN), what


def test_a_request_that_ends_in_a_subscription(daemon, redis):  # noqa: F811
    """Its own end is a message that makes it exit; the connection's is the request's."""
    routes = ROUTES.replace("'subscribe' => Redis::subscribe(['news'], fn () => null)", "'subscribe' => Redis::subscribe(['news'], function () { exit; })")
    d = start(daemon, redis)
    d.write("routes/api.php", routes)
    assert d.ctl("reload", "--wait").returncode == 0
    assert told(d)[1] == CLEAN
    asked = Background(d.get, "/api/do/subscribe")
    until(lambda: ask_redis(redis, "PUBLISH", "news", "x") == ":1", message="it hears a message")
    assert asked.result().status == 200
    assert told(d)[1] == CLEAN
