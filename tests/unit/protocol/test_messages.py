import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flask_p2p_streams.errors import ErrorCode, SignalingError
from flask_p2p_streams.protocol import messages
from flask_p2p_streams.sessions import rosters

LIMIT = 65_536
CANDIDATE = {
    "candidate": "candidate:1 1 udp 1 127.0.0.1 9 typ host",
    "sdpMid": "0",
    "sdpMLineIndex": 0,
    "usernameFragment": "u",
}
HEAD = {"to": "bob", "epoch": 5, "negotiation": "n1"}
OFFER = {**HEAD, "description": {"type": "offer", "sdp": "v=0"}}
ANSWER = {**HEAD, "description": {"type": "answer", "sdp": "v=0"}}
CANDIDATES = {**HEAD, "candidates": [CANDIDATE]}

Parser = Callable[[object], Any]


def parse_offer(value: object) -> Any:
    return messages.parse_offer(value, LIMIT)


def parse_answer(value: object) -> Any:
    return messages.parse_answer(value, LIMIT)


def parse_candidates(value: object) -> Any:
    return messages.parse_candidates(value, LIMIT)


PARSERS: list[Parser] = [
    messages.parse_auth,
    messages.parse_join,
    parse_offer,
    parse_answer,
    parse_candidates,
    messages.parse_leave,
    rosters.parse,
]


def refusal(parse: Parser, value: object) -> ErrorCode:
    with pytest.raises(SignalingError) as raised:
        parse(value)
    return raised.value.code


# What is understood


def test_auth() -> None:
    request = messages.parse_auth({"token": "t", "seat": "s", "lost_epoch": 7})
    assert request == messages.JoinRequest("t", "s", 7)
    request = messages.parse_join({"unreached_epoch": 8})
    assert request == messages.JoinRequest("", None, None, unreached_epoch=8)


def test_auth_with_nulls() -> None:
    request = messages.parse_auth({"token": "t", "seat": None, "lost_epoch": None})
    assert request == messages.JoinRequest("t", None, None)


def test_an_offer_is_rebuilt_for_its_receiver() -> None:
    signal = parse_offer(OFFER)
    assert messages.relayed(signal, "ann") == {
        "from": "ann",
        "epoch": 5,
        "negotiation": "n1",
        "description": {"type": "offer", "sdp": "v=0"},
    }


def test_candidates_are_rebuilt() -> None:
    signal = parse_candidates({**HEAD, "candidates": [CANDIDATE, {"candidate": ""}]})
    nothing = {"sdpMid": None, "sdpMLineIndex": None, "usernameFragment": None}
    assert signal.body == {"candidates": [CANDIDATE, {"candidate": "", **nothing}]}


@pytest.mark.parametrize(
    ("ms", "seconds"), [(None, None), (5_000, 5.0), (0, 1.0), (10_000_000, 60.0), (1_500, 1.5)]
)
def test_for_how_long_a_page_may_stand_still(ms: int | None, seconds: float | None) -> None:
    assert messages.parse_join({"idle_timeout_ms": ms}).idle_timeout == seconds


@pytest.mark.parametrize("ms", ["5000", 1.5, -1, True, [], 2**60])
def test_no_time_to_stand_still(ms: object) -> None:
    assert refusal(messages.parse_join, {"idle_timeout_ms": ms}) is ErrorCode.BAD_REQUEST


@pytest.mark.parametrize("reason", ["connected", "closed"])
def test_leave(reason: str) -> None:
    assert messages.parse_leave({"reason": reason}) == (reason, None)


def test_a_host_names_its_successor() -> None:
    told = {"reason": "closed", "successor": "bob"}
    assert messages.parse_leave(told) == ("closed", "bob")
    assert refusal(messages.parse_leave, {**told, "successor": 7}) is ErrorCode.BAD_REQUEST


# What is refused


@pytest.mark.parametrize("parse", PARSERS)
@pytest.mark.parametrize("value", [None, 1, True, "x", b"x", [], [1], float("nan"), {"x": 1}])
def test_the_wrong_shape(parse: Parser, value: object) -> None:
    assert refusal(parse, value) in (ErrorCode.BAD_REQUEST, ErrorCode.UNAUTHORIZED)


@pytest.mark.parametrize("auth", [None, {}, "token", ["token"], {"token": ""}, {"token": None}])
def test_no_token(auth: object) -> None:
    assert refusal(messages.parse_auth, auth) is ErrorCode.UNAUTHORIZED


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"token": 1}, "bad_request"),
        ({"token": "t" * 4097}, "too_large"),
        ({"seat": 1}, "bad_request"),
        ({"seat": ""}, "bad_request"),
        ({"lost_epoch": -1}, "bad_request"),
        ({"lost_epoch": True}, "bad_request"),
        ({"lost_epoch": 1.0}, "bad_request"),
        ({"lost_epoch": float("inf")}, "bad_request"),
        ({"lost_epoch": 2**53}, "bad_request"),
        ({"unreached_epoch": "7"}, "bad_request"),
        ({"unreached_epoch": -1}, "bad_request"),
        ({"unreached_epoch": 2**53}, "bad_request"),
        ({"peer_id": "eve"}, "bad_request"),
    ],
)
def test_wrong_auth(changes: dict[str, object], code: str) -> None:
    assert refusal(messages.parse_auth, {"token": "t", **changes}).value == code


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"to": ""}, "bad_request"),
        ({"to": "x" * 129}, "bad_request"),
        ({"to": ["bob"]}, "bad_request"),
        ({"to": None}, "bad_request"),
        ({"to": "\ud800"}, "bad_request"),
        ({"from": "ann"}, "bad_request"),
        ({"epoch": "5"}, "bad_request"),
        ({"epoch": float("nan")}, "bad_request"),
        ({"negotiation": ""}, "bad_request"),
        ({"negotiation": "n" * 65}, "too_large"),
        ({"negotiation": 1}, "bad_request"),
        ({"description": "v=0"}, "bad_request"),
        ({"description": {"type": "offer"}}, "bad_request"),
        ({"description": {"type": "answer", "sdp": "v=0"}}, "bad_request"),
        ({"description": {"type": "rollback", "sdp": "v=0"}}, "bad_request"),
        ({"description": {"type": "offer", "sdp": 1}}, "bad_request"),
        ({"description": {"type": "offer", "sdp": "\ud800"}}, "bad_request"),
        ({"description": {"type": "offer", "sdp": "v" * (LIMIT + 1)}}, "too_large"),
        ({"description": {"type": "offer", "sdp": "é" * (LIMIT // 2 + 1)}}, "too_large"),
        ({"description": {"type": "offer", "sdp": "v=0\r\n" * 2001}}, "too_large"),
        ({"description": {"type": "offer", "sdp": "m=x\n" * 17}}, "too_large"),
        ({"description": {"type": "offer", "sdp": "v=0\na=candidate:1"}}, "bad_request"),
        ({"description": {"type": "offer", "sdp": "v", "x": float("nan")}}, "bad_request"),
    ],
)
def test_a_wrong_offer(changes: dict[str, object], code: str) -> None:
    assert refusal(parse_offer, {**OFFER, **changes}).value == code


def test_an_offer_is_no_answer() -> None:
    assert refusal(parse_answer, OFFER) is ErrorCode.BAD_REQUEST
    assert parse_answer(ANSWER).body["description"]["type"] == "answer"


@pytest.mark.parametrize(
    ("candidates", "code"),
    [
        ([], "bad_request"),
        ({}, "bad_request"),
        ([None], "bad_request"),
        ([{}], "bad_request"),
        ([{**CANDIDATE, "candidate": None}], "bad_request"),
        ([{**CANDIDATE, "sdpMid": 0}], "bad_request"),
        ([{**CANDIDATE, "sdpMid": "m" * 257}], "too_large"),
        ([{**CANDIDATE, "sdpMLineIndex": float("nan")}], "bad_request"),
        ([{**CANDIDATE, "sdpMLineIndex": True}], "bad_request"),
        ([{**CANDIDATE, "sdpMLineIndex": 65_536}], "bad_request"),
        ([{**CANDIDATE, "port": 9}], "bad_request"),
        ([{**CANDIDATE, "candidate": "c" * 4097}], "too_large"),
        ([{**CANDIDATE, "candidate": "c" * 4096}] * 17, "too_large"),
        ([CANDIDATE] * 65, "too_large"),
        ([CANDIDATE, {**CANDIDATE, "candidate": "candidate:1"}], "bad_request"),
        (
            [{**CANDIDATE, "candidate": "candidate:1 1 udp 1 evil.example 9 typ host"}],
            "bad_request",
        ),
    ],
)
def test_wrong_candidates(candidates: object, code: str) -> None:
    assert refusal(parse_candidates, {**HEAD, "candidates": candidates}).value == code


@pytest.mark.parametrize("reason", [None, "lost", 1, ["closed"], {}])
def test_a_wrong_reason(reason: object) -> None:
    assert refusal(messages.parse_leave, {"reason": reason}) is ErrorCode.BAD_REQUEST


# Whatever comes

TEXT = st.sampled_from(["", "ann", "a b", "\0", "é", "\ud800", "\U0001f600", "x" * 200])
LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | TEXT
JSON = LEAVES | st.lists(LEAVES, max_size=3) | st.dictionaries(TEXT, LEAVES, max_size=3)
FIELDS = "to epoch negotiation description candidates reason peers type sdp candidate"
KEYS = st.sampled_from(["token", *messages.JOIN_KEYS, *FIELDS.split()])


@pytest.mark.parametrize("parse", PARSERS)
@given(value=JSON | st.dictionaries(KEYS, JSON))
def test_whatever_comes_is_understood_or_refused(parse: Parser, value: object) -> None:
    try:
        parse(value)
    except SignalingError as error:
        json.dumps(error.to_payload(), allow_nan=False).encode()
