"""config/laravels.php as both releases publish it, and what is wrong with one (contract 1, 10.1)."""

import os
import re

import pytest

from lib.laravels import RELEASES, task
from lib.wait import until


def refused(d, reason, timeout=30):
    """The start fails, says why, and leaves nothing."""
    d.expect_exit = 1
    d.start(wait=False)
    assert d.wait_exit(timeout) == 1
    assert re.search(reason, d.log()), d.log()


def test_published_configuration_starts(app):
    """Everything in it at once; what it says is in force."""
    s = app.status()
    assert len(app.of(s, "worker")) == 2 and len(app.of(s, "task")) == 2
    r = app.get("/api/hello")
    assert r.status == 200 and r.get("server") == "LaravelS"
    assert app.ws().alive()
    setting = app.code("return app('swoole')->setting;")
    assert (setting["worker_num"], setting["task_worker_num"]) == (2, 2)
    assert [int(setting[k]) for k in ("package_max_length", "buffer_output_size")] == [4 << 20, 2 << 20]
    assert "opened while booting" not in app.log(), "the pipes of its processes are meant for all of them"


def test_boot_in_the_workers(hosted):
    """Every process of the server boots the application for itself; what the server has, the ini says."""
    d = hosted("37-ini", start=False, timer=False)
    d.configure("rserverd", boot="worker")
    d.write_ini()
    d.start()
    for tag in ("first", "reloaded"):
        for name in ("inbox", "blocking", "pipe", "printing"):
            until(lambda: d.report("process.start", **{"class": name.capitalize() + "Process", "pid": (d.titled(name) or [0])[0]}), 20,
                  message=f"{name} has booted")
        d.base_fds = d.fd_table(d.status())
        assert d.inbox("process", "return config('app.name');") == "Demo"
        chat = d.ws()
        assert chat.code("return [config('app.name'), get_class($server)];") == ["Demo", "Swoole\\WebSocket\\Server"]
        chat.close()
        assert d.code("return " + d.deliver(task(tag, "return config('app.name');")) + ";") is True
        assert d.wait("handle", tag=tag)["pid"] in d.pids("task")
        with d.line("LENGTH") as c:
            c.send(b"\0\0\0\5hello")
            assert c.exactly(9) == b"\0\0\0\5olleh"
        (old,) = d.titled("inbox")
        assert d.ctl("reload", "--wait").returncode == 0
        d.successor("inbox", old)
        d.wait_settled()


def test_no_errors_and_no_deprecations_in_the_logs(app):
    app.wait("tick")
    assert not re.search(r"(?i)deprecated|undefined|notice: ", app.log() + app.laravel_log())
    assert "opened while booting" not in app.log(), "the pipes of its processes are our own doing"


def test_nothing_of_it_is_called_unknown(app):
    assert not re.search(r"(?i)unknown (key|option)", app.log()), app.log()


def test_accepted_numbers_are_mentioned_at_most_once(app):
    for key in ("dispatch_mode", "task_ipc_mode", "reload_async", "enable_reuse_port"):
        assert app.log().count(key) <= 1, key


# -- cleaners and providers ------------------------------------------------------------------------------------------------------

def test_cleaners_and_providers(app):
    """The cleaner of the application runs behind every request, its provider anew before each."""
    seen = {}
    for _ in range(12):
        s = app.get("/state").json()
        assert s["remembered"] == 1, "cleaned behind the request before"
        assert s["provided"]["path"] == "state"
        seen.setdefault(s["pid"], []).append(s["provided"]["registered"])
        app.wait_idle()
    for numbers in seen.values():
        assert numbers == [1] * len(numbers), "registered anew for each; its static counter begins anew as well"


def test_cleaners_run_behind_an_upgrade(app):
    for _ in range(6):
        c = app.ws()
        c.code("app(\\App\\Services\\Remembers::class)->requests = 99;")
        assert app.get("/state").json()["remembered"] == 1
        c.close()


# -- merging -----------------------------------------------------------------------------------------------------------------

def test_missing_sub_keys_have_their_defaults(hosted, release):
    """A swoole array replaces the default one as a whole in LaravelS; here what it does not say is still there."""
    d = hosted(release, start=False)
    d.config_php("$c['swoole'] = ['worker_num' => 2, 'task_worker_num' => 2]; unset($c['timer']['max_wait_time'], $c['inotify_reload'],"
                 "$c['destroy_controllers'], $c['handle_static'], $c['socket_type']);")
    d.start()
    setting = d.code("return app('swoole')->setting;")
    assert int(setting["buffer_output_size"]) == 2 << 20 and int(setting["package_max_length"]) == 4 << 20
    d.wait("tick")
    assert not re.search(r"(?i)undefined (index|array key)", d.log() + d.laravel_log())


def test_almost_empty_configuration(hosted):
    d = hosted("37", start=False, timer=False, processes=False)
    d.write("config/laravels.php", "<?php return [];")
    d.configure("laravels", listen_port=d.port)
    d.configure("swoole", worker_num=2, task_worker_num=2)
    d.write_ini()
    d.start()
    assert d.get("/api/hello").status == 200
    assert d.code("return get_class(app('swoole'));") == "Swoole\\Http\\Server"


def test_ini_wins_item_by_item(hosted, release):
    """An item of the ini replaces the one of that name; the others stay."""
    d = hosted(release, start=False, timer=False)
    name = "eof" if release == "37-ini" else "0"
    d.configure(f"sockets.{name}", host="127.0.0.1", port=d.ports["OFF"], type="tcp", handler="App\\Sockets\\LengthSocket",
                **{"settings.open_length_check": "true", "settings.package_length_type": "N", "settings.package_length_offset": 0,
                   "settings.package_body_offset": 4})
    for key in ("settings.open_eof_check", "settings.package_eof", "enable"):
        d.ini[f"sockets.{name}"].pop(key, None)
    d.write_ini()
    d.start()
    assert d.code("return array_map(fn($p) => $p->port, app('swoole')->ports);")[1:] == [d.ports[n] for n in ("OFF", "LENGTH", "UDP", "HTTP", "WS")]
    d.ports["EOF"] = d.ports["OFF"]
    with d.line("EOF") as c:
        c.send(b"\0\0\0\3abc")
        assert c.exactly(7) == b"\0\0\0\3cba"


# -- what is refused -----------------------------------------------------------------------------------------------------------

def test_events_without_task_workers(hosted):
    d = hosted("35", start=False, tasks=0, timer=False, processes=False)
    d.configure("swoole", task_worker_num=0)
    d.write_ini()
    refused(d, "task_worker_num")


WRONG = {
    "a listener that is none": ("$c['events'] = [\\App\\Tasks\\CodeEvent::class => [\\App\\Tasks\\NoListener::class]];", "NoListener"),
    "a handler that is none": ("$c['websocket']['handler'] = \\App\\Services\\Remembers::class;", "WebSocketHandlerInterface"),
    "a handler that is not there": ("$c['websocket']['handler'] = 'App\\\\Services\\\\Gone';", "Gone"),
    "no handler": ("unset($c['websocket']['handler']);", "websocket.*handler"),
    "a port beyond": ("$c['sockets'][0]['port'] = 70000;", "70000"),
    "a port twice": ("$c['sockets'][1]['port'] = $c['sockets'][0]['port'];", "(?i)port|address"),
    "a socket without a handler": ("unset($c['sockets'][0]['handler']);", "handler"),
    "a type of nothing": ("$c['sockets'][0]['type'] = 99;", "type"),
    "a closure": ("$c['server'] = fn() => 1;", "server"),
    "worker_num": ("$c['swoole']['worker_num'] = 'many';", "worker_num.*many|many.*worker_num"),
    "a pipe of no kind": ("$c['processes'] = ['x' => ['class' => \\App\\Processes\\PipeProcess::class, 'pipe' => 7]];", "pipe"),
    "a word for an array": ("$c['websocket'] = true;", r"websocket must be an array.*bool"),
    "a list for names": ("$c['event_handlers'] = [\\App\\Events\\WorkerStopEvent::class];", r"event_handlers must be .*names.*list"),
    "a port that is not in a list": ("$c['sockets'] = ['host' => '127.0.0.1', 'port' => 5291];", r"sockets\.host must be an array.*string"),
    "a process that is no class": ("$c['processes'] = ['a' => 5];", r"processes\.a must be an array or a class.*int"),
    "several values for one": ("$c['listen_ip'] = ['127.0.0.1', '::1'];", r"listen_ip.*is a list.*one value"),
    "several values for one of an item": ("$c['sockets'][0]['host'] = ['127.0.0.1', '::1'];", r"sockets\.0.*host.*is a list"),
    "a port without a number": ("unset($c['sockets'][0]['port']);", r"sockets\.0\] port: the port has no number"),
    "a handler of another kind": ("$c['sockets'][0]['handler'] = \\App\\Sockets\\DatagramSocket::class;",
                                  r"sockets\.0\.handler: App.Sockets.DatagramSocket has no onReceive.*extends .*TcpSocket"),
    "a handler that reads streams": ("$c['sockets'][2]['handler'] = \\App\\Sockets\\EofSocket::class;", r"sockets\.2\.handler: .*no onPacket.*UdpSocket"),
    "a provider that is none": ("$c['register_providers'] = [\\App\\Services\\Remembers::class];",
                                r"register_providers: App.Services.Remembers must extend Illuminate.Support.ServiceProvider"),
    "a provider that is not there": ("$c['cleaners'][] = 'App\\\\Cleaners\\\\Gone';", "Gone"),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_value_is_refused(hosted, name):
    """D5: with the key's name, and no server runs."""
    change, reason = WRONG[name]
    d = hosted("37", start=False, timer=False, processes=False)
    d.config_php(change)
    refused(d, reason)


@pytest.mark.parametrize("section, keys, reason", [
    ("websocket", {"enable": "perhaps"}, r"enable.*perhaps|perhaps.*enable"),
    ("websocket", {"handler": "App\\Services\\Gone"}, "Gone"),
    ("sockets.eof", {"type": "carrier_pigeon"}, "carrier_pigeon"),
    ("sockets.eof", {"port": "all"}, "port"),
    ("processes.inbox", {"pipe": "9"}, "pipe"),
    ("processes.inbox", {"restart_interval": "soon"}, "restart_interval"),
    ("swoole_tables.ws", {"column": ["value:decimal:8"]}, "decimal"),
    ("swoole_tables.ws", {"size": "none"}, "size"),
    ("timer", {"jobs": ["App\\Jobs\\Timer\\ConfiguredJob:often:true"]}, "often"),
    ("event_handlers", {"WorkerStart": ["App\\Events\\Gone"]}, "Gone"),
])
def test_wrong_value_in_the_ini_is_refused(hosted, section, keys, reason):
    d = hosted("37-ini", start=False)
    d.configure(section, **keys)
    d.write_ini()
    refused(d, reason)


def test_unknown_keys_are_named_and_not_fatal(hosted):
    d = hosted("37", start=False, timer=False, processes=False)
    d.config_php("$c['web_socket'] = ['enable' => true]; $c['swoole']['worker_nun'] = 3; $c['event_handlers']['ServerBegin'] = \\App\\Events\\ServerStartEvent::class;"
                 "$c['sockets'][0]['settings']['open_eof_chek'] = true; $c['register_providers'][] = 'App\\\\Providers\\\\Gone';")
    d.start()
    for key in ("web_socket", "worker_nun", "ServerBegin", "has no setting open_eof_chek"):
        assert key in d.log()
    assert d.log().count("there is no class App\\Providers\\Gone") == 1, "once, not by each worker"
    assert "worker_num" in d.log(), "a suggestion"


def test_check_only(hosted, release):
    """`start -t`: says whether a start would be refused by what it can see, and starts nothing."""
    d = hosted(release, start=False)
    r = d.ctl("start", "-t")
    assert r.returncode == 0, r.stderr
    assert not os.path.exists(os.path.join(d.app, "storage/laravels.pid")) and not d.report()
    assert release in RELEASES
