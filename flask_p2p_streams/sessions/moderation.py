"""How a session changes when the app removes a peer, or closes or locks it; no I/O."""

from dataclasses import replace

from ..limits.budgets import CLOCK_SKEW
from .access import banned, closed, locked, unbanned
from .record import Session, Vacated, emptied, unopened


def kick(
    session: Session | None, session_id: str, peer_id: str, now: float, until: float
) -> tuple[Session | None, Vacated | None]:
    """Ban a peer until a time, and free the seat if it is the host's."""
    if session is None and until <= now:
        return None, None
    present = session or unopened(session_id)
    after = replace(present, access=banned(present.access, peer_id, until, now))
    return emptied(after, now) if present.host == peer_id else (after, None)


def unban(session: Session | None, peer_id: str, now: float) -> tuple[Session | None, bool]:
    """Lift a peer's ban; tell whether it was still in force."""
    if session is None or peer_id not in session.access.bans:
        return session, False
    # A ban that is over is removed as well: by another worker's clock it may still hold.
    lifted = session.access.bans[peer_id] > now
    return replace(session, access=unbanned(session.access, peer_id)), lifted


def close(
    session: Session | None, session_id: str, now: float, keep_for: float
) -> tuple[Session, Vacated | None]:
    """End a session for every token that was signed before."""
    present = session or unopened(session_id)
    # A token lasts longer by the clock of a worker that is slow.
    keep_until = now + max(keep_for, present.kept_for) + 2 * CLOCK_SKEW
    access = closed(present.access, now, keep_until)
    after = replace(present, reported=0, opened=False, access=access)
    return emptied(after, now)


def lock(
    session: Session | None, session_id: str, shut: bool, now: float, keep_for: float
) -> tuple[Session | None, None]:
    """Let no new peer into a session, or everybody again."""
    if session is None and not shut:
        return None, None
    present = session or unopened(session_id)
    keep_until = now + max(keep_for, present.kept_for)
    return replace(present, access=locked(present.access, shut, keep_until)), None
