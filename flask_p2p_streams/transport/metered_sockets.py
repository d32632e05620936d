"""The TCP socket beneath a WebSocket, read no faster than its meter allows."""

from collections.abc import Callable
from typing import Any

from ..limits.budgets import READ_BYTES
from .metering import Meter
from .whole_writes import may_follow_the_end


def nothing_waits() -> bool:
    """Return True, for a reader that reads only after everything before was handled."""
    return True


class MeteredSocket:
    """A TCP socket whose :meth:`recv` waits when data comes too fast, and ends at too much.

    All other methods are those of the socket.

    :param has_room: waits for a while until the data that was read has been handled, and
        returns whether it has.
    :param is_open: tells whether anybody still wants to read.
    """

    def __init__(
        self,
        wrapped: Any,
        meter: Meter,
        has_room: Callable[[], bool] = nothing_waits,
        is_open: Callable[[], bool] = nothing_waits,
    ) -> None:
        self._wrapped = wrapped
        self._meter = meter
        self._has_room = has_room
        self._is_open = is_open
        self._is_over = False
        self._has_more = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._wrapped, name)

    def recv(self, size: int) -> bytes:
        """Return the bytes that have come, at most ``size``; an empty value at the end."""
        if self._is_over or not self._is_due():
            return b""
        size = min(size, self._meter.read_bytes)
        data: bytes = self._wrapped.recv(size)
        self._has_more = len(data) == size
        self._is_over = not self._meter.takes(data)
        return b"" if self._is_over else data

    def _is_due(self) -> bool:
        if self._has_more:
            # While there is more to read, reading never lets others run by itself.
            self._meter.pause(0)
        while self._is_open():
            if self._meter.wait() and self._has_room():
                return True
        return False


class WholeSocket(MeteredSocket):
    """A metered socket that returns all the bytes that are asked for, not only some of them.

    eventlet keeps each part that it reads as an object of its own, however small it is.

    :param has_ended: tells whether a close frame was written.
    """

    def __init__(
        self, wrapped: Any, meter: Meter, has_ended: Callable[[], bool] = lambda: False
    ) -> None:
        super().__init__(wrapped, meter)
        self._unread = bytearray()
        self._has_ended = has_ended

    def sendall(self, frame: bytes) -> None:
        """Write a frame; none of data after the end."""
        if not self._has_ended() or may_follow_the_end(frame):
            self._wrapped.sendall(frame)

    def recv(self, size: int) -> bytes:
        """Return exactly ``size`` bytes, or an empty value at the end."""
        while len(self._unread) < size:
            data = super().recv(READ_BYTES)
            if not data:
                return b""
            self._unread += data
        wanted = bytes(self._unread[:size])
        del self._unread[:size]
        return wanted
