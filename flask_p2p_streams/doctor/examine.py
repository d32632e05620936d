"""Runs all checks of the doctor, in the order of its report."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from . import deployment, security
from .findings import CheckContext, Finding
from .network import living_workers, reach
from .workers import are_in_doubt, confirmed

CHECKS = (
    deployment.order,
    security.secret_key,
    deployment.cache,
    deployment.workers,
    deployment.patching,
    deployment.async_mode,
    deployment.handlers,
    deployment.transports,
    deployment.pings,
    deployment.versions,
    deployment.client,
    security.origins,
    security.proxy,
    deployment.ice_servers,
    deployment.check_page,
)
"""The checks that need no network, in the order of the report."""


def examine(context: CheckContext, *, offline: bool = False) -> list[Finding]:
    """Return all findings about an app; ``offline`` leaves out the checks that need a network."""
    if offline:
        return _settings(context)
    with _quiet("flask_p2p_streams"):
        living, answer = living_workers(context.store.guarded)
        findings = _found(replace(context, workers=tuple(living)), answer)
        if not are_in_doubt(findings, living):
            return findings
        living = list(confirmed(living, lambda: living_workers(context.store.guarded)[0]))
        return _found(replace(context, workers=tuple(living)), answer)


def _found(context: CheckContext, answer: Finding) -> list[Finding]:
    about_cache = [answer] if context.store.is_shared else []
    return [*_settings(context), *about_cache, *reach(context, answer.level == "ok")]


def _settings(context: CheckContext) -> list[Finding]:
    return [finding for check in CHECKS for finding in check(context)]


@contextmanager
def _quiet(name: str) -> Iterator[None]:
    # The log would only repeat the findings.
    logger = logging.getLogger(name)
    level = logger.level
    logger.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        logger.setLevel(level)
