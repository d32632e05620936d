import random
from contextlib import suppress

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from itsdangerous import URLSafeSerializer

from flask_p2p_streams.errors import ErrorCode, SignalingError
from flask_p2p_streams.limits.budgets import CLOCK_SKEW, SHORTEST_RENEWAL
from flask_p2p_streams.protocol.messages import MAX_TOKEN_CHARS
from flask_p2p_streams.sessions.credentials import JoinToken, prolonged
from flask_p2p_streams.tokens import Signer
from tests.conftest import Clock


@pytest.fixture
def signer(clock: Clock) -> Signer:
    return Signer(["the key"], "an app", clock)


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


@pytest.mark.parametrize("wrong", ["", "x" * 129, "a\0", "a\rb", "\r\n"])
def test_a_token_with_an_id_that_no_page_can_have_is_refused(signer: Signer, wrong: str) -> None:
    for text in (signer.token(wrong, "ann", 60, 60), signer.token("room", wrong, 60, 60)):
        assert refusal(signer, text) is ErrorCode.BAD_REQUEST


def test_every_changed_character_is_noticed(signer: Signer) -> None:
    text = signer.token("room", "ann", 60, 3600)
    for index in range(len(text) - 1):
        forged = text[:index] + ("A" if text[index] != "A" else "B") + text[index + 1 :]
        assert refusal(signer, forged) is ErrorCode.UNAUTHORIZED


def test_another_key_is_refused(signer: Signer, clock: Clock) -> None:
    forged = Signer(["another key"], "an app", clock).token("room", "ann", 60, 3600)
    assert refusal(signer, forged) is ErrorCode.UNAUTHORIZED


def test_a_seat_is_no_token_nor_a_token_a_seat(signer: Signer) -> None:
    assert refusal(signer, signer.seat("room", "ann", 1)) is ErrorCode.UNAUTHORIZED
    with pytest.raises(SignalingError, match="unauthorized"):
        signer.read_seat(signer.token("room", "ann", 60, 60), "room", "ann")


def test_what_the_app_signs_itself_is_no_token(signer: Signer) -> None:
    own = URLSafeSerializer("the key").dumps(["room", "ann", 9e9, 60])
    assert refusal(signer, own) is ErrorCode.UNAUTHORIZED


def test_rotated_keys(clock: Clock) -> None:
    old = Signer(["old"], "an app", clock).token("room", "ann", 60, 60)
    rotated = Signer(["old", "new"], "an app", clock)
    assert rotated.read_token(old).peer_id == "ann"
    fresh = rotated.token("room", "bob", 60, 60)
    assert Signer([b"new"], "an app", clock).read_token(fresh).peer_id == "bob"
    assert refusal(Signer(["old"], "an app", clock), fresh) is ErrorCode.UNAUTHORIZED


@pytest.mark.parametrize(("session_id", "peer_id"), [("room", "bob"), ("hall", "ann")])
def test_a_seat_of_somebody_else(signer: Signer, session_id: str, peer_id: str) -> None:
    seat = signer.seat("room", "ann", 7)
    assert signer.read_seat(seat, "room", "ann").epoch == 7
    with pytest.raises(SignalingError, match="unauthorized"):
        signer.read_seat(seat, session_id, peer_id)


IDS = st.text(st.sampled_from('aZ0 :\n"é\U0001f600'), min_size=1, max_size=128)


@given(IDS, IDS)
def test_any_ids_come_back_as_they_were(session_id: str, peer_id: str) -> None:
    signer = Signer(["k"], "an app")
    token = signer.read_token(signer.token(session_id, peer_id, 60, 60))
    assert (token.session_id, token.peer_id) == (session_id, peer_id)


def test_the_longest_token_still_fits_the_wire() -> None:
    chance = random.Random(1)
    one, other = (
        "".join(chr(chance.randrange(0x10000, 0x110000)) for _ in range(128)) for _ in range(2)
    )
    assert len(Signer(["k"], "an app").token(one, other, 1e9, 1e9)) <= MAX_TOKEN_CHARS


# Another app's


def test_what_another_app_with_the_same_key_has_signed(signer: Signer, clock: Clock) -> None:
    other = Signer(["the key"], "another app", clock)
    for read in (
        lambda: signer.read_token(other.token("room", "ann", 60, 60)),
        lambda: signer.read_seat(other.seat("room", "ann", 7), "room", "ann"),
    ):
        with pytest.raises(SignalingError, match="another app's") as raised:
            read()
        assert raised.value.code is ErrorCode.UNAUTHORIZED
        assert "P2P_AUDIENCE" in raised.value.hint


def test_no_token_tells_who_it_is_for(clock: Clock) -> None:
    token = Signer(["the key"], "my secret project", clock).token("room", "ann", 60, 60)
    payload = URLSafeSerializer("").load_payload(token.rpartition(".")[0].encode())
    assert "secret project" not in str(payload)


# Not before


@pytest.mark.parametrize("seconds", [CLOCK_SKEW, CLOCK_SKEW + 1])
def test_a_token_of_a_worker_whose_clock_is_ahead(
    signer: Signer, clock: Clock, seconds: float, caplog: pytest.LogCaptureFixture
) -> None:
    text = signer.token("room", "ann", 60, 3600)
    clock.advance(-seconds)
    if seconds <= CLOCK_SKEW:
        assert signer.read_token(text).peer_id == "ann"
        assert caplog.text == ""
        return
    for _ in range(3):
        assert refusal(signer, text) is ErrorCode.UNAUTHORIZED
    (record,) = caplog.records
    assert (record.levelname, "clocks" in record.message) == ("WARNING", True)
    clock.advance(1)
    assert signer.read_token(text).peer_id == "ann"


# Renewed


MOST_RENEWALS = 2_000
"""Of a page that asks anew after a hundredth of each token's life: 500 while tokens last as long as
the first, and some 1,200 until what is left of the page's time is too short for one more."""


def renewals(token: JoinToken, longest: float, part: float = 0.75) -> list[JoinToken]:
    """Renew a token as a page does, until it may not any more."""
    found: list[JoinToken] = []
    now = token.issued_at
    with suppress(SignalingError):
        while len(found) < MOST_RENEWALS:
            now += (token.expires_at - now) * part
            token = prolonged(token, now, longest, 0)
            assert token.issued_at == now
            found.append(token)
    assert len(found) < MOST_RENEWALS
    return found


@given(st.floats(1, 200_000), st.floats(1, 100_000), st.floats(0.01, 1, exclude_max=True))
@example(33_000.0, 99_999.0, 0.01)
@example(20_100.0, 100_000.0, 0.01)
@example(200_000.0, 100_000.0, 0.01)
def test_renewals_have_an_end(max_age: float, longest: float, part: float) -> None:
    assume(longest / max_age / part < 500)
    signer = Signer(["k"], "an app", lambda: 1e9)
    first = signer.read_token(signer.token("room", "ann", max_age, 60))
    for token in renewals(first, longest, part):
        assert token.expires_at <= 1e9 + max(longest, max_age) + 0.001
        # Each is worth the request, so that pages don't ask in a loop.
        left = token.expires_at - token.issued_at
        assert left >= min(SHORTEST_RENEWAL, max_age) - 0.001 or left >= 0.99 * max_age


def test_a_page_of_an_hour_is_renewed_for_a_day() -> None:
    signer = Signer(["k"], "an app", lambda: 1e9)
    first = signer.read_token(signer.token("room", "ann", 3600, 60))
    found = renewals(first, 86_400)
    assert found[-1].expires_at == 1e9 + 86_400
    assert 31 <= len(found) <= 37


def test_a_token_that_was_given_longer_keeps_its_life_and_gets_no_more() -> None:
    signer = Signer(["k"], "an app", lambda: 1e9)
    first = signer.read_token(signer.token("room", "ann", 7 * 86_400, 60))
    assert {token.expires_at for token in renewals(first, 86_400)} == {first.expires_at}
