"""The rules of the host's seat: left, lost, put back, renewed; no I/O."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from .outcomes import Hosting, Stale
from .record import IDLE_TIMEOUT, Session, Vacated, begun, without_host


@dataclass(frozen=True)
class Incumbent:
    """A host as its worker knows it, whatever the store remembers."""

    session_id: str
    peer_id: str
    sid: str
    worker: str | None
    epoch: int
    now: float
    kept_for: float = 0.0
    idle_timeout: float = IDLE_TIMEOUT


def leave(session: Session | None, sid: str) -> tuple[Session | None, Vacated | None]:
    """Free the seat when its holder says goodbye; from any other socket nothing changes."""
    if session is None or session.host is None or session.host_sid != sid:
        return session, None
    return without_host(session), Vacated(session.epoch, session.host)


def lose(session: Session | None, sid: str, now: float) -> tuple[Session | None, Vacated | None]:
    """Reserve the seat when its holder's socket drops; a late report changes nothing."""
    if session is None or session.host is None or session.host_sid != sid:
        return session, None
    reserved = replace(session, host_sid=None, host_worker=None, absent_since=now)
    return reserved, Vacated(session.epoch, session.host)


def lose_if_gone(
    session: Session | None, is_here: Callable[[str, str | None], bool], now: float
) -> Session | None:
    """Reserve the seat of a host whose socket no process holds.

    That is a host whose server has stopped: no handler has told of its loss. ``is_here``
    is asked for a socket and the worker that holds it.
    """
    if session is None or session.host_sid is None:
        return session
    if is_here(session.host_sid, session.host_worker):
        return session
    return lose(session, session.host_sid, now)[0]


def restore(session: Session | None, host: Incumbent) -> tuple[Session | None, Hosting | Stale]:
    """Put back the seat of a host where the store has lost it."""
    if session is None or session.epoch < host.epoch:
        return _put_back(session, host), Hosting(host.epoch, resumed=True)
    if (session.epoch, session.host, session.host_sid) != (host.epoch, host.peer_id, host.sid):
        return session, Stale(session.epoch, session.host)
    return session, Hosting(host.epoch, resumed=True)


def renew(
    session: Session | None, host: Incumbent, reported: int = 0
) -> tuple[Session | None, Hosting | Stale]:
    """Keep the host's seat, or put it back; ``reported`` is how many peers it tells of.

    Who says that the host is lost has said so of one that is heard of again.
    """
    after, decision = restore(session, host)
    if after is None or isinstance(decision, Stale):
        return after, decision
    # An equal copy: the store writes whatever isn't the same object, and so renews its term.
    return replace(after, reported=reported, doubts={}), decision


def _put_back(session: Session | None, host: Incumbent) -> Session:
    present = begun(session, host.session_id, host.epoch, host.now)
    return replace(
        present,
        epoch=host.epoch,
        host=host.peer_id,
        host_sid=host.sid,
        host_worker=host.worker,
        absent_since=None,
        kept_for=host.kept_for,
        idle_timeout=host.idle_timeout,
        doubts={},
        opened=True,
        # Of earlier hosts there is nothing more to know.
        known_from=max(present.known_from, host.epoch),
    )
