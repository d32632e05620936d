"""What is kept of a session, and what becomes of it when its seat is emptied for good."""

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from types import NoneType
from typing import Any, TypeGuard

from .access import Gate

IDLE_TIMEOUT = 5.0
"""Seconds of silence after which a page counts as gone, unless it says another number."""


@dataclass(frozen=True)
class Session:
    """Who hosts a session.

    ``host`` is None while the seat is free; ``host_sid`` is the host's socket and
    ``host_worker`` the process that holds it, both None while that is lost, since
    ``absent_since``. ``reported`` is how many peers the host has told of last, ``kept_for``
    the seconds that its page asked to be remembered. ``opened`` is False until the first
    host comes, and again when the app has closed it.

    ``doubts`` maps those of its clients that have lost the host to the time at which they
    said so last; ``idle_timeout`` is for how many seconds its page may stand still.

    The record was begun at ``born``, and knows nothing of the epochs after ``known_from``
    and before ``first_epoch``: a cache that lost its memory may have forgotten a host.
    """

    id: str
    epoch: int
    host: str | None
    host_sid: str | None
    absent_since: float | None
    reported: int = 0
    kept_for: float = 0.0
    opened: bool = True
    host_worker: str | None = None
    born: float = 0.0
    first_epoch: int = 0
    known_from: int = 0
    gate: Gate = field(default_factory=Gate)
    doubts: Mapping[str, float] = field(default_factory=dict)
    idle_timeout: float = IDLE_TIMEOUT

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
        if not _sound(record):
            return None
        gate = Gate.from_record(record["gate"]) if "gate" in record else Gate()
        return None if gate is None else cls(**{**record, "gate": gate})


@dataclass(frozen=True)
class Vacated:
    """The host has gone; the seat is empty. ``sid`` was its socket, if it had one."""

    epoch: int
    host: str
    sid: str | None = None


def unopened(session_id: str) -> Session:
    """Return the record of a session that no host has opened."""
    return Session(session_id, 0, None, None, None, opened=False)


def begun(session: Session | None, session_id: str, epoch: int, now: float) -> Session:
    """Return the session, or a new record; either bears its date from its first host on."""
    present = session or Session(session_id, 0, None, None, None)
    if present.first_epoch:
        return present
    return replace(present, born=now, first_epoch=present.epoch or epoch)


def emptied(session: Session, now: float) -> tuple[Session, Vacated | None]:
    """Free the seat; the epoch rises, so that the proof of it is good no more."""
    vacated = session.host and Vacated(session.epoch, session.host, session.host_sid)
    epoch = next_epoch(session, now)
    return without_host(replace(session, epoch=epoch)), vacated or None


def without_host(session: Session) -> Session:
    """Return the session with an empty seat."""
    return replace(
        session, host=None, host_sid=None, host_worker=None, absent_since=None, doubts={}
    )


def at_present(session: Session, now: float, grace: float) -> Session:
    """Return the session as it is now; nobody writes it down when a host stays away too long.

    ``grace`` is for how many seconds the seat of a host whose socket is lost is reserved.
    """
    lost = session.absent_since
    return session if lost is None or abs(now - lost) < grace else without_host(session)


def next_epoch(session: Session | None, now: float) -> int:
    """Return the epoch of the next election, at a time in seconds since 1970."""
    previous = 0 if session is None else session.epoch
    return max(previous + 1, math.floor(now * 1000))


_FIELDS: dict[str, tuple[type, ...]] = {
    "id": (str,),
    "epoch": (int,),
    "host": (str, NoneType),
    "host_sid": (str, NoneType),
    "absent_since": (int, float, NoneType),
}


# What a record of an earlier version lacks.
_ADDED: dict[str, tuple[type, ...]] = {
    "reported": (int,),
    "kept_for": (int, float),
    "opened": (bool,),
    "host_worker": (str, NoneType),
    "born": (int, float),
    "first_epoch": (int,),
    "known_from": (int,),
    "gate": (dict,),
    "doubts": (dict,),
    "idle_timeout": (int, float),
}


def _sound(record: object) -> TypeGuard[dict[str, Any]]:
    return (
        isinstance(record, dict)
        and set(_FIELDS) <= set(record) <= {*_FIELDS, *_ADDED}
        and all(type(record[name]) in {**_FIELDS, **_ADDED}[name] for name in record)
        and all(type(at) in (int, float) for at in record.get("doubts", {}).values())
    )
