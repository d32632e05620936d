"""When the app is told that a peer has come, is connected or has gone; no I/O.

A peer is "here" while a worker holds its socket. It is "listed" when it has left the server
because it is connected to its host, which lists it in its roster. If neither is true, it is
"leaving": it may be loading its page anew. If it doesn't come back it is "gone", and if the app
has removed it it is "out".

Each rule takes a place, or None if nothing is known of the peer, and returns a place and the
news for the app. So the app is told once of each coming and going, whichever worker notices it.
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

    ``sid`` is its last socket, and ``worker`` the process that held it. ``connected`` tells
    whether the app has been told that it was connected since it came. ``turn`` rises with each
    change, so that what was due for an earlier state can see that the state has changed.
    """

    state: State
    sid: str = ""
    worker: str = ""
    connected: bool = False
    turn: int = 0

    @property
    def is_taken(self) -> bool:
        """Whether the app has been told of its coming, and not yet of its going."""
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
    """Take note that a peer has joined; a host counts as connected from then on."""
    is_new = place is None or not place.is_taken
    before = NOWHERE if place is None else place
    was_connected = before.connected and not is_new
    news: list[News] = ["joined"] if is_new else []
    if hosts and not was_connected:
        news.append("connected")
    after = Place("here", sid, worker, was_connected or hosts, before.turn + 1)
    return after, tuple(news)


def detached(place: Place | None, sid: str) -> Change:
    """Take note that a client is connected to its host and gives up this socket."""
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
    """Take note that a socket is gone, and its peer too, unless it has a newer socket.

    A peer that was connected to its host and ``may_be_connected`` still counts as connected until
    the host says otherwise. If no place is known but the app ``was_told`` of the peer's coming,
    the store has lost the place; otherwise there never was one.
    """
    if place is None:
        return (Place("leaving", sid, worker, turn=1) if was_told else None), ()
    if place.sid != sid or place.state != "here":
        return place, ()
    stays = may_be_connected and place.connected
    return _moved(place, "listed" if stays else "leaving"), ()


def reported(place: Place | None) -> Change:
    """Take note that the host has become connected to a peer.

    A host's word alone isn't enough for a peer that was never here, or that was removed.
    """
    if place is None or place.state == "out":
        return place, ()
    if place.state == "gone":
        return _moved(place, "listed", connected=True), ("joined", "connected")
    if place.connected and place.state != "leaving":
        return place, ()
    state: State = "listed" if place.state == "leaving" else place.state
    return _moved(place, state, connected=True), _first(place)


def missed(place: Place | None, closed: str | None = None) -> Change:
    """Take note that the host isn't connected to a peer any more; a peer with a socket stays.

    ``closed`` is a socket of the peer that isn't open any more.
    """
    if place is None or not _is_missing(place, closed):
        return place, ()
    return _moved(place, "leaving"), ()


def overdue(place: Place | None, closed: str | None = None) -> Change:
    """Give up a peer that no host reports; a peer with a socket stays, unless that is ``closed``.

    A peer that is still "leaving" now was at a worker that has ended.
    """
    if place is None or not (place.state == "leaving" or _is_missing(place, closed)):
        return place, ()
    return _moved(place, "gone"), ("left",)


def expired(place: Place | None, turn: int) -> Change:
    """Give up a peer that was "leaving" at this turn and hasn't come back since."""
    if place is None or place.state != "leaving" or place.turn != turn:
        return place, ()
    return _moved(place, "gone"), ("left",)


def removed(place: Place | None) -> Change:
    """Take note that the app has removed a peer."""
    if place is None or place.state == "out":
        return place, ()
    return _moved(place, "out"), ("left",) if place.is_taken else ()


def _moved(place: Place, state: State, *, connected: bool = False) -> Place:
    return replace(place, state=state, connected=place.connected or connected, turn=place.turn + 1)


def _first(place: Place) -> tuple[News, ...]:
    return () if place.connected else ("connected",)


def _is_missing(place: Place, closed: str | None) -> bool:
    return place.state == "listed" or (place.state == "here" and place.sid == closed)
