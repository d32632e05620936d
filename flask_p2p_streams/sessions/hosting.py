"""How a host keeps, loses and leaves its session, and gets it back; no I/O."""

from dataclasses import dataclass, replace

from .member import Member
from .outcomes import Hosting, Stale
from .record import Session, Vacated, begun, without_host

HEIR_TERM = 2.0
"""Seconds for which a free seat is kept for the peer that the host has asked to follow it."""


@dataclass(frozen=True)
class Incumbent:
    """A host as its own worker knows it, even where the store has forgotten it."""

    member: Member
    worker: str | None
    epoch: int
    now: float


def leave(
    session: Session | None, sid: str, heir: str | None = None, now: float = 0.0
) -> tuple[Session | None, Vacated | None]:
    """Free the seat when the host says goodbye; a goodbye from another socket changes nothing.

    For a moment the seat is kept for the ``heir``, whom the host has asked to follow it.
    """
    if session is None or session.host is None or session.host_sid != sid:
        return session, None
    free = without_host(session)
    if heir is not None:
        free = replace(free, heir=heir, heir_until=now + HEIR_TERM)
    return free, Vacated(session.epoch, session.host)


def lose(session: Session | None, sid: str, now: float) -> tuple[Session | None, Vacated | None]:
    """Reserve the seat when the host's socket drops; an older socket's loss changes nothing."""
    if session is None or session.host is None or session.host_sid != sid:
        return session, None
    reserved = replace(session, host_sid=None, host_worker=None, absent_since=now)
    return reserved, Vacated(session.epoch, session.host)


def lose_if_gone(session: Session | None, is_here: bool, now: float) -> Session | None:
    """Reserve the seat of a host unless a process holds its socket (``is_here``).

    That happens when the host's worker has stopped: then no handler has reported the loss.
    """
    if session is None or session.host_sid is None or is_here:
        return session
    return lose(session, session.host_sid, now)[0]


def restore(session: Session | None, host: Incumbent) -> tuple[Session | None, Hosting | Stale]:
    """Put back the seat of a host where the store has lost it."""
    if session is None or session.epoch < host.epoch:
        return _put_back(session, host), Hosting(host.epoch, resumed=True)
    seated = session.epoch, session.host, session.host_sid
    if seated != (host.epoch, host.member.peer_id, host.member.sid):
        return session, Stale(session.epoch, session.host)
    return session, Hosting(host.epoch, resumed=True)


def renew(
    session: Session | None, host: Incumbent, reported: int = 0
) -> tuple[Session | None, Hosting | Stale]:
    """Keep the host's seat, or put it back; ``reported`` is how many peers it tells of.

    It also forgets which clients say that they have lost the host, as it has been heard of.
    """
    after, decision = restore(session, host)
    if after is None or isinstance(decision, Stale):
        return after, decision
    # A copy, though equal: the store writes every other object, and thereby renews its term.
    return replace(after, reported=reported, doubts={}), decision


def _put_back(session: Session | None, host: Incumbent) -> Session:
    member = host.member
    present = begun(session, member.session_id, host.epoch, host.now)
    return replace(
        present,
        epoch=host.epoch,
        host=member.peer_id,
        host_sid=member.sid,
        host_worker=host.worker,
        absent_since=None,
        kept_for=member.token.expires_in,
        idle_timeout=member.idle_timeout,
        doubts={},
        unreached={},
        heir=None,
        opened=True,
        # Hosts before this one matter no more.
        known_from=max(present.known_from, host.epoch),
    )
