"""The command line: configuration with its origins, errors that help, status, info, exit codes."""

import json
import os
import re

import pytest

from lib.daemon import BINARY, OTHERS_MAY, run
from lib.wait import until


@pytest.fixture
def cold(daemon):
    """A daemon that is never started: its ini and its command line."""
    d = daemon(start=False)
    return d


# -- config -----------------------------------------------------------------------------------------------------------

def test_config_prints_each_value_with_its_origin(cold):
    cold.set("swoole", worker_num=7)
    r = cold.ctl("config")
    assert r.returncode == 0, r.stderr
    lines = {line.split("=")[0].strip(): line for line in r.stdout.splitlines() if "=" in line}
    assert re.search(r"worker_num = 7\b.*laravels\.ini:\d+", lines["swoole.worker_num"])
    number = int(re.search(r"laravels\.ini:(\d+)", lines["swoole.worker_num"]).group(1))
    assert "worker_num = 7" in open(cold.ini_path).read().splitlines()[number - 1], "the line is the right one"
    assert "default" in lines["swoole.backlog"] and "512" in lines["swoole.backlog"]


def test_config_json(cold):
    r = cold.ctl("config", "--json")
    assert r.returncode == 0
    text = json.dumps(json.loads(r.stdout))
    assert "worker_num" in text and "package_max_length" in text and "laravels.ini" in text


def test_config_knows_every_option_of_the_table(cold):
    table = open(os.path.join(os.path.dirname(__file__), "../../src/conf/options.def")).read()
    options = re.findall(r"^RS_OPT\((\w+), (\w+),", table, re.M)
    assert len(options) > 60
    out = cold.ctl("config").stdout
    for section, key in options:
        assert re.search(rf"^{section}\.{key}\b", out, re.M), (section, key)


def test_command_line_is_stronger_than_the_ini(cold):
    cold.set("swoole", daemonize=False)
    out = cold.ctl("config", "-d").stdout
    line = next(x for x in out.splitlines() if "swoole.daemonize" in x)
    assert "= true" in line and "-d" in line


def test_defaults_of_an_empty_ini_in_an_application(cold):
    """An empty ini is enough in an application's directory."""
    folder = cold.path("app")
    os.makedirs(os.path.join(folder, "storage"))
    ini = os.path.join(folder, "laravels.ini")
    open(ini, "w").close()
    r = run(cold.binary, "config", "-c", ini, cwd=cold.folder, env=cold.environment())
    assert r.returncode == 0, r.stderr
    assert f"laravels.laravel_base_path = {folder}" in r.stdout
    assert f"swoole.pid_file = {folder}/storage/laravels.pid" in r.stdout
    assert f"swoole.document_root = {folder}/public" in r.stdout


def test_ini_is_found_in_the_working_directory(cold):
    folder = cold.path("app")
    with open(os.path.join(folder, "laravels.ini"), "w") as f:
        f.write("[swoole]\nworker_num = 17\n")
    r = run(cold.binary, "config", cwd=folder, env=cold.environment())
    assert r.returncode == 0, r.stderr
    assert "worker_num = 17" in r.stdout


# -- errors: file, line, key, what was wrong, what is allowed, a suggestion --------------------------------------------------

ERRORS = {
    # name: (section, line, what the message must contain)
    "number": ("swoole", "worker_num = many", ["worker_num", "many"]),
    "number with a rest": ("swoole", "worker_num = 4x", ["worker_num"]),
    "range above": ("swoole", "worker_num = 5000", ["worker_num", "4000"]),
    "range below": ("swoole", "worker_num = -1", ["worker_num", "0"]),
    "overflow": ("swoole", "max_request = 99999999999999999999", ["max_request"]),
    "boolean": ("laravels", "handle_static = maybe", ["handle_static", "true"]),
    "size": ("swoole", "package_max_length = 4 elephants", ["package_max_length"]),
    "size overflow": ("swoole", "package_max_length = 99999999999G", ["package_max_length"]),
    "time": ("rserverd", "request_timeout = soon", ["request_timeout"]),
    "enum": ("rserverd", "framework = larabel", ["framework", "laravel", "callable"]),
    "enum format": ("rserverd", "access_log_format = xml", ["access_log_format", "json"]),
    "port": ("laravels", "listen_port = 70000", ["listen_port", "65535"]),
    "address": ("laravels", "listen_ip = 300.1.2.3", ["listen_ip"]),
    "bad mode": ("rserverd", "socket_mode = 999", ["socket_mode"]),
    "listen entry": ("rserverd", "listen[] = nonsense:port", ["listen"]),
    "callable without entry": ("rserverd", "framework = callable", ["entry"]),
}


@pytest.mark.parametrize("name", ERRORS)
def test_error_names_file_line_key_and_rule(cold, name):
    section, line, words = ERRORS[name]
    key = line.split("=")[0].strip().rstrip("[]").strip()
    for keys in cold.ini.values():
        keys.pop(key, None)
    cold.write_ini()
    with open(cold.ini_path, "a") as f:
        f.write(f"\n[{section}]\n{line}\n")
    number = len(open(cold.ini_path).read().splitlines())
    for command in ("config", "start"):
        r = cold.ctl(command)
        assert r.returncode == 1, (command, r)
        if name not in ("callable without entry",):
            assert f"laravels.ini:{number}" in r.stderr, r.stderr
        for word in words:
            assert word in r.stderr, (word, r.stderr)
        assert "Traceback" not in r.stderr and len(r.stderr.splitlines()) < 10


@pytest.mark.skipif(os.getuid() != 0, reason="only root can become somebody")
@pytest.mark.parametrize("lines, key", [(["user = nobody-knows"], "user"), (["user = nobody", "group = nobody-knows"], "group")])
def test_unknown_user_is_an_error_of_its_line(cold, lines, key):
    """start -t says so, too; a server that runs is still found."""
    cold.ini["rserverd"].pop("user", None)
    cold.write_ini()
    with open(cold.ini_path, "a") as f:
        f.write("\n[rserverd]\n" + "\n".join(lines) + "\n")
    number = len(open(cold.ini_path).read().splitlines())
    for command in (("start", "-t"), ("start",), ("config",)):
        r = cold.ctl(*command)
        assert r.returncode == 1 and "nobody-knows" in r.stderr, (command, r)
        assert f"laravels.ini:{number}: [rserverd] {key}" in r.stderr, r.stderr
    assert "not running" in cold.ctl("stop").stdout


@pytest.mark.parametrize("line, suggestion", [
    ("[swoole]\nworkernum = 4", "worker_num"), ("[swoole]\nworker_mun = 4", "worker_num"),
    ("[laravels]\nhandle_statics = true", "handle_static"), ("[rserverd]\nrequest_timout = 3", "request_timeout"),
    ("[laravels]\nworker_num = 4", "worker_num"), ("[swole]\nworker_num = 4", "swoole"),
])
def test_misspelt_key_is_named_with_a_suggestion_and_stops_nothing(cold, line, suggestion):
    with open(cold.ini_path, "a") as f:
        f.write("\n" + line + "\n")
    number = len(open(cold.ini_path).read().splitlines())
    r = cold.ctl("config")
    assert r.returncode == 0
    assert f"laravels.ini:{number}" in r.stderr and suggestion in r.stderr, r.stderr


def test_unknown_key_without_a_neighbour_gets_no_silly_suggestion(cold):
    with open(cold.ini_path, "a") as f:
        f.write("\n[swoole]\nxyzzyplugh = 4\n")
    r = cold.ctl("config")
    assert r.returncode == 0 and "xyzzyplugh" in r.stderr and "did you mean" not in r.stderr


def test_syntax_error_names_its_line(cold):
    with open(cold.ini_path, "a") as f:
        f.write("\n[swoole\nworker_num = 4\n")
    r = cold.ctl("config")
    assert r.returncode == 1 and "laravels.ini:" in r.stderr


def test_options_without_effect_warn(cold):
    cold.set("swoole", reload_async=False)
    r = cold.ctl("config")
    assert r.returncode == 0 and "reload_async: has no effect" in r.stderr


def test_missing_ini_that_was_named(cold):
    r = run(cold.binary, "start", "-c", cold.path("nowhere.ini"), env=cold.environment())
    assert r.returncode == 1 and "nowhere.ini" in r.stderr


def test_ini_that_is_a_directory_or_rubbish(cold):
    r = run(cold.binary, "config", "-c", cold.folder, env=cold.environment())
    assert r.returncode == 1
    with open(cold.path("rubbish.ini"), "wb") as f:
        f.write(os.urandom(100_000))
    r = run(cold.binary, "config", "-c", cold.path("rubbish.ini"), env=cold.environment())
    assert r.returncode == 1


def test_t_checks_the_configuration(cold):
    r = cold.ctl("start", "-t")
    assert r.returncode == 0, r.stderr
    cold.set("swoole", worker_num="many")
    r = cold.ctl("start", "-t")
    assert r.returncode == 1 and "worker_num" in r.stderr
    assert not os.listdir(cold.path("run")), "nothing was started"


# -- usage ---------------------------------------------------------------------------------------------------------------

def test_help(cold):
    r = run(cold.binary, "help")
    assert r.returncode == 0
    for word in ("start", "stop", "restart", "reload", "status", "info", "config", "help", "php", "--wait", "--json"):
        assert word in r.stdout, word
    assert run(cold.binary, "--help").returncode == 0


@pytest.mark.parametrize("words", [["nonsense"], ["start", "--nonsense"], ["-c"], ["start", "-c"], ["status", "extra"]])
def test_wrong_usage(cold, words):
    r = run(cold.binary, *words, env=cold.environment(), cwd=cold.path("run"))
    assert r.returncode not in (0, -11, -6)
    assert r.stderr.strip()


def test_misspelt_command_gets_a_suggestion(cold):
    r = run(cold.binary, "staus")
    assert r.returncode != 0 and "status" in r.stderr


def test_version(cold):
    r = run(cold.binary, "--version")
    version = open(os.path.join(os.path.dirname(__file__), "../../VERSION")).read().strip()
    assert r.returncode == 0 and version in r.stdout


# -- when nothing runs -----------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("command, code", [("stop", 0), ("reload", 1), ("status", 1)])
def test_commands_without_a_daemon(cold, command, code):
    r = cold.ctl(command)
    assert r.returncode == code, r
    assert "not running" in (r.stdout + r.stderr).lower()


def test_commands_with_a_stale_pid_file_hurt_nobody(cold):
    """The file names a living process that is not ours: it must not get a signal."""
    import subprocess
    victim = subprocess.Popen(["sleep", "60"])
    try:
        with open(cold.path("run/laravels.pid"), "w") as f:
            f.write(f"{victim.pid}\n")
        assert cold.ctl("stop").returncode == 0
        assert cold.ctl("reload").returncode == 1
        assert victim.poll() is None
    finally:
        victim.kill()
        victim.wait()


# -- status and info ----------------------------------------------------------------------------------------------------------

def test_status_json(daemon):
    d = daemon(ini={"swoole": {"worker_num": 3}})
    with d.conn() as c:
        c.request("/")
        # A worker counts a request when it has cleaned up after it.
        until(lambda: any(w["requests"] for w in d.of(d.status(), "worker")), message="the request is counted")
        s = json.loads(d.ctl("status", "--json").stdout)
        assert s["pid"] == d.master_pid and s["generation"] == 1
        assert isinstance(s["uptime_s"], (int, float)) and 0 <= s["uptime_s"] < 60
        assert s["connections"] == 1 and s["requests_total"] == 1 and s["queue_length"] == 0
        assert sorted(p["role"] for p in s["processes"]) == ["manager", "master", "reactor", "worker", "worker", "worker"]
        for p in s["processes"]:
            assert {"role", "id", "pid", "generation", "state", "requests"} <= set(p)
            assert p["state"] in ("booting", "idle", "busy", "draining")
        workers = d.of(s, "worker")
        assert sum(w["requests"] for w in workers) == 1 and {w["generation"] for w in workers} == {1}


def test_status_for_people(daemon):
    d = daemon()
    r = d.ctl("status")
    assert r.returncode == 0
    assert str(d.master_pid) in r.stdout and "worker" in r.stdout and "reactor" in r.stdout
    for pid in d.pids("worker"):
        assert str(pid) in r.stdout


def test_info(daemon):
    d = daemon.php()
    r = d.ctl("info")
    assert r.returncode == 0
    for word in ("rserverd", "callable", f"{d.port}", d.ini_path, "laravels.pid"):
        assert word in r.stdout, (word, r.stdout)
    assert re.search(r"^\| PHP +\| 8\.\d+\.\d+", r.stdout, re.M) and re.search(r"opcache\s+on", r.stdout, re.I)


def test_status_while_reloading_and_under_many_askers(daemon):
    from lib.load import Background
    d = daemon()
    jobs = [Background(d.ctl, "status", "--json") for _ in range(20)]
    d.ctl("reload")
    for j in jobs:
        r = j.result()
        assert r.returncode == 0 and json.loads(r.stdout)["pid"] == d.master_pid
    until(lambda: d.settled_in(2))


# -- the control socket ------------------------------------------------------------------------------------------------------

def test_control_socket_survives_rubbish(daemon):
    import socket
    d = daemon.hosted()
    for name in ("control.sock", "app.sock"):
        for data in (b"", b"\0" * 4, b"\xff" * 65536, os.urandom(100_000), b"GET / HTTP/1.1\r\n\r\n", b"stop", b"{}\n"):
            with socket.socket(socket.AF_UNIX) as s:
                s.settimeout(3)
                s.connect(d.path("run", name))
                try:
                    s.sendall(data)
                    s.shutdown(socket.SHUT_WR)
                    while s.recv(4096):
                        pass
                except (OSError, socket.timeout):
                    pass
    assert d.status()["pid"] == d.master_pid
    assert d.get("/").status == 200


def test_control_socket_with_silent_peers(daemon):
    """Connections that say nothing are bounded, and do not keep others out."""
    import socket
    d = daemon()
    held = []
    for _ in range(100):
        s = socket.socket(socket.AF_UNIX)
        s.settimeout(2)
        try:
            s.connect(d.path("run/control.sock"))
            held.append(s)
        except OSError:
            s.close()
    try:
        assert d.get("/").status == 200
    finally:
        for s in held:
            s.close()
    until(lambda: d.status(), 10, message="the CLI gets through again")


def test_socket_modes(daemon):
    import stat
    d = daemon.hosted()
    assert stat.S_IMODE(os.lstat(d.path("run/control.sock")).st_mode) == 0o600
    assert stat.S_IMODE(os.lstat(d.path("run/app.sock")).st_mode) == 0o660


def test_custom_socket_paths(daemon):
    d = daemon.hosted(start=False)
    d.set("rserverd", control_socket=d.path("run/c.sock"), app_socket=d.path("run/a.sock"))
    d.start()
    assert sorted(os.listdir(d.path("run"))) == ["a.sock", "c.sock", "laravels.pid"]


def test_path_too_long_for_a_socket_is_refused_with_a_reason(daemon):
    d = daemon(start=False)
    d.expect_exit = 1
    d.set("rserverd", control_socket=d.path("run/" + "x" * 120))
    d.start(wait=False)
    assert d.wait_exit() == 1
    assert "control_socket" in d.log() or "too long" in d.log()


# -- options of start --------------------------------------------------------------------------------------------------------------

def test_x_version_and_environment_reach_the_application(daemon):
    d = daemon.callable("<?php return function () { echo json_encode([$_SERVER['X_VERSION'] ?? null, $_ENV['X_VERSION'] ?? null,"
                        "getenv('X_VERSION'), $_SERVER['APP_ENV'] ?? null, getenv('APP_ENV')]); };",
                        args=["-x", "v1.2", "-e", "staging"])
    got = d.get("/").json()
    assert got[0] == "v1.2"
    assert "staging" in got[3:], got


# -- a project that cannot be written to ------------------------------------------------------------------------------------

def test_read_only_project_with_a_storage_path(daemon):
    """APP_STORAGE_PATH: pid file, sockets, log. In the background and back, by a user who may write nowhere else."""
    import pwd
    import shutil
    d = daemon(start=False)
    for section, keys in {"swoole": ("pid_file",), "laravels": ("process_prefix",)}.items():
        for key in keys:
            d.ini[section].pop(key)
    d.ini["laravels"]["process_prefix"] = d.marker
    d.write_ini()
    storage = d.path("elsewhere")
    os.makedirs(os.path.join(storage, "logs"))
    d.env["APP_STORAGE_PATH"] = storage
    words = []
    if os.geteuid() == 0:
        if not OTHERS_MAY:
            pytest.skip("as root it needs a clone that others may look into")
        who = pwd.getpwnam("www-data")
        for path in (storage, os.path.join(storage, "logs"), d.path("tmp")):
            os.chown(path, who.pw_uid, who.pw_gid)
        words = [shutil.which("setpriv"), "--reuid", str(who.pw_uid), "--regid", str(who.pw_gid), "--clear-groups"]
    for root, _, _ in os.walk(d.app):
        os.chmod(root, 0o555)

    def ctl(*args):
        return run(*words, *d.command(*args), env=d.environment(), cwd="/")
    r = ctl("start", "-d")
    try:
        assert r.returncode == 0, r.stdout + r.stderr
        with open(os.path.join(storage, "laravels.pid")) as f:
            d.master_pid = int(f.read())
        assert d.get("/").body == b"hello"
        assert {"control.sock", "laravels.pid"} <= set(os.listdir(storage))
        assert "generation 1 serves" in open(os.path.join(storage, "logs/laravels.log")).read()
        assert ctl("reload", "--wait").returncode == 0
        assert ctl("status").returncode == 0
        assert ctl("stop").returncode == 0
        assert not os.path.exists(os.path.join(storage, "laravels.pid"))
        assert not os.listdir(os.path.join(d.app, "public")), "nothing was written into the project"
    finally:
        for root, _, _ in os.walk(d.app):
            os.chmod(root, 0o755)


# -- artisan -----------------------------------------------------------------------------------------------------------------

def test_artisan_and_php_learn_where_the_server_is(cold):
    """RSERVERD_BASE_PATH and RSERVERD_APP_SOCKET; artisan runs the glue's file with all words behind it."""
    code = "foreach (['BASE_PATH', 'APP_SOCKET'] as $k) { echo getenv('RSERVERD_' . $k), PHP_EOL; }"
    told = [cold.app, cold.path("run/app.sock")]
    r = run(cold.binary, "-c", cold.ini_path, "php", "-r", code, env=cold.environment(), cwd="/")
    assert r.returncode == 0 and r.stdout.splitlines() == told, r.stderr
    nothing = run(cold.binary, "php", "-r", code, env=cold.environment(), cwd="/")
    assert nothing.stdout.strip() == "", "no ini file, no application: no server"
    r = run(cold.binary, "-c", cold.ini_path, "artisan", "list", "--raw", env=cold.environment(), cwd="/")
    assert r.returncode == 1 and f"rserverd artisan: {cold.app} is no Laravel or Lumen application" in r.stderr


def synopsis():
    """rserverd(8)'s SYNOPSIS: command -> its options."""
    text = open(os.path.join(os.path.dirname(__file__), "../../docs/rserverd.8")).read()
    text = text[text.index(".SH SYNOPSIS") + 12:text.index(".SH DESCRIPTION")]
    found = {}
    for form in text.replace("\\-", "-").split(".br\n"):
        words = re.sub(r"^\.[A-Z]+ ", "", form, flags=re.M).split()
        names = [w for w in words[1:] if re.fullmatch("[a-z]+", w)]
        for name in names:
            found[name] = {w for w in words if re.fullmatch("--?[a-z]+", w)}
    return found


@pytest.mark.parametrize("option, words", [("--json", []), ("--wait", []), ("-t", []), ("--requests", ["3"])])
def test_manual_names_the_commands_that_take_an_option(cold, option, words):
    manual = synopsis()
    assert len(manual) > 10, manual
    for command in sorted(set(manual) - {"run", "artisan", "php"}):
        r = run(BINARY, command, option, *words, "-c", cold.path("no-such.ini"), timeout=10, cwd=cold.folder)
        refused = r.returncode == 2 and "does not take" in r.stderr
        assert refused == (option not in manual[command]), (command, option, r)
