"""Sessions and rosters in a store; a rule changes a session in one atomic step."""

import logging
import time
from collections.abc import Callable
from typing import TypeVar

from ..limits.budgets import ROSTER_BYTES
from ..protocol.errors import ErrorCode, SignalingError
from ..protocol.fields import size
from ..sessions import rosters
from ..sessions.record import Session
from ..sessions.rosters import Roster
from .guarded import GuardedStore, unavailable
from .keys import roster_key, session_key, socket_key

SHORTEST_TERM = 90
"""The least seconds for which a session is kept: its host renews it every 30 s."""

SOCKET_TERM = 3600.0
"""Seconds for which a peer's newest socket is remembered; workers renew those that are open."""

UPDATE_TRIES = 100
"""How often an update is tried while others change the same session."""

Decision = TypeVar("Decision")
SessionRule = Callable[[Session | None], tuple[Session | None, Decision]]

logger = logging.getLogger("flask_p2p_streams")


class SessionStore:
    """The sessions of an app.

    ``is_shared`` tells whether other processes see them, too. It is the store's attribute of that
    name; a store without one counts as shared. ``guarded`` is the store itself, for data other
    than sessions.
    """

    def __init__(self, store: GuardedStore, now: Callable[[], float] = time.time) -> None:
        self.guarded = store
        self.is_shared = store.is_shared
        self._now = now
        self._has_complained = False

    def update(
        self,
        session_id: str,
        rule: "SessionRule[Decision]",
        expires_in: float,
        known: Session | None = None,
    ) -> Decision:
        """Apply a rule to a session, store the session that it returns, and return its decision.

        The rule must have no side effects, as it runs again if another process was faster. If it
        returns the same object that it was given, or None, nothing is written; an equal copy is
        written, and renews the term.
        ``expires_in`` is in seconds. If the session was read a moment ago, it can be given as
        ``known``: the rule tries that first, which saves a round trip.

        :raises SignalingError: ``unavailable`` if the store fails, or if other processes are
            faster every time.
        """
        key = session_key(session_id)
        text = None if known is None else known.to_text()
        for tries in range(UPDATE_TRIES):
            if tries or known is None:
                text = self.guarded.read(key)
            before = self._session(text)
            after, decision = rule(before)
            if after is before or after is None:
                return decision
            if self.guarded.replace(key, text, after.to_text(), self._term(after, expires_in)):
                return decision
        logger.error(
            "A session was changed by others %d times in a row while it was to be changed here, "
            "so a request was refused. If that happens often, put fewer peers into one session.",
            UPDATE_TRIES,
        )
        raise unavailable()

    def read(self, session_id: str) -> Session | None:
        """Return a session, or None.

        :raises SignalingError: ``unavailable`` if the store fails.
        """
        return self._session(self.guarded.read(session_key(session_id)))

    def exchange_sid(self, session_id: str, peer_id: str, sid: str) -> str | None:
        """Store a peer's newest socket, and return the one before if that is another, or None.

        :raises SignalingError: ``unavailable`` if the store fails.
        """
        key = socket_key(session_id, peer_id)
        before = self.guarded.exchange(key, sid, SOCKET_TERM)
        return None if before == sid else before

    def read_sid(self, session_id: str, peer_id: str) -> str | None:
        """Return a peer's newest socket, or None.

        :raises SignalingError: ``unavailable`` if the store fails.
        """
        return self.guarded.read(socket_key(session_id, peer_id))

    def write_roster(
        self, session_id: str, peers: dict[str, str], expires_in: float, epoch: int = 0
    ) -> None:
        """Store the states of a session's peers, as the host of an epoch reports them.

        :raises SignalingError: ``too_large``, or ``unavailable`` if the store fails.
        """
        text = rosters.to_text(Roster(epoch, peers))
        if size(text) > ROSTER_BYTES:
            raise SignalingError(ErrorCode.TOO_LARGE, f"More than {ROSTER_BYTES} bytes of peers.")
        self.guarded.write(roster_key(session_id), text, _term(expires_in))

    def read_roster(self, session_id: str) -> dict[str, str]:
        """Return the states of a session's peers; empty if no host has reported yet.

        :raises SignalingError: ``unavailable`` if the store fails.
        """
        return self.read_report(session_id).peers

    def read_report(self, session_id: str) -> Roster:
        """Return the states of a session's peers, and the epoch of the host that reported them.

        :raises SignalingError: ``unavailable`` if the store fails.
        """
        return rosters.from_text(self.guarded.read(roster_key(session_id)))

    def _session(self, text: str | None) -> Session | None:
        session = Session.from_text(text)
        if session is None and text is not None and not self._has_complained:
            self._has_complained = True
            logger.error(
                "The record of a session can't be read and counts as missing, so that the next "
                "peer opens the session anew. Either workers of different versions share the "
                "cache: stop all before the newer ones start; or something else writes to its "
                "keys: give each its own CACHE_KEY_PREFIX. (This is said once.)"
            )
        return session

    def _term(self, session: Session, expires_in: float) -> float:
        # A ban or a closing has to be remembered for longer than the session itself.
        return max(_term(expires_in), session.access.keep_until - self._now())


def _term(expires_in: float) -> float:
    return max(expires_in, SHORTEST_TERM)
