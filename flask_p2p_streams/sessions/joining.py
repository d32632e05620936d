"""The rules of joining: who hosts, who follows, who has to come again.

They are functions from a session to a session and a decision, without I/O, so that
a store may run them again when another process was faster. Times are in seconds
since 1970 and only ever compared by their distance.
"""

import math
from collections.abc import Set
from dataclasses import dataclass, replace

from ..limits.budgets import CLOCK_SKEW
from .access import OPEN_TO_ALL, Barred, Gate, Pass, removed, too_early, too_late, without_place
from .credentials import Seat
from .host_liveness import Reason, dispelled, heard, is_forsaken, reason_against
from .outcomes import Doubted, Following, Hosting, Hostless, Joined, Suspected, Waiting
from .record import IDLE_TIMEOUT, begun, emptied, next_epoch
from .record import Session as Session

HOSTLESS_RETRY_MS = 1000
"""Milliseconds after which a peer that may not host looks for a host again."""
DOUBTED_RETRY_MS = 500
"""Milliseconds after which a peer that has lost a host asks again, at most."""
RECOVERY = 10.0
"""Seconds within which a host that a new record knows nothing of gets its seat back."""


@dataclass(frozen=True)
class Candidacy:
    """A peer at the door: who it is, what it shows, and when.

    ``witnesses`` are those whose word counts that the host of ``lost_epoch`` is gone.
    ``vouched`` is the host's socket that has just been heard of, ``silent`` the one that
    has been asked in vain; of that nothing has been heard for ``silence`` seconds.
    ``idle_timeout`` is for how many seconds this peer's own page may stand still, which got
    its first token at ``page_since``.
    """

    session_id: str
    peer_id: str
    sid: str
    now: float
    grace: float
    worker: str | None = None
    seat: Seat | None = None
    lost_epoch: int | None = None
    witnesses: Set[str] = frozenset()
    vouched: str | None = None
    silent: str | None = None
    silence: float = 0.0
    idle_timeout: float = IDLE_TIMEOUT
    kept_for: float = 0.0
    ticket: Pass = OPEN_TO_ALL
    page_since: float = 0.0


# The rules


def join(session: Session | None, who: Candidacy) -> tuple[Session | None, Joined]:
    """Decide whether a peer hosts, follows, has to come again or is turned away."""
    barred = _barred(session, who)
    if barred is not None:
        return session, barred
    session = _informed(session, who)
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
    against = _reason_against(session, who)
    if against is not None:
        return _elected(session, who, against)
    if session.absent_since is None:
        return session, _suspected(session, who) or Following(session.epoch, session.host)
    remaining = who.grace - abs(who.now - session.absent_since)
    if remaining <= 0 or (_has_lost(session, who) and is_forsaken(session, who.witnesses, who.now)):
        return _elected(session, who)
    return session, _waiting(session, who, remaining)


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
    against = _reason_against(session, who)
    if session.host == who.peer_id or against is not None:
        freed, vacated = emptied(session, who.now)
        return freed, Hostless(vacated, against)
    if session.absent_since is None:
        return session, _suspected(session, who) or Following(session.epoch, session.host)
    return session, Hostless()


def _has_lost(session: Session, who: Candidacy) -> bool:
    return who.lost_epoch == session.epoch


def _informed(session: Session | None, who: Candidacy) -> Session | None:
    if session is None or not _has_lost(session, who):
        return session
    if who.vouched is not None and who.vouched == session.host_sid:
        return dispelled(session)
    return heard(session, who.peer_id, who.witnesses, who.now)


def _reason_against(session: Session, who: Candidacy) -> Reason | None:
    if session.host_sid is None or who.silent != session.host_sid or not _has_lost(session, who):
        return None
    return reason_against(session, who.witnesses, who.silence, who.now)


def _suspected(session: Session, who: Candidacy) -> Suspected | Doubted | None:
    if not _has_lost(session, who) or session.host_sid in (None, who.vouched):
        return None
    if session.host_sid == who.silent:
        left = math.ceil((session.idle_timeout - who.silence) * 1000)
        return Doubted(max(1, min(left, DOUBTED_RETRY_MS)))
    return Suspected(
        session.epoch,
        str(session.host_sid),
        session.host_worker,
        str(session.host),
        session.idle_timeout,
    )


def _waiting(session: Session, who: Candidacy, remaining: float) -> Waiting:
    # Whose word isn't enough comes again soon: with those of others it may be.
    mls = math.ceil(remaining * 1000)
    return Waiting(min(mls, DOUBTED_RETRY_MS) if _has_lost(session, who) else mls)


def _resumed_epoch(session: Session | None, who: Candidacy) -> int | None:
    seat = who.seat
    if seat is None:
        return None
    if session is None or seat.epoch > session.epoch:
        return seat.epoch
    if seat.epoch == session.epoch and session.host in (None, who.peer_id):
        return seat.epoch
    # Whoever was elected first in this record didn't know of this host and its clients.
    # A seat that is older than the page is another page's, which has gone long ago.
    is_own = seat.epoch / 1000 >= who.page_since - CLOCK_SKEW
    forgotten = session.known_from < seat.epoch < session.first_epoch
    if is_own and forgotten and abs(who.now - session.born) <= RECOVERY:
        return next_epoch(session, who.now)
    return None


def _resumed(session: Session | None, who: Candidacy, epoch: int) -> Session:
    shown = epoch if who.seat is None else who.seat.epoch
    present = begun(session, who.session_id, shown, who.now)
    return _seated(replace(present, known_from=max(present.known_from, shown)), who, epoch)


def _elected(
    session: Session | None, who: Candidacy, against: Reason | None = None
) -> tuple[Session, Hosting]:
    epoch = next_epoch(session, who.now)
    opened = session is None or not session.opened
    present = begun(session, who.session_id, epoch, who.now)
    decision = Hosting(epoch, resumed=False, opened=opened, against=against)
    return _seated(present, who, epoch), decision


def _seated(session: Session, who: Candidacy, epoch: int) -> Session:
    return replace(
        session,
        epoch=epoch,
        host=who.peer_id,
        host_sid=who.sid,
        host_worker=who.worker,
        absent_since=None,
        kept_for=who.kept_for,
        idle_timeout=who.idle_timeout,
        doubts={},
        opened=True,
    )
