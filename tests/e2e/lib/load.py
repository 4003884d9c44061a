"""Clients in threads: a steady load with an exact account of what every request got."""

import threading
import time

from . import http


class Load:
    """Threads that send one request after another until stop(). Every answer that is not `good` is kept."""

    def __init__(self, address, target="/", threads=4, keepalive=True, good=lambda r: r.status == 200):
        self.address, self.request, self.good, self.keepalive = address, http.build(target), good, keepalive
        self.count, self.failed, self.slowest = 0, [], 0.0
        self.stopping = threading.Event()
        self.lock = threading.Lock()
        self.threads = [threading.Thread(target=self.run, daemon=True) for _ in range(threads)]

    def __enter__(self):
        for t in self.threads:
            t.start()
        return self

    def __exit__(self, *exc):
        self.stop()

    def run(self):
        conn = None
        while not self.stopping.is_set():
            started = time.monotonic()
            try:
                if conn is None:
                    conn = http.Conn(self.address)
                conn.send(self.request)
                r = conn.response()
                problem = None if self.good(r) else repr(r)
                if not self.keepalive or "close" in r.get("connection", ""):
                    conn.close()
                    conn = None
            except (OSError, AssertionError) as e:
                problem = f"{type(e).__name__}: {e}"
                conn = None
            with self.lock:
                self.count += 1
                self.slowest = max(self.slowest, time.monotonic() - started)
                if problem:
                    self.failed.append(problem)
        if conn:
            conn.close()

    def stop(self):
        self.stopping.set()
        for t in self.threads:
            t.join(30)

    def ok(self, at_least=1):
        self.stop()
        assert not self.failed, f"{len(self.failed)} of {self.count} requests failed: {self.failed[:5]}"
        assert self.count >= at_least, f"only {self.count} requests were made"


class Background:
    """One call in a thread; result() waits for it and raises what it raised."""

    def __init__(self, call, *args, **kw):
        self.value = self.error = None
        self.took = None

        def work():
            started = time.monotonic()
            try:
                self.value = call(*args, **kw)
            except BaseException as e:  # noqa: BLE001 - handed to result()
                self.error = e
            self.took = time.monotonic() - started
        self.thread = threading.Thread(target=work, daemon=True)
        self.thread.start()

    def done(self):
        return not self.thread.is_alive()

    def result(self, timeout=60):
        self.thread.join(timeout)
        assert self.done(), "the background call did not end"
        if self.error:
            raise self.error
        return self.value
