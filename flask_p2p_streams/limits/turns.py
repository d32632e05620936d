"""Turns for one kind of work, so that it leaves most of a worker's time to all others."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from .budgets import RELAY_GAP, RELAY_SAVED, RELAY_TURN

LEARNED = 16
"""Of so many turns, about, the mean cost is known."""


class Turns:
    """The turns of all batches that one worker relays.

    Between two turns there is a pause that is ``RELAY_GAP`` times as long as a turn takes. What a
    turn takes is measured, in seconds that pass: so there is less relaying where the machine is
    slow or busy. Its mutex is held for arithmetic only, as that of a
    :class:`~flask_p2p_streams.limits.token_bucket.Limit`.

    :param clock: a monotonic clock, in seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.perf_counter) -> None:
        self._clock = clock
        self._cost = 0.0
        self._next = clock() - RELAY_SAVED
        self._mutex = threading.Lock()

    def take(self, share: float, longest: float) -> tuple[float, bool]:
        """Take a turn; return the seconds until it comes, and whether that is too long.

        One that is too far away isn't taken.

        :param share: the part of the time that this one has to wait.
        :param longest: the seconds that are not too long yet.
        """
        with self._mutex:
            now = self._clock()
            turn = max(self._next, now - RELAY_SAVED)
            wait = max(0.0, turn - now) * share
            is_late = wait > longest
            if not is_late:
                self._next = turn + self._cost * RELAY_GAP
            return wait, is_late

    @contextmanager
    def timed(self) -> Iterator[None]:
        """Learn what a turn takes, whether its batch is passed on or refused."""
        started = self._clock()
        try:
            yield
        finally:
            self._learn(self._clock() - started)

    def _learn(self, seconds: float) -> None:
        with self._mutex:
            self._cost += (min(seconds, RELAY_TURN) - self._cost) / LEARNED
