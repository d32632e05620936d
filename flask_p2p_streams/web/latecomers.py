"""Finds, at the first request, what was added to the app too late and is ignored."""

import logging
from collections.abc import Callable, Iterable
from threading import Lock

from flask import Flask

Check = Callable[[Flask], Iterable[str]]

logger = logging.getLogger("flask_p2p_streams")


class Latecomers:
    """Checks that can run only when the app is complete."""

    def __init__(self) -> None:
        self._checks: list[Check] = []
        self._first = Lock()

    def add(self, check: Check) -> None:
        """Add a check, which yields what is wrong, with a hint."""
        self._checks.append(check)

    def problems(self, app: Flask) -> list[str]:
        """Return what is wrong with an app."""
        return [problem for check in self._checks for problem in check(app)]

    def is_first(self) -> bool:
        """Return True at the first call, and False at all others."""
        # The first caller acquires it and never releases it.
        return self._first.acquire(blocking=False)

    def tell(self, app: Flask) -> None:
        """Log what is wrong with an app."""
        for problem in self.problems(app):
            logger.error(problem)
