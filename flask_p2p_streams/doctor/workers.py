"""Which workers live beyond doubt: one that has ended counts as alive for a while."""

import time
from collections.abc import Callable, Sequence

from ..stores.worker_registry import WORKER_TERM, WorkerEntry
from .findings import Finding

CHECKS = ("workers", "patching", "versions", "queue", "async mode")
"""What is found by what workers have told."""
PAUSE = 0.5
"""Seconds between two looks."""
PATIENCE = WORKER_TERM + 1
"""Seconds after which nobody is listed any more who has ended before the first look."""


def are_in_doubt(findings: Sequence[Finding], living: Sequence[WorkerEntry]) -> bool:
    """Tell whether something is wrong that a worker may be the cause of that has just ended."""
    return bool(living) and any(each.check in CHECKS and each.level != "ok" for each in findings)


def confirmed(
    living: Sequence[WorkerEntry],
    look: Callable[[], Sequence[WorkerEntry]],
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> Sequence[WorkerEntry]:
    """Return those that live, when each of them has given another sign of it.

    :param look: returns those that are listed.
    """
    first = {entry.id: entry.beats for entry in living}
    deadline = clock() + PATIENCE
    while any(first.setdefault(each.id, each.beats) == each.beats for each in living):
        if clock() >= deadline:
            break
        sleep(PAUSE)
        living = look()
    return living
