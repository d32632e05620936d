"""The rules of a session: who hosts, and what a join, a leave or a loss changes.

Each rule is a function from a session to a session and a decision, without I/O,
so that a store may run it again when another process was faster. Times are in
seconds since 1970 and only ever compared by their distance.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeAlias

from .gates import (
    OPEN_TO_ALL,
    Barred,
    Gate,
    Pass,
    removed,
    too_early,
    too_late,
    without_place,
)
from .records import Session as Session
from .records import Vacated as Vacated
from .records import emptied, next_epoch
from .tokens import Seat

HOSTLESS_RETRY_MS = 1000
"""Milliseconds after which a peer that may not host looks for a host again."""


# The decisions


@dataclass(frozen=True)
class Hosting:
    """The peer is the host; ``opened`` tells whether the session is new."""

    epoch: int
    resumed: bool
    opened: bool = False


@dataclass(frozen=True)
class Following:
    """The peer is a client of ``host``."""

    epoch: int
    host: str


@dataclass(frozen=True)
class Waiting:
    """The seat is reserved for a host that has just dropped; come again."""

    retry_after_ms: int


@dataclass(frozen=True)
class Hostless:
    """There is no host, and this peer may not be one; ``vacated`` if it has been so far."""

    vacated: Vacated | None = None


@dataclass(frozen=True)
class Stale:
    """The one who speaks isn't the host, or not any more."""


Joined: TypeAlias = Hosting | Following | Waiting | Hostless | Barred


@dataclass(frozen=True)
class Candidacy:
    """A peer at the door: who it is, what it shows, and when."""

    session_id: str
    peer_id: str
    sid: str
    now: float
    grace: float
    seat: Seat | None = None
    lost_epoch: int | None = None
    kept_for: float = 0.0
    ticket: Pass = OPEN_TO_ALL


# The rules


def join(session: Session | None, who: Candidacy) -> tuple[Session | None, Joined]:
    """Decide whether a peer hosts, follows, has to come again or is turned away."""
    barred = _barred(session, who)
    if barred is not None:
        return session, barred
    if not who.ticket.role.can_host:
        return _follow(session, who)
    if who.seat is not None and (session is None or who.seat.epoch >= session.epoch):
        return _seated(session, who, who.seat.epoch), Hosting(who.seat.epoch, resumed=True)
    if session is None or session.host is None or session.host == who.peer_id:
        return _elected(session, who)
    if session.absent_since is None:
        return session, Following(session.epoch, session.host)
    remaining = who.grace - abs(who.now - session.absent_since)
    if who.lost_epoch == session.epoch or remaining <= 0:
        return _elected(session, who)
    return session, Waiting(math.ceil(remaining * 1000))


def leave(session: Session | None, sid: str) -> tuple[Session | None, Vacated | None]:
    """Free the seat when its holder says goodbye; from any other socket nothing changes."""
    if session is None or session.host is None or session.host_sid != sid:
        return session, None
    freed = replace(session, host=None, host_sid=None, absent_since=None)
    return freed, Vacated(session.epoch, session.host)


def lose(session: Session | None, sid: str, now: float) -> tuple[Session | None, Vacated | None]:
    """Reserve the seat when its holder's socket drops; a late report changes nothing."""
    if session is None or session.host is None or session.host_sid != sid:
        return session, None
    reserved = replace(session, host_sid=None, absent_since=now)
    return reserved, Vacated(session.epoch, session.host)


def lose_if_gone(
    session: Session | None, is_here: Callable[[str], bool], now: float
) -> Session | None:
    """Reserve the seat of a host whose socket no process holds.

    That is a host whose server has stopped: no handler has told of its loss.
    """
    if session is None or session.host_sid is None or is_here(session.host_sid):
        return session
    return lose(session, session.host_sid, now)[0]


def renew(
    session: Session | None, session_id: str, peer_id: str, sid: str, epoch: int, reported: int = 0
) -> tuple[Session | None, Hosting | Stale]:
    """Keep the host's seat, and put it back where the store has lost it."""
    if session is None:
        session = Session(session_id, epoch, peer_id, sid, None)
    if (session.epoch, session.host, session.host_sid) != (epoch, peer_id, sid):
        return session, Stale()
    # An equal copy: the store writes whatever isn't the same object, and so renews its term.
    return replace(session, reported=reported), Hosting(epoch, resumed=True)


# The parts


def _barred(session: Session | None, who: Candidacy) -> Barred | None:
    gate = Gate() if session is None else session.gate
    host, reported = (None, 0) if session is None else (session.host, session.reported)
    role = who.ticket.role
    return (
        removed(gate, who.peer_id, who.ticket.issued_at, who.now)
        or too_early(role, who.now)
        or too_late(role, who.now)
        or without_place(gate, who.peer_id, host, reported, who.ticket)
    )


def _follow(session: Session | None, who: Candidacy) -> tuple[Session | None, Joined]:
    if session is None or session.host is None:
        return session, Hostless()
    if session.host == who.peer_id:
        freed, vacated = emptied(session, who.now)
        return freed, Hostless(vacated)
    if session.absent_since is None:
        return session, Following(session.epoch, session.host)
    return session, Hostless()


def _seated(session: Session | None, who: Candidacy, epoch: int) -> Session:
    present = session or Session(who.session_id, epoch, None, None, None)
    return replace(
        present,
        epoch=epoch,
        host=who.peer_id,
        host_sid=who.sid,
        absent_since=None,
        kept_for=who.kept_for,
        opened=True,
    )


def _elected(session: Session | None, who: Candidacy) -> tuple[Session, Hosting]:
    epoch = next_epoch(session, who.now)
    opened = session is None or not session.opened
    return _seated(session, who, epoch), Hosting(epoch, resumed=False, opened=opened)
