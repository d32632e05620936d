"""What the app decides about a session: kick, unban, close and lock, carried out."""

from collections.abc import Callable

from .announcements import Announcements, Outbox
from .config import Config
from .errors import ConfigurationError
from .records import Session, Vacated
from .released import Released
from .removals import close, kick, lock, unban
from .rooms import Rooms, peer_room, session_room
from .store import Locks, SessionStore


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
        locks: Locks,
        now: Callable[[], float],
    ) -> None:
        self._config = config
        self._store = store
        self._rooms = rooms
        self._released = released
        self._announcements = announcements
        self._outbox = outbox
        self._joining = locks
        self._now = now

    @property
    def _term(self) -> float:
        return max(self._config.token_max_age, self._config.session_expires_in)

    def kick(self, session_id: str, peer_id: str, ban_for: float = 0) -> None:
        """Remove a peer, and refuse it for ``ban_for`` seconds.

        :raises SignalingError: ``unavailable`` if the store fails.
        """
        now = self._now()

        def rule(
            session: Session | None,
        ) -> tuple[Session | None, tuple[str | None, Vacated | None]]:
            after, vacated = kick(session, session_id, peer_id, now, now + ban_for)
            return after, (None if session is None else session.host, vacated)

        # Whoever joins just now is either here before it, and found, or after it, and refused.
        with self._joining.of(session_id):
            host, vacated = self._store.update(session_id, rule, self._config.session_expires_in)
        self._released.forget(session_id, peer_id)
        self._strike(session_id, peer_id)
        self._announcements.kicked(session_id, peer_id, host, ban_for)
        self._disconnect(session_id, peer_id, peer_room(session_id, peer_id), vacated)

    def unban(self, session_id: str, peer_id: str) -> bool:
        """Let a banned peer join again; return whether it was banned.

        :raises SignalingError: ``unavailable`` if the store fails.
        """

        def rule(session: Session | None) -> tuple[Session | None, bool]:
            return unban(session, peer_id, self._now())

        return self._store.update(session_id, rule, self._config.session_expires_in)

    def close(self, session_id: str) -> None:
        """End a session for all whose tokens were signed before.

        :raises SignalingError: ``unavailable`` if the store fails.
        """

        def rule(session: Session | None) -> tuple[Session, Vacated | None]:
            return close(session, session_id, self._now(), self._term)

        with self._joining.of(session_id):
            vacated = self._store.update(session_id, rule, self._config.session_expires_in)
        self._store.write_roster(session_id, {}, self._config.session_expires_in)
        self._released.forget(session_id)
        self._announcements.closed(session_id)
        self._disconnect(session_id, None, session_room(session_id), vacated)

    def lock(self, session_id: str, locked: bool = True) -> None:
        """Let nobody new into a session, or everybody again.

        :raises SignalingError: ``unavailable`` if the store fails.
        """

        def rule(session: Session | None) -> tuple[Session | None, None]:
            return lock(session, session_id, locked, self._now(), self._term)

        self._store.update(session_id, rule, self._config.session_expires_in)

    def check_reach(self) -> None:
        """Make sure that another process than the server's can do this.

        :raises ConfigurationError: with the cure.
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

    def _strike(self, session_id: str, peer_id: str) -> None:
        # Else a locked session would take the peer for one of its own until the next roster.
        roster = self._store.read_report(session_id)
        if roster.peers.pop(peer_id, None) is not None:
            term = self._config.session_expires_in
            self._store.write_roster(session_id, roster.peers, term, roster.epoch)

    def _disconnect(
        self, session_id: str, peer_id: str | None, room: str, vacated: Vacated | None
    ) -> None:
        if vacated is not None:
            self._announcements.unseated(session_id, vacated)
        sids = {member.sid for member in self._rooms.members_of(session_id, peer_id)}
        if vacated is not None and vacated.sid is not None:
            sids.add(vacated.sid)
        if peer_id is not None and not self._outbox.is_alone:
            sids.add(self._store.read_sid(session_id, peer_id) or "")
        self._outbox.empty(room)
        for sid in sids - {""}:
            self._outbox.close(sid)
