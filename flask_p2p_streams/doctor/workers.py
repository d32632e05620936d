"""Finds the workers that are surely alive, as one that has ended still counts for a while."""

import time
from collections.abc import Callable, Sequence

from ..stores.worker_registry import WORKER_TERM, WorkerEntry
from .findings import Finding

CHECKS = ("workers", "patching", "versions", "queue", "async mode")
"""The checks that use what workers have reported."""
PAUSE = 0.5
"""Seconds between two looks at the workers' entries."""
PATIENCE = WORKER_TERM + 1
"""Seconds after which a worker that ended before the first look isn't listed any more."""


def are_in_doubt(findings: Sequence[Finding], living: Sequence[WorkerEntry]) -> bool:
    """Tell whether the cause of a problem may be a worker that has just ended."""
    return bool(living) and any(each.check in CHECKS and each.level != "ok" for each in findings)


def confirmed(
    living: Sequence[WorkerEntry],
    look: Callable[[], Sequence[WorkerEntry]],
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> Sequence[WorkerEntry]:
    """Return the workers that are alive, once each of them has written another entry.

    :param look: returns the workers that are listed now.
    """
    first = {entry.id: entry.beats for entry in living}
    deadline = clock() + PATIENCE
    while any(first.setdefault(each.id, each.beats) == each.beats for each in living):
        if clock() >= deadline:
            break
        sleep(PAUSE)
        living = look()
    return living
