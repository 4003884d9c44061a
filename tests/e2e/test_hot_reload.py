"""inotify_reload: what changes below the watched directory becomes one reload; what is left out, or of no interest, none
(contract 5.5)."""

import os
import re
import shutil
import signal
import subprocess

import pytest

from lib import proc
from lib.daemon import OTHERS_MAY
from lib.wait import SLOW, until

WATCHING = r"watching (\d+) directories below \S+"
ENTRY = "<?php return function () { require_once __DIR__ . '/code/say.php'; echo say(); };"


def reloads(d):
    """The paths that were said to have changed, in order."""
    return re.findall(r"reload: (.+?) has changed", d.log())


def serving(d, generation):
    until(lambda: d.settled_in(generation), 20,
          message=f"generation {generation} serves; {d.log()[-2000:]}")


@pytest.fixture
def watched(daemon):
    """watched({path: text}, **inotify_reload): a daemon that watches its application; all of it has been read."""
    def make(files=None, engine="fake", ini=None, **options):
        d = daemon(engine, start=False, ini=ini, **({"framework": "callable", "entry": "entry.php"} if engine == "php" else {}))
        for name, text in {"app/a.php": "<?php", **(files or {})}.items():
            d.write(name, text)
        d.set("inotify_reload", **{"enable": True, **options})
        d.start()
        d.wait_log(WATCHING)
        # The descriptors of the watch came after the start was over.
        d.base_fds = d.fd_table(d.wait_settled())
        return d
    return make


def test_an_edited_file_reloads_and_the_new_code_serves(watched):
    d = watched({"entry.php": ENTRY, "code/say.php": "<?php function say() { return 'one'; }"}, "php")
    assert d.get("/").text == "one"
    d.write("code/say.php", "<?php function say() { return 'two'; }")
    until(lambda: d.get("/").text == "two", 20)
    assert reloads(d) == ["code/say.php"]
    serving(d, 2)


def test_a_file_in_a_new_directory_counts_also_when_it_came_at_once(watched):
    d = watched()
    d.write("app/new/deep/er/b.php", "<?php")
    serving(d, 2)
    assert reloads(d) == ["app/new/deep/er/b.php"]
    d.write("app/new/deep/er/b.php", "<?php // again")
    serving(d, 3)
    assert reloads(d)[1:] == ["app/new/deep/er/b.php"]


def test_a_path_that_is_not_there_is_told(daemon):
    d = daemon(start=False)
    d.set("inotify_reload", enable=True, watch_path="nowhere")
    d.start()
    d.wait_log(r"\[warn\] .*inotify_reload\.watch_path: .*/nowhere is no directory.*nothing is watched")
    assert d.get("/").status == 200


def test_a_directory_alone_is_no_change(watched):
    d = watched()
    os.makedirs(os.path.join(d.app, "app/x/y/z"))
    os.rmdir(os.path.join(d.app, "app/x/y/z"))
    d.write("app/x/y/c.php", "<?php")
    serving(d, 2)
    assert reloads(d) == ["app/x/y/c.php"]


def test_a_file_renamed_over_another_counts(watched):
    d = watched()
    d.write("app/.a.php.swp", "<?php // what an editor does")
    d.write("app/a.php~", "<?php // the backup")
    os.rename(os.path.join(d.app, "app/.a.php.swp"), os.path.join(d.app, "app/a.php"))
    serving(d, 2)
    assert reloads(d) == ["app/a.php"]


def test_deleted_and_moved_files_count(watched):
    d = watched({"app/sub/b.php": "", "other/c.php": ""})
    os.unlink(os.path.join(d.app, "app/a.php"))
    serving(d, 2)
    os.rename(os.path.join(d.app, "app/sub"), os.path.join(d.folder, "away"))
    serving(d, 3)
    os.rename(os.path.join(d.folder, "away"), os.path.join(d.app, "other/sub"))
    serving(d, 4)
    d.write("other/sub/b.php", "<?php")
    serving(d, 5)
    assert [p.rstrip("/") for p in reloads(d)] == ["app/a.php", "app/sub", "other/sub/b.php", "other/sub/b.php"]


def test_a_link_counts_and_is_not_followed(watched, tmp_path):
    d = watched()
    outside = tmp_path / "outside"
    outside.mkdir()
    os.symlink(outside, os.path.join(d.app, "app/linked"))
    (outside / "b.php").write_text("<?php")
    os.symlink(outside / "b.php", os.path.join(d.app, "app/link.php"))
    serving(d, 2)
    (outside / "b.php").write_text("<?php // changed, and nobody looks")
    (outside / "c.php").write_text("<?php")
    d.write("app/a.php", "<?php // end")
    serving(d, 3)
    assert reloads(d) == ["app/link.php", "app/a.php"]


@pytest.mark.parametrize("poll", [None, "0.1"])
def test_what_is_left_out_is_left_out(watched, poll):
    d = watched({"app/skip/a.php": "", "storage/framework/views/v.php": "", "vendor/autoload.php": "", ".git/x.php": "",
                 "bootstrap/cache/c.php": "", "node_modules/m.php": "", "app/node_modules/m.php": "",
                 "resources/views/vendor/v.php": ""},
                excluded_dirs=["app/skip", "nowhere"], poll=poll)
    for name in ("app/skip/a.php", "app/skip/new/b.php", "storage/framework/views/v.php", "vendor/autoload.php", ".git/x.php",
                 "bootstrap/cache/c.php", "node_modules/m.php", "app/node_modules/m.php", "app/notes.txt", "app/a.php.bak"):
        d.write(name, "changed")
    d.write("resources/views/vendor/v.php", "<?php // this one")
    serving(d, 2)
    assert reloads(d) == ["resources/views/vendor/v.php"]


def test_what_is_left_out_by_default_can_be_the_root(watched):
    d = watched({"vendor/acme/src/a.php": "", "vendor/acme/vendor/b.php": ""}, watch_path="vendor/acme")
    d.write("app/a.php", "<?php // not below the root")
    d.write("vendor/acme/src/a.php", "<?php")
    serving(d, 2)
    assert reloads(d) == ["src/a.php"]


def test_file_types_are_the_end_of_the_name(watched):
    d = watched({"app/x.blade.php": "", "app/y.php": ""}, file_types=[".blade.php", "env"])
    d.write("app/y.php", "<?php // other type")
    d.write("app/z.php.txt", "")
    d.write("app/v1.x.blade.php", "")
    serving(d, 2)
    d.write(".env", "A=1")
    serving(d, 3)
    assert reloads(d) == ["app/v1.x.blade.php", ".env"]


def test_without_file_types_nothing_is_watched(daemon):
    d = daemon(start=False)
    d.set("inotify_reload", enable=True, file_types=[""])
    d.start()
    d.wait_log("inotify_reload.file_types is empty: nothing is watched")


def test_a_burst_is_one_reload(watched):
    d = watched({f"app/f{i}.php": "" for i in range(50)})
    d.signal(signal.SIGSTOP)        # it sees them at once, however long they take to be written
    for i in range(50):
        d.write(f"app/f{i}.php", f"<?php // {i}")
        d.write(f"app/burst{i}/g.php", "<?php")
    d.signal(signal.SIGCONT)
    serving(d, 2)
    d.write("app/a.php", "<?php // and one later")
    serving(d, 3)
    found = re.findall(r"reload: (\S+) has changed( \(and \d+ more\))?", d.log())
    assert len(found) == 2 and found[1] == ("app/a.php", "")
    assert 90 <= int(re.search(r"\d+", found[0][1]).group()) <= 160


def test_a_change_while_a_reload_runs_makes_one_more(watched):
    slow = "<?php while (file_exists(__DIR__ . '/wait')) { usleep(20000); } return function () { echo 'x'; };"
    d = watched({"entry.php": slow}, "php")
    d.write("wait", "")
    d.write("app/a.php", "<?php // first")
    d.wait_log("generation 2: manager")
    for n in (2, 3):
        d.write("app/a.php", f"<?php // {n}")
        until(lambda n=n: len(reloads(d)) == n, 10)
    os.unlink(os.path.join(d.app, "wait"))
    until(lambda: d.settled_in(3, later=True), 20)
    assert d.settled()["generation"] == 3


def test_a_broken_file_changes_nothing_until_it_is_repaired(watched):
    d = watched({"entry.php": "<?php $n = 1; return function () use ($n) { echo $n; };"}, "php")
    d.write("entry.php", "<?php this is not PHP")
    d.wait_log("generation 2 does not come up, generation 1 goes on")
    assert d.get("/").text == "1"
    d.write("entry.php", "<?php $n = 2; return function () use ($n) { echo $n; };")
    until(lambda: d.get("/").text == "2", 20)
    assert d.settled() or d.wait_settled()


@pytest.mark.parametrize("poll", [None, "0.1"])
def test_a_big_tree_does_not_hold_up_the_master(watched, poll):
    d = watched({f"big/d{i}/e{j}/x.php": "" for i in range(60) for j in range(20)}, poll=poll)
    assert int(re.search(WATCHING, d.log()).group(1)) >= 60 * 21
    shutil.copytree(os.path.join(d.app, "big"), os.path.join(d.app, "bigger"))
    until(lambda: d.status() and d.status()["generation"] >= 2, 20)
    shutil.rmtree(os.path.join(d.app, "big"))
    for _ in range(20):
        assert d.ctl("status", timeout=5).returncode == 0
    until(lambda: d.settled_in(3, later=True), 20)
    # What comes last is seen, too, when all that has been digested.
    again = iter(range(1000))
    until(lambda: d.write("bigger/d59/e19/x.php", "<?php" + "#" * next(again)) and reloads(d)[-1] == "bigger/d59/e19/x.php",
          20, every=1)
    d.wait_settled()


def test_polling_sees_what_inotify_would(watched):
    d = watched({"app/b.php": "", "app/sub/c.php": ""}, poll="0.1")
    assert "of them looked at every 0.1 s" in d.log()
    d.write("app/a.php", "<?php // longer")
    serving(d, 2)
    d.write("app/new/d.php", "<?php")
    serving(d, 3)
    os.unlink(os.path.join(d.app, "app/b.php"))
    serving(d, 4)
    os.rename(os.path.join(d.app, "app/sub/c.php"), os.path.join(d.app, "app/a.php"))
    serving(d, 5)
    shutil.rmtree(os.path.join(d.app, "app/new"))
    serving(d, 6)
    said = reloads(d)
    assert said[:2] == ["app/a.php", "app/new/d.php"] and said[2] == "app/" and len(said) == 5


def test_a_root_that_is_replaced_is_found_again(watched):
    d = watched({"src/a.php": ""}, watch_path="src")
    os.rename(os.path.join(d.app, "src"), os.path.join(d.folder, "old"))
    serving(d, 2)
    d.write("src/b.php", "<?php")
    until(lambda: d.status()["generation"] >= 3, 20)
    d.wait_settled()
    until(lambda: "b.php" in reloads(d) or d.write("src/b.php", "<?php // x") is None, 10)


def test_a_reload_turns_it_on_and_off(daemon):
    d = daemon(start=False)
    d.write("app/a.php", "<?php")
    d.start()
    d.check_fds = False
    d.set("inotify_reload", enable=True)
    assert d.ctl("reload", "--wait").returncode == 0
    d.wait_log(WATCHING)
    d.write("app/a.php", "<?php // seen")
    serving(d, 3)
    d.set("inotify_reload", enable=False)
    assert d.ctl("reload", "--wait").returncode == 0
    d.write("app/a.php", "<?php // not seen")
    d.set("inotify_reload", enable=True, file_types=[".php", ".txt"])
    assert d.ctl("reload", "--wait").returncode == 0
    until(lambda: len(re.findall(WATCHING, d.log())) == 2)
    d.write("app/a.txt", "seen")
    serving(d, 6)
    assert reloads(d) == ["app/a.php", "app/a.txt"]


def test_an_application_that_writes_sources_while_it_boots_is_slowed_down(watched):
    boots = "<?php file_put_contents(__DIR__ . '/app/made.php', '<?php // ' . microtime()); return function () { echo 1; };"
    d = watched({"entry.php": boots}, "php")
    d.allow_log = ["changes whenever the application boots"]
    d.write("app/a.php", "<?php // begin")
    d.wait_log("app/made.php changes whenever the application boots; the next reload for it waits 30 s", 30)
    n = d.wait_settled()["generation"]
    assert n <= 9
    # What somebody edits is not slowed down for ever: the one that waits takes it along.
    d.write("entry.php", "<?php return function () { echo 2; };")
    assert d.ctl("reload", "--wait").returncode == 0
    assert d.get("/").text == "2"


@pytest.mark.skipif(os.geteuid() != 0 or not OTHERS_MAY, reason="needs root, and a clone that others may look into")
def test_as_root_only_what_the_user_may_read_is_watched(watched):
    made = subprocess.run(["id", "-u", "www-data"], capture_output=True, text=True)
    if made.returncode != 0:
        pytest.skip("no user www-data")
    d = watched({"secret/x.php": "", "open/x.php": ""}, ini={"rserverd": {"user": "www-data"}})
    shutil.chown(d.app, "www-data")
    os.chmod(os.path.join(d.app, "secret"), 0o700)
    assert d.ctl("reload", "--wait").returncode == 0
    assert proc.alive(d.pid("master"))
    d.write("open/x.php", "<?php")
    until(lambda: "open/x.php" in reloads(d), 10 * SLOW)
