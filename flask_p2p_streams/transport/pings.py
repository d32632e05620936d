"""Sends the pings of all connections from one background task."""

import time
from collections.abc import Callable
from functools import cached_property, partial
from typing import Any

from engineio.packet import PING, Packet

from ..runtime.deadlines import Deadlines


class Pings:
    """Sends the pings of one Socket.IO server's connections.

    Engine.IO has a task for each ping, in a thread of its own where there are threads.
    It keeps all that belongs to a connection for ``ping_interval`` after that has gone.
    """

    def __init__(self, server: Any, clock: Callable[[], float] = time.monotonic) -> None:
        self._server = server
        self._eio = server.eio
        self._clock = clock

    @cached_property
    def _due(self) -> Deadlines[str]:
        # An app may set the interval until the first client comes, who is told of it.
        interval = self._eio.ping_interval
        return Deadlines[str](self._server, interval, self._ping, self._clock)

    def take_over(self, eio_sid: str) -> None:
        """Send a connection's pings from now on."""
        # By its id, as it would hold itself otherwise.
        self._eio.sockets[eio_sid].schedule_ping = partial(self._schedule, eio_sid)

    def forget(self, eio_sid: str) -> None:
        """Send a connection no pings any more."""
        self._due.remove(eio_sid)

    def _schedule(self, eio_sid: str) -> None:
        connection = self._eio.sockets.get(eio_sid)
        # A pong that nobody has asked for makes no ping.
        if connection is not None and connection.last_ping:
            connection.last_ping = None
            self._due.put(eio_sid)

    def _ping(self, eio_sid: str) -> None:
        connection = self._eio.sockets.get(eio_sid)
        if connection is not None and not connection.closing:
            connection.last_ping = time.time()
            connection.send(Packet(PING))
