"""Counts the bytes that one WebSocket receives, before any library keeps them, and slows them."""

import logging
import time
from collections.abc import Callable
from typing import Literal

from ..limits.budgets import (
    FRAME_COST,
    FRAMES,
    PATIENCE,
    READ_AHEAD_BYTES,
    READ_BYTES,
    READ_RATE,
    UNJOINED_MESSAGE_BYTES,
)
from ..limits.token_bucket import Rate
from ..metrics import Metrics
from .websocket_frames import Frame, FrameReader

logger = logging.getLogger("flask_p2p_streams")

Standing = Literal["stranger", "joining", "member"]
"""Whether a connection is in a namespace with handlers, is just joining one, or neither."""
LONGEST_PAUSE = 0.5
"""Seconds after which a waiting reader looks whether it still has to wait."""
SHORTEST_PAUSE = 0.02
"""Seconds between two looks at a join that isn't decided yet."""


class Pace:
    """A rate for one sender: tokens for what has come are paid before more is read."""

    def __init__(self, rate: Rate, clock: Callable[[], float]) -> None:
        self._rate = rate
        self._clock = clock
        self._tokens = rate.burst
        self._at = clock()

    def spend(self, tokens: float) -> None:
        """Pay tokens, even if there are too few, which makes a debt."""
        now = self._clock()
        gained = max(0.0, now - self._at) * self._rate.per_second
        self._tokens = min(self._rate.burst, self._tokens + gained) - tokens
        self._at = now

    def debt(self) -> float:
        """Return the seconds until the debt is paid."""
        if self._tokens < 0:
            self.spend(0)
        return max(0.0, -self._tokens / self._rate.per_second)


class Meter:
    """The limits of one connection.

    :param standing: returns the connection's present standing.
    :param most: the most bytes of one message of a connection that has joined.
    :param pause: sleeps for some seconds while others run; with 0 it only lets them run.
    """

    def __init__(
        self,
        standing: Callable[[], Standing],
        most: int,
        pause: Callable[[float], object],
        metrics: Metrics,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._standing = standing
        self._most = most
        self.pause = pause
        self._metrics = metrics
        self._reader = FrameReader()
        self._frames = Pace(FRAMES, clock)
        self._bytes = Pace(READ_RATE, clock)
        self._controls = Pace(PATIENCE, clock)
        self._message = 0
        self._is_member = False

    @property
    def is_member(self) -> bool:
        """Whether the connection has ever joined a namespace; then it is never a stranger again."""
        self._is_member = self._is_member or self._standing() == "member"
        return self._is_member

    @property
    def message_bytes(self) -> int:
        """The bytes that one message may have now."""
        return self._most if self.is_member else min(self._most, UNJOINED_MESSAGE_BYTES)

    @property
    def read_bytes(self) -> int:
        """The bytes that may be read at once now."""
        return READ_BYTES if self.is_member else READ_BYTES // 4

    @property
    def read_ahead(self) -> int:
        """The bytes that may still wait to be handled while more is read."""
        return READ_AHEAD_BYTES if self.is_member else 0

    def takes(self, data: bytes) -> bool:
        """Count bytes that were read; return False if they exceed a limit."""
        frames = self._reader.feed(data)
        self._bytes.spend(len(data))
        self._frames.spend(len(frames))
        return all(map(self._takes, frames))

    def swell(self, size: int) -> None:
        """Count the bytes of decompressed data, which cost as much as any others."""
        self._bytes.spend(size)

    def wait(self) -> bool:
        """Wait for a while if there is a debt; return whether everything is paid."""
        debt = max(self._frames.debt(), self._bytes.debt())
        if not debt:
            return True
        self._metrics.limited("frame")
        self.pause(min(debt, LONGEST_PAUSE))
        return False

    def _takes(self, frame: Frame) -> bool:
        if frame.is_control:
            return self._takes_control()
        if frame.begins_message:
            self._message = -FRAME_COST
        self._message += frame.length + FRAME_COST
        return self._message <= UNJOINED_MESSAGE_BYTES or self._may_be_long()

    def _takes_control(self) -> bool:
        # No page can send control frames. Libraries ping every few seconds to see whether we live.
        self._controls.spend(1)
        if not self._controls.debt():
            return True
        self._metrics.bad_packet()
        logger.info("Closing a connection that sends pings and pongs without end.")
        return False

    def _may_be_long(self) -> bool:
        # Whether a connection that is just joining counts as a stranger isn't known until then.
        while not self._is_member and self._standing() == "joining":
            self.pause(SHORTEST_PAUSE)
        if self._message <= self.message_bytes:
            return True
        if self._is_member:
            self._metrics.bad_packet()
        else:
            self._metrics.limited("unjoined")
        before = "after" if self._is_member else "before"
        logger.info("Closing a connection that sent too much at once, %s joining.", before)
        return False
