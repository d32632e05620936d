from collections.abc import Sequence
from dataclasses import replace

import pytest

from flask_p2p_streams.sessions import rosters
from flask_p2p_streams.sessions.access import Gate
from flask_p2p_streams.sessions.record import Session
from flask_p2p_streams.sessions.rosters import Roster
from flask_p2p_streams.stores import listing as module
from flask_p2p_streams.stores.guarded import GuardedStore
from flask_p2p_streams.stores.keys import roster_key, session_key
from flask_p2p_streams.stores.listing import incomplete, list_sessions
from flask_p2p_streams.stores.worker_registry import MAX_LISTED, WorkerEntry

NOW = 1_700_000_000.0
GRACE = 2.0
ONE = WorkerEntry("w1", "web:1", NOW, "gevent", True, "0.1.0", sessions=("chat",))
TWO = WorkerEntry("w2", "web:2", NOW, "gevent", True, "0.1.0", sessions=("lab", "chat"))
CHAT = Session("chat", 7, "ann", "sid", None)


class Shelf:
    is_shared = True
    hint = "Start it."

    def __init__(self) -> None:
        self.values: dict[str, str] = {}
        self.trips = 0

    def keep(self, session: Session, *peers: str) -> None:
        self.values[session_key(session.id)] = session.to_text()
        roster = Roster(session.epoch, dict.fromkeys(peers, "connected"))
        self.values[roster_key(session.id)] = rosters.to_text(roster)

    def read_many(self, keys: Sequence[str]) -> list[str | None]:
        self.trips += 1
        return [self.values.get(key) for key in keys]

    def write(self, key: str, value: str, expires_in: float) -> None:
        self.values[key] = value

    def replace(self, key: str, before: str | None, after: str, expires_in: float) -> bool:
        return False

    def exchange(self, key: str, value: str, expires_in: float) -> str | None:
        return None


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


@pytest.fixture
def store(shelf: Shelf) -> GuardedStore:
    return GuardedStore(shelf)


def test_the_sessions_of_all_workers_in_one_round_trip(shelf: Shelf, store: GuardedStore) -> None:
    shelf.keep(replace(CHAT, id="lab", host="eve"), "eve")
    shelf.keep(CHAT, "bob", "cid")
    chat, lab = list_sessions(store, [ONE, TWO], NOW, GRACE)
    assert (chat.session, chat.host, chat.epoch, chat.peers) == ("chat", "ann", 7, 3)
    assert (chat.state, chat.locked) == ("hosted", False)
    assert (lab.session, lab.peers, lab.worker) == ("lab", 1, "web:2")
    assert shelf.trips == 1


def test_no_sessions_cost_nothing(shelf: Shelf, store: GuardedStore) -> None:
    assert list_sessions(store, [], NOW, GRACE) == []
    assert shelf.trips == 0


def test_many_sessions_are_read_in_parts(
    shelf: Shelf, store: GuardedStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SESSIONS_PER_TRIP", 2)
    ids = [f"room {number}" for number in range(5)]
    for each in ids:
        shelf.keep(replace(CHAT, id=each), "bob")
    rows = list_sessions(store, [replace(ONE, sessions=tuple(ids))], NOW, GRACE)
    assert [(row.session, row.peers) for row in rows] == [(each, 2) for each in ids]
    assert shelf.trips == 3


@pytest.mark.parametrize(
    ("session", "state"),
    [
        (CHAT, "hosted"),
        (replace(CHAT, host_sid=None, absent_since=NOW), "dropped"),
        (replace(CHAT, host=None, host_sid=None), "empty"),
        (replace(CHAT, host=None, host_sid=None, opened=False), "empty"),
        (
            replace(CHAT, host=None, host_sid=None, opened=False, gate=Gate(closing=1)),
            "closed",
        ),
    ],
)
def test_states(shelf: Shelf, store: GuardedStore, session: Session, state: str) -> None:
    shelf.keep(session)
    [row] = list_sessions(store, [ONE], NOW, GRACE)
    assert row.state == state
    assert row.worker == ("web:1" if state == "hosted" else None)


def test_a_host_whose_worker_lives_no_more(shelf: Shelf, store: GuardedStore) -> None:
    shelf.keep(CHAT, "ann", "bob")
    [row] = list_sessions(store, [], NOW, GRACE, ["chat"])
    assert (row.state, row.worker, row.host, row.peers) == ("orphaned", None, "ann", 0)


def test_a_seat_that_is_reserved_no_longer(shelf: Shelf, store: GuardedStore) -> None:
    shelf.keep(replace(CHAT, host_sid=None, absent_since=NOW - GRACE), "bob", "cid")
    [before] = list_sessions(store, [ONE], NOW - 0.1, GRACE)
    assert (before.state, before.host, before.peers) == ("dropped", "ann", 3)
    [row] = list_sessions(store, [ONE], NOW, GRACE)
    assert (row.state, row.host, row.peers) == ("empty", None, 0)


def test_without_a_host_nobody_is_counted(shelf: Shelf, store: GuardedStore) -> None:
    shelf.keep(replace(CHAT, host=None, host_sid=None), "bob", "cid")
    assert list_sessions(store, [ONE], NOW, GRACE)[0].peers == 0


@pytest.mark.parametrize("state", rosters.GONE)
def test_who_has_gone_is_not_counted(shelf: Shelf, store: GuardedStore, state: str) -> None:
    shelf.keep(CHAT)
    report = rosters.to_text(Roster(CHAT.epoch, {"bob": "connected", "cid": state}))
    shelf.values[roster_key("chat")] = report
    assert list_sessions(store, [ONE], NOW, GRACE)[0].peers == 2


def test_who_is_banned(shelf: Shelf, store: GuardedStore) -> None:
    bans = {"eve": NOW + 60, "bob": NOW + 0.5, "cid": NOW}
    nobody_came = replace(CHAT, host=None, host_sid=None, opened=False)
    for session in (CHAT, nobody_came):
        shelf.keep(replace(session, gate=Gate(bans=bans)))
        [row] = list_sessions(store, [ONE], NOW, GRACE, ["chat"])
        assert row.banned == {"bob": 0.5, "eve": 60.0}
    assert list_sessions(store, [ONE], NOW, GRACE, ["gone"])[0].banned == {}


def test_sessions_by_name(shelf: Shelf, store: GuardedStore) -> None:
    shelf.keep(replace(CHAT, gate=Gate(locked=True)))
    chat, gone = list_sessions(store, [ONE, TWO], NOW, GRACE, ["gone", "chat", "gone"])
    assert (chat.state, chat.locked) == ("hosted", True)
    assert (gone.session, gone.state, gone.peers) == ("gone", "unknown", 0)


@pytest.mark.parametrize("roster", ["nonsense", "[]", "[" * 100_000])
def test_a_roster_that_is_none(shelf: Shelf, store: GuardedStore, roster: str) -> None:
    shelf.keep(CHAT)
    shelf.values[roster_key("chat")] = roster
    assert list_sessions(store, [ONE], NOW, GRACE)[0].peers == 1


def test_workers_that_name_no_more() -> None:
    full = replace(TWO, sessions=tuple(map(str, range(MAX_LISTED))))
    assert incomplete([ONE, full]) == ["web:2"]
