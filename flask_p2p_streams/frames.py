"""WebSocket frames, as far as they have to be read to be counted (RFC 6455, section 5.2)."""

from collections.abc import Iterator
from typing import NamedTuple

CONTINUATION, CONTROL = 0x0, 0x8
_LONGER_LENGTHS = {126: 2, 127: 8}


class Frame(NamedTuple):
    """The head of a frame: what it is, and how many bytes follow."""

    opcode: int
    length: int

    @property
    def is_control(self) -> bool:
        """Whether it is a close, a ping or a pong, and no part of a message."""
        return self.opcode >= CONTROL

    @property
    def begins_message(self) -> bool:
        """Whether it is the first part of a message."""
        return CONTINUATION < self.opcode < CONTROL


class FrameReader:
    """Finds the heads of frames in a stream of bytes, which are kept nowhere."""

    def __init__(self) -> None:
        self._head = b""
        self._left = 0

    def feed(self, data: bytes) -> Iterator[Frame]:
        """Yield the frames whose heads end in these bytes."""
        at = 0
        while at < len(data):
            if self._left:
                step = min(self._left, len(data) - at)
                self._left -= step
            else:
                step = self._missing()
                self._head += data[at : at + step]
                if not self._missing():
                    yield self._begin()
            at += step

    def _missing(self) -> int:
        # Of the head, as far as it is known how long that is.
        if len(self._head) < 2:
            return 2 - len(self._head)
        mask = 4 if self._head[1] & 0x80 else 0
        return 2 + _LONGER_LENGTHS.get(self._head[1] & 0x7F, 0) + mask - len(self._head)

    def _begin(self) -> Frame:
        head, self._head = self._head, b""
        size = _LONGER_LENGTHS.get(head[1] & 0x7F, 0)
        self._left = int.from_bytes(head[2 : 2 + size], "big") if size else head[1] & 0x7F
        return Frame(head[0] & 0x0F, self._left)
