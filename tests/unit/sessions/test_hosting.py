from dataclasses import replace

import pytest

from flask_p2p_streams.sessions.hosting import Incumbent, leave, lose, lose_if_gone, renew, restore
from flask_p2p_streams.sessions.outcomes import Hosting, Stale
from flask_p2p_streams.sessions.record import Access, Session, Vacated, unopened
from tests.kit.candidates import member

NOW = 1_700_000_000.0
HOSTED = Session("room", 5, "ann", "sid-a", None, host_worker="there")
LOST = Session("room", 5, "ann", None, NOW - 1)
FREE = Session("room", 5, None, None, None)

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
    assert lose_if_gone(HOSTED, True, NOW - 1) is HOSTED
    assert lose_if_gone(HOSTED, False, NOW - 1) == LOST
    assert lose_if_gone(FREE, False, NOW) is FREE
    assert lose_if_gone(None, False, NOW) is None


# Renewing

ANN = Incumbent(member("sid-a", "ann"), "there", 5, NOW)


def test_renewing_writes_the_same_again() -> None:
    session, decision = renew(HOSTED, ANN)
    assert session == HOSTED
    assert session is not HOSTED
    assert decision == Hosting(5, resumed=True)


def test_restoring_what_is_there_writes_nothing() -> None:
    session, decision = restore(HOSTED, ANN)
    assert session is HOSTED
    assert decision == Hosting(5, resumed=True)


@pytest.mark.parametrize("session", [None, replace(FREE, epoch=4), replace(HOSTED, epoch=3)])
def test_a_living_host_puts_a_lost_record_back(session: Session | None) -> None:
    for after in (restore(session, ANN)[0], renew(session, ANN)[0]):
        assert after is not None
        assert (after.epoch, after.host, after.host_sid) == (5, "ann", "sid-a")
        assert (after.host_worker, after.opened, after.known_from) == ("there", True, 5)


def test_a_record_that_is_put_back_keeps_who_may_come_in() -> None:
    banned = replace(unopened("room"), access=Access(bans={"eve": NOW + 60}))
    after, _ = restore(banned, ANN)
    assert after is not None
    assert after.access == banned.access


@pytest.mark.parametrize(
    "other",
    [
        replace(ANN, member=member("sid-a", "bob")),
        replace(ANN, member=member("sid-b", "ann")),
        replace(ANN, epoch=4),
    ],
)
def test_nobody_else_renews(other: Incumbent) -> None:
    assert renew(HOSTED, other) == (HOSTED, Stale(5, "ann"))
    assert restore(HOSTED, other) == (HOSTED, Stale(5, "ann"))
