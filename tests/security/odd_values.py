"""Values and packets as nobody in his right mind would send them, for hypothesis."""

import json
from collections.abc import Iterator
from typing import Any

from hypothesis import strategies as st

from tests.security import corpus

EVENTS = ["sdp_offer", "sdp_answer", "ice_candidate"]
KEYS = [
    *("to", "epoch", "negotiation", "description", "type", "sdp", "candidates", "candidate"),
    *("n", "ack", "lane", "packets", "part", "link", "restart"),
    *("token", "seat", "lost_epoch", "connected_epoch", "reason", "peers", "ok", "__proto__"),
]
# Of all characters also those that UTF-8 can't carry.
TEXT = st.text(st.characters(), max_size=40)
TYPICAL = [
    "host",
    "eve",
    "n",
    "offer",
    "answer",
    "closed",
    "connected",
    "v=0\r\n",
    corpus.CANDIDATE,
]
# What a careless regular expression would take long for.
LONG = [
    *("x" * 129, "x" * 5_000, "=" * 30_000, "\r" * 60_000, "a=x\r\n" * 3_000),
    *(f"{corpus.CANDIDATE}{rest * 2_000}" for rest in (" x", " raddr", " raddr 1.1.1.1", " ", ".")),
    f"a={corpus.CANDIDATE} generation 0\r\n" * 700,
    "a=candidate:" * 5_000,
]
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.sampled_from([-1, 0, 2**31, 2**53 - 1, 2**53, 2**64, 10**400]),
    st.floats(),
    TEXT,
    st.sampled_from([*TYPICAL, *LONG]),
)


def _containers(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    keys = st.one_of(st.sampled_from(KEYS), TEXT)
    return st.one_of(st.lists(values, max_size=5), st.dictionaries(keys, values, max_size=5))


ANY = st.recursive(SCALARS, _containers, max_leaves=12)


def shapes(epoch: int) -> "dict[str, Any]":
    """Return a good payload of each event."""
    return {
        **{event: corpus.valid(event, "host", epoch) for event in EVENTS},
        "relay": corpus.batch("host", epoch),
        "session_join": {"seat": "x.y", "lost_epoch": epoch, "connected_epoch": epoch, "link": "a"},
        "session_leave": {"reason": "connected"},
        "session_roster": {"epoch": epoch, "peers": {"host": "connected", "eve": "new"}},
    }


@st.composite
def nearly_good(draw: st.DrawFn, event: str, epoch: int) -> Any:
    """Draw a payload in which up to three parts aren't as they should be."""
    payload = shapes(epoch)[event]
    for _ in range(draw(st.integers(0, 3))):
        places = [*_places(payload)]
        if not places:
            return payload
        holder, key = draw(st.sampled_from(places))
        if isinstance(holder, dict) and draw(st.booleans()):
            holder[draw(st.sampled_from(KEYS))] = holder.pop(key)
        else:
            holder[key] = draw(ANY)
    return payload


def _places(value: Any) -> "Iterator[tuple[Any, Any]]":
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for key, each in [*items]:
        yield value, key
        if isinstance(each, (dict, list)):
            yield from _places(each)


# Frames of a WebSocket: the opcode and what is in it

Frame = tuple[int, bytes]
JSON = ANY.map(json.dumps)
NUMBER = st.one_of(st.just(""), st.integers(0, 10**30).map(str))
HEADS = st.tuples(
    st.sampled_from(
        ["0", "1", "2", "3", "4", "40", "41", "42", "42", "42", "43", "44", "45", "46"]
    ),
    st.sampled_from(["", "", "", "1-", "0-", "2-", "99999999999-", "-1-", "-"]),
    st.sampled_from(["", "/p2p,", "/p2p,", "/p2p,", "/p2p", "/,", "/other,", "/p2p?a=1,", "/\0,"]),
    NUMBER,
).map("".join)


def _text(packet: str) -> Frame:
    return 1, packet.encode(errors="replace")


def frames(epoch: int) -> "st.SearchStrategy[Frame]":
    """What may be sent: noise, what looks like Socket.IO, and events that are nearly good."""
    names = st.sampled_from([*shapes(epoch)])
    events = names.flatmap(
        lambda event: st.tuples(NUMBER, nearly_good(event, epoch)).map(
            lambda drawn: _text(f'42/p2p,{drawn[0]}["{event}",{json.dumps(drawn[1])}]')
        )
    )
    alike = st.tuples(HEADS, st.one_of(st.just(""), JSON, TEXT)).map("".join).map(_text)
    named = st.tuples(HEADS, st.sampled_from([*shapes(epoch), "connect", "*"]), JSON).map(
        lambda drawn: _text(f'{drawn[0]}["{drawn[1]}",{drawn[2]}]')
    )
    noise = st.tuples(st.sampled_from([1, 1, 2, 9, 10]), st.binary(max_size=100))
    return st.one_of(events, events, alike, named, noise)
