"""Who may join a session: bans, times, closing, locking and the number of places; no I/O.

Times are in seconds since 1970.
"""

import math
from dataclasses import replace
from datetime import datetime, timezone

from ..limits.budgets import CLOCK_SKEW
from ..protocol.errors import ErrorCode
from .candidacy import Candidacy
from .credentials import JoinToken, Role
from .crowd import Report, known, nearby, present
from .outcomes import Barred, RosterNeeded
from .record import Access, Session

MAX_BANS = 1000
"""Bans that a session keeps; beyond that, the ban that ends first is forgotten."""
MAX_WAIT_MS = 60_000
"""The most milliseconds after which a peer that came too early asks again."""
FULL_RETRY_MS = 5_000
"""Milliseconds after which a peer that found the session full asks again."""


# Who may come in


def refused(session: Session | None, who: Candidacy) -> Barred | RosterNeeded | None:
    """Return why a peer may not join, or None if it may."""
    access, token = Access() if session is None else session.access, who.token
    return (
        removed(access, token, who.now)
        or too_early(token.role, who.now)
        or too_late(token.role, who.now)
        or without_place(session, who)
    )


def removed(access: Access, token: JoinToken, now: float) -> Barred | None:
    """Refuse a peer that is banned, or whose token was signed before the session was closed."""
    if access.bans.get(token.peer_id, 0) > now:
        return Barred(ErrorCode.FORBIDDEN, "This peer has been removed from the session.")
    if _withdrawn(access, token):
        return Barred(ErrorCode.SESSION_EXPIRED, "The session has been closed.")
    return None


def too_early(role: Role, now: float) -> Barred | None:
    """Refuse a peer that comes before the session begins; it asks again by itself."""
    if role.starts_at is None or now >= role.starts_at:
        return None
    begin = datetime.fromtimestamp(role.starts_at, timezone.utc)
    wait_ms = min(MAX_WAIT_MS, math.ceil((role.starts_at - now) * 1000))
    text = f"The session begins at {begin.isoformat(timespec='seconds')}."
    return Barred(ErrorCode.UNAVAILABLE, text, wait_ms)


def too_late(role: Role, now: float) -> Barred | None:
    """Refuse a peer that comes after the session has ended."""
    if role.ends_at is None or now < role.ends_at:
        return None
    return Barred(ErrorCode.SESSION_EXPIRED, "The session has ended.")


def without_place(session: Session | None, who: Candidacy) -> Barred | RosterNeeded | None:
    """Refuse a peer that is new to a locked session, or isn't present in a full one."""
    is_locked = session is not None and session.access.locked
    if session is not None and session.host == who.peer_id:
        return None
    if not is_locked and not _may_be_full(session, who):
        return None
    report = who.crowd.report
    if report is None:
        return RosterNeeded(session, is_locked)
    return _unknown(session, who, report) if is_locked else _one_too_many(session, who, report)


def _may_be_full(session: Session | None, who: Candidacy) -> bool:
    if who.max_peers is None:
        return False
    reported = 0 if session is None else session.reported
    around = nearby(who.crowd, session, who.now, who.grace)
    return reported + len(around) + 1 >= who.max_peers


def _unknown(session: Session | None, who: Candidacy, report: Report) -> Barred | None:
    if report.is_known or who.peer_id in known(who.crowd, report, session, who.now, who.grace):
        return None
    return Barred(ErrorCode.FORBIDDEN, "The session is locked; nobody new is let in.")


def _one_too_many(session: Session | None, who: Candidacy, report: Report) -> Barred | None:
    host = set() if session is None or session.host is None else {session.host}
    peers = present(who.crowd, report, session, who.now, who.grace) | host
    if who.peer_id in peers or who.max_peers is None or len(peers) < who.max_peers:
        return None
    text = f"The session has {who.max_peers} peers, and room for no more."
    return Barred(ErrorCode.SESSION_FULL, text, FULL_RETRY_MS)


def _withdrawn(access: Access, token: JoinToken) -> bool:
    if not access.closing:
        return False
    if token.closing is not None:
        return token.closing < access.closing
    # One of the two workers' clocks may be slow and the other one fast.
    return token.issued_at <= access.closing / 1000 + 2 * CLOCK_SKEW


# What the app changes


def banned(access: Access, peer_id: str, until: float, now: float) -> Access:
    """Ban a peer until a time; a longer ban of the same peer stays."""
    bans = {peer: end for peer, end in access.bans.items() if end > now}
    end = max(until, bans.pop(peer_id, 0))
    if end <= now:
        return replace(access, bans=bans)
    if len(bans) >= MAX_BANS:
        del bans[min(bans, key=lambda peer: bans[peer])]
    return replace(access, bans={**bans, peer_id: end}, keep_until=max(access.keep_until, end))


def unbanned(access: Access, peer_id: str) -> Access:
    """Lift a peer's ban; what is left is remembered for no longer than it has to be."""
    bans = {peer: end for peer, end in access.bans.items() if peer != peer_id}
    if access.closing or access.locked:
        return replace(access, bans=bans)
    return replace(access, bans=bans, keep_until=max(bans.values(), default=0.0))


def bans_left(access: Access, now: float) -> dict[str, float]:
    """Return the banned peers, and for how many seconds more each of them is banned."""
    return {peer: end - now for peer, end in sorted(access.bans.items()) if end > now}


def closed(access: Access, now: float, keep_until: float) -> Access:
    """Refuse every token that was signed before; bans stay, and the session is unlocked.

    The number of a closing is made from the time, as an epoch is: so it rises even where the
    store has forgotten the one before.
    """
    closing = max(access.closing + 1, math.floor(now * 1000))
    keep = max(access.keep_until, keep_until)
    return replace(access, closing=closing, locked=False, keep_until=keep)


def locked(access: Access, locked: bool, keep_until: float) -> Access:
    """Let no new peer in, or everybody again."""
    return replace(access, locked=locked, keep_until=max(access.keep_until, keep_until))
