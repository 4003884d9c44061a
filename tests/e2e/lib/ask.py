"""A client of tests/e2e/php/swoole/server/ask.php: PHP code in, its value out."""

import json
import socket

from .wait import SLOW

WARNING = 2   # E_WARNING


class Thrown(Exception):
    def __init__(self, answer):
        super().__init__(f"{answer['throws']}({answer['code']}): {answer['message']}")
        self.name, self.message, self.code, self.level = (answer[k] for k in ("throws", "message", "code", "level"))


class Ask:
    def __init__(self, port, timeout=10):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout * SLOW)
        self.socket.settimeout(timeout * SLOW)
        self.rest = b""

    def send(self, code):
        self.socket.sendall(code.encode() + b"\n\n")

    def line(self):
        while b"\n" not in self.rest:
            more = self.socket.recv(65536)
            if not more:
                raise EOFError("the server has closed the connection")
            self.rest += more
        line, self.rest = self.rest.split(b"\n", 1)
        return line

    def result(self):
        answer = json.loads(self.line())
        if "throws" in answer:
            raise Thrown(answer)
        return answer["value"]

    def run(self, code):
        self.send(code)
        return self.result()

    def __call__(self, expression):
        """The value of an expression."""
        return self.run(f"return {expression};")

    def warns(self, expression, text):
        """It raises E_WARNING with this text, from the method it calls."""
        try:
            value = self(expression)
        except Thrown as e:
            assert (e.name, e.level) == ("ErrorException", WARNING), e
            assert text in e.message, e.message
            return e
        raise AssertionError(f"{expression} is {value!r} without a warning")

    def close(self):
        self.socket.close()
