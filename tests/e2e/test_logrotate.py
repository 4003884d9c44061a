"""The packaged logrotate sample, with a real logrotate, under load: no line is lost, none is cut."""

import getpass
import grp
import json
import os
import shutil

import pytest

from lib.daemon import TREE, run
from lib.load import Load
from lib.wait import until

LOGROTATE = shutil.which("logrotate") or "/usr/sbin/logrotate"
pytestmark = pytest.mark.skipif(not os.path.exists(LOGROTATE), reason="needs logrotate")


def rotate(d):
    with open(os.path.join(TREE, "packaging", "logrotate", "rserverd")) as f:
        text = f.read()
    assert text.count("/var/www/app/storage/logs/") == 2 and text.count("/var/www/app/storage/laravels.pid") == 1
    text = text.replace("/var/www/app/storage/logs/", d.path("logs") + "/")
    text = text.replace("/var/www/app/storage/laravels.pid", d.ini["swoole"]["pid_file"])
    text = text.replace("www-data www-data", f"{getpass.getuser()} {grp.getgrgid(os.getgid()).gr_name}")
    conf, state = d.path("logrotate.conf"), d.path("logrotate.state")
    with open(conf, "w") as f:
        f.write(text)
    os.chmod(conf, 0o644)
    result = run(LOGROTATE, "--force", "--state", state, conf)
    assert result.returncode == 0 and not result.stderr, result.stderr


def access_lines(d):
    """Of the present file and all rotated ones."""
    lines = []
    for name in sorted(os.listdir(d.path("logs"))):
        if not name.startswith("access.log"):
            continue
        path = d.path("logs", name)
        text = run("zcat", path).stdout if name.endswith(".gz") else open(path).read()
        assert text == "" or text.endswith("\n"), f"{name} ends in the middle of a line"
        lines += text.splitlines()
    return lines


def test_rotation_under_load(daemon):
    d = daemon(start=False)
    os.makedirs(d.path("logs"), mode=0o755)
    d.set("swoole", log_file=d.path("logs/laravels.log"))
    d.set("rserverd", access_log=d.path("logs/access.log"), access_log_format="json")
    d.start()
    with Load(d.address) as load:
        for n in (100, 200, 300):
            until(lambda: load.count >= n, message=f"{n} answers")
            rotate(d)
            until(lambda: os.path.getsize(d.path("logs/access.log")) > 0, message="lines in the new file")
    load.ok(300)
    until(lambda: len(access_lines(d)) >= load.count, message="a line for each answer")
    assert len(access_lines(d)) == load.count
    for line in access_lines(d):
        json.loads(line)
    assert os.stat(d.path("logs/access.log")).st_mode & 0o777 == 0o640
    assert os.path.exists(d.path("logs/laravels.log.1"))
