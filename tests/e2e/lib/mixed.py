"""Thousands of requests of every kind to tests/apps/pollution, each answer checked: visitors with sessions and without, some logged
in, uploads, JSON, exceptions, exits, and polluters, whose pollution nobody may see."""

import hashlib
import json
import random
import re
import time

from . import http, proc

# A request of this visitor leaves something that others may see for a good reason, or that is known to stay.
SHARED_FILES = {"php.shutdown_function", "storage.fake"}


class Mixed:
    def __init__(self, d, seed=1, leaks=()):
        self.d, self.random = d, random.Random(seed)
        self.users = {name: d.browser() for name in ("alice", "bob")}
        self.anonymous = [d.browser() for _ in range(3)]
        self.counts = {}
        self.polluter, self.prober = d.browser(), d.browser()
        table = d.get("/pollutions").json()
        self.clean = {name: row["clean"] for name, row in table.items() if name not in leaks}
        self.pollutions, self.first_turn = list(self.clean), True
        self.sent, self.kinds = 0, {}
        self.conn = None
        for name, browser in self.users.items():
            assert browser.get(f"/test/login?user={name}&tag={name}").json()["auth"] == f"{name}@example.test"

    def run(self, n):
        """n requests; a wrong answer ends it."""
        kinds = [getattr(self, k) for k in dir(self) if k.startswith("do_")]
        end = self.sent + n
        while self.sent < end:
            # At first every other one, so that all pollutions have been there once before memory is looked at.
            kind = self.do_pollute if self.first_turn and self.random.random() < 0.5 else self.random.choice(kinds)
            try:
                kind()
            except AssertionError as e:
                raise AssertionError(f"request {self.sent}, {kind.__name__}: {e}") from e
            self.kinds[kind.__name__[3:]] = self.kinds.get(kind.__name__[3:], 0) + 1

    def close(self):
        for b in (*self.users.values(), *self.anonymous, self.polluter, self.prober):
            b.close()
        if self.conn:
            self.conn.close()

    # -- one request

    def get(self, target, status=200, browser=None, method="GET", headers=(), body=None):
        self.sent += 1
        if browser:
            r = browser.request(target, method, headers, body)
        else:
            if self.conn is None:
                self.conn = http.Conn(self.d.address)
            r = self.conn.request(target, method, headers, body)
            if "close" in r.get("connection", "").lower():
                self.conn.close()
                self.conn = None
        assert r.status == status, f"{target}: {r.status}, expected {status}: {r.text[:300]}"
        return r

    # -- the kinds

    def do_json(self):
        assert "message" in self.get("/api/hello").json()

    def do_echo(self):
        data = {"n": self.random.randrange(1 << 30), "text": "x" * self.random.randrange(2000)}
        got = self.get("/api/echo", method=self.random.choice(["POST", "PUT", "PATCH", "DELETE"]), body=json.dumps(data).encode(),
                       headers=[("Content-Type", "application/json"), ("Accept", "application/json")]).text
        assert str(data["n"]) in got and data["text"] in got, got[:200]

    def do_query(self):
        x = str(self.random.randrange(1 << 30))
        got = self.get(f"/test/dump?x={x}", headers=[("Cookie", f"c={x}")]).json()
        assert got["get"] == {"x": x} and got["cookie"] == {"c": x} and got["post"] in ({}, []), got["get"]

    def do_page(self):
        assert "notes" in self.get("/notes", browser=self.random.choice(self.anonymous)).text

    def do_not_found(self):
        self.get(f"/no/such/{self.random.randrange(100)}", 404)

    def do_exception(self):
        self.get(self.random.choice(["/test/exception", "/error", "/test/type-error"]), 500)

    def do_exit(self):
        assert self.get("/test/exit", 203).text == "left in a controller"

    def do_exit_deep(self):
        assert self.get("/test/exit-deep").text == "left in a transaction"

    def do_dd(self):
        assert "dumped" in self.get("/test/dd").text

    def do_upload(self):
        data = self.random.randbytes(self.random.randrange(1, 20000))
        kind, body = http.multipart([("a", "1"), ("file", "x.bin", "application/octet-stream", data)])
        got = self.get("/test/upload", method="POST", headers=[("Content-Type", kind)], body=body).json()
        assert got["md5"] == hashlib.md5(data).hexdigest() and got["is_uploaded_file"], got

    def do_session(self):
        who = self.random.randrange(len(self.anonymous))
        self.counts[who] = self.counts.get(who, 0) + 1
        assert self.get("/test/session", browser=self.anonymous[who]).json()["count"] == self.counts[who]

    def do_whoami(self):
        name = self.random.choice(list(self.users))
        got = self.get("/test/whoami", browser=self.users[name]).json()
        assert (got["auth"], got["request"], got["tag"]) == (f"{name}@example.test",) * 2 + (name,), got

    def do_nobody(self):
        got = self.get("/test/whoami", browser=self.random.choice(self.anonymous)).json()
        assert got["auth"] is None and got["request"] is None and got["tag"] is None, got

    def do_token(self):
        name = self.random.choice(["alice", "bob"])
        got = self.get("/api/me", headers=[("Accept", "application/json"), ("Authorization", f"Bearer token-{name}")]).json()
        assert got["email"] == f"{name}@example.test", got

    def do_no_token(self):
        self.get("/api/me", 401, headers=[("Accept", "application/json")])

    def do_locale(self):
        assert self.get("/test/locale?set=de").json()["greeting"] == "Guten Morgen"
        assert self.get("/test/locale").json()["greeting"] == "Good morning"

    def do_pollute(self):
        """All of them in turn, each turn in another order; somebody else looks, for this one or another one."""
        if not self.pollutions:
            self.first_turn = False
            self.pollutions = list(self.clean)
            self.random.shuffle(self.pollutions)
            self.polluter.close()
            self.prober.close()
            self.polluter.cookies, self.prober.cookies = {}, {}
        name = self.pollutions.pop()
        self.get(f"/pollute/{name}", browser=self.polluter)
        for asked in (name, self.random.choice(list(self.clean))):
            got = self.get(f"/probe/{asked}", browser=self.prober).json()["seen"]
            assert got == self.clean[asked], f"{asked}, after {name}: {got!r}, clean is {self.clean[asked]!r}"

    do_pollute_more = do_pollute


class Memory:
    """What a worker holds: PHP's own count, and its resident pages."""

    def __init__(self, d):
        self.d = d
        self.before = self.look()

    def look(self):
        """After the idle worker has collected cycles and given back what it does not need; the least of some looks each."""
        self.d.wait_settled()
        time.sleep(1)
        seen = {}
        while len(seen) < int(self.d.ini["swoole"]["worker_num"]) or min(len(v) for v in seen.values()) < 3:
            got = self.d.get("/test/process").json()
            seen.setdefault(got["pid"], []).append(got["memory"])
        return {pid: (min(php), proc.rss_kb(pid)) for pid, php in seen.items()}

    def growth(self):
        """[(pid, per cent of PHP's count, per cent of resident pages)] since the first look; a worker that is new is an error."""
        now = self.look()
        assert set(now) == set(self.before), f"workers were replaced: {set(self.before)} -> {set(now)}"
        return [(pid, *(100 * (b - a) / a for a, b in zip(self.before[pid], now[pid]))) for pid in now]


def describe(kinds):
    return ", ".join(f"{n} {re.sub('_', ' ', k)}" for k, n in sorted(kinds.items()))
