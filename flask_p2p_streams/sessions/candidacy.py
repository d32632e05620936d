"""A peer that wants to join: who it is, what it shows, and what is known when it comes."""

from collections.abc import Set
from dataclasses import dataclass

from .credentials import JoinToken, Seat
from .crowd import Crowd
from .member import Member

NOBODY = Crowd()


@dataclass(frozen=True)
class Candidacy:
    """A peer that wants to join.

    ``now`` is in seconds since 1970, ``grace`` the seconds for which the seat of a host whose
    socket is lost is reserved. ``worker`` is the process that the peer comes to; where that
    ``is_cut_off``, others share its store, and it reaches none of their sockets.

    ``witnesses`` are those whose word counts that the host of ``lost_epoch`` is gone.
    ``vouched`` is the host's socket that has just been heard of, ``silent`` the one that
    has been asked in vain; of that nothing has been heard for ``silence`` seconds.
    ``dead_worker`` is a process that was asked for, and lives no more.

    ``max_peers`` is how many may be in the session, None for any number; ``crowd`` is who is.
    """

    member: Member
    now: float
    grace: float
    worker: str | None = None
    is_cut_off: bool = False
    seat: Seat | None = None
    lost_epoch: int | None = None
    witnesses: Set[str] = frozenset()
    vouched: str | None = None
    silent: str | None = None
    silence: float = 0.0
    dead_worker: str | None = None
    max_peers: int | None = None
    crowd: Crowd = NOBODY

    @property
    def token(self) -> JoinToken:
        """What the peer was let in with."""
        return self.member.token

    @property
    def peer_id(self) -> str:
        """Who wants to join."""
        return self.member.peer_id

    @property
    def session_id(self) -> str:
        """Which session it wants to join."""
        return self.member.session_id

    @property
    def sid(self) -> str:
        """The socket by which it comes."""
        return self.member.sid
