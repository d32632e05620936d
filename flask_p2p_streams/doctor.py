"""What is wrong with an app, and what cures it."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from .doctor_reach import living_workers, reach
from .doctor_setup import CHECKS
from .findings import Finding, Patient


def examine(patient: Patient, *, offline: bool = False) -> list[Finding]:
    """Return all findings about an app; ``offline`` leaves out what has to be reached."""
    reached: list[Finding] = []
    if not offline:
        with _quiet("flask_p2p_streams"):
            living, answer = living_workers(patient.store.guarded)
            patient = replace(patient, workers=tuple(living))
            reached = [answer] if patient.store.is_shared else []
            reached += reach(patient, answer.level == "ok")
    return [finding for check in CHECKS for finding in check(patient)] + reached


@contextmanager
def _quiet(name: str) -> Iterator[None]:
    # What the log would say is in the findings.
    logger = logging.getLogger(name)
    level = logger.level
    logger.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        logger.setLevel(level)
