import json
from collections.abc import Collection
from dataclasses import asdict, replace
from datetime import datetime, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flask_p2p_streams.errors import ErrorCode
from flask_p2p_streams.sessions import access
from flask_p2p_streams.sessions.access import Barred, Gate, Pass
from flask_p2p_streams.sessions.credentials import Role

NOW = 1_700_000_000.0
OPEN = Gate()
TICKET = Pass(issued_at=NOW, closing=0)


def code(barred: Barred | None) -> str | None:
    return None if barred is None else barred.code.value


# Bans and closing


def test_a_ban_ends_at_its_time() -> None:
    gate = access.banned(OPEN, "eve", NOW + 60, NOW)
    assert code(access.removed(gate, "eve", TICKET, NOW + 59)) == "forbidden"
    assert access.removed(gate, "eve", TICKET, NOW + 60) is None
    assert access.removed(gate, "bob", TICKET, NOW) is None
    assert gate.keep_until == NOW + 60


def test_a_shorter_ban_shortens_no_longer_one() -> None:
    gate = access.banned(access.banned(OPEN, "eve", NOW + 60, NOW), "eve", NOW, NOW)
    assert gate.bans == {"eve": NOW + 60}
    assert access.banned(OPEN, "eve", NOW, NOW).bans == {}


def test_a_ban_is_lifted() -> None:
    gate = access.banned(access.banned(OPEN, "eve", NOW + 60, NOW), "bob", NOW + 9, NOW)
    gate = access.unbanned(gate, "eve")
    assert access.removed(gate, "eve", TICKET, NOW) is None
    assert code(access.removed(gate, "bob", TICKET, NOW)) == "forbidden"
    # It is remembered for no longer than what is left of it.
    assert gate.keep_until == NOW + 9
    assert access.unbanned(gate, "bob") == OPEN
    assert access.unbanned(gate, "cid") == gate


@pytest.mark.parametrize(
    "gate", [access.locked(OPEN, True, NOW + 5), access.closed(OPEN, NOW, NOW)]
)
def test_a_lock_and_a_closing_outlast_a_ban_that_is_lifted(gate: Gate) -> None:
    gate = access.banned(gate, "eve", NOW + 60, NOW)
    assert access.unbanned(gate, "eve") == replace(gate, bans={})


def test_bans_that_are_in_force() -> None:
    gate = access.banned(access.banned(OPEN, "eve", NOW + 60, NOW), "bob", NOW + 9, NOW)
    assert access.bans_left(gate, NOW + 8) == {"bob": 1, "eve": 52}
    assert access.bans_left(gate, NOW + 9) == {"eve": 51}


def test_bans_are_bounded() -> None:
    gate = OPEN
    for number in range(access.MAX_BANS + 5):
        gate = access.banned(gate, str(number), NOW + 10 + number, NOW)
    assert len(gate.bans) == access.MAX_BANS
    assert "4" not in gate.bans
    assert "5" in gate.bans
    assert len(access.banned(gate, "eve", NOW + 9999, NOW + 9000).bans) == 1


@pytest.mark.parametrize("issued_at", [NOW - 3600, NOW, NOW + 3600])
def test_closing_refuses_the_tokens_that_do_not_know_of_it(issued_at: float) -> None:
    gate = access.closed(access.locked(OPEN, True, NOW), NOW, NOW + 60)
    for closing, expected in ((0, "session_expired"), (gate.closing, None)):
        ticket = Pass(issued_at=issued_at, closing=closing)
        assert code(access.removed(gate, "ann", ticket, NOW + 1)) == expected
    assert not gate.locked
    assert gate.keep_until == NOW + 60


def test_closing_again_on_a_clock_that_was_set_back() -> None:
    first = access.closed(OPEN, NOW, NOW + 60)
    gate = access.closed(first, NOW - 5, NOW + 55)
    assert (gate.closing, gate.keep_until) == (first.closing + 1, NOW + 60)


def test_closing_after_the_one_before_was_forgotten() -> None:
    first = access.closed(OPEN, NOW, NOW + 60)
    assert access.closed(OPEN, NOW + 1, NOW + 60).closing > first.closing
    # Nor does a token of then lose its right by that alone.
    assert access.removed(OPEN, "ann", Pass(closing=first.closing), NOW) is None


@pytest.mark.parametrize(("seconds", "expected"), [(-1, True), (40, True), (40.1, False)])
def test_where_a_token_knows_of_no_closing_its_time_counts(seconds: float, expected: bool) -> None:
    gate = access.closed(OPEN, NOW, NOW + 60)
    barred = access.removed(gate, "ann", Pass(issued_at=NOW + seconds), NOW + 60)
    assert code(barred) == ("session_expired" if expected else None)
    assert access.removed(OPEN, "ann", Pass(issued_at=NOW + seconds), NOW + 60) is None


# Times


@pytest.mark.parametrize(("seconds", "wait"), [(0.5, 500), (60, 60_000), (3600, 60_000)])
def test_too_early(seconds: float, wait: int) -> None:
    barred = access.too_early(Role(starts_at=NOW + seconds), NOW)
    assert barred is not None
    assert (barred.code, barred.retry_after_ms) == (ErrorCode.UNAVAILABLE, wait)
    begin = datetime.fromtimestamp(NOW + seconds, timezone.utc).isoformat(timespec="seconds")
    assert begin in barred.message


def test_in_time() -> None:
    role = Role(starts_at=NOW, ends_at=NOW + 60)
    assert access.too_early(role, NOW) is access.too_late(role, NOW + 59) is None
    assert code(access.too_late(role, NOW + 60)) == "session_expired"


# Places


def ticket(*present: str, max_peers: int | None = None, nearby: int = 0) -> Pass:
    return Pass(
        max_peers=max_peers,
        nearby=nearby,
        present=lambda: present,
        known=lambda: {*present, "dan"},
    )


def test_a_lock_lets_in_who_is_known() -> None:
    gate = access.locked(OPEN, True, NOW)
    assert access.without_place(gate, "bob", "ann", 1, ticket("bob")) is None
    assert access.without_place(gate, "ann", "ann", 1, ticket("bob")) is None
    assert access.without_place(gate, "dan", "ann", 1, ticket("bob")) is None
    assert code(access.without_place(gate, "eve", "ann", 1, ticket("bob"))) == "forbidden"
    assert access.without_place(access.locked(gate, False, NOW), "eve", "ann", 1, ticket()) is None


@pytest.mark.parametrize(("peer_id", "expected"), [("ann", None), ("bob", None), ("eve", "full")])
def test_a_full_session(peer_id: str, expected: str | None) -> None:
    barred = access.without_place(OPEN, peer_id, "ann", 2, ticket("ann", "bob", max_peers=2))
    assert code(barred) == (expected and "session_full")
    assert barred is None or barred.retry_after_ms == access.FULL_RETRY_MS


def test_the_store_is_asked_only_where_it_matters() -> None:
    def never() -> Collection[str]:
        raise AssertionError("asked")

    for max_peers, reported, nearby in [(None, 9999, 9999), (10, 4, 4)]:
        asking = Pass(max_peers=max_peers, nearby=nearby, present=never, known=never)
        assert access.without_place(OPEN, "eve", "ann", reported, asking) is None


# Records

GATES = st.builds(
    Gate,
    st.integers(0, 2**53),
    st.booleans(),
    st.dictionaries(st.text(), st.floats(0, 1e12)),
    st.floats(0, 1e12),
)


@given(GATES)
def test_text_and_back(gate: Gate) -> None:
    assert Gate.from_record(json.loads(json.dumps(asdict(gate)))) == gate


@pytest.mark.parametrize(
    "change",
    [
        {"closing": "x"},
        {"closing": True},
        {"closing": None},
        {"locked": 1},
        {"bans": []},
        {"bans": {"eve": True}},
        {"x": 1},
    ],
)
def test_a_corrupt_record(change: dict[str, object]) -> None:
    assert Gate.from_record({**asdict(OPEN), **change}) is None
    assert Gate.from_record(None) is Gate.from_record({}) is None


def test_the_gate_of_an_earlier_version() -> None:
    record = {"closed_at": NOW, "locked": True, "bans": {"eve": NOW}, "keep_until": NOW}
    assert Gate.from_record(record) == Gate(0, True, {"eve": NOW}, NOW)


def test_a_gate_is_a_value() -> None:
    assert replace(OPEN, locked=True) == access.locked(OPEN, True, 0)
