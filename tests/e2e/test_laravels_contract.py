"""Rows of LaravelS' contract that no other file is about."""

import pytest


@pytest.mark.parametrize("call", [r"Swoole\Coroutine::sleep", r"Swoole\Coroutine\System::sleep", r"co::sleep"])
def test_sleep_of_coroutines_in_a_worker(app, call):
    """8.3: there is no coroutine in an HTTP worker, and it sleeps nevertheless."""
    took = app.code(f"$t = microtime(true); $r = {call}(0.05); return [$r, microtime(true) - $t, Swoole\\Coroutine::getCid()];")
    assert took[0] is True and 0.05 <= took[1] < 5 and took[2] == -1
