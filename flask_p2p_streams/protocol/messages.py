"""The messages of signaling: reads what browsers send, and builds what they are sent.

Nothing that a browser sent is passed on unchanged: each message is built anew from checked
fields, so that no payload can break the receiver's parser. No field is a fractional number, so
NaN and Infinity (RFC 8259, section 6) can't occur.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from .errors import ErrorCode, SignalingError
from .fields import (
    Payload,
    bad_request,
    checked_id,
    limit,
    object_of,
    size,
    string,
    whole_number,
)
from .sdp import check_candidate, check_sdp, read_candidate

MAX_TOKEN_CHARS = 4096
MAX_NEGOTIATION_CHARS = 64
MAX_CANDIDATES = 64
MAX_EPOCH = 2**53 - 1
SHORTEST_IDLE_TIMEOUT, LONGEST_IDLE_TIMEOUT = 1.0, 60.0
"""The least and the most seconds of a page's ``idle_timeout``; other values are cut to these."""
_JOIN_EPOCHS = ("lost_epoch", "connected_epoch", "unreached_epoch")
JOIN_KEYS = ("seat", *_JOIN_EPOCHS, "idle_timeout_ms", "link")
SIGNAL_KEYS = ("to", "epoch", "negotiation")

HostChange = Literal["elected", "resumed", "left", "lost"]


@dataclass(frozen=True)
class JoinRequest:
    """What a peer shows when it joins; ``token`` is empty on an open socket.

    ``idle_timeout`` is for how many seconds its page may stand still, or None. ``link`` is the
    link with the host of ``connected_epoch``, if the host is asked to repair it. To the host of
    ``unreached_epoch`` the peer has found no path.
    """

    token: str
    seat: str | None
    lost_epoch: int | None
    connected_epoch: int | None = None
    idle_timeout: float | None = None
    link: str | None = None
    unreached_epoch: int | None = None


@dataclass(frozen=True)
class Signal:
    """One step of a negotiation between two peers.

    ``body`` holds either ``description`` or ``candidates``; an offer's may have ``link`` and
    ``restart`` as well.
    """

    to: str
    epoch: int
    negotiation: str
    body: Payload


# What browsers send


def parse_auth(value: object) -> JoinRequest:
    """Read the ``auth`` of a ``connect`` packet.

    :raises SignalingError: ``unauthorized`` without a token, else ``bad_request``.
    """
    if not isinstance(value, Mapping) or not value.get("token"):
        raise SignalingError(ErrorCode.UNAUTHORIZED, "There is no token.")
    data = object_of(value, required=("token",), optional=JOIN_KEYS)
    return _join_request(string(data, "token", MAX_TOKEN_CHARS), data)


def parse_join(value: object) -> JoinRequest:
    """Read ``session_join``.

    :raises SignalingError: ``bad_request``.
    """
    return _join_request("", object_of(value, required=(), optional=JOIN_KEYS))


def parse_offer(value: object, max_bytes: int) -> Signal:
    """Read ``sdp_offer``.

    :raises SignalingError: ``bad_request`` or ``too_large``.
    """
    return _described(value, "offer", max_bytes, optional=("link", "restart"))


def parse_answer(value: object, max_bytes: int) -> Signal:
    """Read ``sdp_answer``.

    :raises SignalingError: ``bad_request`` or ``too_large``.
    """
    return _described(value, "answer", max_bytes)


def parse_candidates(value: object, max_bytes: int) -> Signal:
    """Read ``ice_candidate``, which holds 1 to 64 candidates.

    :raises SignalingError: ``bad_request`` or ``too_large``.
    """
    data = object_of(value, required=(*SIGNAL_KEYS, "candidates"))
    candidates = data["candidates"]
    if not isinstance(candidates, list) or not candidates:
        raise bad_request("candidates must be a list that is not empty")
    if len(candidates) > MAX_CANDIDATES:
        raise SignalingError(ErrorCode.TOO_LARGE, f"More than {MAX_CANDIDATES} candidates.")
    rebuilt = [read_candidate(each) for each in candidates]
    limit(sum(size(each["candidate"]) for each in rebuilt), max_bytes)
    for each in rebuilt:
        check_candidate(each["candidate"])
    return _signal(data, {"candidates": rebuilt})


def parse_leave(value: object) -> tuple[Literal["connected", "closed"], str | None]:
    """Read ``session_leave``; return its reason, and who is to follow a host.

    :raises SignalingError: ``bad_request``.
    """
    data = object_of(value, required=("reason",), optional=("successor",))
    successor = None if data.get("successor") is None else checked_id(data["successor"])
    if data["reason"] == "connected":
        return "connected", None
    if data["reason"] == "closed":
        return "closed", successor
    raise bad_request("reason must be 'connected' or 'closed'")


# What browsers are sent


def session_ready(
    *,
    peer_id: str,
    host_peer_id: str,
    epoch: int,
    ice_servers: Sequence[Payload],
    ice_expires_in_ms: int | None = None,
    can_send: bool = True,
    ends_in_ms: int | None = None,
    seat: str | None = None,
    relay: str = "off",
    can_host: bool = True,
) -> Payload:
    """Build ``session_ready``; only a host gets a ``seat``.

    ``can_send``, ``can_host`` (left out if true) and ``ends_in_ms`` are those of ``peer_id``;
    ``ice_servers`` are for the peer that is told, which needs others ``ice_expires_in_ms`` later.

    :param relay: ``"off"``, ``"fallback"`` or ``"first"``.
    """
    payload: Payload = {
        "peer_id": peer_id,
        "host_peer_id": host_peer_id,
        "epoch": epoch,
        "ice_servers": list(ice_servers),
        "can_send": can_send,
        "relay": relay,
    }
    optional = {"seat": seat, "ends_in_ms": ends_in_ms, "ice_expires_in_ms": ice_expires_in_ms}
    payload |= {} if can_host else {"can_host": False}
    return payload | {key: value for key, value in optional.items() if value is not None}


def joined(*, peer_id: str, host_peer_id: str, epoch: int, seat: str | None) -> Payload:
    """Build the answer to ``session_join``."""
    payload: Payload = {
        "ok": True,
        "role": "host" if seat is not None else "client",
        "peer_id": peer_id,
        "host_peer_id": host_peer_id,
        "epoch": epoch,
    }
    return payload if seat is None else {**payload, "seat": seat}


def host_changed(host_peer_id: str | None, epoch: int, reason: HostChange) -> Payload:
    """Build ``host_changed``; the host is None while the seat is empty."""
    return {"host_peer_id": host_peer_id, "epoch": epoch, "reason": reason}


def host_probe(epoch: int) -> Payload:
    """Build ``host_probe``: the question whether a host still holds this epoch."""
    return {"epoch": epoch}


def vouches(answer: object, epoch: int) -> bool:
    """Tell whether the answer to ``host_probe`` says that the host holds this epoch."""
    if not isinstance(answer, Mapping) or answer.get("ok") is not True:
        return False
    return type(answer.get("epoch")) is int and answer["epoch"] == epoch


def peer_left(peer_id: str, epoch: int) -> Payload:
    """Build ``peer_left``."""
    return {"peer_id": peer_id, "epoch": epoch}


def peer_expelled(peer_id: str, error: Payload) -> Payload:
    """Build ``peer_expelled``."""
    return {"peer_id": peer_id, "error": error}


def relayed(signal: Signal, sender: str) -> Payload:
    """Build a signal for its receiver: with ``from`` in place of ``to``."""
    return {
        "from": sender,
        "epoch": signal.epoch,
        "negotiation": signal.negotiation,
        **signal.body,
    }


def refused(error: SignalingError) -> Payload:
    """Build the answer to a request that is refused."""
    return {"ok": False, "error": error.to_payload()}


# The parts


def _epoch(data: Payload, key: str) -> int:
    return whole_number(data[key], key, MAX_EPOCH)


def _join_request(token: str, data: Payload) -> JoinRequest:
    seat = None if data.get("seat") is None else string(data, "seat", MAX_TOKEN_CHARS)
    link = _link(data).get("link")
    if link is not None and data.get("connected_epoch") is None:
        raise bad_request("link needs connected_epoch")
    return JoinRequest(
        token,
        seat,
        _optional_epoch(data, "lost_epoch"),
        _optional_epoch(data, "connected_epoch"),
        _idle_timeout(data.get("idle_timeout_ms")),
        link,
        _optional_epoch(data, "unreached_epoch"),
    )


def _idle_timeout(value: object) -> float | None:
    if value is None:
        return None
    seconds = whole_number(value, "idle_timeout_ms", MAX_EPOCH) / 1000
    return min(LONGEST_IDLE_TIMEOUT, max(SHORTEST_IDLE_TIMEOUT, seconds))


def _optional_epoch(data: Payload, key: str) -> int | None:
    return None if data.get(key) is None else _epoch(data, key)


def _signal(data: Payload, body: Payload) -> Signal:
    return Signal(
        to=checked_id(data["to"]),
        epoch=_epoch(data, "epoch"),
        negotiation=string(data, "negotiation", MAX_NEGOTIATION_CHARS),
        body=body,
    )


def _link(data: Payload) -> dict[str, str]:
    if data.get("link") is None:
        return {}
    return {"link": string(data, "link", MAX_NEGOTIATION_CHARS)}


def _restart(data: Payload) -> dict[str, bool]:
    restart = data.get("restart")
    if restart is None:
        return {}
    if not isinstance(restart, bool):
        raise bad_request("restart must be true or false")
    return {"restart": restart}


def _described(
    value: object, kind: str, max_bytes: int, optional: tuple[str, ...] = ()
) -> Signal:
    data = object_of(value, required=(*SIGNAL_KEYS, "description"), optional=optional)
    description = object_of(data["description"], required=("type", "sdp"))
    if description["type"] != kind:
        raise bad_request(f"the description's type must be '{kind}'")
    sdp = string(description, "sdp", max_bytes)
    limit(size(sdp), max_bytes)
    check_sdp(sdp)
    body = {"description": {"type": kind, "sdp": sdp}}
    return _signal(data, {**body, **_link(data), **_restart(data)})
