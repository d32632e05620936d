"""Finds, at the first request, what came to the app after the extension and is ignored."""

import logging
from collections.abc import Callable, Iterable
from threading import Lock

from flask import Flask

Check = Callable[[Flask], Iterable[str]]

logger = logging.getLogger("flask_p2p_streams")


class Latecomers:
    """What has to be asked once the app is complete."""

    def __init__(self) -> None:
        self._checks: list[Check] = []
        self._first = Lock()

    def add(self, check: Check) -> None:
        """Ask one question more: it yields what is wrong, with a hint."""
        self._checks.append(check)

    def problems(self, app: Flask) -> list[str]:
        """Return what is wrong with an app."""
        return [problem for check in self._checks for problem in check(app)]

    def is_first(self) -> bool:
        """Tell the first request that it is the first; all others that they aren't."""
        # One takes it, and never gives it back.
        return self._first.acquire(blocking=False)

    def tell(self, app: Flask) -> None:
        """Say in the log what is wrong with an app."""
        for problem in self.problems(app):
            logger.error(problem)
