"""What the app decides about a session: kick, unban, close and lock, carried out."""

from collections.abc import Callable
from dataclasses import dataclass

from ..config import Config
from ..errors import ConfigurationError
from ..runtime.mutexes import Mutexes
from ..sessions.moderation import close, kick, lock, unban
from ..sessions.record import Session, Vacated
from ..stores.session_store import SessionStore
from .announcements import Announcements, Outbox
from .attendance import Attendance
from .detached import Released
from .members import Rooms, peer_room, session_room


@dataclass(frozen=True)
class Removal:
    """What was known of a peer when it was removed.

    ``is_open`` tells whether its session is known to be open, ``was_there`` whether it is
    known to have been in it lately: as its host, in the last roster, or with a socket that
    is open here or was in the past hour. It is ``refused_for`` some seconds from now on,
    by an ``earlier_ban`` where that lasts longer than what was asked for.
    """

    is_open: bool
    was_there: bool
    refused_for: float
    earlier_ban: bool


class Moderation:
    """Remove peers, and close and lock sessions, on all workers.

    What is decided is kept in the session's record, so every worker heeds it at the
    next join. Events reach the sockets of all workers by the message queue. A socket of
    another worker is taken out of its rooms, by which that worker knows that it has to go.
    """

    def __init__(
        self,
        config: Config,
        store: SessionStore,
        rooms: Rooms,
        released: Released,
        announcements: Announcements,
        outbox: Outbox,
        locks: Mutexes,
        attendance: Attendance,
        now: Callable[[], float],
    ) -> None:
        self._config = config
        self._store = store
        self._rooms = rooms
        self._released = released
        self._announcements = announcements
        self._outbox = outbox
        self._joining = locks
        self._attendance = attendance
        self._now = now

    @property
    def _term(self) -> float:
        return max(self._config.token_max_age, self._config.session_expires_in)

    def kick(self, session_id: str, peer_id: str, ban_for: float = 0) -> Removal:
        """Remove a peer, and refuse it for ``ban_for`` seconds; return what was known of it.

        :raises SignalingError: ``unavailable`` if the store fails.
        """
        now = self._now()
        until = now + ban_for

        def rule(
            session: Session | None,
        ) -> tuple[Session | None, tuple[Session | None, Session | None, Vacated | None]]:
            after, vacated = kick(session, session_id, peer_id, now, until)
            return after, (session, after, vacated)

        # Whoever joins just now is either here before it, and found, or after it, and refused.
        with self._joining.of(session_id):
            before, after, vacated = self._store.update(
                session_id, rule, self._config.session_expires_in
            )
        host = None if before is None else before.host
        self._released.forget(session_id, peer_id)
        was_listed = self._strike(session_id, peer_id)
        self._announcements.kicked(session_id, peer_id, host, ban_for)
        room = peer_room(session_id, peer_id)
        had_socket = self._disconnect(session_id, peer_id, room, vacated)
        self._attendance.remove(session_id, {peer_id})
        end = 0.0 if after is None else after.gate.bans.get(peer_id, 0.0)
        return Removal(
            is_open=before is not None and before.opened,
            was_there=host == peer_id or was_listed or had_socket,
            refused_for=round(max(0.0, end - now), 3),
            earlier_ban=end > until,
        )

    def unban(self, session_id: str, peer_id: str) -> bool:
        """Let a banned peer join again; return whether it was banned.

        :raises SignalingError: ``unavailable`` if the store fails.
        """

        def rule(session: Session | None) -> tuple[Session | None, bool]:
            return unban(session, peer_id, self._now())

        return self._store.update(session_id, rule, self._config.session_expires_in)

    def close(self, session_id: str) -> bool:
        """End a session for all whose tokens were signed before; return whether it was open.

        :raises SignalingError: ``unavailable`` if the store fails.
        """

        def rule(session: Session | None) -> tuple[Session, tuple[bool, Vacated | None]]:
            after, vacated = close(session, session_id, self._now(), self._term)
            return after, (session is not None and session.opened, vacated)

        with self._joining.of(session_id):
            was_open, vacated = self._store.update(
                session_id, rule, self._config.session_expires_in
            )
        peers = self._peers(session_id, vacated)
        self._store.write_roster(session_id, {}, self._config.session_expires_in)
        self._released.forget(session_id)
        self._announcements.closed(session_id)
        self._disconnect(session_id, None, session_room(session_id), vacated)
        self._attendance.remove(session_id, peers)
        return was_open

    def lock(self, session_id: str, locked: bool = True) -> bool:
        """Let nobody new into a session, or everybody again.

        Return whether the session was open, or there was a lock to take off.

        :raises SignalingError: ``unavailable`` if the store fails.
        """

        def rule(session: Session | None) -> tuple[Session | None, bool]:
            after, _ = lock(session, session_id, locked, self._now(), self._term)
            was_locked = session is not None and session.gate.locked
            is_open = session is not None and session.opened
            return after, is_open or (was_locked and not locked)

        return self._store.update(session_id, rule, self._config.session_expires_in)

    def check_reach(self) -> None:
        """Make sure that another process than the server's can do this.

        :raises ConfigurationError: with a hint.
        """
        if not self._store.is_shared:
            raise ConfigurationError(
                "The sessions are in a cache of the server's own process, which this command "
                "can't reach. Set CACHE_TYPE to RedisCache.",
                key="CACHE_TYPE",
            )
        if self._outbox.is_alone:
            raise ConfigurationError(
                "The SocketIO has no message queue, so this command can't reach the server's "
                "sockets. Pass message_queue='redis://...' to SocketIO()."
            )

    def _strike(self, session_id: str, peer_id: str) -> bool:
        # Else a locked session would take the peer for one of its own until the next roster.
        roster = self._store.read_report(session_id)
        if roster.peers.pop(peer_id, None) is None:
            return False
        term = self._config.session_expires_in
        self._store.write_roster(session_id, roster.peers, term, roster.epoch)
        return True

    def _peers(self, session_id: str, vacated: Vacated | None) -> set[str]:
        host = set() if vacated is None else {vacated.host}
        here = {member.peer_id for member in self._rooms.members_of(session_id)}
        listed = self._store.read_roster(session_id).keys()
        return host | here | listed | self._released.of(session_id)

    def _disconnect(
        self, session_id: str, peer_id: str | None, room: str, vacated: Vacated | None
    ) -> bool:
        if vacated is not None:
            self._announcements.unseated(session_id, vacated)
            self._attendance.lose_host(session_id)
        sids = {member.sid for member in self._rooms.members_of(session_id, peer_id)}
        if vacated is not None and vacated.sid is not None:
            sids.add(vacated.sid)
        if peer_id is not None and not self._outbox.is_alone:
            sids.add(self._store.read_sid(session_id, peer_id) or "")
        self._outbox.empty(room)
        sids.discard("")
        for sid in sids:
            self._outbox.close(sid)
        return bool(sids)
