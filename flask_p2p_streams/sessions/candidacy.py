"""A peer that wants to join: who it is, what it shows, and what is known when it comes."""

from collections.abc import Set
from dataclasses import dataclass

from .credentials import JoinToken, Seat
from .crowd import Crowd
from .member import Member
from .rosters import Roster

NOBODY = Crowd()


@dataclass(frozen=True)
class Candidacy:
    """A peer that wants to join.

    ``now`` is in seconds since 1970. ``grace`` is for how many seconds the seat of a host whose
    socket is lost stays reserved. ``worker`` is the process that the peer has come to. If it
    ``is_cut_off``, other processes share its store, but it can't reach their sockets.

    ``connected_epoch`` is the epoch of a host to which the peer still has a link, so that it wants
    no other host.

    ``witnesses`` are the peers whose word counts when they say that the host of ``lost_epoch``
    is gone. ``vouched`` is the host's socket if it has just been heard of; ``silent`` is the
    host's socket if it was asked and didn't answer, and then nothing has been heard of it for
    ``silence`` seconds. ``dead_worker`` is a process that was found to have ended.

    ``unreached_epoch`` is the epoch of a host to which the peer has found no path; ``roster`` is
    what the host has reported last, if the peer says so.

    ``max_peers`` is how many peers may be in the session, None for any number; ``crowd`` is
    who is in it.
    """

    member: Member
    now: float
    grace: float
    worker: str | None = None
    is_cut_off: bool = False
    seat: Seat | None = None
    lost_epoch: int | None = None
    connected_epoch: int | None = None
    witnesses: Set[str] = frozenset()
    vouched: str | None = None
    silent: str | None = None
    silence: float = 0.0
    dead_worker: str | None = None
    unreached_epoch: int | None = None
    roster: Roster | None = None
    max_peers: int | None = None
    crowd: Crowd = NOBODY

    @property
    def token(self) -> JoinToken:
        """The token that the peer has shown."""
        return self.member.token

    @property
    def peer_id(self) -> str:
        """The peer that wants to join."""
        return self.member.peer_id

    @property
    def session_id(self) -> str:
        """The session that it wants to join."""
        return self.member.session_id

    @property
    def sid(self) -> str:
        """The socket by which it comes."""
        return self.member.sid
