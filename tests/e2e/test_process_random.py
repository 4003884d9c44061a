"""Fresh randomness after every fork."""

from lib import proc
from lib.load import Background
from lib.wait import until


def one_answer_of_each(d, workers=3):
    """The first request of every worker: what it would print if it had inherited its generators."""
    answers = {}

    def ask():
        for job in [Background(d.get, "/random") for _ in range(workers)]:
            a = job.result().json()
            answers.setdefault(a["pid"], a["values"])
        return len(answers) >= workers
    until(ask, 10, message="every worker has answered")
    return list(answers.values())


def distinct(answers):
    for name in answers[0]:
        values = [a[name] for a in answers]
        assert len(set(values)) == len(values), f"{name}: {values}"


def test_three_workers_never_print_the_same(daemon):
    # The manager has used all its generators at boot: the state that a fork would copy exists.
    d = daemon.php(start=False, ini={"swoole": {"worker_num": 3}})
    d.write("entry.php", "<?php mt_rand(); rand(); str_shuffle('abc'); lcg_value(); uniqid('', true); random_int(1, 9);\n"
            + open(d.path("app/entry.php")).read().replace("<?php", "", 1))
    d.start()
    distinct(one_answer_of_each(d))


def test_explicit_seed_at_boot_is_not_inherited(daemon):
    d = daemon.php(start=False, ini={"swoole": {"worker_num": 3}})
    d.write("entry.php", "<?php mt_srand(42); srand(42);\n" + open(d.path("app/entry.php")).read().replace("<?php", "", 1))
    d.start()
    distinct(one_answer_of_each(d))


def test_uniqid_of_three_workers_at_the_same_time(daemon):
    """It is the time in microseconds, and that is the same for all of them."""
    d = daemon.php(start=False, ini={"swoole": {"worker_num": 3}})
    d.write("entry.php", """<?php return function () {
        $ids = [];
        for ($i = 0; $i < 20000; $i++) {
            $ids[] = uniqid($i % 2 ? '' : 'with-');
        }
        echo json_encode(['pid' => getmypid(), 'ids' => array_map(fn ($id) => substr($id, -13), $ids), 'more' => uniqid('p', true)]);
    };""")
    d.start()
    jobs = [Background(d.get, "/") for _ in range(12)]
    answers = [job.result().json() for job in jobs]
    assert len({a["pid"] for a in answers}) > 1, "several workers have answered"
    ids = [i for a in answers for i in a["ids"]]
    assert len(set(ids)) == len(ids) == 240000
    assert all(a["ids"] == sorted(a["ids"]) for a in answers), "later ones are greater"
    more = [a["more"] for a in answers]
    assert len(set(more)) == 12 and all(len(m) == 24 for m in more)


def test_successor_of_a_killed_worker_differs(daemon):
    d = daemon.php(ini={"swoole": {"worker_num": 1}})
    seen = []
    for _ in range(3):
        seen.append(d.get("/random").json()["values"])
        pid = d.pids("worker")[0]
        proc.kill(pid)
        until(lambda: d.settled_without(pid))
    distinct(seen)


def test_pids_are_fresh(daemon):
    """getmypid() in a worker is the worker's, not the manager's cached one."""
    d = daemon.php(ini={"swoole": {"worker_num": 3}})
    pids = set()

    def ask():
        for job in [Background(d.get, "/random") for _ in range(3)]:
            pids.add(job.result().json()["pid"])
        return len(pids) == 3
    until(ask)
    assert pids == set(d.pids("worker"))
