"""Whether a peer that joins becomes host, becomes a client or has to come again; no I/O.

Each rule takes a session and returns a session and an outcome, so that a store may run it again
when another process was faster. Times are in seconds since 1970. Only their distances are
compared, as they may come from different clocks.
"""

import math
from dataclasses import replace

from ..limits.budgets import CLOCK_SKEW
from .access import refused
from .candidacy import Candidacy
from .host_liveness import Reason, dispelled, heard, is_forsaken, reason_against
from .outcomes import (
    Doubted,
    Following,
    Hosting,
    Hostless,
    JoinOutcome,
    OutOfReach,
    Suspected,
    Waiting,
)
from .reach import deposed, is_out_of_reach, noted
from .record import Session, begun, emptied, next_epoch

HOSTLESS_RETRY_MS = 1000
"""Milliseconds after which a peer that may not host looks for a host again."""
DOUBTED_RETRY_MS = 500
"""The most milliseconds after which a peer that has lost its host asks again."""
AWAY_RETRY_MS = 500
"""Milliseconds after which a peer asks again whose host may only be away."""
RECOVERY = 10.0
"""Seconds for which a host that a new record doesn't know can get its seat back."""


# The rules


def out_of_reach(session: Session | None, who: Candidacy) -> OutOfReach | None:
    """Tell whether the host is at another worker that can't be reached from here."""
    if session is None or session.host_sid is None or session.host_worker is None:
        return None
    if not who.is_cut_off or who.seat is not None:
        return None
    if session.host_worker in (who.worker, who.dead_worker):
        return None
    return OutOfReach(session.host_worker)


def join(session: Session | None, who: Candidacy) -> tuple[Session | None, JoinOutcome]:
    """Decide whether a peer hosts, becomes a client, has to come again or is refused."""
    refusal = refused(session, who)
    if refusal is not None:
        return session, refusal
    session = _informed(session, who)
    return _host_or_follow(session, who) if who.token.role.can_host else _follow(session, who)


# Who may host


def _host_or_follow(
    session: Session | None, who: Candidacy
) -> tuple[Session | None, JoinOutcome]:
    resumed = _resumed_epoch(session, who)
    if resumed is not None:
        repeated = session is not None and (session.epoch, session.host_sid) == (resumed, who.sid)
        return _resumed(session, who, resumed), Hosting(resumed, resumed=True, repeated=repeated)
    if _awaits_record(session, who):
        return session, Waiting(AWAY_RETRY_MS)
    if session is not None and _is_for_another(session, who):
        return session, Waiting(AWAY_RETRY_MS)
    if session is None or session.host is None:
        return _elected(session, who)
    return _come_back(session, who) if session.host == who.peer_id else _challenge(session, who)


def _come_back(session: Session, who: Candidacy) -> tuple[Session, JoinOutcome]:
    if session.host_sid == who.sid:
        # It asked a second time before it got the first answer.
        return session, Hosting(session.epoch, resumed=True, repeated=True)
    return _elected(session, who)


def _challenge(session: Session, who: Candidacy) -> tuple[Session, JoinOutcome]:
    against = _reason_against(session, who)
    if against is not None:
        return _elected(session, who, against)
    if is_out_of_reach(session, who):
        followed = deposed(session, str(session.host), who.now)
        return _elected(followed, who, "unreached")
    if session.absent_since is None:
        return session, _suspected(session, who) or Following(session.epoch, str(session.host))
    if _is_connected(session, who):
        return session, Waiting(AWAY_RETRY_MS)
    remaining = who.grace - abs(who.now - session.absent_since)
    if remaining <= 0 or (_has_lost(session, who) and is_forsaken(session, who.witnesses, who.now)):
        return _elected(session, who)
    return session, _waiting(session, who, remaining)


# Who may not


def _follow(session: Session | None, who: Candidacy) -> tuple[Session | None, JoinOutcome]:
    if session is None or session.host is None:
        return session, Hostless()
    against = _reason_against(session, who)
    if session.host == who.peer_id or against is not None:
        freed, vacated = emptied(session, who.now)
        return freed, Hostless(vacated, against)
    if session.absent_since is None:
        return session, _suspected(session, who) or Following(session.epoch, session.host)
    return session, Hostless()


# The parts


def _has_lost(session: Session, who: Candidacy) -> bool:
    return who.lost_epoch == session.epoch


def _is_connected(session: Session, who: Candidacy) -> bool:
    return who.connected_epoch == session.epoch and not _has_lost(session, who)


def _awaits_record(session: Session | None, who: Candidacy) -> bool:
    # After a restart of the server, a client may be back before the host that it still has a link
    # to, and whose seat brings the record back. A seat that was given back is another matter.
    if who.connected_epoch is None or who.connected_epoch == who.lost_epoch:
        return False
    return session is None or not session.opened


def _is_for_another(session: Session, who: Candidacy) -> bool:
    # Clocks may differ: so a seat isn't kept for much longer than it should be either.
    if session.host is not None or session.heir in (None, who.peer_id):
        return False
    return 0 < session.heir_until - who.now <= CLOCK_SKEW


def _informed(session: Session | None, who: Candidacy) -> Session | None:
    if session is None:
        return None
    session = noted(session, who)
    if not _has_lost(session, who):
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
        left_ms = math.ceil((session.idle_timeout - who.silence) * 1000)
        return Doubted(max(1, min(left_ms, DOUBTED_RETRY_MS)))
    return Suspected(
        session.epoch,
        str(session.host_sid),
        session.host_worker,
        str(session.host),
        session.idle_timeout,
    )


def _waiting(session: Session, who: Candidacy, remaining: float) -> Waiting:
    # A peer whose word isn't enough comes again soon: by then others may have said the same.
    left_ms = math.ceil(remaining * 1000)
    return Waiting(min(left_ms, DOUBTED_RETRY_MS) if _has_lost(session, who) else left_ms)


def _resumed_epoch(session: Session | None, who: Candidacy) -> int | None:
    seat = who.seat
    if seat is None:
        return None
    if session is None or seat.epoch > session.epoch:
        return seat.epoch
    if seat.epoch == session.epoch and session.host in (None, who.peer_id):
        return seat.epoch
    # The first host of this record was elected without knowledge of this host and its clients.
    # A seat that is older than the page belongs to another page, which has gone long ago.
    is_own = seat.epoch / 1000 >= who.token.first_issued_at - CLOCK_SKEW
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
        kept_for=who.token.expires_in,
        idle_timeout=who.member.idle_timeout,
        doubts={},
        unreached={},
        heir=None,
        opened=True,
    )
