"""The pings of all connections, from one background task."""

import time
from collections.abc import Callable
from functools import partial
from typing import Any

from engineio.packet import PING, Packet

from .deadlines import Deadlines


class Pings:
    """Sends the pings of one Socket.IO server's connections.

    Engine.IO has a task for each ping, in a thread of its own where there are threads.
    It keeps all that belongs to a connection for ``ping_interval`` after that has gone.
    """

    def __init__(self, server: Any, clock: Callable[[], float] = time.monotonic) -> None:
        self._eio = server.eio
        self._due = Deadlines[str](server, server.eio.ping_interval, self._ping, clock)

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
