from dataclasses import replace

import pytest

from flask_p2p_streams.sessions.crowd import Crowd, Report, known, nearby, present
from flask_p2p_streams.sessions.record import Session
from flask_p2p_streams.sessions.rosters import Roster

NOW, GRACE = 1_700_000_000.0, 2.0
HOSTED = Session("room", 5, "ann", "sid-a", None, host_worker="there")
CROWD = Crowd(frozenset({"bob"}), frozenset({"cyd"}))
ROSTER = Roster(5, {"dan": "connected", "eve": "closed"})


@pytest.mark.parametrize(
    ("session", "expected"),
    [
        (HOSTED, {"bob", "cyd"}),
        (replace(HOSTED, host_sid=None, absent_since=NOW - 1), {"bob", "cyd"}),
        # Who was connected to a host that has gone comes again, or isn't there.
        (replace(HOSTED, host_sid=None, absent_since=NOW - GRACE), {"bob"}),
        (replace(HOSTED, host=None), {"bob"}),
        (None, {"bob"}),
    ],
)
def test_who_is_nearby(session: Session | None, expected: set[str]) -> None:
    assert nearby(CROWD, session, NOW, GRACE) == expected


def test_who_takes_a_place() -> None:
    told = Report(ROSTER)
    assert present(CROWD, told, HOSTED, NOW, GRACE) == {"bob", "cyd", "dan"}
    # The roster of another host counts no more.
    assert present(CROWD, told, replace(HOSTED, epoch=6), NOW, GRACE) == {"bob", "cyd"}
    assert present(CROWD, told, None, NOW, GRACE) == {"bob"}


def test_who_takes_a_place_when_the_host_went_with_its_worker() -> None:
    assert present(CROWD, Report(ROSTER, dead_worker="there"), HOSTED, NOW, GRACE) == {"bob"}
    elsewhere = Report(ROSTER, dead_worker="another")
    assert present(CROWD, elsewhere, HOSTED, NOW, GRACE) == {"bob", "cyd", "dan"}


def test_who_is_known() -> None:
    for session in (HOSTED, replace(HOSTED, epoch=6)):
        assert known(CROWD, Report(ROSTER), session, NOW, GRACE) == {"bob", "cyd", "dan", "eve"}
