"""The rules of a session: who hosts, and what a join, a leave or a loss changes.

Each rule is a function from a session to a session and a decision, without I/O,
so that a store may run it again when another process was faster. Times are in
seconds since 1970 and only ever compared by their distance.
"""

import json
import math
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from types import NoneType
from typing import Any, TypeAlias, TypeGuard

from .tokens import Seat


@dataclass(frozen=True)
class Session:
    """Who hosts a session.

    ``host`` is None while the seat is free; ``host_sid`` is the host's socket and
    None while that is lost, since ``absent_since``.
    """

    id: str
    epoch: int
    host: str | None
    host_sid: str | None
    absent_since: float | None

    def to_text(self) -> str:
        """Return the session as JSON text, which is all that a store ever holds."""
        return json.dumps(asdict(self))

    @classmethod
    def from_text(cls, text: object) -> "Session | None":
        """Read a session back; whatever cannot be one counts as missing."""
        try:
            record = json.loads(text) if isinstance(text, str) else None
        except (ValueError, RecursionError):
            return None
        return cls(**record) if _sound(record) else None


# The decisions


@dataclass(frozen=True)
class Hosting:
    """The peer is the host; ``opened`` tells whether the session is new."""

    epoch: int
    resumed: bool
    opened: bool = False


@dataclass(frozen=True)
class Following:
    """The peer is a client of ``host``."""

    epoch: int
    host: str


@dataclass(frozen=True)
class Waiting:
    """The seat is reserved for a host that has just dropped; come again."""

    retry_after_ms: int


@dataclass(frozen=True)
class Vacated:
    """The host has gone; the seat is empty."""

    epoch: int
    host: str


@dataclass(frozen=True)
class Stale:
    """The one who speaks isn't the host, or not any more."""


Joined: TypeAlias = Hosting | Following | Waiting


@dataclass(frozen=True)
class Candidacy:
    """A peer at the door: who it is, what it shows, and when."""

    session_id: str
    peer_id: str
    sid: str
    now: float
    grace: float
    seat: Seat | None = None
    lost_epoch: int | None = None


# The rules


def join(session: Session | None, who: Candidacy) -> tuple[Session, Joined]:
    """Decide whether a peer hosts, follows or has to come again."""
    if who.seat is not None and (session is None or who.seat.epoch >= session.epoch):
        return _seated(who, who.seat.epoch), Hosting(who.seat.epoch, resumed=True)
    if session is None or session.host is None or session.host == who.peer_id:
        return _elected(session, who)
    if session.absent_since is None:
        return session, Following(session.epoch, session.host)
    remaining = who.grace - abs(who.now - session.absent_since)
    if who.lost_epoch == session.epoch or remaining <= 0:
        return _elected(session, who)
    return session, Waiting(math.ceil(remaining * 1000))


def leave(session: Session | None, sid: str) -> tuple[Session | None, Vacated | None]:
    """Free the seat when its holder says goodbye; from any other socket nothing changes."""
    if session is None or session.host is None or session.host_sid != sid:
        return session, None
    freed = replace(session, host=None, host_sid=None, absent_since=None)
    return freed, Vacated(session.epoch, session.host)


def lose(session: Session | None, sid: str, now: float) -> tuple[Session | None, Vacated | None]:
    """Reserve the seat when its holder's socket drops; a late report changes nothing."""
    if session is None or session.host is None or session.host_sid != sid:
        return session, None
    reserved = replace(session, host_sid=None, absent_since=now)
    return reserved, Vacated(session.epoch, session.host)


def lose_if_gone(
    session: Session | None, is_here: Callable[[str], bool], now: float
) -> Session | None:
    """Reserve the seat of a host whose socket no process holds.

    That is a host whose server has stopped: no handler has told of its loss.
    """
    if session is None or session.host_sid is None or is_here(session.host_sid):
        return session
    return lose(session, session.host_sid, now)[0]


def renew(
    session: Session | None, session_id: str, peer_id: str, sid: str, epoch: int
) -> tuple[Session | None, Hosting | Stale]:
    """Keep the host's seat, and put it back where the store has lost it."""
    if session is None:
        return Session(session_id, epoch, peer_id, sid, None), Hosting(epoch, resumed=True)
    if (session.epoch, session.host, session.host_sid) != (epoch, peer_id, sid):
        return session, Stale()
    # An equal copy: the store writes whatever isn't the same object, and so renews its term.
    return replace(session), Hosting(epoch, resumed=True)


def _seated(who: Candidacy, epoch: int) -> Session:
    return Session(who.session_id, epoch, who.peer_id, who.sid, None)


def _elected(session: Session | None, who: Candidacy) -> tuple[Session, Hosting]:
    previous = 0 if session is None else session.epoch
    epoch = max(previous + 1, math.floor(who.now * 1000))
    return _seated(who, epoch), Hosting(epoch, resumed=False, opened=session is None)


_FIELDS: dict[str, tuple[type, ...]] = {
    "id": (str,),
    "epoch": (int,),
    "host": (str, NoneType),
    "host_sid": (str, NoneType),
    "absent_since": (int, float, NoneType),
}


def _sound(record: object) -> TypeGuard[dict[str, Any]]:
    return (
        isinstance(record, dict)
        and set(record) == set(_FIELDS)
        and all(type(record[name]) in types for name, types in _FIELDS.items())
    )
