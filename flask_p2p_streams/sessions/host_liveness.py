"""When a host counts as gone though its socket is still open; no I/O.

A page may stand still for a while, and any client may claim that it has lost its host. To keep
the seat for a host that lives, the host is asked first. If it doesn't answer, one of two
things must be true before it counts as gone:

majority
    Most of its clients, and at least two, say that they have lost it. A client's word counts
    only if the host itself has reported it as connected in this epoch: a client that was
    never connected can't have lost its host.
silence
    The host hasn't answered a question of the server for its ``idle_timeout``. This is needed
    in sessions with one client, and for newcomers that wait for the host's offer.

If the host has no socket, its seat stays reserved for a moment. That wait ends early when most
of its clients say that they have lost it; here one client is enough if there are no others.
"""

from collections.abc import Set
from dataclasses import replace
from typing import Literal

from .record import Session

Reason = Literal["majority", "silence", "unreached"]
"""The last one is that of ``reach``, for a host that lives."""

DOUBT_TERM = 4.0
"""Seconds for which a client's word counts; the client repeats it within two."""
NOTING_PAUSE = 1.0
"""Seconds in which a repeated word isn't written again, to spare the store."""
MAX_QUORUM = 100
"""Clients whose word is enough in a session of any size."""


def heard(session: Session, peer_id: str, witnesses: Set[str], now: float) -> Session:
    """Take note that a client has lost its host; only the word of ``witnesses`` counts.

    No more than ``MAX_QUORUM`` words are kept, as these are enough.
    """
    if peer_id == session.host or peer_id not in witnesses:
        return session
    noted = session.doubts.get(peer_id)
    if noted is not None and abs(now - noted) < NOTING_PAUSE:
        return session
    fresh = {peer: at for peer, at in session.doubts.items() if _is_fresh(at, now)}
    if peer_id not in fresh and len(fresh) >= MAX_QUORUM:
        return session
    return replace(session, doubts={**fresh, peer_id: now})


def dispelled(session: Session) -> Session:
    """Forget what clients have said, because the host has been heard of."""
    return replace(session, doubts={}) if session.doubts else session


def reason_against(
    session: Session, witnesses: Set[str], silence: float, now: float
) -> Reason | None:
    """Return why a host that hasn't answered counts as gone; None if it may still live.

    ``silence`` is for how many seconds a question of the server has gone unanswered.
    """
    if silence >= session.idle_timeout:
        return "silence"
    return "majority" if _is_doubted(session, witnesses, now, least=2) else None


def is_forsaken(session: Session, witnesses: Set[str], now: float) -> bool:
    """Tell whether most clients have also lost a host whose socket has dropped."""
    return _is_doubted(session, witnesses, now, least=1)


def _is_doubted(session: Session, witnesses: Set[str], now: float, least: int) -> bool:
    clients = witnesses - {session.host}
    words = sum(1 for peer, at in session.doubts.items() if peer in clients and _is_fresh(at, now))
    return words >= min(MAX_QUORUM, max(least, len(clients) // 2 + 1))


def _is_fresh(at: float, now: float) -> bool:
    return abs(now - at) <= DOUBT_TERM
