"""What the PHP glue does with the engine under it; the glue by itself is tested in tests/php."""

import json
import os
import re
import time

import pytest

PACKAGE = json.dumps({"packages": [{"name": "hhxsv5/laravel-s", "extra": {"laravel": {"providers": [
    "Hhxsv5\\LaravelS\\Illuminate\\LaravelSServiceProvider"]}}}]})


def test_laravel_start_is_the_start_of_the_request(daemon):
    d = daemon.laravel()
    for _ in range(3):
        before = time.time()
        p = d.get("/test/process").json()
        assert before - 0.01 <= p["start"] <= time.time() + 0.01
        time.sleep(0.05)


def test_discovered_provider_of_the_package(daemon):
    """An application that still requires hhxsv5/laravel-s runs on our classes; its environment variables count."""
    d = daemon.laravel(start=False, dotenv=["LARAVELS_SERVER=FromTheEnvironment"])
    d.write("vendor/composer/installed.json", PACKAGE)
    d.start()
    r = d.get("/test/process")
    assert r.json()["listen_ip"] == "127.0.0.1", "defaults are merged below"
    assert r.get("server") == "FromTheEnvironment"


def test_when_the_server_had_the_request(daemon):
    """LaravelS shows Swoole's master_time as well."""
    server = daemon.laravel().get("/test/dump").json()["server"]
    assert isinstance(server["MASTER_TIME"], int) and abs(server["MASTER_TIME"] - server["REQUEST_TIME"]) <= 1


def in_force(d, key):
    """As `rserverd config` says it: value, origin."""
    return re.search(rf"(?m)^{re.escape(key)} = (\S*) *; (.*)$", d.ctl("config").stdout).groups()


@pytest.mark.parametrize("discovered", [False, True])
def test_environment_variables_of_what_the_configuration_leaves_out(daemon, discovered):
    """A missing key of the top level is the package's default, and its file reads the environment."""
    d = daemon.laravel(start=False, dotenv=["LARAVELS_TASK_WORKER_NUM=1", "LARAVELS_MAX_REQUEST=77", "LARAVELS_HANDLE_STATIC=true"],
                       config="<?php return ['server' => 'mine', 'handle_static' => false];")
    if discovered:
        d.write("vendor/composer/installed.json", PACKAGE)
    d.start()
    assert in_force(d, "swoole.task_worker_num")[0] == "1" and in_force(d, "swoole.max_request") == ("77", "config/laravels.php")
    assert in_force(d, "laravels.handle_static")[0] == "false" and in_force(d, "laravels.server")[0] == "mine"


def test_a_key_that_is_there_is_not_completed_from_the_environment(daemon):
    d = daemon.laravel(dotenv=["LARAVELS_MAX_REQUEST=77"], config="<?php return ['swoole' => ['log_level' => 1]];")
    assert in_force(d, "swoole.max_request")[0] == "100000"


def test_environment_and_version_from_the_command_line(daemon):
    d = daemon.laravel(start=False)
    d.write(".env.staging", open(os.path.join(d.app, ".env")).read().replace("APP_ENV=local", "APP_ENV=staging"))
    d.args = ["-e", "staging", "-x", "release-7"]
    d.start()
    assert d.get("/test/process").json()["environment"] == "staging"
    assert d.get("/test/dump").json()["server"]["X_VERSION"] == "release-7"


def test_boot_in_the_worker(daemon):
    d = daemon.laravel(ini={"rserverd": {"boot": "worker"}})
    before = d.get("/test/traces").json()
    assert d.get("/api/hello").json()["message"] == "hello"
    d.get("/test/leave-traces?tag=mark")
    assert d.get("/test/traces").json() == before
    assert re.search(r"config/laravels.php is not read", d.log())


@pytest.mark.parametrize("cleaners, reason", [
    ("'No\\Such\\Cleaner'", r"there is no class No\\Such\\Cleaner"),
    ("App\\Models\\Note::class", "must implement"),
])
def test_cleaner_that_is_none_stops_the_start(daemon, cleaners, reason):
    d = daemon.laravel(start=False, config=f"<?php return ['cleaners' => [{cleaners}]];")
    d.expect_exit = 1
    d.start(wait=False)
    assert d.wait_exit(20) == 1
    assert re.search(reason, d.log())


def test_view_edited_twice_within_a_second(daemon):
    """OPcache tells compiled views apart by seconds; nobody may be served the older text."""
    d = daemon.laravel(workers=2)
    path = os.path.join(d.app, "resources/views/quick.blade.php")
    for n in range(6):
        d.write("resources/views/quick.blade.php", f"text {n}")
        os.utime(path, (time.time() + n, time.time() + n))
        for _ in range(4):
            assert d.get("/test/view?name=quick").text == f"text {n}"


@pytest.mark.memory_limit
def test_memory_error_is_rendered_again_and_again(daemon):
    """The framework's memory reserve is there for the hundredth request as for the first."""
    d = daemon.laravel(dotenv=["APP_DEBUG=true"])
    for _ in range(3):
        for _ in range(5):
            assert d.get("/api/hello").status == 200
        r = d.get("/test/memory")
        assert r.status == 500 and "memory size" in r.text
        d.wait_settled()
