"""tests/bench/ws_load.c: many WebSocket clients from one thread of C. Built when it is first used."""

import json
import os
import subprocess

from .daemon import BINARY
from .wait import SLOW

SOURCE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "bench", "ws_load.c")


def built():
    program = os.path.join(os.path.dirname(os.path.abspath(BINARY)), "ws_load")
    if not os.path.exists(program) or os.path.getmtime(program) < os.path.getmtime(SOURCE):
        new = f"{program}.{os.getpid()}"
        subprocess.run(["cc", "-std=gnu11", "-D_GNU_SOURCE", "-O2", "-Wall", "-Wextra", "-Werror", "-o", new, SOURCE], check=True)
        os.rename(new, program)
    return program


class Load:
    """with Load(port, "hold", 1000): the clients are connected. result(): begins the work, and what comes of it."""

    def __init__(self, port, *words):
        self.child = subprocess.Popen([built(), str(port), *map(str, words)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def __enter__(self):
        try:
            assert self.line() == "ready", f"{self.child.args} ends with {self.child.wait(60 * SLOW)}"
        except BaseException:
            self.__exit__()
            raise
        return self

    def line(self):
        return self.child.stdout.readline().rstrip("\n")

    def result(self):
        self.child.stdin.write("\n")
        self.child.stdin.flush()
        text = self.line()
        assert text, f"{self.child.args} ends with {self.child.wait(60 * SLOW)}"
        return json.loads(text)

    def __exit__(self, *exc):
        """Its connections end here, with a reset."""
        self.child.stdin.close()
        try:
            self.child.wait(10 * SLOW)
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.wait()
        self.child.stdout.close()
