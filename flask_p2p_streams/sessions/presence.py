"""The rules of who is in a session, and what the app hears of it; no I/O.

A peer is "here" while a worker holds its socket, and "listed" when it has let go of the
server and its host tells of it. One of which neither is true is "leaving": it may be loading
its page anew. When it hasn't come back it is "gone", and "out" if the app has removed it.

Each rule is a function from a place, None if nothing is known of it, to a place and what is
news of it. Thus the app hears of each coming and each going once, whichever worker notices.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias, get_args

State = Literal["here", "listed", "leaving", "gone", "out"]
News = Literal["joined", "connected", "left"]


@dataclass(frozen=True)
class Place:
    """A peer's place in a session.

    ``sid`` is its last socket, ``worker`` the process that held it; ``connected`` tells
    whether the app knows that it was connected since it came. ``turn`` grows with each change,
    so that what is due for an earlier one finds that it was overtaken.
    """

    state: State
    sid: str = ""
    worker: str = ""
    connected: bool = False
    turn: int = 0

    @property
    def is_taken(self) -> bool:
        """Whether the app has heard of its coming, and not yet of its going."""
        return self.state in ("here", "listed", "leaving")

    def to_text(self) -> str:
        """Return the place as JSON text."""
        return json.dumps([self.state, self.sid, self.worker, self.connected, self.turn])

    @classmethod
    def from_text(cls, text: object) -> "Place | None":
        """Read a place back; whatever cannot be one counts as missing."""
        try:
            parts = json.loads(text) if isinstance(text, str) else None
        except (ValueError, RecursionError):
            return None
        if not isinstance(parts, list) or list(map(type, parts)) != [str, str, str, bool, int]:
            return None
        return cls(*parts) if parts[0] in get_args(State) else None


Change: TypeAlias = tuple[Place | None, tuple[News, ...]]
PlaceRule: TypeAlias = Callable[[Place | None], Change]
NOWHERE = Place("gone")


def entered(place: Place | None, sid: str, worker: str, *, hosts: bool) -> Change:
    """Take in a peer that has joined; a host is connected by that."""
    is_new = place is None or not place.is_taken
    before = NOWHERE if place is None else place
    was_connected = before.connected and not is_new
    news: list[News] = ["joined"] if is_new else []
    if hosts and not was_connected:
        news.append("connected")
    after = Place("here", sid, worker, was_connected or hosts, before.turn + 1)
    return after, tuple(news)


def released(place: Place | None, sid: str) -> Change:
    """Take note that a client is connected, and lets go of this socket."""
    if place is None or place.sid != sid or place.state != "here":
        return place, ()
    return _moved(place, "listed", connected=True), _first(place)


def cut(
    place: Place | None,
    sid: str,
    worker: str,
    *,
    may_be_connected: bool,
    was_told: bool = True,
) -> Change:
    """Take note that a socket is gone; its peer has gone with it, unless a newer one is here.

    One that was connected is as long as its host doesn't say otherwise, if it
    ``may_be_connected``. Of one that isn't known the store has lost the place, if the app
    ``was_told`` of its coming; else it has never had one.
    """
    if place is None:
        return (Place("leaving", sid, worker, turn=1) if was_told else None), ()
    if place.sid != sid or place.state != "here":
        return place, ()
    stays = may_be_connected and place.connected
    return _moved(place, "listed" if stays else "leaving"), ()


def reported(place: Place | None) -> Change:
    """Take note that the host has become connected to a peer.

    Whoever never was here isn't known by a host's word alone, nor who was removed.
    """
    if place is None or place.state == "out":
        return place, ()
    if place.state == "gone":
        return _moved(place, "listed", connected=True), ("joined", "connected")
    if place.connected and place.state != "leaving":
        return place, ()
    state: State = "listed" if place.state == "leaving" else place.state
    return _moved(place, state, connected=True), _first(place)


def missed(place: Place | None, is_open: Callable[[Place], bool]) -> Change:
    """Take note that the host isn't connected to a peer any more; one with a socket stays."""
    if place is None or not _is_missing(place, is_open):
        return place, ()
    return _moved(place, "leaving"), ()


def overdue(place: Place | None, is_open: Callable[[Place], bool]) -> Change:
    """Give up a peer that no host tells of; one with a socket stays.

    One that is leaving still was so at a worker that lives no more.
    """
    if place is None or not (place.state == "leaving" or _is_missing(place, is_open)):
        return place, ()
    return _moved(place, "gone"), ("left",)


def expired(place: Place | None, turn: int) -> Change:
    """Give up a peer that was leaving at this turn, and hasn't come back since."""
    if place is None or place.state != "leaving" or place.turn != turn:
        return place, ()
    return _moved(place, "gone"), ("left",)


def removed(place: Place | None) -> Change:
    """Put out a peer that the app has removed."""
    if place is None or place.state == "out":
        return place, ()
    return _moved(place, "out"), ("left",) if place.is_taken else ()


def _moved(place: Place, state: State, *, connected: bool = False) -> Place:
    return replace(place, state=state, connected=place.connected or connected, turn=place.turn + 1)


def _first(place: Place) -> tuple[News, ...]:
    return () if place.connected else ("connected",)


def _is_missing(place: Place, is_open: Callable[[Place], bool]) -> bool:
    return place.state == "listed" or (place.state == "here" and not is_open(place))
