"""The rosters that hosts send: how they are read, kept and counted; no I/O."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from ..limits.budgets import MORE_PEERS
from ..protocol.errors import ErrorCode, SignalingError
from ..protocol.fields import bad_request, checked_id, object_of, whole_number
from ..protocol.messages import MAX_EPOCH
from .record import Session, at_present

PEER_STATES = (
    "new",
    "negotiating",
    "connecting",
    "connected",
    "disconnected",
    "closed",
    "failed",
)

GONE = ("disconnected", "closed", "failed")
"""States of peers that a roster still shows, but that take no place."""
SETTLING = 10.0
"""Seconds for which the peers of a former host keep their places until the new one reports."""
MAX_ROSTER = 2000
"""Peers of a roster where a session may have any number of them; no client knows more."""


@dataclass(frozen=True)
class Roster:
    """The host's list of the peers of its session, each with its state."""

    epoch: int
    peers: dict[str, str]


def parse(value: object, max_peers: int | None = None) -> Roster:
    """Read ``session_roster``.

    It may list ``max_peers`` peers and ``MORE_PEERS`` more, which have gone or came at once.

    :raises SignalingError: ``bad_request`` or ``too_large``.
    """
    data = object_of(value, required=("epoch", "peers"))
    peers = data["peers"]
    if not isinstance(peers, dict):
        raise bad_request("peers must be an object")
    most = (max_peers or MAX_ROSTER) + MORE_PEERS
    if len(peers) > most:
        raise SignalingError(ErrorCode.TOO_LARGE, f"More than {most} peers.")
    if not all(isinstance(state, str) and state in PEER_STATES for state in peers.values()):
        raise bad_request(f"a peer's state must be one of {', '.join(PEER_STATES)}")
    epoch = whole_number(data["epoch"], "epoch", MAX_EPOCH)
    return Roster(epoch, {checked_id(peer): state for peer, state in peers.items()})


def to_text(roster: Roster) -> str:
    """Return a roster as JSON text, with each state named once to keep the text short."""
    by_state: dict[str, list[str]] = {}
    for peer, state in roster.peers.items():
        by_state.setdefault(state, []).append(peer)
    record = {"epoch": roster.epoch, "peers": by_state}
    return json.dumps(record, ensure_ascii=False, separators=(",", ":"))


def from_text(text: object) -> Roster:
    """Read a roster back; anything that isn't a valid one counts as empty."""
    try:
        record = json.loads(text) if isinstance(text, str) else None
    except (ValueError, RecursionError):
        return Roster(0, {})
    if not isinstance(record, dict) or set(record) != {"epoch", "peers"}:
        return Roster(0, {})
    epoch, by_state = record["epoch"], record["peers"]
    if type(epoch) is not int or not isinstance(by_state, dict):
        return Roster(0, {})
    return Roster(epoch, _states(by_state))


def present(roster: Roster) -> set[str]:
    """Return the peers of a roster that take a place."""
    return {peer for peer, state in roster.peers.items() if state not in GONE}


def connected(roster: Roster, epoch: int) -> frozenset[str]:
    """Return the peers that the host of an epoch has reported as connected.

    A roster of another epoch tells nothing of that.
    """
    if roster.epoch != epoch:
        return frozenset()
    return frozenset(peer for peer, state in roster.peers.items() if state == "connected")


def holds(roster: Roster, session: Session | None, now: float, grace: float) -> bool:
    """Tell whether the peers of a roster have a place in the session as it is now.

    A host's roster counts as long as it has the seat. The next host reports its own peers about
    a second after it has come; until then the peers of the former host keep their places.
    """
    if session is None or at_present(session, now, grace).host is None:
        return False
    return roster.epoch == session.epoch or abs(now - session.epoch / 1000) <= SETTLING


def shown(roster: Roster, session: Session, now: float, grace: float) -> dict[str, str]:
    """Return the peers of the session as it is now, each with its state; empty without a host.

    The peers of a former host keep their places for a moment, but aren't connected to this one.
    """
    host = at_present(session, now, grace).host
    if host is None:
        return {}
    if roster.epoch == session.epoch:
        return {host: "connected", **roster.peers}
    kept = present(roster) if holds(roster, session, now, grace) else set()
    return {**dict.fromkeys(sorted(kept), "negotiating"), host: "connected"}


def _states(by_state: Mapping[str, object]) -> dict[str, str]:
    return {
        peer: state
        for state, peers in by_state.items()
        if state in PEER_STATES and isinstance(peers, list)
        for peer in peers
        if isinstance(peer, str)
    }
