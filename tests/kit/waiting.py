"""Waiting until something is so, with one bound for all tests."""

import time
from collections.abc import Callable

PATIENCE = 60.0
"""Seconds after which a test gives up on what it waits for.

A test that passes never waits so long: only one that would fail does, and a machine that is busy
with other things must not make one fail.
"""
PAUSE = 0.02
"""Seconds between two looks."""


def until(
    condition: Callable[[], object],
    problem: str | Callable[[], str],
    within: float = PATIENCE,
    meanwhile: Callable[[], object] = lambda: time.sleep(PAUSE),
) -> None:
    """Wait for a condition; fail with the problem if it hasn't come.

    :param within: the seconds that it may take, where it is promised to take no longer.
    :param meanwhile: what is done between two looks, where that is more than to wait.
    """
    deadline = time.monotonic() + within
    while not condition():
        assert time.monotonic() < deadline, problem if isinstance(problem, str) else problem()
        meanwhile()
