"""When a host is gone though its socket is there; no I/O.

A page may stand still for a while, and any client may say that it has lost its host. So
that nobody takes the seat of a host that lives, two things count only, after the host has
been asked and hasn't answered:

majority
    Most of its clients, and two at least, say that they have lost it. The word of a client
    counts that the host itself has told to be connected, under the epoch that is in doubt:
    who never was connected has lost nobody.
silence
    The host has left a question of the server unanswered for its ``idle_timeout``. That is
    for sessions with one client, and for newcomers, whom the host makes no offer.

While the host has no socket, its seat is reserved for a moment; most of its clients are
not made to wait for that, of which one is enough where there are no others.
"""

from collections.abc import Set
from dataclasses import replace
from typing import Literal

from .record import Session

Reason = Literal["majority", "silence"]

DOUBT_TERM = 4.0
"""Seconds for which a client's word is good; it comes again within two, and says it again."""
NOTING_PAUSE = 1.0
"""Seconds after which the same word is noted again, so that it isn't written each time."""
MAX_QUORUM = 100
"""Words that are enough in a session of any size."""


def heard(session: Session, peer_id: str, witnesses: Set[str], now: float) -> Session:
    """Take note that a client has lost its host; others than ``witnesses`` can't have.

    Of ``MAX_QUORUM`` words there needn't be more.
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
    """Forget all words, as the host has been heard of."""
    return replace(session, doubts={}) if session.doubts else session


def reason_against(
    session: Session, witnesses: Set[str], silence: float, now: float
) -> Reason | None:
    """Return why a host is gone that has been asked in vain; None if it may live.

    ``silence`` is for how many seconds a question of the server has been unanswered.
    """
    if silence >= session.idle_timeout:
        return "silence"
    return "majority" if _is_doubted(session, witnesses, now, least=2) else None


def is_forsaken(session: Session, witnesses: Set[str], now: float) -> bool:
    """Tell whether a host whose socket has dropped is lost to most of its clients as well."""
    return _is_doubted(session, witnesses, now, least=1)


def _is_doubted(session: Session, witnesses: Set[str], now: float, least: int) -> bool:
    clients = witnesses - {session.host}
    words = sum(1 for peer, at in session.doubts.items() if peer in clients and _is_fresh(at, now))
    return words >= min(MAX_QUORUM, max(least, len(clients) // 2 + 1))


def _is_fresh(at: float, now: float) -> bool:
    return abs(now - at) <= DOUBT_TERM
