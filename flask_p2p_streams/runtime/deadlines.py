"""Things that are due after a time-out, with one background task for all of them."""

import logging
import threading
import time
from collections.abc import Callable, Hashable
from typing import Any, Generic, TypeVar

from .forks import renew_after_fork

logger = logging.getLogger("flask_p2p_streams")

Thing = TypeVar("Thing", bound=Hashable)


class Deadlines(Generic[Thing]):
    """Things that are looked at ``timeout`` seconds after they were put here.

    :param act: the function that is called with each of them.
    """

    def __init__(
        self,
        server: Any,
        timeout: float,
        act: Callable[[Thing], object],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._server = server
        self._timeout = timeout
        self._act = act
        self._clock = clock
        self.after_fork()
        renew_after_fork(self)

    def after_fork(self) -> None:
        """Begin anew: what is due, and the task for it, belong to the parent process."""
        # In the order of their times, as the time-out is the same for all.
        self._deadlines: dict[Thing, float] = {}
        self._sweeping = False
        self._mutex = threading.Lock()

    def put(self, thing: Thing) -> None:
        """Look at a thing after the time-out, which begins now."""
        with self._mutex:
            self._deadlines.pop(thing, None)
            self._deadlines[thing] = self._clock() + self._timeout
            start, self._sweeping = not self._sweeping, True
        if start:
            self._server.start_background_task(self._sweep)

    def remove(self, thing: Thing) -> None:
        """Don't look at a thing any more."""
        with self._mutex:
            self._deadlines.pop(thing, None)

    def _sweep(self) -> None:
        while (delay := self._delay()) is not None:
            self._server.sleep(delay)
            for thing in self._due():
                self._look_at(thing)

    def _delay(self) -> float | None:
        with self._mutex:
            if not self._deadlines:
                self._sweeping = False
                return None
            return max(0.0, next(iter(self._deadlines.values())) - self._clock())

    def _due(self) -> list[Thing]:
        with self._mutex:
            now = self._clock()
            due = [thing for thing, deadline in self._deadlines.items() if deadline <= now]
            for thing in due:
                del self._deadlines[thing]
            return due

    def _look_at(self, thing: Thing) -> None:
        try:
            self._act(thing)
        except Exception:
            logger.exception("What was due for %s has failed.", thing)
