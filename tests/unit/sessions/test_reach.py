"""Clients that find no path to a host, and say so."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flask_p2p_streams.sessions.candidacy import Candidacy
from flask_p2p_streams.sessions.credentials import Role, Seat
from flask_p2p_streams.sessions.crowd import Crowd
from flask_p2p_streams.sessions.hosting import Incumbent, leave, lose, renew
from flask_p2p_streams.sessions.joining import join
from flask_p2p_streams.sessions.outcomes import Following, Hosting
from flask_p2p_streams.sessions.reach import (
    DEPOSED_TERM,
    DEPOSING_PAUSE,
    DEPOSING_REST,
    MAX_DEPOSED,
    MAX_DEPOSINGS,
    MAX_UNREACHED,
    UNREACHED_AFTER,
    UNREACHED_PAUSE,
    UNREACHED_TERM,
    deposed,
)
from flask_p2p_streams.sessions.record import Session
from flask_p2p_streams.sessions.rosters import Roster
from tests.kit.candidates import candidate

NOW = 1_700_000_000.0
HOSTED = Session("room", 5, "sym", "sid-s", None, host_worker="there")
TRYING = {"bob": "connecting", "cyd": "connecting"}
NOBODY: dict[str, str] = {}


def says(
    peer_id: str, roster: Mapping[str, str] | Roster | None = TRYING, **changes: Any
) -> Candidacy:
    """Return a peer that doesn't reach the host of epoch 5, which has reported this roster."""
    report = Roster(5, dict(roster)) if isinstance(roster, Mapping) else roster
    told = {"unreached_epoch": 5, "roster": report, "worker": "here"}
    return candidate(peer_id, **{**told, **changes})


def said(session: Session, *words: Candidacy) -> tuple[Session, Any]:
    outcome: Any = None
    for who in words:
        after, outcome = join(session, who)
        assert after is not None
        session = after
    return session, outcome


# Who is believed


def test_one_of_two_is_not_enough_and_two_are() -> None:
    session, outcome = said(HOSTED, says("bob"))
    assert outcome == Following(5, "sym")
    session, outcome = said(session, says("cyd"))
    assert (session.host, session.host_sid) == ("cyd", "new-cyd")
    assert isinstance(outcome, Hosting)
    assert (outcome.against, outcome.epoch, outcome.resumed) == ("unreached", session.epoch, False)
    assert (session.unreached, session.deposed, session.deposed_at) == ({}, {"sym": NOW}, NOW)


def test_the_same_word_counts_once() -> None:
    later = [says("bob", now=NOW + seconds) for seconds in range(20)]
    assert said(HOSTED, *later)[1] == Following(5, "sym")


def test_where_there_is_nobody_else_one_is_enough() -> None:
    for roster in (NOBODY, {"bob": "connecting"}, {"bob": "negotiating", "cyd": "disconnected"}):
        session, _ = said(HOSTED, says("bob", roster))
        assert session.host == "bob"


@pytest.mark.parametrize(
    "around",
    [
        {"roster": Roster(4, {})},
        {"roster": None},
        {"crowd": Crowd(here=frozenset({"bob", "cyd", "sym"}))},
        {"crowd": Crowd(detached=frozenset({"cyd"}))},
    ],
)
def test_who_may_not_be_alone_is_not_believed_alone(around: dict[str, Any]) -> None:
    assert said(HOSTED, says("bob", **{"roster": NOBODY, **around}))[1] == Following(5, "sym")


@pytest.mark.parametrize("connected", [1, 2, 5])
def test_they_must_be_more_than_those_who_are_connected(connected: int) -> None:
    roster = {f"peer-{number}": "connected" for number in range(connected)}
    words = [says(f"far-{number}", roster) for number in range(max(2, connected + 1))]
    session, outcome = said(HOSTED, *words[:-1])
    assert outcome == Following(5, "sym")
    assert said(session, words[-1])[0].host == words[-1].peer_id


def test_those_who_have_let_go_of_the_server_count_as_connected() -> None:
    crowd = Crowd(detached=frozenset({"dan", "eve"}))
    words = [says(peer, crowd=crowd) for peer in ("bob", "cyd", "fay")]
    assert said(HOSTED, *words[:2])[1] == Following(5, "sym")
    assert said(HOSTED, *words)[0].host == "fay"


@pytest.mark.parametrize("roster", [None, Roster(0, {}), Roster(4, TRYING), Roster(6, TRYING)])
def test_a_host_that_has_reported_nothing_in_its_epoch_is_not_followed(
    roster: Roster | None,
) -> None:
    session, outcome = said(HOSTED, says("bob", roster), says("cyd", roster))
    assert outcome == Following(5, "sym")
    assert said(session, says("cyd"))[0].host == "cyd"


@pytest.mark.parametrize(
    "changes",
    [
        {"unreached_epoch": 4},
        {"unreached_epoch": 6},
        {"connected_epoch": 5},
        {"roster": Roster(5, {"bob": "connected"})},
    ],
)
def test_who_contradicts_itself_has_no_word(changes: dict[str, Any]) -> None:
    assert said(HOSTED, says("bob", **changes)) == (HOSTED, Following(5, "sym"))


def test_a_host_has_none_against_itself() -> None:
    session, outcome = said(HOSTED, says("sym", NOBODY, seat=Seat("room", "sym", 5)))
    assert isinstance(outcome, Hosting)
    assert (outcome.resumed, session.unreached) == (True, {})


def test_who_may_not_host_is_heard_and_not_elected() -> None:
    readers = [says(peer, role=Role(can_host=False)) for peer in ("bob", "cyd", "dan")]
    session, outcome = said(HOSTED, *readers)
    assert (outcome, session.host, set(session.unreached)) == (
        Following(5, "sym"),
        "sym",
        {"bob", "cyd", "dan"},
    )
    assert said(session, says("eve", TRYING))[0].host == "eve"


def test_one_who_says_nothing_is_not_elected_by_the_words_of_others() -> None:
    readers = [says(peer, role=Role(can_host=False)) for peer in ("bob", "cyd", "dan")]
    session, _ = said(HOSTED, *readers)
    assert said(session, says("eve", unreached_epoch=None))[1] == Following(5, "sym")


# How long, and how many


def test_words_grow_old_and_are_said_again() -> None:
    late = says("cyd", now=NOW + UNREACHED_TERM + 0.1)
    session, outcome = said(HOSTED, says("bob"), late)
    assert outcome == Following(5, "sym")
    assert said(session, says("bob", now=NOW + UNREACHED_TERM + 0.2))[0].host == "bob"


def test_a_word_that_is_repeated_at_once_is_not_written() -> None:
    session, _ = said(HOSTED, says("bob"))
    assert said(session, says("bob", now=NOW + UNREACHED_PAUSE - 0.1))[0] is session


def test_words_are_bounded() -> None:
    roster = {f"peer-{number}": "connected" for number in range(MAX_UNREACHED)}
    words = [says(f"far-{number}", roster) for number in range(MAX_UNREACHED + 50)]
    session, outcome = said(HOSTED, *words)
    assert outcome == Following(5, "sym")
    assert len(session.unreached) == MAX_UNREACHED


def test_words_end_with_the_epoch() -> None:
    session, _ = said(HOSTED, says("bob"))
    assert session.unreached
    assert leave(session, "sid-s")[0] == replace(HOSTED, host=None, host_sid=None, host_worker=None)


def test_a_host_that_is_heard_of_does_not_dispel_them() -> None:
    session, _ = said(HOSTED, says("bob"))
    member = replace(candidate("sym").member, sid="sid-s")
    after, _ = renew(session, Incumbent(member, "there", 5, NOW), 2)
    assert after is not None
    assert after.unreached == {"bob": NOW}


def test_a_host_whose_socket_is_lost_has_its_grace() -> None:
    session, _ = said(HOSTED, says("bob"))
    lost, _ = lose(session, "sid-s", NOW)
    assert lost is not None
    assert said(lost, says("cyd"))[0].host == "sym"


# How often


def deposed_once() -> Session:
    session, _ = said(HOSTED, says("bob"), says("cyd"))
    return replace(session, epoch=6)


def says_six(peer_id: str, seconds: float, roster: Mapping[str, str] = NOBODY) -> Candidacy:
    told = Roster(6, dict(roster))
    return says(peer_id, now=NOW + seconds, unreached_epoch=6, roster=told)


def test_a_session_changes_its_host_so_only_so_often() -> None:
    session = deposed_once()
    assert said(session, says_six("bob", DEPOSING_PAUSE - 0.1))[0].host == "cyd"
    assert said(session, says_six("bob", DEPOSING_PAUSE))[0].host == "bob"


def test_a_new_host_has_time_to_get_connected() -> None:
    new = replace(HOSTED, epoch=int(NOW * 1000))
    words = [
        says(peer, Roster(new.epoch, TRYING), now=NOW + seconds, unreached_epoch=new.epoch)
        for peer, seconds in (("bob", 0), ("cyd", UNREACHED_AFTER - 0.1), ("dan", UNREACHED_AFTER))
    ]
    assert said(new, *words[:2])[0].host == "sym"
    assert said(new, *words)[0].host == "dan"


def test_it_does_not_look_for_a_better_host_for_ever() -> None:
    session, now, changes = HOSTED, NOW, []
    for number in range(200):
        now += DEPOSING_PAUSE
        word = says(f"peer-{number}", NOBODY, now=now, unreached_epoch=session.epoch)
        word = replace(word, roster=Roster(session.epoch, {}))
        session, outcome = said(session, word)
        if isinstance(outcome, Hosting):
            changes.append(now)
    in_a_row = changes[:MAX_DEPOSINGS]
    assert in_a_row[-1] - in_a_row[0] == (MAX_DEPOSINGS - 1) * DEPOSING_PAUSE
    assert changes[MAX_DEPOSINGS] - in_a_row[-1] == DEPOSING_REST


def test_who_was_followed_comes_back_later_and_not_while_it_reaches_nobody() -> None:
    session = deposed_once()
    quiet, outcome = said(session, says_six("sym", DEPOSED_TERM + 0.1))
    assert isinstance(outcome, Hosting)
    assert quiet.host == "sym"
    tries = [says_six("sym", 17.0 * time) for time in range(1, 30)]
    session, outcome = said(session, *tries)
    assert (outcome, session.host) == (Following(6, "cyd"), "cyd")


def test_two_who_reach_nobody_change_once() -> None:
    session = HOSTED
    now, hosts = NOW, ["sym"]
    for _ in range(60):
        now += 17
        other = "bob" if session.host == "sym" else "sym"
        word = says(other, now=now, unreached_epoch=session.epoch, roster=Roster(session.epoch, {}))
        session, _ = said(session, word)
        if session.host != hosts[-1]:
            hosts.append(str(session.host))
    assert hosts == ["sym", "bob"]


def test_an_empty_seat_is_for_everybody() -> None:
    session, _ = leave(deposed_once(), "new-cyd")
    assert said(session or HOSTED, says_six("sym", 1.0))[0].host == "sym"


def test_those_who_were_followed_are_bounded() -> None:
    session = HOSTED
    for number in range(MAX_DEPOSED + 10):
        session = deposed(session, f"peer-{number}", NOW + number * 0.1)
    assert len(session.deposed) == MAX_DEPOSED
    assert f"peer-{MAX_DEPOSED + 9}" in session.deposed


def test_the_record_keeps_it() -> None:
    session, _ = said(deposed_once(), says_six("bob", 1.0))
    assert session.unreached
    assert Session.from_text(session.to_text()) == session
    for wrong in ("unreached", "deposed"):
        changes: Any = {wrong: {"bob": "now"}}
        text = replace(session, **changes).to_text()
        assert Session.from_text(text) is None


# What hostile peers may do

STEPS = st.lists(
    st.tuples(
        st.sampled_from(["bad-1", "bad-2", "bad-3", "sym"]),
        st.sampled_from(["now", "old", "none"]),
        st.floats(0, 20, allow_nan=False),
    ),
    max_size=60,
)


@given(STEPS)
def test_a_host_with_as_many_friends_stays(steps: list[tuple[str, str, float]]) -> None:
    friends = dict.fromkeys(("ann", "bob", "cyd"), "connected")
    session, now = HOSTED, NOW
    for peer_id, which, seconds in steps:
        now += seconds
        epoch = {"now": session.epoch, "old": session.epoch - 1, "none": None}[which]
        if peer_id != session.host:
            session, _ = said(session, says(peer_id, friends, now=now, unreached_epoch=epoch))
    assert (session.host, session.epoch) == ("sym", 5)


@given(STEPS)
def test_changes_are_rare_and_words_few(steps: list[tuple[str, str, float]]) -> None:
    session, now, last = HOSTED, NOW, -DEPOSING_PAUSE
    for peer_id, which, seconds in steps:
        now += seconds
        epoch = {"now": session.epoch, "old": session.epoch - 1, "none": None}[which]
        roster = Roster(session.epoch, {})
        if peer_id == session.host:
            continue
        word = says(peer_id, now=now, unreached_epoch=epoch, roster=roster)
        session, outcome = said(session, word)
        assert len(session.unreached) <= 4
        if isinstance(outcome, Hosting):
            assert now - last >= DEPOSING_PAUSE
            last = now
