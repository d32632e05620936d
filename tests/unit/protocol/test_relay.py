"""What browsers relay is checked, and passed on as it is."""

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flask_p2p_streams.errors import SignalingError
from flask_p2p_streams.protocol.relay import (
    MAX_BATCH_BYTES,
    MAX_PACKETS,
    parse_relay,
    relay,
    weight,
)

ACKNOWLEDGEMENT = {"to": "ann", "epoch": 5, "negotiation": "a-link", "n": 0, "ack": 3}
BATCH: dict[str, Any] = {**ACKNOWLEDGEMENT, "n": 1, "packets": ['{"a":1}']}


def code(value: object) -> str:
    with pytest.raises(SignalingError) as raised:
        parse_relay(value)
    return raised.value.code.value


def test_a_batch() -> None:
    batch = parse_relay({**BATCH, "packets": ["é", "bAAEC"], "lane": "fast", "part": True})
    assert (batch.to, batch.epoch, batch.link, batch.size) == ("ann", 5, "a-link", 7)
    assert relay(batch, "bob") == {
        "from": "bob",
        "epoch": 5,
        "negotiation": "a-link",
        "n": 1,
        "ack": 3,
        "lane": "fast",
        "packets": ["é", "bAAEC"],
        "part": True,
    }


def test_what_a_batch_may_leave_out() -> None:
    assert parse_relay(BATCH).body["lane"] == "messages"
    assert parse_relay(BATCH).body["part"] is False


def test_an_acknowledgement() -> None:
    batch = parse_relay(ACKNOWLEDGEMENT)
    assert (batch.size, batch.body) == (0, {"n": 0, "ack": 3})


@pytest.mark.parametrize(
    "changes",
    [
        {"n": -1},
        {"n": 1.0},
        {"n": True},
        {"n": 2**53},
        {"ack": -1},
        {"ack": "3"},
        {"ack": None},
        {"epoch": -1},
        {"to": ""},
        {"to": 7},
        {"negotiation": ""},
        {"negotiation": None},
        {"lane": "slow"},
        {"lane": 1},
        {"lane": ["bulk"]},
        {"part": 1},
        {"part": "true"},
        {"packets": []},
        {"packets": "text"},
        {"packets": {"0": "x"}},
        {"packets": [1]},
        {"packets": ["x", None]},
        {"packets": [["x"]]},
        {"packets": ["\ud800"]},
        # Two halves of one character, which are none.
        {"packets": ["\ud83d", "\ude00"]},
        {"packets": ["a\0b"]},
        {"packets": ["a\nb"]},
        {"from": "ann"},
        {"n": 0},
    ],
)
def test_what_makes_no_sense(changes: dict[str, Any]) -> None:
    assert code({**BATCH, **changes}) == "bad_request"


@pytest.mark.parametrize("key", BATCH)
def test_what_is_missing(key: str) -> None:
    assert code({name: BATCH[name] for name in BATCH if name != key}) == "bad_request"


@pytest.mark.parametrize("value", [None, [], "relay", 7, b"\x00", [BATCH]])
def test_what_is_no_object(value: object) -> None:
    assert code(value) == "bad_request"


@pytest.mark.parametrize("key", ["lane", "packets", "part"])
def test_an_acknowledgement_carries_nothing(key: str) -> None:
    others = {"lane": "bulk", "packets": ["x"], "part": False}
    assert code({**ACKNOWLEDGEMENT, key: others[key]}) == "bad_request"


def test_the_largest_batch() -> None:
    assert parse_relay({**BATCH, "packets": ["x" * MAX_BATCH_BYTES]}).size == MAX_BATCH_BYTES
    assert parse_relay({**BATCH, "packets": ["é" * (MAX_BATCH_BYTES // 2)]}).size == MAX_BATCH_BYTES
    assert parse_relay({**BATCH, "packets": ["x"] * MAX_PACKETS}).size == MAX_PACKETS


@pytest.mark.parametrize(
    "packets",
    [
        ["x" * (MAX_BATCH_BYTES + 1)],
        ["x" * MAX_BATCH_BYTES, "x"],
        ["é" * (MAX_BATCH_BYTES // 2) + "x"],
        ["x"] * (MAX_PACKETS + 1),
    ],
)
def test_what_is_too_large(packets: list[str]) -> None:
    assert code({**BATCH, "packets": packets}) == "too_large"


def test_a_name_that_is_too_long() -> None:
    assert code({**BATCH, "negotiation": "x" * 65}) == "too_large"


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists))
def test_any_frame_comes_through_as_it_was(value: object) -> None:
    frame = json.dumps(value, ensure_ascii=False)
    try:
        frame.encode()
    except UnicodeEncodeError:
        return
    assert relay(parse_relay({**BATCH, "packets": [frame]}), "bob")["packets"] == [frame]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"packets": ["xyz", "é"]}, 4),
        ({"packets": ["xyz", 7, None, ["x"], {}]}, 3),
        ({"packets": "xyz"}, 0),
        ({}, 0),
        (None, 0),
        ([], 0),
        ("packets", 0),
    ],
)
def test_the_weight_of_anything(value: object, expected: int) -> None:
    assert weight(value) == expected


@given(
    st.dictionaries(
        st.sampled_from([*BATCH, "lane", "part", "other"]),
        st.none() | st.booleans() | st.integers() | st.text() | st.lists(st.text()),
    )
)
def test_rubbish_is_refused_or_read(value: dict[str, Any]) -> None:
    # No other error leaves it.
    with suppress(SignalingError):
        assert parse_relay({**BATCH, **value}).size <= MAX_BATCH_BYTES
