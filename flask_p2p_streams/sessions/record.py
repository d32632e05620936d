"""The record of a session, a value that a store holds as text."""

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from types import NoneType
from typing import Any, TypeGuard

IDLE_TIMEOUT = 5.0
"""Seconds of silence after which a page counts as gone, unless the page names another number."""


@dataclass(frozen=True)
class Access:
    """Who may not join a session any more.

    ``bans`` maps peers to the time at which their ban ends. ``closing`` is the number of the
    last closing, 0 if there was none; tokens that were signed before it are refused. All of
    this has to be remembered until ``keep_until``. Times are in seconds since 1970.
    """

    closing: int = 0
    locked: bool = False
    bans: Mapping[str, float] = field(default_factory=dict)
    keep_until: float = 0.0

    @classmethod
    def from_record(cls, record: object) -> "Access | None":
        """Read it back; None if the record isn't valid."""
        if isinstance(record, dict) and "closed_at" in record:
            # A record of an earlier version, whose tokens are all refused by now.
            record = {"closing": 0, **{key: record[key] for key in record if key != "closed_at"}}
        return cls(**record) if _is_access(record) else None


@dataclass(frozen=True)
class Session:
    """Who hosts a session.

    ``host`` is None while the seat is empty. ``host_sid`` is the host's socket and
    ``host_worker`` the process that holds it; both are None while the socket is lost, which it
    has been since ``absent_since``. ``reported`` is how many peers the host has reported last.
    ``kept_for`` is for how many seconds the host's page asked the session to be remembered.
    ``opened`` is False until the first host comes, and again when the app has closed the session.

    ``doubts`` maps the clients that have lost the host to the time at which they said so last.
    ``idle_timeout`` is for how many seconds the host's page may stand still.

    ``unreached`` maps the clients that find no path to the host to the time at which they said so
    last. ``deposed`` maps former hosts that too few could reach to the time at which that was
    known of them last; the last of them was followed at ``deposed_at``, 0 if there was none, and
    there were ``deposings`` of them without a long pause. If the seat is empty, it is kept for
    ``heir`` until ``heir_until``, because the host before wanted that.

    The record was begun at ``born``. It knows nothing of the epochs after ``known_from`` and
    before ``first_epoch``: a cache that has lost its data may have forgotten a host.

    All times are in seconds since 1970.
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
    access: Access = field(default_factory=Access)
    doubts: Mapping[str, float] = field(default_factory=dict)
    idle_timeout: float = IDLE_TIMEOUT
    unreached: Mapping[str, float] = field(default_factory=dict)
    deposed: Mapping[str, float] = field(default_factory=dict)
    deposed_at: float = 0.0
    deposings: int = 0
    heir: str | None = None
    heir_until: float = 0.0

    def to_text(self) -> str:
        """Return the session as JSON text; a store never holds anything else."""
        return json.dumps(asdict(self))

    @classmethod
    def from_text(cls, text: object) -> "Session | None":
        """Read a session back; anything that isn't a valid one counts as missing."""
        try:
            record = json.loads(text) if isinstance(text, str) else None
        except (ValueError, RecursionError):
            return None
        if not _is_session(record):
            return None
        access = Access.from_record(record["access"]) if "access" in record else Access()
        return None if access is None else cls(**{**record, "access": access})


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
    """Return the session, or a new record, with the time and the epoch of its first host."""
    present = session or Session(session_id, 0, None, None, None)
    if present.first_epoch:
        return present
    return replace(present, born=now, first_epoch=present.epoch or epoch)


def emptied(session: Session, now: float) -> tuple[Session, Vacated | None]:
    """Free the seat; the epoch rises, so that the former host's proof of its seat is refused."""
    vacated = session.host and Vacated(session.epoch, session.host, session.host_sid)
    epoch = next_epoch(session, now)
    return without_host(replace(session, epoch=epoch)), vacated or None


def without_host(session: Session) -> Session:
    """Return the session with an empty seat."""
    return replace(
        session,
        host=None,
        host_sid=None,
        host_worker=None,
        absent_since=None,
        doubts={},
        unreached={},
        heir=None,
    )


def at_present(session: Session, now: float, grace: float) -> Session:
    """Return the session as it is now, without a host that has stayed away too long.

    Nothing is written to the store at the moment when its time is over, so each reader looks.
    ``grace`` is for how many seconds the seat of a host whose socket is lost stays reserved.
    """
    lost = session.absent_since
    return session if lost is None or abs(now - lost) < grace else without_host(session)


def next_epoch(session: Session | None, now: float) -> int:
    """Return the epoch of the next election; ``now`` is in seconds since 1970.

    It is that time in milliseconds, so that it rises even where the store has forgotten the last.
    """
    previous = 0 if session is None else session.epoch
    return max(previous + 1, math.floor(now * 1000))


_FIELDS: dict[str, tuple[type, ...]] = {
    "id": (str,),
    "epoch": (int,),
    "host": (str, NoneType),
    "host_sid": (str, NoneType),
    "absent_since": (int, float, NoneType),
}


# Fields that a record of an earlier version doesn't have.
_ADDED: dict[str, tuple[type, ...]] = {
    "reported": (int,),
    "kept_for": (int, float),
    "opened": (bool,),
    "host_worker": (str, NoneType),
    "born": (int, float),
    "first_epoch": (int,),
    "known_from": (int,),
    "access": (dict,),
    "doubts": (dict,),
    "idle_timeout": (int, float),
    "unreached": (dict,),
    "deposed": (dict,),
    "deposed_at": (int, float),
    "deposings": (int,),
    "heir": (str, NoneType),
    "heir_until": (int, float),
}

_TIMES = ("doubts", "unreached", "deposed")

_ACCESS_FIELDS: dict[str, tuple[type, ...]] = {
    "closing": (int,),
    "locked": (bool,),
    "bans": (dict,),
    "keep_until": (int, float),
}


def _is_session(record: object) -> TypeGuard[dict[str, Any]]:
    return (
        isinstance(record, dict)
        and set(_FIELDS) <= set(record) <= {*_FIELDS, *_ADDED}
        and all(type(record[name]) in {**_FIELDS, **_ADDED}[name] for name in record)
        and all(type(at) in (int, float) for key in _TIMES for at in record.get(key, {}).values())
    )


def _is_access(record: object) -> TypeGuard[dict[str, Any]]:
    return (
        isinstance(record, dict)
        and set(record) == set(_ACCESS_FIELDS)
        and all(type(record[name]) in types for name, types in _ACCESS_FIELDS.items())
        and all(type(end) in (int, float) for end in record["bans"].values())
    )
