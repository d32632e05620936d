"""Peers that are away for a time: expected back, or to be told of by their host."""

import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeAlias

from ..runtime.deadlines import Deadlines
from ..runtime.forks import renew_after_fork

LOOK = 5.0
"""Seconds between two looks at those that are awaited."""

Leaving: TypeAlias = tuple[str, str, int]
"""A session, one of its peers, and the turn of the place that it is about to lose."""


@dataclass(kw_only=True, eq=False)
class Absences:
    """The peers of this worker whose time is running.

    :param server: Socket.IO's, for what is due later.
    :param grace: seconds within which a peer comes back unnoticed.
    :param clock: seconds that never go back.
    """

    server: object
    grace: float
    clock: Callable[[], float] = time.monotonic

    def __post_init__(self) -> None:
        self.after_fork()
        renew_after_fork(self)

    def after_fork(self) -> None:
        """Begin anew: whoever is awaited is the other process's."""
        # By session, each peer until when it is awaited.
        self._awaited: dict[str, dict[str, float]] = {}
        self._mutex = threading.Lock()

    def __len__(self) -> int:
        """Return how many peers are awaited."""
        with self._mutex:
            return sum(map(len, self._awaited.values()))

    def when_over(self, expire: Callable[[Leaving], object], look: Callable[[str], object]) -> None:
        """Call these from now on: for who hasn't come back, and for where peers are awaited."""
        self._expire = expire
        self._leaving: Deadlines[Leaving] = Deadlines(self.server, self.grace, expire)
        self._looks: Deadlines[str] = Deadlines(self.server, LOOK, look)

    def leave(self, session_id: str, peer_id: str, turn: int) -> None:
        """Give a peer its time to come back; without any, it has gone at once."""
        leaving = session_id, peer_id, turn
        if self.grace > 0:
            self._leaving.put(leaving)
        else:
            self._expire(leaving)

    def expect(self, session_id: str, peer_ids: Iterable[str], patience: float) -> None:
        """Wait so many seconds for somebody to tell of these peers."""
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
        """Wait for these peers no more."""
        with self._mutex:
            awaited = self._awaited.get(session_id, {})
            for peer in peer_ids:
                awaited.pop(peer, None)
            if not awaited:
                self._awaited.pop(session_id, None)

    def pop_late(self, session_id: str) -> set[str]:
        """Return whose time is over, and look again as long as others are awaited."""
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
