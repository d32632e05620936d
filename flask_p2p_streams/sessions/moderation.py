"""The rules of what the app decides: removing a peer, closing a session, locking it.

They are functions without I/O, as those of ``sessions`` are.
"""

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
    after = replace(present, gate=banned(present.gate, peer_id, until, now))
    return emptied(after, now) if present.host == peer_id else (after, None)


def unban(session: Session | None, peer_id: str, now: float) -> tuple[Session | None, bool]:
    """Lift a peer's ban; tell whether it was still in force."""
    if session is None or peer_id not in session.gate.bans:
        return session, False
    # One that has ended is taken out as well: by the clock of another worker it may not have.
    lifted = session.gate.bans[peer_id] > now
    return replace(session, gate=unbanned(session.gate, peer_id)), lifted


def close(
    session: Session | None, session_id: str, now: float, keep_for: float
) -> tuple[Session, Vacated | None]:
    """End a session for every token that was signed before."""
    present = session or unopened(session_id)
    # By the clock of another worker, its tokens may last the longer.
    keep_until = now + max(keep_for, present.kept_for) + 2 * CLOCK_SKEW
    after = replace(present, reported=0, opened=False, gate=closed(present.gate, now, keep_until))
    return emptied(after, now)


def lock(
    session: Session | None, session_id: str, shut: bool, now: float, keep_for: float
) -> tuple[Session | None, None]:
    """Let nobody new into a session, or everybody again."""
    if session is None and not shut:
        return None, None
    present = session or unopened(session_id)
    keep_until = now + max(keep_for, present.kept_for)
    return replace(present, gate=locked(present.gate, shut, keep_until)), None
