"""What a worker does at each beat: it mends what the store or the message queue has lost."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from secrets import token_hex

from ..runtime.forks import renew_after_fork
from ..sessions.hosting import restore
from ..sessions.member import Member
from ..sessions.outcomes import Hosting, Stale
from ..sessions.record import Session
from ..stores.keys import MEMORY
from ..stores.session_store import SOCKET_TERM, SessionStore
from .announcements import Announcements
from .members import Room, Rooms, rooms_of
from .ports import Outbox
from .workers import Workers

MEMORY_TERM = 7 * 86_400
"""Seconds for which ``MEMORY`` is kept; when it expires, hosts are put back without need."""

logger = logging.getLogger("flask_p2p_streams")


@dataclass(kw_only=True, eq=False)
class Upkeep:
    """Put back what the store has lost, renew what would expire, and close removed sockets.

    The store and the message queue may fail and lose data. Then the sockets that a worker holds
    are the only thing that is still certain.

    :param clock: a monotonic clock, in seconds.
    """

    rooms: Rooms
    store: SessionStore
    outbox: Outbox
    announcements: Announcements
    workers: Workers
    clock: Callable[[], float] = time.monotonic

    def __post_init__(self) -> None:
        self._renewed_at = self.clock()
        self.after_fork()
        renew_after_fork(self)

    def after_fork(self) -> None:
        """Begin anew: what was known of the store belongs to the parent process."""
        self._memory: str | None = None

    # What the store has lost

    def put_back_hosts(self) -> None:
        """Put back the seats of this worker's hosts, if the store has lost its data.

        :raises SignalingError: ``unavailable`` if the store fails.
        """
        memory = self.store.guarded.read_many([MEMORY])[0]
        if memory is None:
            memory = token_hex(8)
            if not self.store.guarded.replace(MEMORY, None, memory, MEMORY_TERM):
                # Another worker was faster; what it wrote is read at the next beat.
                return
        if memory == self._memory:
            return
        first, self._memory = self._memory is None, memory
        if not first:
            logger.warning("The cache has lost its memory; the seats of the hosts are put back.")
        for member, room in self.rooms.hosts():
            self._put_back(member, room)

    def _put_back(self, member: Member, room: Room) -> None:
        incumbent = self.workers.incumbent(member, room.epoch)

        def rule(session: Session | None) -> tuple[Session | None, Hosting | Stale]:
            return restore(session, incumbent)

        decision = self.store.update(member.session_id, rule, member.token.expires_in)
        if isinstance(decision, Stale):
            # The former host has the proof of its seat, and may claim the session with it.
            self.announcements.superseded(member, decision.host, decision.epoch)

    # What the store would forget

    def renew_sockets(self) -> None:
        """Have the store remember the newest socket of each peer, as long as it is open.

        :raises SignalingError: ``unavailable`` if the store fails.
        """
        now = self.clock()
        if self.outbox.is_alone or now - self._renewed_at < SOCKET_TERM / 2:
            return
        self._renewed_at = now
        for member in self.rooms.members():
            newest = self.store.read_sid(member.session_id, member.peer_id)
            if newest in (None, member.sid):
                self.store.exchange_sid(member.session_id, member.peer_id, member.sid)
            else:
                self.outbox.close(member.sid)

    # What another worker has removed

    def close_removed(self) -> None:
        """Close the sockets that another worker has taken out of their rooms."""
        if self.outbox.is_alone:
            return
        for member in self.rooms.members():
            if any(member.sid not in self.outbox.present(room) for room in rooms_of(member)):
                self.outbox.close(member.sid)
