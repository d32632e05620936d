"""Sends the pings of all connections from one background task."""

import time
from collections.abc import Callable
from functools import cached_property, partial
from typing import Any

from engineio.packet import PING, Packet

from ..runtime.deadlines import Deadlines


class Pings:
    """The pings of one Socket.IO server's connections, sent by one task.

    Engine.IO starts a task for each ping, which is a thread in the mode with threads. Each task
    keeps all objects of its connection for ``ping_interval`` after that has gone.
    """

    def __init__(self, server: Any, clock: Callable[[], float] = time.monotonic) -> None:
        self._server = server
        self._eio = server.eio
        self._clock = clock

    @cached_property
    def _due(self) -> Deadlines[str]:
        # An app may change the interval until the first client comes, which is told of it.
        interval = self._eio.ping_interval
        return Deadlines[str](self._server, interval, self._ping, self._clock)

    def take_over(self, eio_sid: str) -> None:
        """Send the pings of a connection from now on."""
        # It is given the id, as a connection that held itself would never be freed.
        self._eio.sockets[eio_sid].schedule_ping = partial(self._schedule, eio_sid)

    def forget(self, eio_sid: str) -> None:
        """Send no more pings to a connection."""
        self._due.remove(eio_sid)

    def _schedule(self, eio_sid: str) -> None:
        connection = self._eio.sockets.get(eio_sid)
        # Only a pong that answers a ping leads to the next ping.
        if connection is not None and connection.last_ping:
            connection.last_ping = None
            self._due.put(eio_sid)

    def _ping(self, eio_sid: str) -> None:
        connection = self._eio.sockets.get(eio_sid)
        if connection is not None and not connection.closing:
            connection.last_ping = time.time()
            connection.send(Packet(PING))
