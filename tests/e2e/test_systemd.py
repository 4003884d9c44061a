"""The packaged systemd unit: what systemd says of it; its commands with its rights, without systemd; and with a real systemd
(lib/machine.py) all of it."""

import json
import os
import re
import resource
import shlex
import shutil
import signal
import socket
import subprocess

import pytest

from lib import fronts, http, proc
from lib.daemon import ALARMS, OTHERS_MAY, run, scaffold
from lib.fpm import ROOT
from lib.load import Background, Load
from lib.machine import SYSTEMD, Machine
from lib.wait import SLOW, stays, until

ANALYZE, SETPRIV = shutil.which("systemd-analyze"), shutil.which("setpriv")


def unit(d):
    """The sample for the instance `shop`, with only its paths replaced."""
    text = fronts.sample("systemd", "rserverd@.service")
    text = fronts.replaced(text, r"(?<==)/usr/local/sbin/rserverd", d.binary, 2)
    return fronts.replaced(text, r"/etc/rserverd/%i\.ini", d.ini_path, 2)


def setting(text, name):
    (value,) = re.findall(rf"(?m)^{name}=(.*)$", text)
    return value


@pytest.mark.skipif(not ANALYZE, reason="needs systemd-analyze")
def test_systemd_finds_nothing_wrong_with_it(daemon):
    d = daemon(start=False)
    path = d.path("rserverd@.service")
    with open(path, "w") as f:
        f.write(unit(d))
    result = run(ANALYZE, "verify", "--man=no", path)
    assert result.returncode == 0 and "rserverd@" not in result.stderr, result.stderr


@pytest.mark.skipif(ROOT and not OTHERS_MAY, reason="as root it needs a clone that others may look into")
def test_its_commands_serve_reload_and_stop(daemon):
    """Started as systemd would: told when ready, with the capabilities that the unit leaves to root and no others."""
    d = daemon.php(start=False)
    text = unit(d)
    command = shlex.split(setting(text, "ExecStart"))
    if ROOT and SETPRIV:
        caps = [c.removeprefix("CAP_").lower() for c in setting(text, "CapabilityBoundingSet").split()]
        command = [SETPRIV, "--bounding-set", ",".join(["-all", *(f"+{c}" for c in caps)]), *command]
        # What the unit is for: root starts it, PHP runs as somebody else, a Unix socket lies in the runtime directory.
        d.set("rserverd", user="www-data")
        for folder in (d.path("run"), d.app, d.path("tmp")):
            shutil.chown(folder, "www-data", "www-data")
    upstream = d.path("run/http.sock")
    d.set("rserverd", listen=[upstream])
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as told, open(d.out_path, "ab") as out:
        told.bind(d.path("notify.sock"))
        os.chmod(d.path("notify.sock"), 0o777)
        told.settimeout(20 * SLOW)
        d.child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, cwd="/", start_new_session=True,
                                   env={**d.environment(), "NOTIFY_SOCKET": d.path("notify.sock")})
        d.master_pid = d.child.pid
        assert "READY=1" in told.recv(4096).decode().split("\n")
        assert http.fetch(upstream, "/dump").status == 200 and d.get("/dump").status == 200
        if ROOT:
            s = os.stat(upstream)
            assert s.st_uid != 0 and s.st_mode & 0o777 == 0o660, "whoever runs as `user` may connect"
        assert run(*shlex.split(setting(text, "ExecReload")), env=d.environment()).returncode == 0
        until(lambda: d.settled_in(2), message="the next generation")
        worker = d.pids("worker")[0]
        os.kill(worker, signal.SIGKILL)
        until(lambda: (s := d.settled()) and worker not in d.pids("worker", s), message="root may still replace processes of the user")
    assert setting(text, "KillMode") == "mixed"
    assert d.stop(signal.SIGTERM) == 0


# ---- a real systemd -------------------------------------------------------------------------------------------

ENTRY = """<?php
$release = trim(file_get_contents(__DIR__ . '/release'));
if ($release === 'broken') {
    throw new RuntimeException('this release is broken');
}
function wait_until(callable $what): void
{
    while (!$what()) {
        usleep(10000);
        clearstatcache();
    }
}
touch(__DIR__ . '/boots');
wait_until(fn () => !file_exists(__DIR__ . '/hold'));
return function () use ($release) {
    switch ($_SERVER['REQUEST_URI']) {
        case '/slow':
            touch(__DIR__ . '/begun');
            wait_until(fn () => file_exists(__DIR__ . '/go'));
            break;
        case '/code':
            echo json_encode(eval(file_get_contents('php://input')));
            return;
    }
    echo $release;
};
"""

together = pytest.mark.xdist_group("systemd")      # they share a machine


class Instance:
    """An application and its instance of the unit, as the unit's first lines say: /etc/rserverd/NAME.ini, and the unit as it is."""

    def __init__(self, m, name):
        self.m, self.name, self.unit = m, name, f"rserverd@{name}.service"
        self.app, self.socket = f"/var/www/{name}", m.path(f"/run/rserverd/{name}/http.sock")
        self.ini = {"laravels": {"laravel_base_path": self.app, "listen_ip": f"/run/rserverd/{name}/http.sock"},
                    "swoole": {"worker_num": 2}}

    def write(self, name, text=""):
        self.m.write(f"{self.app}/{name}", text)
        self.own()

    def own(self):
        assert self.m.run("chown", "-R", "www-data:www-data", self.app).returncode == 0

    def has(self, name):
        return os.path.exists(self.m.path(f"{self.app}/{name}"))

    def remove(self, name):
        os.unlink(self.m.path(f"{self.app}/{name}"))

    def configure(self, **sections):
        for section, keys in sections.items():
            self.ini.setdefault(section, {}).update(keys)
        lines = []
        for section, keys in self.ini.items():
            lines += [f"[{section}]", *(f"{k} = {v}" for k, v in keys.items())]
        self.m.write(f"/etc/rserverd/{self.name}.ini", "\n".join(lines) + "\n")
        return self

    def callable(self, **sections):
        self.configure(rserverd={"framework": "callable", "entry": "entry.php"})
        self.write("entry.php", ENTRY)
        self.write("release", "1")
        return self.configure(**sections)

    def laravel(self, folder):
        """tests/apps/laravel, by way of this folder."""
        scaffold(str(folder / "app"), "laravel", ["TEST_ROUTES=true"])
        os.makedirs(os.path.dirname(self.m.path(self.app)), exist_ok=True)
        assert run("cp", "-a", str(folder / "app"), self.m.path(self.app)).returncode == 0
        self.own()
        return self

    def start(self):
        self.m.done("start", self.unit)
        return self

    def get(self, target="/", **kw):
        r = http.fetch(self.socket, target, **kw)
        assert r.status == 200, r
        return r.body.decode()

    def code(self, text):
        return http.fetch(self.socket, "/code", "POST", body=text.encode()).json()

    def state(self):
        return self.m.show(self.unit, "ActiveState")

    def processes(self):
        """Pids, each with the time when it began: its name for good."""
        return {(p, proc.started(p)) for p in self.m.processes(self.unit)}

    def pids(self):
        return [p for p, _ in self.processes()]

    def is_one(self):
        """A master and its descendants, and nobody else."""
        main = self.main_pid()
        return set(self.pids()) <= {main, *proc.descendants(main)}

    def succeeds(self, old):
        """Another master serves, and none of those is left."""
        now = self.processes()      # first: what is asked behind it is said of these
        return now and not old & now and self.state() == "active" and self.main_pid()

    def main_pid(self):
        return self.m.main_pid(self.unit)

    def ctl(self, *words):
        return self.m.run("/usr/local/sbin/rserverd", *words, "-c", f"/etc/rserverd/{self.name}.ini")

    def slow(self):
        """A request that has begun, and ends when there is a file `go`."""
        asked = Background(self.get, "/slow")
        until(lambda: self.has("begun"), message="a request in work")
        return asked

    def finish(self):
        stopped = self.m.systemctl("stop", self.unit)
        said = self.m.journal(self.unit, "-o", "cat")
        left = [proc.title(p) for p in self.pids()]
        self.m.systemctl("reset-failed", self.unit)
        assert stopped.returncode == 0 and not left, (stopped.stderr, left)
        assert not ALARMS.search(said), said[-4000:]


@pytest.fixture(scope="module")
def machine():
    if not ROOT or not os.path.exists(SYSTEMD):
        pytest.skip("needs root, and systemd as a package")
    m = Machine()
    try:
        m.install()
        m.write("/etc/systemd/system/rserverd@.service", fronts.sample("systemd", "rserverd@.service"))
        m.done("daemon-reload")
        yield m
    finally:
        m.stop()


@pytest.fixture
def instance(machine):
    """instance(NAME): what it has started is ended, and asked whether all was well."""
    made = []

    def make(name):
        made.append(Instance(machine, name))
        return made[-1]
    yield make
    for i in made:
        i.finish()


@together
def test_a_start_is_over_when_it_serves(instance):
    i = instance("start").callable()
    i.write("hold")
    start = Background(i.start)
    until(lambda: i.has("boots"), 20, message="the application boots")
    assert i.state() == "activating" and not start.done()
    i.remove("hold")
    start.result()
    assert i.state() == "active" and i.get() == "1"
    assert i.m.show(i.unit, "StatusText") == "generation 1 serves, 2 workers"
    assert i.main_pid() and i.is_one()


@together
def test_a_start_that_fails_says_why(instance):
    i = instance("fails").callable()
    i.write("release", "broken")
    i.m.drop_in(i.unit, "Restart=no\n")
    assert i.m.systemctl("start", i.unit).returncode != 0
    assert i.state() == "failed" and not i.processes()
    assert "this release is broken" in i.m.journal(i.unit)


@together
def test_a_reload_is_over_when_the_next_generation_serves(instance):
    i = instance("reload").callable().start()
    with Load(i.socket, "/", threads=3) as load:
        for release in "234":
            i.write("release", release)
            done = load.count
            i.m.done("reload", i.unit)
            assert i.get() == release
            until(lambda: load.count > done + 20, message="answers")
        i.remove("boots")
        i.write("hold")
        i.write("release", "5")
        reload = Background(i.m.done, "reload", i.unit)
        until(lambda: i.has("boots"), message="the next generation boots")
        assert i.state() == "reloading" and i.get() == "4" and not reload.done()
        i.remove("hold")
        reload.result()
        assert i.state() == "active" and i.get() == "5"
    load.ok(100)
    assert i.m.show(i.unit, "StatusText") == "generation 5 serves, 2 workers"


@together
def test_a_broken_release_fails_the_reload_and_the_old_one_serves(instance):
    i = instance("broken").callable().start()
    main = i.main_pid()
    i.write("release", "broken")
    with Load(i.socket, "/", threads=2, good=lambda r: r.body == b"1") as load:
        result = i.m.systemctl("reload", i.unit)
        assert result.returncode != 0 and "failed" in result.stderr
        until(lambda: i.state() == "active", message="it goes on")
    load.ok(1)
    assert i.main_pid() == main and i.get() == "1"
    assert i.m.show(i.unit, "StatusText") == "generation 1 serves, 2 workers; the last reload failed"
    wrong = i.m.journal(i.unit, "-p", "err", "-o", "cat")
    assert "generation 2 does not come up" in wrong and "this release is broken" in wrong
    assert "serves: " not in wrong and "serves: " in i.m.journal(i.unit), "lines have their priorities"
    i.write("release", "2")
    i.m.done("reload", i.unit)
    assert i.get() == "2"


@together
def test_commands_that_are_not_systemds(instance):
    """A reload, a restart and a stop by the command line: systemd knows."""
    i = instance("cli").callable().start()
    main = i.main_pid()
    i.remove("boots")
    i.write("hold")
    reload = Background(i.ctl, "reload", "--wait")
    until(lambda: i.has("boots") and i.state() == "reloading", message="systemd knows of the reload")
    i.remove("hold")
    assert reload.result().returncode == 0
    until(lambda: i.state() == "active", message="and of its end")
    assert i.ctl("restart").returncode == 0
    until(lambda: i.state() == "active" and i.m.show(i.unit, "StatusText").startswith("generation 1 "), 20, message="a server anew")
    assert i.main_pid() == main and i.get() == "1"
    assert i.ctl("stop").returncode == 0
    until(lambda: i.state() == "inactive", message="an end that was wanted is no failure")
    assert i.m.show(i.unit, "NRestarts") == "0" and i.m.show(i.unit, "Result") == "success"


@together
def test_daemonize_has_no_effect(instance):
    """Of the ini file: what systemd has started is the server, and its log is the journal."""
    i = instance("background").callable(swoole={"daemonize": "true"}).start()
    assert i.state() == "active" and i.get() == "1" and i.is_one()
    assert "generation 1 serves" in i.m.journal(i.unit)
    i.m.done("reload", i.unit)
    assert "daemonize" not in i.m.journal(i.unit)


@together
def test_a_stop_takes_the_time_that_the_configuration_gives(instance):
    """Requests finish, however short TimeoutStopSec is: the server tells systemd how long it may take."""
    i = instance("stop").callable(swoole={"max_wait_time": 60})
    i.m.drop_in(i.unit, "TimeoutStopSec=1s\n")
    i.start()
    slow = i.slow()
    stop = Background(i.m.done, "stop", i.unit)
    until(lambda: i.state() == "deactivating", message="it stops")
    stays(lambda: not slow.done() and not stop.done(), 2, message="the request goes on")
    i.write("go")
    assert slow.result() == "1"
    stop.result()
    assert (i.state(), i.m.show(i.unit, "Result")) == ("inactive", "success") and not i.processes()
    assert not os.path.exists(os.path.dirname(i.socket)), "the runtime directory is gone"


@together
def test_a_killed_master_comes_again_and_leaves_nothing(instance):
    i = instance("killed").callable().start()
    old, main = i.processes(), i.main_pid()
    assert len(old) >= 5
    proc.kill(main)
    until(lambda: i.succeeds(old), 20, message="another master")
    assert i.get() == "1" and i.m.show(i.unit, "NRestarts") == "1" and i.is_one()


@together
def test_watchdog(instance):
    """WatchdogSec= of a drop-in: master and reactor have to turn."""
    i = instance("watchdog").callable()
    i.m.drop_in(i.unit, f"WatchdogSec={5 * SLOW:g}s\nTimeoutAbortSec=1s\n")
    i.start()
    for _ in range(4):
        last = i.m.show(i.unit, "WatchdogTimestampMonotonic")
        until(lambda: i.m.show(i.unit, "WatchdogTimestampMonotonic") != last, message="a sign of life")
    assert i.m.show(i.unit, "NRestarts") == "0"
    old = i.processes()
    (reactor,) = [p for p, _ in old if "reactor process" in proc.title(p)]
    os.kill(reactor, signal.SIGSTOP)
    until(lambda: i.succeeds(old), 30, message="another server")
    assert i.get() == "1" and i.m.show(i.unit, "NRestarts") == "1"
    assert "Watchdog timeout" in i.m.journal(i.unit)


@together
def test_socket_activation(instance):
    """systemd listens, and starts the server for the first client; a restart refuses nobody, for the sockets stay."""
    i = instance("activated").callable()
    del i.ini["laravels"]["listen_ip"]
    i.configure()
    sockets = ("/run/activated.sock", "127.0.0.1:8080")
    i.m.write("/etc/systemd/system/rserverd@activated.socket",
              "[Socket]\nSocketGroup=www-data\n" + "".join(f"ListenStream={s}\n" for s in sockets))
    i.m.done("daemon-reload")
    i.m.done("start", "rserverd@activated.socket")
    assert i.state() == "inactive"
    path = i.m.path(sockets[0])
    try:
        assert http.fetch(path, "/").body == b"1" and i.state() == "active"
        assert i.m.run("curl", "-sS", f"http://{sockets[1]}/").stdout == "1"
        with Load(path, "/", threads=2, keepalive=False) as load:
            until(lambda: load.count > 20, message="answers")
            i.write("release", "2")
            i.m.done("restart", i.unit)
            done = load.count
            until(lambda: load.count > done + 20, message="answers of the next server")
        load.stop()
        assert not [f for f in load.failed if "refused" in f.lower()], load.failed
        assert http.fetch(path, "/").body == b"2" and os.path.exists(path), "the socket is systemd's"
    finally:
        i.m.done("stop", "rserverd@activated.socket")


# What the unit forbids, each tried by root with the unit's rights: its setting, an attempt, what comes of it.
PROBE = """
import ctypes, errno, json, os, resource, socket
libc = ctypes.CDLL(None, use_errno=True)

def call(f, *args):
    return "done" if f(*args) >= 0 else errno.errorcode[ctypes.get_errno()]

def attempt(f, *args):
    try:
        f(*args)
        return "done"
    except OSError as e:
        return errno.errorcode[e.errno]

def touch(path):
    open(path, "w").close()
    os.unlink(path)

def set_uid_bit():
    touch("/tmp/probe")
    os.close(os.open("/tmp/probe", os.O_CREAT, 0o600))
    os.chmod("/tmp/probe", 0o4755)

status = dict(line.split(":\\t", 1) for line in open("/proc/self/status").read().splitlines() if ":\\t" in line)
print("PROBE " + json.dumps({
    "ProtectSystem": [attempt(touch, folder + "/rserverd-probe") for folder in ("/usr", "/etc", "/boot")],
    "PrivateDevices": os.path.exists("/dev/mem"),
    "ProtectClock": call(libc.adjtimex, ctypes.create_string_buffer(512)),
    "ProtectHostname": attempt(socket.sethostname, "probe"),
    "ProtectKernelLogs": call(libc.klogctl, 10, None, 0),
    "ProtectKernelTunables": attempt(lambda: open("/proc/sys/net/ipv4/ip_forward", "r+").close()),
    "ProtectKernelModules": call(libc.delete_module, b"none", 0) == "EPERM",
    "ProtectControlGroups": attempt(lambda: os.rmdir("/sys/fs/cgroup/probe") if os.mkdir("/sys/fs/cgroup/probe") else None),
    "RestrictAddressFamilies": attempt(socket.socket, socket.AF_PACKET, socket.SOCK_RAW),
    "RestrictRealtime": attempt(os.sched_setscheduler, 0, os.SCHED_RR, os.sched_param(1)),
    "RestrictSUIDSGID": attempt(set_uid_bit),
    "RestrictNamespaces": call(libc.unshare, 0x10000000),
    "LockPersonality": call(libc.personality, 8),
    "LimitNOFILE": resource.getrlimit(resource.RLIMIT_NOFILE),
    "CapabilityBoundingSet": status["CapBnd"],
    "NoNewPrivileges": status["NoNewPrivs"],
}))
"""
FORBIDDEN = {
    "ProtectSystem": ["EROFS"] * 3, "PrivateDevices": False, "ProtectClock": "EPERM", "ProtectHostname": "EPERM", "ProtectKernelLogs": "EPERM",
    "ProtectKernelTunables": "EROFS", "ProtectKernelModules": True, "ProtectControlGroups": "EROFS", "RestrictAddressFamilies": "EAFNOSUPPORT",
    "RestrictRealtime": "EPERM", "RestrictSUIDSGID": "EPERM", "RestrictNamespaces": "EPERM", "LockPersonality": "EPERM",
    "LimitNOFILE": [min(65536, resource.getrlimit(resource.RLIMIT_NOFILE)[1])] * 2, "NoNewPrivileges": "0",
}
CAPABILITIES = {"CAP_CHOWN": 0, "CAP_DAC_OVERRIDE": 1, "CAP_FOWNER": 3, "CAP_KILL": 5, "CAP_SETGID": 6, "CAP_SETUID": 7,
                "CAP_NET_BIND_SERVICE": 10, "CAP_SYS_RESOURCE": 24}


@together
def test_what_the_unit_forbids_is_forbidden(machine):
    def probed(text):
        return json.loads(re.search(r"PROBE (.*)", text)[1])
    machine.write("/probe.py", PROBE)
    machine.drop_in("rserverd@probe.service", "Type=oneshot\nExecStart=\nExecStart=/usr/bin/python3 /probe.py\n")
    machine.done("start", "rserverd@probe.service")
    got = probed(machine.journal("rserverd@probe.service", "-o", "cat"))
    free = probed(machine.run("python3", "/probe.py").stdout)
    caps, all_here = (int(seen.pop("CapabilityBoundingSet"), 16) for seen in (got, free))
    named = setting(fronts.sample("systemd", "rserverd@.service"), "CapabilityBoundingSet").split()
    assert caps == all_here & sum(1 << CAPABILITIES[c] for c in named) and caps != all_here
    assert got == FORBIDDEN
    same = {k for k, v in FORBIDDEN.items() if free[k] == v}
    assert same <= {"NoNewPrivileges", "LimitNOFILE"}, "without the unit all of it may be done"


def token(page):
    return re.search(r'name="_token" value="([^"]+)"', page.text).group(1)


JIT = {"opcache.jit": "tracing", "opcache.jit_buffer_size": "32M", "opcache.jit_hot_func": 2, "opcache.jit_hot_loop": 2}


@together
def test_an_application_has_all_that_it_needs(instance, tmp_path):
    """Laravel inside the sandbox: sessions, SQLite, uploads, downloads, its own log; JIT; a low port and a Unix socket as `user`."""
    i = instance("shop").configure(laravels={"listen_ip": "0.0.0.0", "listen_port": 80}, php=JIT,
                                   rserverd={"listen[]": "/run/rserverd/shop/http.sock"})
    i.laravel(tmp_path).start()
    main = i.main_pid()
    assert {proc.uids(p)[0] for p in i.pids()} == {0, i.m.uid("www-data")}
    assert [p for p in i.pids() if proc.uids(p)[0] == 0] == [main]
    s = os.stat(i.socket)
    assert (s.st_uid, s.st_mode & 0o777) == (i.m.uid("www-data"), 0o660)
    assert i.m.run("curl", "-sS", "http://127.0.0.1/api/hello").stdout == i.get("/api/hello")

    user = http.Browser(i.socket)
    r = user.post("/login", {"_token": token(user.get("/login")), "email": "alice@example.test", "password": "secret"})
    assert r.status == 302 and 'id="user">Alice<' in user.get("/me").text
    r = user.post("/notes", {"_token": token(user.get("/notes")), "text": "a note from the sandbox"})
    assert r.status == 302 and "a note from the sandbox" in user.get("/notes").text
    data = os.urandom(1 << 20)
    kind, body = http.multipart([("_token", token(user.get("/files"))), ("file", "a.bin", "application/octet-stream", data)])
    assert user.request("/files", "POST", [("Content-Type", kind)], body).status == 302
    assert user.get("/files/a.bin").body == data
    assert user.get("/error").status == 500
    user.close()
    assert "ERROR" in i.m.read(f"{i.app}/storage/logs/laravel.log"), "its own log"
    i.m.done("reload", i.unit)
    assert i.get("/api/hello")


@together
def test_php_has_all_that_it_needs(instance):
    i = instance("php").callable(php=JIT).start()
    jit = i.code("for ($i = 0, $n = 0; $i < 100000; $i++) { $n += $i % 7; } $j = opcache_get_status()['jit'];"
                 "return [$j['on'], $j['buffer_size'] > $j['buffer_free'], preg_match('/^(a+)+b$/', 'aaab')];")
    assert jit == [True, True, 1], "machine code of PHP and of PCRE"
    assert i.code("$f = tempnam(sys_get_temp_dir(), 'x'); file_put_contents($f, 'temp'); return [file_get_contents($f), unlink($f)];") == ["temp", True]
    assert i.code("return @file_put_contents('/usr/x', 'x') ?: error_get_last()['message'];").endswith("Read-only file system")
    assert i.code("return stat('/dev/urandom') !== false && strlen(random_bytes(16)) === 16;") is True
    # sendmail, postdrop and others have the group of a file, which NoNewPrivileges would take from them
    run("cp", i.m.path("/usr/bin/id"), i.m.path("/usr/local/bin/id-of-mail"))
    i.m.run("chown", "root:mail", "/usr/local/bin/id-of-mail")
    i.m.run("chmod", "2755", "/usr/local/bin/id-of-mail")
    assert i.code("return [trim(shell_exec('id -gn')), trim(shell_exec('id-of-mail -gn'))];") == ["www-data", "mail"]
    journal = i.m.journal(i.unit, "-o", "json").splitlines()
    assert {json.loads(line)["_SYSTEMD_UNIT"] for line in journal} >= {i.unit}


@together
def test_user_of_the_unit_instead(instance):
    """User=www-data, and what the unit says of more to turn on."""
    i = instance("plain").callable(php={"pcre.jit": 0, "opcache.jit": "disable"})
    i.m.drop_in(i.unit, "User=www-data\nMemoryDenyWriteExecute=yes\nPrivateTmp=yes\nNoNewPrivileges=yes\nProtectHome=yes\n")
    i.start()
    assert {proc.uids(p)[0] for p in i.pids()} == {i.m.uid("www-data")}
    assert i.get() == "1" and i.code("return preg_match('/^(a+)+b$/', 'aaab');") == 1
    i.write("release", "2")
    i.m.done("reload", i.unit)
    assert i.get() == "2"
    proc.kill(next(p for p in i.pids() if "worker process 0" in proc.title(p)))
    assert i.get() == "2"


@together
def test_daemonize_of_the_application_has_no_effect(instance, tmp_path):
    """As root only the ini file may say it; else config/laravels.php may, too."""
    i = instance("own").configure().laravel(tmp_path)
    i.write("config/laravels.php", "<?php\nreturn ['swoole' => ['daemonize' => true]];\n")
    i.m.drop_in(i.unit, "User=www-data\n")
    i.start()
    assert i.state() == "active" and i.get("/api/hello") and i.is_one()
    assert "generation 1 serves" in i.m.journal(i.unit)
