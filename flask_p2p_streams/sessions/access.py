"""The door of a session: who is removed, and whether it is closed or locked.

These rules are functions without I/O, as those of ``sessions`` are. Times are in
seconds since 1970.
"""

import math
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from typing import Any, TypeGuard

from ..limits.budgets import CLOCK_SKEW
from ..protocol.errors import ErrorCode
from .credentials import EVERYTHING, Role

MAX_BANS = 1000
"""Peers that a session keeps banned; beyond it the ban that ends first is forgotten."""
MAX_WAIT_MS = 60_000
"""Milliseconds after which a peer that came too early asks again, at most."""
FULL_RETRY_MS = 5_000
"""Milliseconds after which a peer that found no room asks again."""


@dataclass(frozen=True)
class Gate:
    """Who may not come in any more.

    ``bans`` maps peers to the time at which their ban ends. ``closing`` is the number of
    the last closing, 0 before there is one; tokens that don't know of it are refused. All
    of it has to be remembered until ``keep_until``.
    """

    closing: int = 0
    locked: bool = False
    bans: Mapping[str, float] = field(default_factory=dict)
    keep_until: float = 0.0

    @classmethod
    def from_record(cls, record: object) -> "Gate | None":
        """Read a gate back; None if the record cannot be one."""
        if isinstance(record, dict) and "closed_at" in record:
            # That of an earlier version, whose tokens are good no more.
            record = {"closing": 0, **{key: record[key] for key in record if key != "closed_at"}}
        return cls(**record) if _sound(record) else None


@dataclass(frozen=True)
class Barred:
    """The peer may not come in; the fields are those of a ``SignalingError``."""

    code: ErrorCode
    message: str
    retry_after_ms: int | None = None


def nobody() -> Collection[str]:
    """Return no peers."""
    return ()


@dataclass(frozen=True)
class Pass:
    """What decides at the door, beside the peer's name.

    ``issued_at`` and ``closing`` are those of its token, see :class:`JoinToken`.
    ``present`` returns the peers that are counted, the host aside, and ``known`` those as
    well that were cut off, or load their page anew. Both may cost a look into the store,
    and are asked only where it matters. There are ``nearby`` of the counted at this worker.
    """

    issued_at: float = math.inf
    closing: int | None = None
    role: Role = EVERYTHING
    max_peers: int | None = None
    nearby: int = 0
    present: Callable[[], Collection[str]] = nobody
    known: Callable[[], Collection[str]] = nobody


OPEN_TO_ALL = Pass()


# Who may come in


def removed(gate: Gate, peer_id: str, ticket: Pass, now: float) -> Barred | None:
    """Refuse a peer that is banned, or whose token doesn't know of the session's end."""
    if gate.bans.get(peer_id, 0) > now:
        return Barred(ErrorCode.FORBIDDEN, "This peer has been removed from the session.")
    if _withdrawn(gate, ticket):
        return Barred(ErrorCode.SESSION_EXPIRED, "The session has been closed.")
    return None


def too_early(role: Role, now: float) -> Barred | None:
    """Refuse who comes before the session begins; it asks again by itself."""
    if role.starts_at is None or now >= role.starts_at:
        return None
    begin = datetime.fromtimestamp(role.starts_at, timezone.utc)
    wait = min(MAX_WAIT_MS, math.ceil((role.starts_at - now) * 1000))
    text = f"The session begins at {begin.isoformat(timespec='seconds')}."
    return Barred(ErrorCode.UNAVAILABLE, text, wait)


def too_late(role: Role, now: float) -> Barred | None:
    """Refuse who comes after the session has ended."""
    if role.ends_at is None or now < role.ends_at:
        return None
    return Barred(ErrorCode.SESSION_EXPIRED, "The session has ended.")


def without_place(
    gate: Gate, peer_id: str, host: str | None, reported: int, ticket: Pass
) -> Barred | None:
    """Refuse a peer that isn't known where the session is locked, or present where it is full.

    ``reported`` is how many peers the host has told of last.
    """
    may_be_full = ticket.max_peers is not None and reported + ticket.nearby + 1 >= ticket.max_peers
    if peer_id == host or not (gate.locked or may_be_full):
        return None
    if gate.locked:
        if peer_id in ticket.known():
            return None
        return Barred(ErrorCode.FORBIDDEN, "The session is locked; nobody new is let in.")
    present = {*ticket.present()} | ({host} if host is not None else set())
    if peer_id in present or ticket.max_peers is None or len(present) < ticket.max_peers:
        return None
    text = f"The session has {ticket.max_peers} peers, and room for no more."
    return Barred(ErrorCode.SESSION_FULL, text, FULL_RETRY_MS)


# What changes the gate


def banned(gate: Gate, peer_id: str, until: float, now: float) -> Gate:
    """Ban a peer until a time; a longer ban of the same peer stays."""
    bans = {peer: end for peer, end in gate.bans.items() if end > now}
    end = max(until, bans.pop(peer_id, 0))
    if end <= now:
        return replace(gate, bans=bans)
    if len(bans) >= MAX_BANS:
        del bans[min(bans, key=lambda peer: bans[peer])]
    return replace(gate, bans={**bans, peer_id: end}, keep_until=max(gate.keep_until, end))


def unbanned(gate: Gate, peer_id: str) -> Gate:
    """Let a banned peer in again, and remember the gate for no longer than what is left of it."""
    bans = {peer: end for peer, end in gate.bans.items() if peer != peer_id}
    if gate.closing or gate.locked:
        return replace(gate, bans=bans)
    return replace(gate, bans=bans, keep_until=max(bans.values(), default=0.0))


def bans_left(gate: Gate, now: float) -> dict[str, float]:
    """Return who is banned, and for how many seconds more."""
    return {peer: end - now for peer, end in sorted(gate.bans.items()) if end > now}


def closed(gate: Gate, now: float, keep_until: float) -> Gate:
    """Refuse every token that was signed before; bans stay, a lock is taken off.

    As with epochs, the time is in the number for when the one before has been forgotten.
    """
    closing = max(gate.closing + 1, math.floor(now * 1000))
    keep = max(gate.keep_until, keep_until)
    return replace(gate, closing=closing, locked=False, keep_until=keep)


def locked(gate: Gate, locked: bool, keep_until: float) -> Gate:
    """Let nobody new in, or everybody again."""
    return replace(gate, locked=locked, keep_until=max(gate.keep_until, keep_until))


def _withdrawn(gate: Gate, ticket: Pass) -> bool:
    if not gate.closing:
        return False
    if ticket.closing is not None:
        return ticket.closing < gate.closing
    # Of two clocks, one may be too early and the other one too late.
    return ticket.issued_at <= gate.closing / 1000 + 2 * CLOCK_SKEW


_FIELDS: dict[str, tuple[type, ...]] = {
    "closing": (int,),
    "locked": (bool,),
    "bans": (dict,),
    "keep_until": (int, float),
}


def _sound(record: object) -> TypeGuard[dict[str, Any]]:
    return (
        isinstance(record, dict)
        and set(record) == set(_FIELDS)
        and all(type(record[name]) in types for name, types in _FIELDS.items())
        and all(type(end) in (int, float) for end in record["bans"].values())
    )
