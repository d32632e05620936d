"""What a hostile program sends: several hundred packets, each with the refusals it may get."""

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

BAD = frozenset({"bad_request"})
BAD_OR_LARGE = BAD | {"too_large"}
FORBIDDEN = frozenset({"forbidden"})
STALE = frozenset({"stale_epoch"})
# Never to be found in a log.
SECRET = "s3cret-of-the-negotiation"
CANDIDATE = "candidate:1 1 udp 2122260223 127.0.0.1 50000 typ host ufrag " + SECRET


@dataclass(frozen=True)
class Attack:
    """An event with its arguments as raw JSON, and the codes that may answer it."""

    event: str
    arguments: str
    codes: frozenset[str]


# Values that no field of any event may have, as JSON; strings have their own list.
NO_VALUE = [
    "true",
    "-1",
    "1.5",
    "NaN",
    "-Infinity",
    "1e999",
    "[]",
    "[[]]",
    '["host"]',
    "{}",
    '{"__proto__":{"ok":true}}',
    '{"toString":null}',
    '"\\ud800"',
    '"x\\udfff"',
    '""',
    "[" * 200 + "]" * 200,
    '{"a":' * 200 + "1" + "}" * 200,
]
NO_TEXT = ["null", "0", "7", json.dumps("x" * 5_000)]
NO_NUMBER = ["null", '"1"', '"NaN"', str(2**53), str(2**64), "1" + "0" * 99]


def valid(event: str, to: str, epoch: int) -> dict[str, Any]:
    """Return a payload of an event in which every field is as it should be."""
    head = {"to": to, "epoch": epoch, "negotiation": "n"}
    if event == "ice_candidate":
        candidate = {"candidate": CANDIDATE, "sdpMid": "0", "sdpMLineIndex": 0}
        return {**head, "candidates": [{**candidate, "usernameFragment": "u"}]}
    kind = event.removeprefix("sdp_")
    return {**head, "description": {"type": kind, "sdp": f"v=0 {SECRET}"}}


def batch(to: str, epoch: int) -> dict[str, Any]:
    """Return a payload of ``relay`` in which every field is as it should be."""
    head = {"to": to, "epoch": epoch, "negotiation": "n", "n": 1, "ack": 0}
    return {**head, "lane": "bulk", "packets": [SECRET, "x"], "part": False}


def wrong_fields(epoch: int) -> Iterator[Attack]:
    """Each field of each event with each kind of value that it cannot have."""
    for event in ("sdp_offer", "sdp_answer", "ice_candidate"):
        payload = valid(event, "host", epoch)
        for path in _paths(payload):
            wrong = NO_VALUE + _others(path)
            for value in wrong:
                if not _is_fine(path, value):
                    yield Attack(event, _with(payload, path, value), BAD_OR_LARGE)
        for key in payload:
            rest = {name: value for name, value in payload.items() if name != key}
            yield Attack(event, json.dumps(rest), BAD)
    for event, key in (("session_leave", "reason"), ("session_roster", "peers")):
        for value in [*NO_VALUE, *NO_TEXT, '"left"']:
            if (event, value) != ("session_roster", "{}"):
                payload = {key: "*"} | ({"epoch": epoch} if key == "peers" else {})
                yield Attack(event, _with(payload, (key,), value), BAD_OR_LARGE)
    for key in ("seat", "lost_epoch", "connected_epoch"):
        for value in NO_VALUE:
            yield Attack("session_join", f'{{"{key}":{value}}}', BAD_OR_LARGE)


def wrong_shapes(epoch: int) -> Iterator[Attack]:
    """Payloads that are no object, arguments too many or none, unknown keys, unknown events."""
    for event in ("sdp_offer", "sdp_answer", "ice_candidate", "session_leave", "session_roster"):
        for value in [*NO_VALUE, "null", "7", '"text"', json.dumps("x" * 9_000)]:
            yield Attack(event, value, BAD)
        yield Attack(event, "{},{}", BAD)
        yield Attack(event, "{},[],7", BAD)
    for event in ("sdp_offer", "sdp_answer", "ice_candidate"):
        # Nobody tells the server, or another peer, who he is.
        for key in ("from", "sender", "senderId", "session_id", "peer_id", "sid", "room", "ok"):
            yield Attack(event, json.dumps(valid(event, "host", epoch) | {key: "host"}), BAD)
    for event in RESERVED:
        for value in ("{}", '"transport close"', "null", "[]"):
            yield Attack(event, value, BAD)
    for key in ("token", "session_id", "peer_id", "can_host", "__proto__", "", "x" * 999):
        yield Attack("session_join", json.dumps({key: "host"}), BAD)
        yield Attack("session_leave", json.dumps({"reason": "closed", key: 1}), BAD)


RESERVED = [
    "connect",
    "disconnect",
    "disconnecting",
    "connect_error",
    "message",
    "error",
    "*",
    "__init__",
    "trigger_event",
    "on_connect",
    "session_ready",
    "host_changed",
    "peer_left",
    "peer_expelled",
    "session_error",
    "",
    "x" * 5_000,
]


def wrong_moves(epoch: int) -> Iterator[Attack]:
    """What is well formed, and not for a client to do."""
    for to in ("client", "eve", "host", "nobody", "p2p:x:host", "host ", "HOST", "ho\u0301st"):
        yield Attack("sdp_offer", json.dumps(valid("sdp_offer", to, epoch)), FORBIDDEN)
        if to != "host":
            for event in ("sdp_answer", "ice_candidate"):
                yield Attack(event, json.dumps(valid(event, to, epoch)), FORBIDDEN)
    for other in (0, 1, epoch - 1, epoch + 1, epoch + 86_400_000, 2**53 - 1):
        for event in ("sdp_offer", "sdp_answer", "ice_candidate"):
            yield Attack(event, json.dumps(valid(event, "host", other)), STALE | FORBIDDEN)
        yield Attack("session_roster", json.dumps({"epoch": other, "peers": {}}), FORBIDDEN)
    peers = {"client": "disconnected", "host": "failed"}
    yield Attack("session_roster", json.dumps({"epoch": epoch, "peers": peers}), FORBIDDEN)


def wrong_addresses(epoch: int) -> Iterator[Attack]:
    """Candidates that would let the other browser look up a name, or that are none."""
    for address in ("tracker.example", "evil.local", "localhost", "127.1", "0x7f000001", "::1%lo"):
        yield from _naming(CANDIDATE.replace("127.0.0.1", address), epoch)
    for broken in (SECRET, "candidate:", CANDIDATE + "\r\na=x", "a=" + CANDIDATE, " " + CANDIDATE):
        signal = valid("ice_candidate", "host", epoch)
        signal["candidates"][0]["candidate"] = broken
        yield Attack("ice_candidate", json.dumps(signal), BAD)


def _naming(candidate: str, epoch: int) -> Iterator[Attack]:
    signal = valid("ice_candidate", "host", epoch)
    signal["candidates"][0]["candidate"] = candidate
    yield Attack("ice_candidate", json.dumps(signal), BAD)
    for line_end in ("\r\n", "\n", "\r"):
        offer = valid("sdp_answer", "host", epoch)
        offer["description"]["sdp"] = line_end.join(("v=0", f"a={candidate}", ""))
        yield Attack("sdp_answer", json.dumps(offer), BAD)


def too_much(epoch: int, max_signal_bytes: int) -> Iterator[Attack]:
    """What is larger than it may be, and smaller than what ends the connection."""
    for text in ("v" * (max_signal_bytes + 1), "\u00e9" * (max_signal_bytes // 2 + 1)):
        offer = valid("sdp_offer", "host", epoch)
        offer["description"]["sdp"] = text
        yield Attack("sdp_offer", json.dumps(offer, ensure_ascii=False), frozenset({"too_large"}))
    for text in ("a=x\r\n" * 3_000, "m=audio 9 x 0\r\n" * 100):
        offer = valid("sdp_offer", "host", epoch)
        offer["description"]["sdp"] = text
        yield Attack("sdp_offer", json.dumps(offer), frozenset({"too_large"}))
    for count in (65, 300):
        many = valid("ice_candidate", "host", epoch) | {"candidates": [{"candidate": ""}] * count}
        yield Attack("ice_candidate", json.dumps(many), BAD_OR_LARGE)
    crowd = {"epoch": epoch, "peers": {str(number): "new" for number in range(1101)}}
    yield Attack("session_roster", json.dumps(crowd), BAD_OR_LARGE)
    yield Attack("session_join", json.dumps({"seat": "x" * 4097}), BAD_OR_LARGE)


def noise(seed: int, count: int) -> Iterator[Attack]:
    """Random JSON of all kinds, the same each time."""
    dice = random.Random(seed)
    events = ["sdp_offer", "sdp_answer", "ice_candidate", "session_leave", "session_roster"]
    for _ in range(count):
        # An object needs all its keys, which these never have.
        yield Attack(dice.choice(events), json.dumps(_random(dice, 4)), BAD_OR_LARGE)


# Packets that break a rule of Socket.IO or Engine.IO itself: no answer, and no harm.
BROKEN_PACKETS = [
    "",
    "x",
    "4",
    "4x",
    "2probe",
    "2" * 500,
    "3",
    "5",
    "6",
    "7",
    "9",
    "0{}",
    '0{"sid":"x"}',
    "40",
    "40/p2p,",
    "40/p2p,{",
    "40/nowhere,{}",
    "41",
    "41/nowhere,",
    "42",
    "42[]",
    '42["sdp_offer",{}]',
    "42/p2p",
    "42/p2p,",
    "42/p2p,7",
    "42/p2p,{}",
    "42/p2p,[]",
    "42/p2p,[7]",
    "42/p2p,[null,{}]",
    '42/p2p,[{"a":1},{}]',
    '42/p2p,[["sdp_offer"],{}]',
    "42/p2p," + "[" * 20_000,
    "42/p2p,0" + "[" * 20_000,
    '42/p2p,["sdp_offer",' + "9" * 101 + "]",
    '42/p2p,["sdp_offer",' + "9" * 5_000 + "]",
    '42/p2p,99999999999999999999999999["sdp_offer",{}]',
    "42/p2p," + "1" * 6_000 + '["sdp_offer",{}]',
    '42/p2p,-1["sdp_offer",{}]',
    '42/p2p,["sdp_offer",{"to":"host"',
    '42/p2p\u0000,["sdp_offer",{}]',
    '42/p2p?token=x,["sdp_offer",{}]',
    "43/p2p,",
    "43/p2p,7[]",
    "43/p2p,[]",
    '43/p2p,0["x"]',
    "44/p2p,{}",
    '44/p2p,"no"',
    '45-1-/p2p,["sdp_offer",{}]',
    "47",
    "49/p2p,",
]

# Packets that promise more: what comes next is taken for that, and gets no answer.
HALF_PACKETS = [
    "45/p2p,",
    '451-/p2p,["sdp_offer",{"_placeholder":true,"num":0}]',
    '451-/p2p,["sdp_offer",{"_placeholder":true,"num":-1}]',
    '459999999999-/p2p,["sdp_offer",{"_placeholder":true,"num":0}]',
    "46/p2p,",
    "461-/p2p,0[]",
]


# The parts

_TEXTS = {"to", "negotiation", "type", "sdp", "candidate", "sdpMid", "usernameFragment"}
_OPTIONAL = {"sdpMid", "sdpMLineIndex", "usernameFragment"}


def _paths(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for key, part in items:
        yield (*path, key)
        if isinstance(part, (dict, list)):
            yield from _paths(part, (*path, key))


def _others(path: tuple[Any, ...]) -> list[str]:
    return NO_TEXT if path[-1] in _TEXTS else NO_NUMBER


def _is_fine(path: tuple[Any, ...], value: str) -> bool:
    if path[-1] in _OPTIONAL and value in ("null", '""') and path[-1] != "sdpMLineIndex":
        return True
    if path[-1] == "sdpMLineIndex" and value == "null":
        return True
    if path[-1] == "candidate" and value == '""':
        return True
    # A long description is none that is too long.
    return path[-1] == "sdp" and value == NO_TEXT[-1]


def _with(payload: Any, path: tuple[Any, ...], value: str) -> str:
    """Return the payload as JSON with one part replaced by raw text."""
    mark = "the part that is replaced"
    copy = json.loads(json.dumps(payload))
    part = copy
    for key in path[:-1]:
        part = part[key]
    part[path[-1]] = mark
    return json.dumps(copy).replace(json.dumps(mark), value, 1)


def _random(dice: random.Random, depth: int) -> Any:
    kind = dice.randrange(8 if depth else 6)
    if kind == 6:
        return [_random(dice, depth - 1) for _ in range(dice.randrange(4))]
    if kind == 7:
        keys = ["to", "epoch", "negotiation", "from", "x", "peers"]
        return {dice.choice(keys): _random(dice, depth - 1) for _ in range(dice.randrange(4))}
    number = dice.choice([0, -1, 2**31, 2**63, 10**30])
    text = "".join(chr(dice.choice([0, 10, 34, 92, 65, 0xE9, 0x1F600])) for _ in range(5))
    return [None, True, number, dice.random() * 1e300, text, ""][kind]
