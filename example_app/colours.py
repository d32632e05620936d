"""Which colour somebody gets who enters a room: one that nobody there has, as long as there are."""

import time
from collections import Counter, deque
from collections.abc import Callable
from contextlib import suppress

from flask_p2p_streams import P2PStreams, SignalingError

from .names import colour_of

COLOURS = 30
"""How many there are in static/colours.js."""

ON_THEIR_WAY = 30.0
"""Seconds in which somebody who was given a page should have joined with it."""

MAX_GIVEN = 1000
"""How many of those are remembered."""

GONE = ("disconnected", "closed", "failed")


class Colours:
    """The numbers of colours. They stand in the peers' ids, so that all pages show the same."""

    def __init__(self, p2p: P2PStreams, now: Callable[[], float] = time.monotonic) -> None:
        self._p2p = p2p
        self._now = now
        self._given: deque[tuple[float, str, int]] = deque(maxlen=MAX_GIVEN)

    def pick(self, room: str) -> int:
        """Return the number of the colour that fewest people in a room have, the first of those."""
        shown = Counter(map(colour_of, self._present(room)))
        # Who is on the way is counted as well, or thirty who enter at once would look alike.
        shown.update(self._promised(room))
        number = min(range(COLOURS), key=shown.__getitem__)
        self._given.append((self._now(), room, number))
        return number

    # Private

    def _present(self, room: str) -> list[str]:
        session = None
        with suppress(SignalingError):  # A store that is out of reach costs nobody the page.
            session = self._p2p.session(room)
        peers = session.peers if session else {}
        return [peer_id for peer_id, state in peers.items() if state not in GONE]

    def _promised(self, room: str) -> list[int]:
        since = self._now() - ON_THEIR_WAY
        return [number for at, where, number in self._given if where == room and at > since]
