"""The control socket, asked as `rserverd status` asks it: a test that polls needs no process for each look."""

import os
import socket

from .wait import SLOW


def ask(path, request, timeout=10):
    """The answer without its first line, which is "ok". None: nothing listens there, it refused, or it went away."""
    folder, name = os.path.split(path)
    try:
        # As the command line does it: a path may be longer than an address.
        at = os.open(folder, os.O_PATH | os.O_DIRECTORY)
    except OSError:
        return None
    try:
        with socket.socket(socket.AF_UNIX) as s:
            s.settimeout(timeout * SLOW)
            s.connect(f"/proc/self/fd/{at}/{name}")
            s.sendall(request.encode() + b"\n")
            answer = b"".join(iter(lambda: s.recv(1 << 16), b""))
    except OSError:
        return None
    finally:
        os.close(at)
    return answer[3:].decode("utf-8", "replace") if answer.startswith(b"ok\n") else None
