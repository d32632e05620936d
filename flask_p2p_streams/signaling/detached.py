"""Clients connected peer to peer that the host's roster doesn't list yet."""

import threading
import time
from collections.abc import Callable

DETACHED_TERM = 40.0
"""Seconds for which such a client is counted without a roster: hosts send one every 30 s."""


class Detached:
    """The clients that have left this worker since their hosts sent the last roster.

    An entry is removed by the host's next roster. If that goes to another worker, the entry
    expires after ``DETACHED_TERM``. ``clock`` counts seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        # The peers by session; the session that was added to last is at the end.
        self._sessions: dict[str, dict[str, float]] = {}
        self._mutex = threading.Lock()

    def __len__(self) -> int:
        return sum(len(peers) for peers in self._sessions.values())

    def add(self, session_id: str, peer_id: str) -> None:
        """Count a peer that leaves now."""
        with self._mutex:
            now = self._clock()
            peers = self._sessions.pop(session_id, {})
            self._sessions[session_id] = {**_living(peers, now), peer_id: now + DETACHED_TERM}
            self._forget_old(now)

    def of(self, session_id: str) -> set[str]:
        """Return the detached peers of a session."""
        with self._mutex:
            return set(_living(self._sessions.get(session_id, {}), self._clock()))

    def forget(self, session_id: str, peer_id: str | None = None) -> None:
        """Stop counting a peer, or all peers of a session."""
        with self._mutex:
            if peer_id is None:
                self._sessions.pop(session_id, None)
            else:
                self._sessions.get(session_id, {}).pop(peer_id, None)

    def _forget_old(self, now: float) -> None:
        for session_id, peers in list(self._sessions.items()):
            if _living(peers, now):
                break
            del self._sessions[session_id]


def _living(peers: dict[str, float], now: float) -> dict[str, float]:
    return {peer: until for peer, until in peers.items() if until > now}
