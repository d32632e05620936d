from typing import Any

import pytest

from flask_p2p_streams.sessions import presence
from flask_p2p_streams.sessions.presence import Change, News, Place

HERE = Place("here", "sid", "w", connected=False, turn=1)
TALKING = Place("here", "sid", "w", connected=True, turn=2)
LISTED = Place("listed", "sid", "w", connected=True, turn=3)
LEAVING = Place("leaving", "sid", "w", connected=True, turn=4)
GONE = Place("gone", "sid", "w", connected=True, turn=5)
OUT = Place("out", "sid", "w", connected=True, turn=6)


def after(change: Change) -> tuple[str | None, tuple[News, ...]]:
    place, news = change
    return None if place is None else place.state, news


@pytest.mark.parametrize("place", [HERE, TALKING, LISTED, LEAVING, GONE, OUT])
def test_text_and_back(place: Place) -> None:
    assert Place.from_text(place.to_text()) == place


@pytest.mark.parametrize(
    "text",
    [None, "", "{}", "[]", "[" * 100_000, '["here", "sid", "w", 1, 1]', '["?", "", "", true, 1]'],
)
def test_what_is_no_place(text: Any) -> None:
    assert Place.from_text(text) is None


@pytest.mark.parametrize("place", [None, GONE, OUT])
def test_who_comes(place: Place | None) -> None:
    come, news = presence.entered(place, "new", "w2", hosts=False)
    assert news == ("joined",)
    assert come is not None
    assert (come.state, come.sid, come.worker, come.connected) == ("here", "new", "w2", False)
    assert presence.entered(place, "new", "w2", hosts=True)[1] == ("joined", "connected")


@pytest.mark.parametrize("place", [HERE, TALKING, LISTED, LEAVING])
def test_who_comes_back_is_no_news(place: Place) -> None:
    back, news = presence.entered(place, "new", "w2", hosts=False)
    assert news == ()
    assert back == Place("here", "new", "w2", place.connected, place.turn + 1)
    hosting = presence.entered(place, "new", "w2", hosts=True)[1]
    assert hosting == (() if place.connected else ("connected",))


def test_who_is_connected() -> None:
    assert after(presence.released(HERE, "sid")) == ("listed", ("connected",))
    assert after(presence.released(TALKING, "sid")) == ("listed", ())
    for place, sid in ((HERE, "older"), (LISTED, "sid"), (GONE, "sid"), (None, "sid")):
        assert presence.released(place, sid) == (place, ())


def test_whose_socket_is_gone() -> None:
    for place, may_be, state in (
        (HERE, True, "leaving"),
        (HERE, False, "leaving"),
        (TALKING, True, "listed"),
        (TALKING, False, "leaving"),
        (None, True, "leaving"),
    ):
        assert after(presence.cut(place, "sid", "w", may_be_connected=may_be)) == (state, ())
    for other in (LISTED, LEAVING, GONE, OUT):
        assert presence.cut(other, "sid", "w", may_be_connected=True) == (other, ())
    assert presence.cut(TALKING, "older", "w", may_be_connected=False) == (TALKING, ())


def test_whom_a_host_tells_of() -> None:
    for place, state, news in (
        (HERE, "here", ("connected",)),
        (LEAVING, "listed", ()),
        (GONE, "listed", ("joined", "connected")),
    ):
        assert after(presence.reported(place)) == (state, news)
    # What a host makes up is nobody, and who was removed stays out.
    for other in (None, OUT, TALKING, LISTED):
        assert presence.reported(other) == (other, ())


def test_whom_a_host_misses() -> None:
    assert after(presence.missed(LISTED, lambda _: True)) == ("leaving", ())
    assert after(presence.missed(TALKING, lambda _: False)) == ("leaving", ())
    for other in (None, LEAVING, GONE, OUT):
        assert presence.missed(other, lambda _: False) == (other, ())
    assert presence.missed(TALKING, lambda _: True) == (TALKING, ())


def test_who_is_given_up() -> None:
    for place in (LISTED, LEAVING):
        assert after(presence.overdue(place, lambda _: True)) == ("gone", ("left",))
    assert after(presence.overdue(HERE, lambda _: False)) == ("gone", ("left",))
    for other in (None, GONE, OUT):
        assert presence.overdue(other, lambda _: False) == (other, ())
    assert presence.overdue(HERE, lambda _: True) == (HERE, ())


def test_who_has_not_come_back() -> None:
    assert after(presence.expired(LEAVING, LEAVING.turn)) == ("gone", ("left",))
    for other in (None, HERE, LISTED, GONE, OUT):
        turn = 0 if other is None else other.turn
        assert presence.expired(other, turn) == (other, ())
    # It has come back, and left again.
    assert presence.expired(LEAVING, LEAVING.turn - 2) == (LEAVING, ())


def test_who_is_removed() -> None:
    for place in (HERE, LISTED, LEAVING):
        assert after(presence.removed(place)) == ("out", ("left",))
    assert after(presence.removed(GONE)) == ("out", ())
    for other in (None, OUT):
        assert presence.removed(other) == (other, ())
