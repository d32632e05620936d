"""The message ``relay``: frames of two peers that travel over the server, in batches.

What is in the packets is the peers' own business. The server checks their number and their size,
and passes them on as they are.
"""

from dataclasses import dataclass

from .errors import ErrorCode, SignalingError
from .fields import Payload, bad_request, checked_id, object_of, string, whole_number
from .messages import MAX_EPOCH, MAX_NEGOTIATION_CHARS

LANES = ("messages", "bulk", "fast")
MAX_PACKETS = 64
"""Packets of one batch."""
MAX_BATCH_BYTES = 32_768
"""Bytes of one batch's packets, in UTF-8 and without JSON's escapes."""

# JSON text has none of them (RFC 8259, section 7), nor has base64. Escaped, each would take six
# times its place on the way to the receiver.
_CONTROLS = bytes(range(0x20))
_REQUIRED = ("to", "epoch", "negotiation", "n", "ack")
_OPTIONAL = ("lane", "packets", "part")


@dataclass(frozen=True)
class Batch:
    """Some packets of one link, or only an acknowledgement.

    ``link`` is the link's id, and ``size`` the bytes of the packets in UTF-8. ``body`` is what the
    receiver is told beside its sender, the epoch and the link.
    """

    to: str
    epoch: int
    link: str
    size: int
    body: Payload


def parse_relay(value: object) -> Batch:
    """Read ``relay``.

    :raises SignalingError: ``bad_request`` or ``too_large``.
    """
    data = object_of(value, required=_REQUIRED, optional=_OPTIONAL)
    number = whole_number(data["n"], "n", MAX_EPOCH)
    body: Payload = {"n": number, "ack": whole_number(data["ack"], "ack", MAX_EPOCH)}
    size = 0
    if number:
        size = _checked(data.get("packets"))
        body |= {"lane": _lane(data), "packets": data["packets"], "part": _is_part(data)}
    elif not data.keys().isdisjoint(_OPTIONAL):
        raise bad_request("a batch with the number 0 has neither lane nor packets nor part")
    link = string(data, "negotiation", MAX_NEGOTIATION_CHARS)
    epoch = whole_number(data["epoch"], "epoch", MAX_EPOCH)
    return Batch(checked_id(data["to"]), epoch, link, size, body)


def relay(batch: Batch, sender: str) -> Payload:
    """Build ``relay`` for its receiver: with ``from`` in place of ``to``."""
    return {"from": sender, "epoch": batch.epoch, "negotiation": batch.link, **batch.body}


def weight(value: object) -> int:
    """Return the characters of the packets of a payload, which may be anything."""
    packets = value.get("packets") if isinstance(value, dict) else None
    if not isinstance(packets, list):
        return 0
    return sum(len(each) for each in packets if isinstance(each, str))


def _lane(data: Payload) -> str:
    lane: object = data.get("lane", LANES[0])
    if not isinstance(lane, str) or lane not in LANES:
        raise bad_request(f"lane must be one of {', '.join(LANES)}")
    return lane


def _is_part(data: Payload) -> bool:
    part: object = data.get("part", False)
    if not isinstance(part, bool):
        raise bad_request("part must be true or false")
    return part


def _checked(packets: object) -> int:
    """Return the bytes of packets that may be passed on."""
    if not isinstance(packets, list) or not packets:
        raise bad_request("packets must be a list that is not empty")
    if len(packets) > MAX_PACKETS:
        raise SignalingError(ErrorCode.TOO_LARGE, f"More than {MAX_PACKETS} packets.")
    if not all(isinstance(each, str) for each in packets):
        raise bad_request("a packet must be a string")
    text = "".join(packets)
    if len(text) > MAX_BATCH_BYTES or len(data := _encoded(text)) > MAX_BATCH_BYTES:
        raise SignalingError(ErrorCode.TOO_LARGE, f"The packets have over {MAX_BATCH_BYTES} bytes.")
    # Ten times as fast as a regular expression, which matters at a hundred batches a second.
    if len(data.translate(None, _CONTROLS)) < len(data):
        raise bad_request("a packet has a control character in it")
    return len(data)


def _encoded(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError:
        raise bad_request("a packet has a lone surrogate in it") from None
