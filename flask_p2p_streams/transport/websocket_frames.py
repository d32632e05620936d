"""Reads the heads of WebSocket frames, to count them (RFC 6455, section 5.2)."""

from typing import NamedTuple

CONTINUATION, CONTROL = 0x0, 0x8
LONGEST_HEAD = 14
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
    """Finds the heads of frames in a stream of bytes; what follows a head isn't kept."""

    def __init__(self) -> None:
        self._head = b""
        self._left = 0

    def feed(self, data: bytes) -> list[Frame]:
        """Return the frames whose heads are complete with these bytes."""
        frames = []
        at = min(self._left, len(data))
        self._left -= at
        while at < len(data):
            known = len(self._head)
            head = self._head + data[at : at + LONGEST_HEAD - known]
            size = _head_size(head)
            if len(head) < size:
                self._head = head
                break
            self._head = b""
            frames.append(_frame(head))
            at += size - known
            self._left = max(0, frames[-1].length - (len(data) - at))
            at += frames[-1].length
        return frames


def _head_size(head: bytes) -> int:
    # How long the head is shows only in its second byte.
    if len(head) < 2:
        return 2
    mask = 4 if head[1] & 0x80 else 0
    return 2 + _LONGER_LENGTHS.get(head[1] & 0x7F, 0) + mask


def _frame(head: bytes) -> Frame:
    size = _LONGER_LENGTHS.get(head[1] & 0x7F)
    length = int.from_bytes(head[2 : 2 + size], "big") if size else head[1] & 0x7F
    return Frame(head[0] & 0x0F, length)
