import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flask_p2p_streams.sessions import (
    Candidacy,
    Following,
    Hosting,
    Session,
    Stale,
    Vacated,
    Waiting,
    join,
    leave,
    lose,
    lose_if_gone,
    renew,
)
from flask_p2p_streams.tokens import Seat

NOW = 1_700_000_000.0
FRESH = 1_700_000_000_000
HOSTED = Session("room", 5, "ann", "sid-a", None)
LOST = Session("room", 5, "ann", None, NOW - 1)
FREE = Session("room", 5, None, None, None)


def who(peer_id: str, **changes: Any) -> Candidacy:
    return replace(Candidacy("room", peer_id, f"new-{peer_id}", NOW, grace=2.0), **changes)


def seat(epoch: int, peer_id: str = "ann") -> Seat:
    return Seat("room", peer_id, epoch)


# Joining


def test_the_first_one_hosts() -> None:
    session, decision = join(None, who("ann"))
    assert decision == Hosting(FRESH, resumed=False, opened=True)
    assert session == Session("room", FRESH, "ann", "new-ann", None)


def test_the_next_one_follows_and_changes_nothing() -> None:
    session, decision = join(HOSTED, who("bob"))
    assert decision == Following(5, "ann")
    assert session is HOSTED


def test_a_free_seat_is_taken_with_a_higher_epoch() -> None:
    session, decision = join(FREE, who("bob"))
    assert decision == Hosting(FRESH, resumed=False)
    assert session is not None
    assert session.host == "bob"


def test_epochs_rise_though_the_clock_was_set_back() -> None:
    ahead = replace(FREE, epoch=FRESH + 3_600_000)
    assert join(ahead, who("bob"))[1] == Hosting(FRESH + 3_600_001, resumed=False)


def test_a_reloaded_host_is_elected_afresh() -> None:
    session, decision = join(HOSTED, who("ann"))
    assert decision == Hosting(FRESH, resumed=False)
    assert session is not None
    assert session.host_sid == "new-ann"


@pytest.mark.parametrize("session", [HOSTED, LOST, FREE])
def test_the_seat_of_the_present_epoch_resumes(session: Session) -> None:
    after, decision = join(session, who("ann", seat=seat(5)))
    assert decision == Hosting(5, resumed=True)
    assert after == Session("room", 5, "ann", "new-ann", None)


def test_a_seat_resumes_where_the_store_lost_its_memory() -> None:
    session, decision = join(None, who("ann", seat=seat(5)))
    assert decision == Hosting(5, resumed=True)
    assert session is not None
    assert session.epoch == 5


def test_a_seat_of_a_later_epoch_than_the_store_knows_resumes() -> None:
    assert join(HOSTED, who("bob", seat=seat(9, "bob")))[1] == Hosting(9, resumed=True)


def test_an_old_seat_joins_as_a_client() -> None:
    assert join(HOSTED, who("bob", seat=seat(4, "bob")))[1] == Following(5, "ann")


def test_a_newcomer_waits_for_a_host_that_just_dropped() -> None:
    session, decision = join(LOST, who("bob"))
    assert decision == Waiting(1000)
    assert session is LOST


@pytest.mark.parametrize("later", [1.0, 100.0, -3600.0])
def test_nobody_waits_longer_than_the_grace(later: float) -> None:
    assert isinstance(join(LOST, who("bob", now=NOW + later))[1], Hosting)


def test_who_lost_that_host_too_does_not_wait() -> None:
    assert join(LOST, who("bob", lost_epoch=5))[1] == Hosting(FRESH, resumed=False)


@pytest.mark.parametrize("lost_epoch", [4, 6])
def test_who_lost_another_host_waits(lost_epoch: int) -> None:
    assert isinstance(join(LOST, who("bob", lost_epoch=lost_epoch))[1], Waiting)


def test_who_lost_a_host_that_is_here_follows_it_again() -> None:
    assert join(HOSTED, who("bob", lost_epoch=5))[1] == Following(5, "ann")


# Leaving


def test_a_goodbye_frees_the_seat() -> None:
    assert leave(HOSTED, "sid-a") == (FREE, Vacated(5, "ann"))


def test_a_dropped_socket_reserves_the_seat() -> None:
    assert lose(HOSTED, "sid-a", NOW - 1) == (LOST, Vacated(5, "ann"))


@pytest.mark.parametrize("session", [None, HOSTED, LOST, FREE])
def test_a_late_report_changes_nothing(session: Session | None) -> None:
    assert leave(session, "old-sid") == (session, None)
    assert lose(session, "old-sid", NOW) == (session, None)


def test_a_host_whose_socket_nobody_holds_is_lost() -> None:
    assert lose_if_gone(HOSTED, lambda sid: sid == "sid-a", NOW - 1) is HOSTED
    assert lose_if_gone(HOSTED, lambda _: False, NOW - 1) == LOST
    assert lose_if_gone(FREE, lambda _: False, NOW) is FREE
    assert lose_if_gone(None, lambda _: False, NOW) is None


# Renewing


def test_renewing_writes_the_same_again() -> None:
    session, decision = renew(HOSTED, "room", "ann", "sid-a", 5)
    assert session == HOSTED
    assert session is not HOSTED
    assert decision == Hosting(5, resumed=True)


def test_a_living_host_puts_a_lost_record_back() -> None:
    assert renew(None, "room", "ann", "sid-a", 5)[0] == HOSTED


@pytest.mark.parametrize(
    ("peer_id", "sid", "epoch"), [("bob", "sid-a", 5), ("ann", "sid-b", 5), ("ann", "sid-a", 4)]
)
def test_nobody_else_renews(peer_id: str, sid: str, epoch: int) -> None:
    assert renew(HOSTED, "room", peer_id, sid, epoch) == (HOSTED, Stale())


# Text


@pytest.mark.parametrize("session", [HOSTED, LOST, FREE])
def test_text_and_back(session: Session) -> None:
    assert Session.from_text(session.to_text()) == session


@pytest.mark.parametrize(
    "text",
    [
        None,
        b"{}",
        7,
        "",
        "{",
        "null",
        "[]",
        "{}",
        '{"id": 1}',
        "[" * 100_000,
        json.dumps({"id": "r", "epoch": True, "host": None, "host_sid": None, "absent_since": 1}),
        json.dumps({"id": "r", "epoch": 1, "host": 7, "host_sid": None, "absent_since": None}),
    ],
)
def test_a_corrupt_record_counts_as_missing(text: object) -> None:
    assert Session.from_text(text) is None


# Any story

PEERS = st.sampled_from(["ann", "bob", "eve"])
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["join", "rejoin", "leave", "lose", "lost"]), PEERS, st.integers(-5, 5)
    )
)


@given(STEPS)
def test_one_host_per_epoch_whatever_happens(steps: list[tuple[str, str, int]]) -> None:
    session: Session | None = None
    hosts: dict[int, str] = {}
    now = NOW
    for step, peer_id, seconds in steps:
        now += seconds
        before = session.epoch if session else 0
        sid = (session.host_sid if session and session.host == peer_id else None) or "none"
        if step == "leave":
            session, _ = leave(session, sid)
        elif step == "lose":
            session, _ = lose(session, sid, now)
        else:
            session, decision = join(session, _candidate(step, peer_id, now, before, hosts))
            if isinstance(decision, Hosting):
                assert hosts.setdefault(decision.epoch, peer_id) == peer_id
        assert session is None or session.epoch >= before


def _candidate(step: str, peer_id: str, now: float, epoch: int, hosts: dict[int, str]) -> Candidacy:
    mine = [each for each, host in hosts.items() if host == peer_id]
    return who(
        peer_id,
        now=now,
        seat=seat(max(mine), peer_id) if step == "rejoin" and mine else None,
        lost_epoch=epoch if step == "lost" else None,
    )
