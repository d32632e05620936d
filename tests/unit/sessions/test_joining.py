import json
import math
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flask_p2p_streams.sessions.candidacy import Candidacy
from flask_p2p_streams.sessions.credentials import Role, Seat
from flask_p2p_streams.sessions.hosting import HEIR_TERM, leave, lose
from flask_p2p_streams.sessions.joining import RECOVERY, join
from flask_p2p_streams.sessions.outcomes import (
    Doubted,
    Following,
    Hosting,
    Hostless,
    Suspected,
    Waiting,
)
from flask_p2p_streams.sessions.record import Session, Vacated, unopened
from flask_p2p_streams.sessions.rosters import Roster
from tests.kit.candidates import candidate

NOW = 1_700_000_000.0
FRESH = 1_700_000_000_000
HOSTED = Session("room", 5, "ann", "sid-a", None, host_worker="there")
LOST = Session("room", 5, "ann", None, NOW - 1)
FREE = Session("room", 5, None, None, None)


def who(peer_id: str, **changes: Any) -> Candidacy:
    return candidate(peer_id, worker="here", **changes)


def seat(epoch: int, peer_id: str = "ann") -> Seat:
    return Seat("room", peer_id, epoch)


# Joining


def test_the_first_one_hosts() -> None:
    session, decision = join(None, who("ann"))
    assert decision == Hosting(FRESH, resumed=False, opened=True)
    assert session == Session(
        "room", FRESH, "ann", "new-ann", None, born=NOW, first_epoch=FRESH, host_worker="here"
    )


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


def test_a_host_that_asks_again_on_its_socket_is_not_elected_again() -> None:
    again = Hosting(5, resumed=True, repeated=True)
    assert join(HOSTED, who("ann", sid="sid-a")) == (HOSTED, again)
    assert join(HOSTED, who("ann", sid="sid-a", seat=seat(5)))[1] == again


@pytest.mark.parametrize("session", [HOSTED, LOST, FREE])
def test_the_seat_of_the_present_epoch_resumes(session: Session) -> None:
    after, decision = join(session, who("ann", seat=seat(5)))
    assert decision == Hosting(5, resumed=True)
    assert after is not None
    assert (after.epoch, after.host, after.host_sid) == (5, "ann", "new-ann")
    assert (after.host_worker, after.absent_since) == ("here", None)


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


def lost(peer_id: str, *witnesses: str, **changes: Any) -> Candidacy:
    """Return one who has lost the host, of whom the host has told that these are connected."""
    return who(peer_id, lost_epoch=5, witnesses=frozenset({"ann", *witnesses}), **changes)


def test_who_lost_that_host_too_does_not_wait() -> None:
    assert join(LOST, lost("bob", "bob"))[1] == Hosting(FRESH, resumed=False)


def test_most_of_those_who_lost_it_do_not_wait() -> None:
    session, decision = join(LOST, lost("bob", "bob", "cyd", "dan"))
    assert decision == Waiting(500)
    assert join(session, lost("bob", "bob", "cyd", "dan", now=NOW + 0.1))[0] is session
    assert join(session, lost("eve", "bob", "cyd", "dan"))[1] == Waiting(500)
    session, decision = join(session, lost("cyd", "bob", "cyd", "dan"))
    assert decision == Hosting(FRESH, resumed=False)
    assert session is not None
    assert session.doubts == {}


def test_who_never_was_connected_has_lost_nobody() -> None:
    assert join(LOST, lost("eve", "bob"))[1] == Waiting(500)
    assert join(LOST, lost("eve"))[0] is LOST


@pytest.mark.parametrize("lost_epoch", [4, 6])
def test_who_lost_another_host_waits(lost_epoch: int) -> None:
    assert isinstance(join(LOST, who("bob", lost_epoch=lost_epoch))[1], Waiting)


SUSPECTED = Suspected(5, "sid-a", "there", "ann")


def test_who_lost_a_host_that_is_here_has_it_asked() -> None:
    session, decision = join(HOSTED, who("bob", lost_epoch=5))
    assert decision == SUSPECTED
    assert session is HOSTED
    assert join(HOSTED, who("bob", lost_epoch=4))[1] == Following(5, "ann")


def test_a_word_is_kept_until_the_host_is_heard_of() -> None:
    session, decision = join(HOSTED, lost("bob", "bob", "cyd"))
    assert decision == SUSPECTED
    assert session is not None
    assert session.doubts == {"bob": NOW}
    assert join(session, lost("bob", "bob", "cyd"))[0] is session
    assert join(session, lost("bob", "bob", vouched="sid-b"))[0] is session
    assert join(session, lost("cyd", "bob", "cyd", vouched="sid-a"))[0] == HOSTED


def test_one_word_is_not_enough() -> None:
    for asker in (lost("eve"), lost("bob", "bob"), lost("bob", "bob", "cyd"), lost("ann", "ann")):
        asked = replace(asker, silent="sid-a")
        if asker.peer_id != "ann":
            assert join(HOSTED, asked)[1] == Doubted(500)


def test_two_of_three_are_enough() -> None:
    crowd = ("bob", "cyd", "dan")
    session = join(HOSTED, lost("bob", *crowd))[0]
    assert join(session, lost("bob", *crowd, silent="sid-a"))[1] == Doubted(500)
    session, decision = join(session, lost("cyd", *crowd, silent="sid-a"))
    assert decision == Hosting(FRESH, resumed=False, against="majority")
    assert session is not None
    assert (session.host, session.doubts) == ("cyd", {})


def test_a_page_that_has_stood_still_for_too_long_is_gone() -> None:
    slow = replace(HOSTED, idle_timeout=8.0)
    for session, silence in ((HOSTED, 4.75), (slow, 7.75)):
        # It comes again when the time is up.
        assert join(session, lost("eve", silent="sid-a", silence=silence))[1] == Doubted(250)
    for session, silence in ((HOSTED, 5.0), (slow, 8.0)):
        decision = join(session, lost("eve", silent="sid-a", silence=silence))[1]
        assert decision == Hosting(FRESH, resumed=False, against="silence")


def test_a_host_says_for_how_long_it_may_stand_still() -> None:
    for session in (None, FREE):
        after = join(session, who("bob", idle_timeout=9.0))[0]
        assert after is not None
        assert after.idle_timeout == 9.0


def test_a_host_that_has_answered_is_followed() -> None:
    assert join(HOSTED, who("bob", lost_epoch=5, vouched="sid-a"))[1] == Following(5, "ann")
    assert join(HOSTED, who("bob", lost_epoch=5, vouched="sid-b"))[1] == SUSPECTED


def test_a_host_that_is_silent_is_followed_by_the_next() -> None:
    gone = who("bob", lost_epoch=5, silent="sid-a", silence=math.inf)
    assert join(HOSTED, gone)[1] == Hosting(FRESH, False, against="silence")
    assert join(HOSTED, who("bob", lost_epoch=5, silent="sid-b"))[1] == SUSPECTED


def test_who_may_not_host_frees_the_seat_of_a_silent_host() -> None:
    reader = who("bob", lost_epoch=5, role=Role(can_host=False))
    assert join(HOSTED, reader)[1] == SUSPECTED
    assert join(HOSTED, replace(reader, vouched="sid-a"))[1] == Following(5, "ann")
    assert join(HOSTED, replace(reader, silent="sid-a"))[1] == Doubted(500)
    session, decision = join(HOSTED, replace(reader, silent="sid-a", silence=5.0))
    assert decision == Hostless(Vacated(5, "ann", "sid-a"), against="silence")
    assert session is not None
    assert session.host is None
    assert session.epoch == FRESH


# A store that has lost its memory

BORN = Session("room", FRESH, "bob", "sid-b", None, host_worker="here", born=NOW, first_epoch=FRESH)


def test_a_host_that_was_forgotten_gets_its_session_back_under_a_new_epoch() -> None:
    session, decision = join(BORN, who("ann", now=NOW + 1, seat=seat(5)))
    assert decision == Hosting(FRESH + 1000, resumed=True)
    assert session is not None
    assert (session.host, session.known_from) == ("ann", 5)


@pytest.mark.parametrize("late", [RECOVERY + 0.1, -RECOVERY - 0.1])
def test_what_has_begun_without_it_long_ago_goes_on(late: float) -> None:
    assert join(BORN, who("ann", now=NOW + late, seat=seat(5)))[1] == Following(FRESH, "bob")


def test_a_seat_that_is_older_than_its_page_takes_nothing_from_who_has_come_since() -> None:
    old = seat(round((NOW - 86_400) * 1000))
    page = who("ann", now=NOW + 1, seat=old, first_issued_at=NOW - 60)
    assert join(BORN, page)[1] == Following(FRESH, "bob")
    older = who("ann", now=NOW + 1, seat=old, first_issued_at=NOW - 86_410)
    assert isinstance(join(BORN, older)[1], Hosting)


def test_of_two_that_were_forgotten_the_later_one_has_the_session() -> None:
    for first, second in ((5, 3), (3, 5)):
        session = join(BORN, who("ann", now=NOW + 1, seat=seat(first)))[0]
        session = join(session, who("eve", now=NOW + 2, seat=seat(second, "eve")))[0]
        assert session is not None
        assert session.host == ("ann" if first == 5 else "eve")


def test_a_host_that_a_later_one_has_followed_is_not_called_forgotten() -> None:
    session = join(None, who("ann", seat=seat(5)))[0]
    assert join(session, who("eve", seat=seat(3, "eve")))[1] == Following(5, "ann")
    session = join(FREE, who("bob"))[0]
    assert join(session, who("ann", seat=seat(5)))[1] == Following(FRESH, "bob")


def test_an_epoch_is_one_hosts_only() -> None:
    assert join(HOSTED, who("bob", seat=seat(5, "bob")))[1] == Following(5, "ann")


# Text


@pytest.mark.parametrize(
    "session", [HOSTED, LOST, FREE, replace(HOSTED, doubts={"bob": NOW}, idle_timeout=8.0)]
)
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
        replace(FREE, doubts={"bob": "soon"}).to_text(),  # type: ignore[dict-item]
    ],
)
def test_a_corrupt_record_counts_as_missing(text: object) -> None:
    assert Session.from_text(text) is None


# Any story

PEERS = st.sampled_from(["ann", "bob", "eve"])
STEPS = st.lists(
    st.tuples(
        st.sampled_from(
            ["join", "rejoin", "leave", "lose", "lost", "silent", "forget", "unreached"]
        ),
        PEERS,
        st.integers(-5, 5),
    )
)


@given(STEPS)
def test_one_host_per_epoch_whatever_happens(steps: list[tuple[str, str, int]]) -> None:
    session: Session | None = None
    hosts: dict[int, str] = {}
    now = latest = NOW
    floor = 0.0
    for step, peer_id, seconds in steps:
        if step == "forget":
            # Of two elections in one millisecond the store knows of one, while it has a memory.
            floor = max(latest, max(hosts, default=0) / 1000) + 0.002
            session, now = None, floor
            continue
        now = max(floor, now + seconds)
        latest = max(latest, now)
        before = session.epoch if session else 0
        sid = (session.host_sid if session and session.host == peer_id else None) or "none"
        if step == "leave":
            session, _ = leave(session, sid)
        elif step == "lose":
            session, _ = lose(session, sid, now)
        else:
            session, decision = join(session, _candidate(step, peer_id, now, session, hosts))
            if isinstance(decision, Hosting):
                assert hosts.setdefault(decision.epoch, peer_id) == peer_id
        assert session is None or session.epoch >= before


def _candidate(
    step: str, peer_id: str, now: float, session: Session | None, hosts: dict[int, str]
) -> Candidacy:
    mine = [each for each, host in hosts.items() if host == peer_id]
    return who(
        peer_id,
        now=now,
        seat=seat(max(mine), peer_id) if step == "rejoin" and mine else None,
        lost_epoch=session.epoch if session and step in ("lost", "silent") else None,
        silent=session.host_sid if session and step == "silent" else None,
        silence=math.inf,
        unreached_epoch=session.epoch if session and step == "unreached" else None,
        roster=Roster(session.epoch, {}) if session and step == "unreached" else None,
    )


# Peers that still have a link to a host, which may only be away


def test_who_is_linked_to_a_host_that_is_forgotten_waits_for_it() -> None:
    bob = who("bob", connected_epoch=5)
    assert join(None, bob) == (None, Waiting(500))
    assert join(unopened("room"), bob) == (unopened("room"), Waiting(500))


def test_its_host_comes_back_and_it_follows() -> None:
    session, _ = join(None, who("ann", seat=seat(5)))
    assert join(session, who("bob", connected_epoch=5))[1] == Following(5, "ann")


@pytest.mark.parametrize("away", [1, 10, 1000])
def test_who_is_linked_to_a_host_that_is_away_waits_for_it(away: float) -> None:
    lost = replace(LOST, absent_since=NOW - away)
    assert join(lost, who("bob", connected_epoch=5)) == (lost, Waiting(500))


def test_who_is_linked_to_an_earlier_host_is_elected_like_others() -> None:
    lost = replace(LOST, absent_since=NOW - 10)
    assert isinstance(join(lost, who("bob", connected_epoch=4))[1], Hosting)
    assert isinstance(join(lost, who("bob"))[1], Hosting)


def test_a_seat_that_was_given_back_is_taken_by_the_one_who_was_appointed() -> None:
    session, vacated = leave(HOSTED, "sid-a")
    assert vacated is not None
    after, decision = join(session, who("bob", connected_epoch=5))
    assert isinstance(decision, Hosting)
    assert after is not None
    assert after.host == "bob"


def test_a_seat_is_kept_for_whom_the_host_has_asked_to_follow_it() -> None:
    session, _ = leave(HOSTED, "sid-a", "bob", NOW)
    assert session is not None
    assert join(session, who("cyd", unreached_epoch=5)) == (session, Waiting(500))
    assert isinstance(join(session, who("cyd", role=Role(can_host=False)))[1], Hostless)
    assert isinstance(join(session, who("ann", seat=seat(5)))[1], Hosting)
    assert isinstance(join(session, who("cyd", now=NOW + HEIR_TERM))[1], Hosting)
    assert isinstance(join(session, who("cyd", now=NOW - 3600))[1], Hosting)
    after, decision = join(session, who("bob", connected_epoch=5))
    assert isinstance(decision, Hosting)
    assert after is not None
    assert (after.host, after.heir) == ("bob", None)
    assert Session.from_text(session.to_text()) == session


@pytest.mark.parametrize("session", [None, replace(LOST, absent_since=NOW - 10)])
def test_who_has_lost_the_link_waits_no_longer(session: Session | None) -> None:
    bob = who("bob", connected_epoch=5, lost_epoch=5)
    assert isinstance(join(session, bob)[1], Hosting)


def test_a_host_shows_its_seat_whatever_it_is_linked_to() -> None:
    ann = who("ann", seat=seat(5), connected_epoch=5)
    assert join(None, ann)[1] == Hosting(5, resumed=True)
    assert join(LOST, ann)[1] == Hosting(5, resumed=True)
