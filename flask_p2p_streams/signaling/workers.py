"""Which other workers live, and what this one knows of their sockets."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from ..errors import ConfigurationError
from ..runtime.identity import Identity
from ..sessions.hosting import Incumbent
from ..sessions.member import Member
from ..sessions.record import Session
from ..stores.session_store import SessionStore
from ..stores.worker_registry import WorkerRegistry
from .ports import Outbox


@dataclass(frozen=True, kw_only=True)
class Workers:
    """This worker among those that share its store and its message queue.

    :param now: seconds since 1970.
    """

    identity: Identity
    store: SessionStore
    outbox: Outbox
    registry: WorkerRegistry
    now: Callable[[], float] = time.time

    @property
    def id(self) -> str:
        """The id by which other workers find this one."""
        return self.identity.worker_id

    @property
    def is_shared(self) -> bool:
        """Whether other processes see the same sessions."""
        return self.store.is_shared

    @property
    def has_queue(self) -> bool:
        """Whether there is a message queue, which reaches the sockets of other workers."""
        return not self.outbox.is_alone

    @property
    def is_cut_off(self) -> bool:
        """Whether other processes share the store while their sockets can't be reached."""
        return self.is_shared and not self.has_queue

    def is_alive(self, worker_id: str) -> bool:
        """Tell whether a worker has written its entry lately.

        :raises SignalingError: ``unavailable`` if the store fails.
        """
        return self.registry.is_alive(worker_id)

    def has_lost(self, session: Session | None) -> bool:
        """Tell whether a session's host was at another worker that has ended.

        :raises SignalingError: ``unavailable`` if the store fails.
        """
        if session is None or session.host_worker in (None, self.id) or not self.is_shared:
            return False
        return not self.is_alive(str(session.host_worker))

    def holds_host(self, session: Session | None) -> bool:
        """Tell whether the socket of a session's host is open, as far as this worker can know."""
        if session is None or session.host_sid is None:
            return False
        return self.outbox.is_here(session.host_sid, session.host_worker)

    def is_open(self, sid: str, worker_id: str) -> bool:
        """Tell whether a socket is open; one of another worker counts as open while that lives.

        :raises SignalingError: ``unavailable`` if the store fails.
        """
        if worker_id == self.id:
            return self.outbox.is_here(sid, worker_id)
        return self.is_alive(worker_id)

    def incumbent(self, member: Member, epoch: int) -> Incumbent:
        """Return a host of this worker, as the rules of hosting need it."""
        return Incumbent(member, self.id, epoch, self.now())

    def check_reach(self) -> None:
        """Make sure that a command in its own process can reach the server's sessions and sockets.

        :raises ConfigurationError: with a hint.
        """
        if not self.is_shared:
            raise ConfigurationError(
                "The sessions are in a cache of the server's own process, which this command "
                "can't reach. Set CACHE_TYPE to RedisCache.",
                key="CACHE_TYPE",
            )
        if not self.has_queue:
            raise ConfigurationError(
                "The SocketIO has no message queue, so this command can't reach the server's "
                "sockets. Pass message_queue='redis://...' to SocketIO()."
            )
