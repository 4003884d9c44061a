"""Waiting for conditions. Nothing in the suite uses a bare sleep as synchronisation."""

import os
import time

# Sanitizer builds and shared machines are slow: one factor stretches every deadline, none of the assertions.
SLOW = float(os.environ.get("RSERVERD_SLOW", "1"))


def until(what, timeout=10.0, every=0.01, message="condition"):
    """Calls what() until it returns something true, and returns that; fails with the last value otherwise."""
    deadline = time.monotonic() + timeout * SLOW
    while True:
        value = what()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {timeout * SLOW:g} s: {message} (last value: {value!r})")
        time.sleep(every)


def stays(what, seconds, every=0.02, message="condition"):
    """what() must be true for the whole time; for things that must not happen."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        assert what(), f"did not stay for {seconds} s: {message}"
        time.sleep(every)
