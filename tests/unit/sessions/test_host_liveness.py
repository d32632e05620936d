from dataclasses import replace

import pytest

from flask_p2p_streams.sessions.host_liveness import (
    DOUBT_TERM,
    MAX_QUORUM,
    NOTING_PAUSE,
    dispelled,
    heard,
    is_forsaken,
    reason_against,
)
from flask_p2p_streams.sessions.record import Session

NOW = 1_700_000_000.0
HOSTED = Session("room", 5, "ann", "sid-a", None)


def crowd(count: int) -> frozenset[str]:
    return frozenset({"ann", *(f"peer-{number}" for number in range(count))})


def doubted(count: int, witnesses: frozenset[str]) -> Session:
    session = HOSTED
    for number in range(count):
        session = heard(session, f"peer-{number}", witnesses, NOW)
    return session


@pytest.mark.parametrize(
    ("clients", "words"), [(1, None), (2, 2), (3, 2), (4, 3), (5, 3), (10, 6), (500, MAX_QUORUM)]
)
def test_how_many_of_how_many(clients: int, words: int | None) -> None:
    witnesses = crowd(clients)
    if words is None:
        assert reason_against(doubted(clients, witnesses), witnesses, 0.0, NOW) is None
        return
    assert reason_against(doubted(words - 1, witnesses), witnesses, 0.0, NOW) is None
    assert reason_against(doubted(words, witnesses), witnesses, 0.0, NOW) == "majority"


@pytest.mark.parametrize(("clients", "words"), [(1, 1), (2, 2), (3, 2), (4, 3)])
def test_of_one_client_one_is_enough_where_the_socket_has_dropped(clients: int, words: int) -> None:
    witnesses = crowd(clients)
    assert not is_forsaken(doubted(words - 1, witnesses), witnesses, NOW)
    assert is_forsaken(doubted(words, witnesses), witnesses, NOW)


def test_nobody_else_is_believed() -> None:
    witnesses = frozenset({"ann", "bob", "cyd"})
    for peer_id in ("ann", "eve"):
        assert heard(HOSTED, peer_id, witnesses, NOW) is HOSTED
    # Nor is who was connected under another host.
    session = heard(heard(HOSTED, "bob", witnesses, NOW), "cyd", witnesses, NOW)
    assert reason_against(session, frozenset({"ann"}), 0.0, NOW) is None
    assert not is_forsaken(session, frozenset(), NOW)


def test_words_grow_old_and_are_said_again() -> None:
    witnesses = crowd(2)
    session = doubted(2, witnesses)
    later = NOW + DOUBT_TERM
    assert reason_against(session, witnesses, 0.0, later) == "majority"
    assert reason_against(session, witnesses, 0.0, later + 0.1) is None
    assert heard(session, "peer-0", witnesses, NOW + NOTING_PAUSE - 0.1) is session
    session = heard(session, "peer-0", witnesses, later + 0.1)
    assert session.doubts == {"peer-0": later + 0.1}


def test_words_are_bounded() -> None:
    witnesses = crowd(MAX_QUORUM + 50)
    assert len(doubted(MAX_QUORUM + 50, witnesses).doubts) == MAX_QUORUM


def test_a_host_that_is_heard_of_dispels_them() -> None:
    assert dispelled(doubted(3, crowd(3))) == HOSTED
    assert dispelled(HOSTED) is HOSTED


def test_silence_is_enough_by_itself() -> None:
    assert reason_against(HOSTED, frozenset(), 4.9, NOW) is None
    assert reason_against(HOSTED, frozenset(), 5.0, NOW) == "silence"
    assert reason_against(replace(HOSTED, idle_timeout=9.0), frozenset(), 8.9, NOW) is None
