"""Limits the requests of connections that poll: how many at once, and how fast they are read."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from weakref import WeakKeyDictionary

from ..limits.budgets import FRAME_COST, FRAMES, READ_RATE
from ..metrics import Metrics
from .metering import LONGEST_PAUSE, Pace


class Polls:
    """The connections of one Socket.IO server that poll, with the limits of a WebSocket.

    A client has one poll and one ``POST`` under way at the most. What it sends counts as the
    frames of a WebSocket do: with a debt, its next ``POST`` is read later.

    :param pause: sleeps for some seconds while others run.
    """

    def __init__(
        self,
        pause: Callable[[float], object],
        metrics: Metrics,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._pause = pause
        self._metrics = metrics
        self._clock = clock
        self._paces = WeakKeyDictionary[Any, tuple[Pace, Pace]]()
        self._under_way: dict[tuple[str, str], object] = {}

    @contextmanager
    def turn(self, connection: Any, method: str) -> Iterator[bool]:
        """Serve one request; yields False if the connection has such a request under way.

        :param connection: Engine.IO's connection; None for any other request.
        """
        key, mine = (getattr(connection, "sid", ""), method), object()
        # setdefault() is one step, also between threads.
        is_free = connection is None or self._under_way.setdefault(key, mine) is mine
        try:
            yield is_free
        finally:
            if is_free:
                self._under_way.pop(key, None)

    def wait(self, connection: Any) -> None:
        """Wait until a connection has no debt, or is closed."""
        paces = self._paces_of(connection)
        while not connection.closed and (debt := max(pace.debt() for pace in paces)):
            self._metrics.limited("frame")
            self._pause(min(debt, LONGEST_PAUSE))

    def spend(self, connection: Any, size: int, packets: int) -> None:
        """Count the bytes and packets of one ``POST``."""
        by_bytes, by_packets = self._paces_of(connection)
        by_bytes.spend(size + FRAME_COST * packets)
        by_packets.spend(packets)

    def _paces_of(self, connection: Any) -> tuple[Pace, Pace]:
        made = Pace(READ_RATE, self._clock), Pace(FRAMES, self._clock)
        return self._paces.setdefault(connection, made)
