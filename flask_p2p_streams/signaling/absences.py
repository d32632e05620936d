"""Peers that are away for a time: they may come back, or their host may report them."""

import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeAlias

from ..runtime.deadlines import Deadlines
from ..runtime.forks import renew_after_fork

LOOK = 5.0
"""Seconds between two looks at the peers that a host should report."""

Leaving: TypeAlias = tuple[str, str, int]
"""A session, one of its peers, and the turn of the place that the peer is about to lose."""


@dataclass(kw_only=True, eq=False)
class Absences:
    """The peers of this worker that are given up unless something happens in time.

    :param server: python-socketio's, which runs the background tasks.
    :param grace: seconds that a peer has to come back before the app is told that it has gone.
    :param clock: a monotonic clock, in seconds.
    """

    server: object
    grace: float
    clock: Callable[[], float] = time.monotonic

    def __post_init__(self) -> None:
        self.after_fork()
        renew_after_fork(self)

    def after_fork(self) -> None:
        """Begin anew: the parent process takes care of the peers so far."""
        # For each session, its peers that are awaited, and until when.
        self._awaited: dict[str, dict[str, float]] = {}
        self._mutex = threading.Lock()

    def __len__(self) -> int:
        """Return how many peers are awaited."""
        with self._mutex:
            return sum(map(len, self._awaited.values()))

    def when_over(self, expire: Callable[[Leaving], object], look: Callable[[str], object]) -> None:
        """Set what is called for a peer that hasn't come back, and for a session to look at."""
        self._expire = expire
        self._leaving: Deadlines[Leaving] = Deadlines(self.server, self.grace, expire)
        self._looks: Deadlines[str] = Deadlines(self.server, LOOK, look)

    def leave(self, session_id: str, peer_id: str, turn: int) -> None:
        """Give a peer its time to come back; if that is 0, it has gone at once."""
        leaving = session_id, peer_id, turn
        if self.grace > 0:
            self._leaving.put(leaving)
        else:
            self._expire(leaving)

    def expect(self, session_id: str, peer_ids: Iterable[str], patience: float) -> None:
        """Wait for ``patience`` seconds until somebody reports these peers."""
        until = self.clock() + patience
        longer = dict.fromkeys(peer_ids, until)
        if not longer:
            return
        with self._mutex:
            is_first = session_id not in self._awaited
            awaited = self._awaited.setdefault(session_id, {})
            for peer in longer:
                awaited[peer] = max(until, awaited.get(peer, until))
        if is_first:
            self._looks.put(session_id)

    def expect_no_more(self, session_id: str, peer_ids: Iterable[str]) -> None:
        """Stop waiting for these peers."""
        with self._mutex:
            awaited = self._awaited.get(session_id, {})
            for peer in peer_ids:
                awaited.pop(peer, None)
            if not awaited:
                self._awaited.pop(session_id, None)

    def pop_late(self, session_id: str) -> set[str]:
        """Return and forget the peers whose time is over; if others remain, look again later."""
        now = self.clock()
        with self._mutex:
            awaited = self._awaited.get(session_id, {})
            late = {peer for peer, until in awaited.items() if until <= now}
            for peer in late:
                del awaited[peer]
            if not awaited:
                self._awaited.pop(session_id, None)
        if awaited:
            self._looks.put(session_id)
        return late
