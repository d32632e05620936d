"""This process among the others: its beat, and what it looks after at each.

Workers share a store and a message queue. Either may fail, and lose what it knew;
the sockets that a worker holds are then what is left to go by.
"""

import logging
import os
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from secrets import token_hex
from typing import Any

from .._version import __version__
from ..protocol.errors import SignalingError
from ..runtime.async_mode import patching_problem
from ..runtime.forks import renew_after_fork
from ..runtime.identity import Identity
from ..runtime.sharing import lack
from ..sessions.hosting import Incumbent, restore
from ..sessions.outcomes import Hosting, Stale
from ..sessions.record import Session
from ..stores.keys import MEMORY
from ..stores.session_store import SOCKET_TERM, SessionStore
from ..stores.worker_registry import MAX_LISTED, WorkerEntry, WorkerRegistry
from .announcements import Announcements, Outbox
from .members import Member, Room, Rooms, rooms_of

BEAT = 3.0
"""Seconds between two beats."""
OVERLAP = 45.0
"""Seconds for which a worker may live beside the one that takes its place: gunicorn gives it 30."""
MEMORY_TERM = 7 * 86_400
"""Seconds that it is kept; after that hosts are looked after once too often."""

logger = logging.getLogger("flask_p2p_streams")


class Worker:
    """Show that this process lives, put back what the store has lost, and end what has to go.

    It beats while it holds sockets, and only where other processes share the store or
    the message queue.
    """

    def __init__(
        self,
        identity: Identity,
        server: Any,
        store: SessionStore,
        rooms: Rooms,
        outbox: Outbox,
        announcements: Announcements,
        now: Callable[[], float] = time.time,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._identity = identity
        self._server = server
        self._store = store
        self._rooms = rooms
        self._outbox = outbox
        self._announcements = announcements
        self._now = now
        self._directory = WorkerRegistry(store.guarded, clock)
        self._clock = clock
        self._renewed_at = clock()
        self.after_fork()
        renew_after_fork(self)

    def after_fork(self) -> None:
        """Begin anew: the task that beats is the other process's."""
        self._started_at = self._now()
        self._memory: str | None = None
        self._is_beating = False
        self._beats = 0
        self._others: dict[str, tuple[float, int]] = {}
        self._has_told = False
        self._mutex = threading.Lock()

    @property
    def id(self) -> str:
        """What other workers find this one by."""
        return self._identity.worker_id

    def is_alive(self, worker_id: str) -> bool:
        """Tell whether another worker has been heard of lately.

        :raises SignalingError: ``unavailable`` if the store fails.
        """
        return self._directory.is_alive(worker_id)

    def has_lost(self, session: Session | None) -> bool:
        """Tell whether a session's host was at another worker that lives no more.

        :raises SignalingError: ``unavailable`` if the store fails.
        """
        if session is None or session.host_worker in (None, self.id) or not self._store.is_shared:
            return False
        return not self.is_alive(str(session.host_worker))

    def incumbent(self, member: Member, epoch: int) -> Incumbent:
        """Return a host of this worker, as the rules of its seat want to know it."""
        return Incumbent(
            member.session_id,
            member.peer_id,
            member.sid,
            self.id,
            epoch,
            self._now(),
            member.expires_in,
            member.idle_timeout,
        )

    def is_out_of_reach(self, session: Session | None) -> bool:
        """Tell whether a session's host is at another worker to which nothing leads from here.

        :raises SignalingError: ``unavailable`` if the store fails.
        """
        if session is None or session.host_sid is None or session.host_worker is None:
            return False
        if not self._store.is_shared or not self._outbox.is_alone:
            return False
        is_mine = session.host_worker == self.id
        return not is_mine and self.is_alive(session.host_worker)

    def appear(self) -> None:
        """Show that this process lives before it takes its first socket in.

        Others judge by that whether the socket is open.
        """
        if self._store.is_shared and not self._is_beating:
            # If it fails, that has been logged, and the first beat tries again.
            with suppress(SignalingError):
                self._directory.write(self._entry())

    def wake(self) -> None:
        """Begin to beat, unless that is done already or nobody would hear it."""
        if not self._store.is_shared and self._outbox.is_alone:
            return
        with self._mutex:
            start, self._is_beating = not self._is_beating, True
        if start:
            self._server.start_background_task(self._run)

    def beat(self) -> None:
        """Do all that is due once."""
        if self._store.is_shared:
            try:
                self._beats += 1
                self._directory.write(self._entry())
                self._look_for_others()
                self._look_after_store()
                self._renew_sockets()
            except SignalingError:
                # It has been logged; the next beat tries again.
                pass
        if not self._outbox.is_alone:
            self._close_expelled()

    def _run(self) -> None:
        while self._goes_on():
            try:
                self.beat()
            except Exception:
                logger.exception("A worker's beat has failed; the next one tries again.")
            self._server.sleep(BEAT)

    def _goes_on(self) -> bool:
        with self._mutex:
            self._is_beating = len(self._rooms) > 0
            return self._is_beating

    def _entry(self) -> WorkerEntry:
        hosts = [member.session_id for member, _ in self._hosts()]
        return WorkerEntry(
            id=self.id,
            name=f"{socket.gethostname()}:{os.getpid()}",
            started_at=self._started_at,
            async_mode=self._server.async_mode,
            has_queue=not self._outbox.is_alone,
            version=__version__,
            sockets=len(self._rooms),
            session_count=self._rooms.session_count,
            patching=patching_problem(self._server.async_mode),
            sessions=tuple(hosts[:MAX_LISTED]),
            beats=self._beats,
        )

    def _hosts(self) -> list[tuple[Member, Room]]:
        return [
            (member, member.room)
            for member in self._rooms.joined()
            if member.room is not None and member.room.host == member.peer_id
        ]

    # Others that can't be reached

    def _look_for_others(self) -> None:
        if self._has_told or not self._outbox.is_alone:
            return
        now, mine = self._clock(), self.id
        others = [entry for entry in self._directory.living() if entry.id != mine]
        seen = {each.id: self._others.get(each.id, (now, each.beats)) for each in others}
        # What has ended is still listed for a while.
        if any(
            now - seen[each.id][0] > OVERLAP and each.beats != seen[each.id][1] for each in others
        ):
            self._has_told = True
            lacking = lack(is_shared=True, has_queue=False)
            logger.error("Several processes serve this app, %s", lacking)
        self._others = {each.id: (seen[each.id][0], each.beats) for each in others}

    # What the store has lost

    def _look_after_store(self) -> None:
        memory = self._store.guarded.read_many([MEMORY])[0]
        if memory is None:
            memory = token_hex(8)
            if not self._store.guarded.replace(MEMORY, None, memory, MEMORY_TERM):
                # Another worker was faster; what it wrote shows at the next beat.
                return
        if memory == self._memory:
            return
        first, self._memory = self._memory is None, memory
        if not first:
            logger.warning("The cache has lost its memory; the seats of the hosts are put back.")
        for member, room in self._hosts():
            self._put_back(member, room)

    def _put_back(self, member: Member, room: Room) -> None:
        incumbent = self.incumbent(member, room.epoch)

        def rule(session: Session | None) -> tuple[Session | None, Hosting | Stale]:
            return restore(session, incumbent)

        decision = self._store.update(member.session_id, rule, member.expires_in)
        if isinstance(decision, Stale):
            # It has its seat, and may claim the session by it.
            self._announcements.superseded(member, decision.host, decision.epoch)

    # What the store would forget

    def _renew_sockets(self) -> None:
        now = self._clock()
        if self._outbox.is_alone or now - self._renewed_at < SOCKET_TERM / 2:
            return
        self._renewed_at = now
        for member in self._rooms.joined():
            newest = self._store.read_sid(member.session_id, member.peer_id)
            if newest in (None, member.sid):
                self._store.exchange_sid(member.session_id, member.peer_id, member.sid)
            else:
                self._outbox.close(member.sid)

    # What another worker has expelled

    def _close_expelled(self) -> None:
        for member in self._rooms.joined():
            if any(member.sid not in self._outbox.present(room) for room in rooms_of(member)):
                self._outbox.close(member.sid)
