"""Carries out what the app decides about a session: kick, unban, close and lock."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from ..config import Config
from ..sessions.moderation import close, kick, lock, unban
from ..sessions.record import Session, Vacated
from ..stores.session_store import SessionStore
from .expulsion import Expulsion
from .members import Rooms
from .participants import Participants


@dataclass(frozen=True)
class Removal:
    """What was known of a peer when it was removed.

    ``is_open`` tells whether its session is known to be open. ``was_there`` tells whether the
    peer is known to have been in it lately: as its host, in the last roster, or with a socket
    that is open here or was open in the past hour. ``refused_for`` is for how many seconds it
    is banned from now on, and ``earlier_ban`` tells whether an earlier ban lasts longer than
    the one that was asked for.
    """

    is_open: bool
    was_there: bool
    refused_for: float
    earlier_ban: bool


@dataclass(frozen=True)
class _Kicked:
    before: Session | None
    after: Session | None
    vacated: Vacated | None


@dataclass(frozen=True, kw_only=True)
class Moderation:
    """Remove peers, and close and lock sessions, on all workers.

    Each decision is kept in the session's record, so that every worker applies it at the next
    join. Each method raises ``SignalingError``, ``unavailable``, if the store fails.

    :param now: seconds since 1970.
    """

    config: Config
    store: SessionStore
    rooms: Rooms
    participants: Participants
    expulsion: Expulsion
    now: Callable[[], float] = time.time

    def kick(self, session_id: str, peer_id: str, ban_for: float = 0) -> Removal:
        """Remove a peer, and refuse it for ``ban_for`` seconds; return what was known of it."""
        now = self.now()
        until = now + ban_for
        kicked = self._kick(session_id, peer_id, now, until)
        host = None if kicked.before is None else kicked.before.host
        was_listed = self.participants.strike(session_id, peer_id)
        had_socket = self.expulsion.of_peer(session_id, peer_id, host, kicked.vacated, ban_for)
        end = 0.0 if kicked.after is None else kicked.after.access.bans.get(peer_id, 0.0)
        return Removal(
            is_open=kicked.before is not None and kicked.before.opened,
            was_there=host == peer_id or was_listed or had_socket,
            refused_for=round(max(0.0, end - now), 3),
            earlier_ban=end > until,
        )

    def unban(self, session_id: str, peer_id: str) -> bool:
        """Let a banned peer join again; return whether it was banned."""

        def rule(session: Session | None) -> tuple[Session | None, bool]:
            return unban(session, peer_id, self.now())

        return self.store.update(session_id, rule, self.config.session_expires_in)

    def close(self, session_id: str) -> bool:
        """End a session for all whose tokens were signed before; return whether it was open."""
        was_open, vacated = self._close(session_id)
        peers = self.participants.known_to_be_in(session_id, vacated)
        self.participants.strike_all(session_id)
        self.expulsion.of_all(session_id, peers, vacated)
        return was_open

    def lock(self, session_id: str, locked: bool = True) -> bool:
        """Let no new peer into a session, or everybody again.

        Return whether the session is open, or was locked and now isn't any more.
        """

        def rule(session: Session | None) -> tuple[Session | None, bool]:
            after, _ = lock(session, session_id, locked, self.now(), self._term)
            was_locked = session is not None and session.access.locked
            is_open = session is not None and session.opened
            return after, is_open or (was_locked and not locked)

        return self.store.update(session_id, rule, self.config.session_expires_in)

    # The parts

    @property
    def _term(self) -> float:
        return max(self.config.token_max_age, self.config.session_expires_in)

    def _kick(self, session_id: str, peer_id: str, now: float, until: float) -> _Kicked:
        def rule(session: Session | None) -> tuple[Session | None, _Kicked]:
            after, vacated = kick(session, session_id, peer_id, now, until)
            return after, _Kicked(session, after, vacated)

        # A peer that joins at this moment is either in before the ban, and is removed, or comes
        # after it, and is refused.
        with self.rooms.one_at_a_time(session_id):
            return self.store.update(session_id, rule, self.config.session_expires_in)

    def _close(self, session_id: str) -> tuple[bool, Vacated | None]:
        def rule(session: Session | None) -> tuple[Session, tuple[bool, Vacated | None]]:
            after, vacated = close(session, session_id, self.now(), self._term)
            return after, (session is not None and session.opened, vacated)

        with self.rooms.one_at_a_time(session_id):
            return self.store.update(session_id, rule, self.config.session_expires_in)
