"""Ports that are free for TCP and UDP, safe between tests, pytest workers and test runs on one machine.

Below the range from which the kernel takes ports for outgoing connections; each one reserved by a lock on its byte of one
file (one descriptor for them all) that lives as long as this process.
"""

import fcntl
import os
import random
import socket
import tempfile

FIRST, LAST = 20000, 32000
_ours = set()       # such locks do not keep out their own process
_file = []


def free_port():
    if not _file:
        _file.append(open(os.path.join(tempfile.gettempdir(), f"rserverd-e2e-ports-{os.getuid()}.lock"), "a"))
    for _ in range(1000):
        port = random.randrange(FIRST, LAST)
        if port in _ours:
            continue
        try:
            fcntl.lockf(_file[0], fcntl.LOCK_EX | fcntl.LOCK_NB, 1, port)
        except OSError:
            continue
        _ours.add(port)     # also one that somebody else listens on: it is tried once
        try:
            for family, address in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
                with socket.socket(family) as s, socket.socket(family, socket.SOCK_DGRAM) as datagrams:
                    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                    s.bind((address, port))
                    datagrams.bind((address, port))
        except OSError:
            continue
        return port
    raise AssertionError("no free port")
