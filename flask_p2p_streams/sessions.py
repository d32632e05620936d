"""The rules of joining: who hosts, who follows, who has to come again.

They are functions from a session to a session and a decision, without I/O, so that
a store may run them again when another process was faster. Times are in seconds
since 1970 and only ever compared by their distance.
"""

import math
from dataclasses import dataclass, replace

from .decisions import Following, Hosting, Hostless, Joined, Suspected, Waiting
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
from .records import begun, emptied, next_epoch
from .tokens import Seat

HOSTLESS_RETRY_MS = 1000
"""Milliseconds after which a peer that may not host looks for a host again."""
RECOVERY = 10.0
"""Seconds within which a host that a new record knows nothing of gets its seat back."""


@dataclass(frozen=True)
class Candidacy:
    """A peer at the door: who it is, what it shows, and when.

    ``vouched`` is the host's socket that has just been heard of, ``silent`` the one that
    nothing is to be heard of any more.
    """

    session_id: str
    peer_id: str
    sid: str
    now: float
    grace: float
    worker: str | None = None
    seat: Seat | None = None
    lost_epoch: int | None = None
    vouched: str | None = None
    silent: str | None = None
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
    resumed = _resumed_epoch(session, who)
    if resumed is not None:
        return _resumed(session, who, resumed), Hosting(resumed, resumed=True)
    if session is not None and session.host == who.peer_id and session.host_sid == who.sid:
        # It has asked twice before it got the first answer.
        return session, Hosting(session.epoch, resumed=True)
    if session is None or session.host is None or session.host == who.peer_id:
        return _elected(session, who)
    if session.host_sid is not None and who.silent == session.host_sid:
        return _elected(session, who)
    if session.absent_since is None:
        return session, _suspected(session, who) or Following(session.epoch, session.host)
    remaining = who.grace - abs(who.now - session.absent_since)
    if who.lost_epoch == session.epoch or remaining <= 0:
        return _elected(session, who)
    return session, Waiting(math.ceil(remaining * 1000))


# The parts


def _barred(session: Session | None, who: Candidacy) -> Barred | None:
    gate = Gate() if session is None else session.gate
    host, reported = (None, 0) if session is None else (session.host, session.reported)
    role = who.ticket.role
    return (
        removed(gate, who.peer_id, who.ticket, who.now)
        or too_early(role, who.now)
        or too_late(role, who.now)
        or without_place(gate, who.peer_id, host, reported, who.ticket)
    )


def _follow(session: Session | None, who: Candidacy) -> tuple[Session | None, Joined]:
    if session is None or session.host is None:
        return session, Hostless()
    gone = session.host_sid is not None and who.silent == session.host_sid
    if session.host == who.peer_id or gone:
        freed, vacated = emptied(session, who.now)
        return freed, Hostless(vacated)
    if session.absent_since is None:
        return session, _suspected(session, who) or Following(session.epoch, session.host)
    return session, Hostless()


def _suspected(session: Session, who: Candidacy) -> Suspected | None:
    if who.lost_epoch != session.epoch or session.host_sid in (None, who.vouched):
        return None
    return Suspected(session.epoch, str(session.host_sid), session.host_worker)


def _resumed_epoch(session: Session | None, who: Candidacy) -> int | None:
    seat = who.seat
    if seat is None:
        return None
    if session is None or seat.epoch > session.epoch:
        return seat.epoch
    if seat.epoch == session.epoch and session.host in (None, who.peer_id):
        return seat.epoch
    # Whoever was elected first in this record didn't know of this host and its clients.
    forgotten = session.known_from < seat.epoch < session.first_epoch
    if forgotten and abs(who.now - session.born) <= RECOVERY:
        return next_epoch(session, who.now)
    return None


def _resumed(session: Session | None, who: Candidacy, epoch: int) -> Session:
    shown = epoch if who.seat is None else who.seat.epoch
    present = begun(session, who.session_id, shown, who.now)
    return _seated(replace(present, known_from=max(present.known_from, shown)), who, epoch)


def _elected(session: Session | None, who: Candidacy) -> tuple[Session, Hosting]:
    epoch = next_epoch(session, who.now)
    opened = session is None or not session.opened
    present = begun(session, who.session_id, epoch, who.now)
    return _seated(present, who, epoch), Hosting(epoch, resumed=False, opened=opened)


def _seated(session: Session, who: Candidacy, epoch: int) -> Session:
    return replace(
        session,
        epoch=epoch,
        host=who.peer_id,
        host_sid=who.sid,
        host_worker=who.worker,
        absent_since=None,
        kept_for=who.kept_for,
        opened=True,
    )
