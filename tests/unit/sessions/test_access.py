import json
from dataclasses import asdict, replace
from datetime import datetime, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flask_p2p_streams.errors import ErrorCode
from flask_p2p_streams.sessions import access
from flask_p2p_streams.sessions.candidacy import Candidacy
from flask_p2p_streams.sessions.credentials import Role
from flask_p2p_streams.sessions.crowd import Crowd, Report
from flask_p2p_streams.sessions.outcomes import Barred, RosterNeeded
from flask_p2p_streams.sessions.record import Access, Session
from flask_p2p_streams.sessions.rosters import Roster
from tests.kit.candidates import candidate, token

NOW = 1_700_000_000.0
OPEN = Access()
EVE, BOB = (token(name, issued_at=NOW, closing=0) for name in ("eve", "bob"))


def code(barred: Barred | RosterNeeded | None) -> str | None:
    assert not isinstance(barred, RosterNeeded)
    return None if barred is None else barred.code.value


# Bans and closing


def test_a_ban_ends_at_its_time() -> None:
    rights = access.banned(OPEN, "eve", NOW + 60, NOW)
    assert code(access.removed(rights, EVE, NOW + 59)) == "forbidden"
    assert access.removed(rights, EVE, NOW + 60) is None
    assert access.removed(rights, BOB, NOW) is None
    assert rights.keep_until == NOW + 60


def test_a_shorter_ban_shortens_no_longer_one() -> None:
    rights = access.banned(access.banned(OPEN, "eve", NOW + 60, NOW), "eve", NOW, NOW)
    assert rights.bans == {"eve": NOW + 60}
    assert access.banned(OPEN, "eve", NOW, NOW).bans == {}


def test_a_ban_is_lifted() -> None:
    rights = access.banned(access.banned(OPEN, "eve", NOW + 60, NOW), "bob", NOW + 9, NOW)
    rights = access.unbanned(rights, "eve")
    assert access.removed(rights, EVE, NOW) is None
    assert code(access.removed(rights, BOB, NOW)) == "forbidden"
    # It is remembered for no longer than what is left of it.
    assert rights.keep_until == NOW + 9
    assert access.unbanned(rights, "bob") == OPEN
    assert access.unbanned(rights, "cid") == rights


@pytest.mark.parametrize(
    "rights", [access.locked(OPEN, True, NOW + 5), access.closed(OPEN, NOW, NOW)]
)
def test_a_lock_and_a_closing_outlast_a_ban_that_is_lifted(rights: Access) -> None:
    rights = access.banned(rights, "eve", NOW + 60, NOW)
    assert access.unbanned(rights, "eve") == replace(rights, bans={})


def test_bans_that_are_in_force() -> None:
    rights = access.banned(access.banned(OPEN, "eve", NOW + 60, NOW), "bob", NOW + 9, NOW)
    assert access.bans_left(rights, NOW + 8) == {"bob": 1, "eve": 52}
    assert access.bans_left(rights, NOW + 9) == {"eve": 51}


def test_bans_are_bounded() -> None:
    rights = OPEN
    for number in range(access.MAX_BANS + 5):
        rights = access.banned(rights, str(number), NOW + 10 + number, NOW)
    assert len(rights.bans) == access.MAX_BANS
    assert "4" not in rights.bans
    assert "5" in rights.bans
    assert len(access.banned(rights, "eve", NOW + 9999, NOW + 9000).bans) == 1


@pytest.mark.parametrize("issued_at", [NOW - 3600, NOW, NOW + 3600])
def test_closing_refuses_the_tokens_that_do_not_know_of_it(issued_at: float) -> None:
    rights = access.closed(access.locked(OPEN, True, NOW), NOW, NOW + 60)
    for closing, expected in ((0, "session_expired"), (rights.closing, None)):
        ann = token("ann", issued_at=issued_at, closing=closing)
        assert code(access.removed(rights, ann, NOW + 1)) == expected
    assert not rights.locked
    assert rights.keep_until == NOW + 60


def test_closing_again_on_a_clock_that_was_set_back() -> None:
    first = access.closed(OPEN, NOW, NOW + 60)
    rights = access.closed(first, NOW - 5, NOW + 55)
    assert (rights.closing, rights.keep_until) == (first.closing + 1, NOW + 60)


def test_closing_after_the_one_before_was_forgotten() -> None:
    first = access.closed(OPEN, NOW, NOW + 60)
    assert access.closed(OPEN, NOW + 1, NOW + 60).closing > first.closing
    # Nor does a token of then lose its right by that alone.
    assert access.removed(OPEN, token("ann", closing=first.closing), NOW) is None


@pytest.mark.parametrize(("seconds", "expected"), [(-1, True), (40, True), (40.1, False)])
def test_where_a_token_knows_of_no_closing_its_time_counts(seconds: float, expected: bool) -> None:
    rights = access.closed(OPEN, NOW, NOW + 60)
    ann = token("ann", issued_at=NOW + seconds)
    barred = access.removed(rights, ann, NOW + 60)
    assert code(barred) == ("session_expired" if expected else None)
    assert access.removed(OPEN, ann, NOW + 60) is None


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


HOSTED = Session("room", 5, "ann", "sid-a", None)
LOCKED = replace(HOSTED, access=access.locked(OPEN, True, NOW))


def asking(
    peer_id: str, *listed: str, max_peers: int | None = None, is_known: bool = False
) -> Candidacy:
    """Return one who wants to join a session whose host has told of those who are listed."""
    report = Report(Roster(5, dict.fromkeys(listed, "connected")), is_known=is_known)
    return candidate(peer_id, now=NOW, max_peers=max_peers, crowd=Crowd(report=report))


def test_a_lock_lets_in_who_is_known() -> None:
    for known in (asking("bob", "bob"), asking("ann", "bob"), asking("dan", is_known=True)):
        assert access.without_place(LOCKED, known) is None
    assert code(access.without_place(LOCKED, asking("eve", "bob"))) == "forbidden"
    unlocked = replace(LOCKED, access=access.locked(LOCKED.access, False, NOW))
    assert access.without_place(unlocked, asking("eve")) is None


def test_a_lock_lets_in_who_is_nearby() -> None:
    for crowd in (Crowd(here=frozenset({"bob"})), Crowd(detached=frozenset({"bob"}))):
        told = replace(crowd, report=Report(Roster(0, {})))
        assert access.without_place(LOCKED, candidate("bob", crowd=told)) is None
        assert access.without_place(LOCKED, candidate("eve", crowd=told)) is not None


@pytest.mark.parametrize(("peer_id", "expected"), [("ann", None), ("bob", None), ("eve", "full")])
def test_a_full_session(peer_id: str, expected: str | None) -> None:
    session = replace(HOSTED, reported=2)
    barred = access.without_place(session, asking(peer_id, "ann", "bob", max_peers=2))
    assert not isinstance(barred, RosterNeeded)
    assert code(barred) == (expected and "session_full")
    assert barred is None or barred.retry_after_ms == access.FULL_RETRY_MS


def test_nobody_is_kept_out_by_the_roster_of_a_host_that_went_with_its_worker() -> None:
    session = replace(HOSTED, reported=2, host_worker="there")
    asker = asking("eve", "ann", "bob", max_peers=2)
    report = asker.crowd.report
    assert report is not None
    gone = Crowd(report=replace(report, dead_worker="there"))
    assert access.without_place(session, asker) is not None
    assert access.without_place(session, replace(asker, crowd=gone)) is None


def test_the_roster_is_needed_only_where_it_matters() -> None:
    crowd = Crowd(frozenset(f"peer-{number}" for number in range(4)))
    some = candidate("eve", now=NOW, crowd=crowd)
    for max_peers, reported in [(None, 9999), (10, 4)]:
        session = replace(HOSTED, reported=reported)
        assert access.without_place(session, replace(some, max_peers=max_peers)) is None
    full = replace(HOSTED, reported=5)
    assert access.without_place(full, replace(some, max_peers=10)) == RosterNeeded(full, False)
    assert access.without_place(LOCKED, some) == RosterNeeded(LOCKED, True)


# Records

RECORDS = st.builds(
    Access,
    st.integers(0, 2**53),
    st.booleans(),
    st.dictionaries(st.text(), st.floats(0, 1e12)),
    st.floats(0, 1e12),
)


@given(RECORDS)
def test_text_and_back(rights: Access) -> None:
    assert Access.from_record(json.loads(json.dumps(asdict(rights)))) == rights


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
    assert Access.from_record({**asdict(OPEN), **change}) is None
    assert Access.from_record(None) is Access.from_record({}) is None


def test_the_record_of_an_earlier_version() -> None:
    record = {"closed_at": NOW, "locked": True, "bans": {"eve": NOW}, "keep_until": NOW}
    assert Access.from_record(record) == Access(0, True, {"eve": NOW}, NOW)


def test_access_is_a_value() -> None:
    assert replace(OPEN, locked=True) == access.locked(OPEN, True, 0)
