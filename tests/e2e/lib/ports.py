"""Free TCP ports, safe between tests, pytest workers and test runs on one machine.

Below the range from which the kernel takes ports for outgoing connections; each one reserved by a lock that lives
as long as this process.
"""

import fcntl
import os
import random
import socket
import tempfile

FIRST, LAST = 20000, 32000
_held = []


def free_port():
    folder = os.path.join(tempfile.gettempdir(), f"rserverd-e2e-ports-{os.getuid()}")
    os.makedirs(folder, exist_ok=True)
    for _ in range(1000):
        port = random.randrange(FIRST, LAST)
        lock = open(os.path.join(folder, str(port)), "w")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            for family, address in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
                with socket.socket(family) as s:
                    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                    s.bind((address, port))
        except OSError:
            lock.close()
            continue
        _held.append(lock)
        return port
    raise AssertionError("no free port")
