import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from itsdangerous import URLSafeSerializer

from flask_p2p_streams.errors import ErrorCode, SignalingError
from flask_p2p_streams.messages import MAX_TOKEN_CHARS
from flask_p2p_streams.tokens import Signer
from tests.conftest import Clock


@pytest.fixture
def signer(clock: Clock) -> Signer:
    return Signer(["the key"], clock)


def refusal(signer: Signer, text: str) -> ErrorCode:
    with pytest.raises(SignalingError) as raised:
        signer.read_token(text)
    return raised.value.code


def test_a_token_says_who_joins_what(signer: Signer, clock: Clock) -> None:
    token = signer.read_token(signer.token("room", "ann", 60, 3600))
    assert (token.session_id, token.peer_id) == ("room", "ann")
    assert (token.expires_at, token.expires_in) == (clock() + 60, 3600)


def test_a_token_expires(signer: Signer, clock: Clock) -> None:
    text = signer.token("room", "ann", 60, 3600)
    clock.advance(59)
    signer.read_token(text)
    clock.advance(1)
    assert refusal(signer, text) is ErrorCode.TOKEN_EXPIRED


@pytest.mark.parametrize("text", ["", "x", "x.y", "é", "\ud800", "a" * 5000, ".....", "\0"])
def test_what_was_not_signed_is_refused(signer: Signer, text: str) -> None:
    assert refusal(signer, text) is ErrorCode.UNAUTHORIZED


def test_every_changed_character_is_noticed(signer: Signer) -> None:
    text = signer.token("room", "ann", 60, 3600)
    for index in range(len(text) - 1):
        forged = text[:index] + ("A" if text[index] != "A" else "B") + text[index + 1 :]
        assert refusal(signer, forged) is ErrorCode.UNAUTHORIZED


def test_another_key_is_refused(signer: Signer, clock: Clock) -> None:
    forged = Signer(["another key"], clock).token("room", "ann", 60, 3600)
    assert refusal(signer, forged) is ErrorCode.UNAUTHORIZED


def test_a_seat_is_no_token_nor_a_token_a_seat(signer: Signer) -> None:
    assert refusal(signer, signer.seat("room", "ann", 1)) is ErrorCode.UNAUTHORIZED
    with pytest.raises(SignalingError, match="unauthorized"):
        signer.read_seat(signer.token("room", "ann", 60, 60), "room", "ann")


def test_what_the_app_signs_itself_is_no_token(signer: Signer) -> None:
    own = URLSafeSerializer("the key").dumps(["room", "ann", 9e9, 60])
    assert refusal(signer, own) is ErrorCode.UNAUTHORIZED


def test_rotated_keys(clock: Clock) -> None:
    old = Signer(["old"], clock).token("room", "ann", 60, 60)
    rotated = Signer(["old", "new"], clock)
    assert rotated.read_token(old).peer_id == "ann"
    fresh = rotated.token("room", "bob", 60, 60)
    assert Signer([b"new"], clock).read_token(fresh).peer_id == "bob"
    assert refusal(Signer(["old"], clock), fresh) is ErrorCode.UNAUTHORIZED


@pytest.mark.parametrize(("session_id", "peer_id"), [("room", "bob"), ("hall", "ann")])
def test_a_seat_of_somebody_else(signer: Signer, session_id: str, peer_id: str) -> None:
    seat = signer.seat("room", "ann", 7)
    assert signer.read_seat(seat, "room", "ann").epoch == 7
    with pytest.raises(SignalingError, match="unauthorized"):
        signer.read_seat(seat, session_id, peer_id)


IDS = st.text(st.sampled_from('aZ0 :\0"é\U0001f600'), max_size=128)


@given(IDS, IDS)
def test_any_ids_come_back_as_they_were(session_id: str, peer_id: str) -> None:
    signer = Signer(["k"])
    token = signer.read_token(signer.token(session_id, peer_id, 60, 60))
    assert (token.session_id, token.peer_id) == (session_id, peer_id)


def test_the_longest_token_still_fits_the_wire() -> None:
    chance = random.Random(1)
    one, other = (
        "".join(chr(chance.randrange(0x10000, 0x110000)) for _ in range(128)) for _ in range(2)
    )
    assert len(Signer(["k"]).token(one, other, 1e9, 1e9)) <= MAX_TOKEN_CHARS
