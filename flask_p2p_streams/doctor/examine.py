"""What is wrong with an app, and what cures it."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from .deployment import CHECKS
from .findings import Finding, Patient
from .network import living_workers, reach
from .workers import are_in_doubt, confirmed


def examine(patient: Patient, *, offline: bool = False) -> list[Finding]:
    """Return all findings about an app; ``offline`` leaves out what has to be reached."""
    if offline:
        return _settings(patient)
    with _quiet("flask_p2p_streams"):
        living, answer = living_workers(patient.store.guarded)
        findings = _found(replace(patient, workers=tuple(living)), answer)
        if not are_in_doubt(findings, living):
            return findings
        living = list(confirmed(living, lambda: living_workers(patient.store.guarded)[0]))
        return _found(replace(patient, workers=tuple(living)), answer)


def _found(patient: Patient, answer: Finding) -> list[Finding]:
    about_cache = [answer] if patient.store.is_shared else []
    return [*_settings(patient), *about_cache, *reach(patient, answer.level == "ok")]


def _settings(patient: Patient) -> list[Finding]:
    return [finding for check in CHECKS for finding in check(patient)]


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
