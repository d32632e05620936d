"""A worker's beat, on a store and an outbox in memory."""

from collections.abc import Set
from dataclasses import replace
from typing import Any

import pytest

from flask_p2p_streams.runtime.identity import Identity
from flask_p2p_streams.runtime.mutexes import Mutexes, mutex_for
from flask_p2p_streams.sessions.candidacy import Candidacy
from flask_p2p_streams.sessions.credentials import Seat
from flask_p2p_streams.sessions.joining import out_of_reach
from flask_p2p_streams.sessions.member import Member
from flask_p2p_streams.sessions.outcomes import OutOfReach
from flask_p2p_streams.sessions.record import Session
from flask_p2p_streams.signaling.detached import Detached
from flask_p2p_streams.signaling.heartbeat import OVERLAP, Heartbeat
from flask_p2p_streams.signaling.members import Rooms, rooms_of
from flask_p2p_streams.signaling.upkeep import Upkeep
from flask_p2p_streams.signaling.workers import Workers
from flask_p2p_streams.stores.guarded import guarded_store
from flask_p2p_streams.stores.keys import MEMORY
from flask_p2p_streams.stores.session_store import SOCKET_TERM, SessionStore
from flask_p2p_streams.stores.worker_registry import WorkerEntry, WorkerRegistry
from tests.kit.candidates import candidate, member
from tests.unit.stores.test_session_store import Memory

NOW = 1_700_000_000.0


class Outbox:
    is_alone = False

    def __init__(self) -> None:
        self.rooms: dict[str, set[str]] = {}
        self.closed: list[str] = []

    def enter(self, member: Member) -> None:
        for room in rooms_of(member):
            self.rooms.setdefault(room, set()).add(member.sid)

    def present(self, room: str) -> Set[str]:
        return self.rooms.get(room, set())

    def close(self, sid: str) -> None:
        self.closed.append(sid)


class News:
    def __init__(self) -> None:
        self.told: list[tuple[str, str | None, int]] = []

    def superseded(self, member: Member, host: str | None, epoch: int) -> None:
        self.told.append((member.peer_id, host, epoch))


class Server:
    async_mode = "threading"


class Site:
    """A worker that holds a host and a client."""

    def __init__(self) -> None:
        self.memory = Memory()
        self.store = SessionStore(guarded_store(self.memory, Mutexes(mutex_for("threading"))))
        self.rooms = Rooms(Detached(), Mutexes(mutex_for("threading")))
        self.outbox, self.news = Outbox(), News()
        server: Any = Server()
        outbox: Any = self.outbox
        news: Any = self.news
        self.seconds = 0.0
        registry = WorkerRegistry(self.store.guarded, self.clock)
        self.workers = Workers(
            identity=Identity(worker_id="me"),
            store=self.store,
            outbox=outbox,
            registry=registry,
            now=lambda: NOW,
        )
        upkeep = Upkeep(
            rooms=self.rooms,
            store=self.store,
            outbox=outbox,
            announcements=news,
            workers=self.workers,
            clock=self.clock,
        )
        self.heartbeat = Heartbeat(
            server=server,
            rooms=self.rooms,
            workers=self.workers,
            registry=registry,
            upkeep=upkeep,
            clock=self.clock,
        )
        self.host = self.enter("ann", epoch=5)
        self.client = self.enter("bob", epoch=5)
        self.heartbeat.beat()

    def enter(self, peer_id: str, epoch: int) -> Member:
        entering = member(f"sid-{peer_id}", peer_id, expires_in=60)
        self.rooms.enter(entering, epoch, "ann")
        self.outbox.enter(entering)
        return entering

    def clock(self) -> float:
        return self.seconds

    @property
    def session(self) -> Session:
        session = self.store.read("room")
        assert session is not None
        return session


@pytest.fixture
def site() -> Site:
    return Site()


def test_a_worker_is_alive_once_it_has_beaten(site: Site) -> None:
    assert site.workers.is_alive("me")
    assert not site.workers.is_alive("somebody else")


def test_the_hosts_of_a_worker_are_put_back_when_the_store_has_lost_its_memory(site: Site) -> None:
    site.memory.values.clear()
    site.heartbeat.beat()
    assert (site.session.host, site.session.host_sid, site.session.epoch) == ("ann", "sid-ann", 5)
    assert site.session.host_worker == "me"
    assert site.news.told == []


def test_a_host_that_was_followed_meanwhile_hears_of_it(site: Site) -> None:
    other = Session("room", 9, "eve", "sid-eve", None, host_worker="other")
    site.store.update("room", lambda _: (other, None), 60)
    del site.memory.values[MEMORY]
    site.heartbeat.beat()
    assert site.news.told == [("ann", "eve", 9)]
    assert site.session == other


def test_a_beat_leaves_the_sessions_of_a_store_that_remembers_alone(site: Site) -> None:
    assert site.store.read("room") is not None
    site.store.update("room", lambda _: (Session("room", 9, "eve", None, None), None), 60)
    site.heartbeat.beat()
    assert (site.session.host, site.news.told) == ("eve", [])


def test_another_worker_may_notice_first(site: Site) -> None:
    site.memory.values.clear()
    site.memory.values[MEMORY] = "what another worker has written"
    site.heartbeat.beat()
    assert site.session.host == "ann"


def test_who_was_taken_out_of_a_room_elsewhere_is_closed(site: Site) -> None:
    assert site.outbox.closed == []
    for room in rooms_of(site.client):
        site.outbox.rooms[room].discard(site.client.sid)
        site.heartbeat.beat()
        assert site.outbox.closed == ["sid-bob"]
        site.outbox.rooms[room].add(site.client.sid)
        site.outbox.closed.clear()


def test_the_newest_socket_of_a_peer_stays_known_while_it_is_open(site: Site) -> None:
    site.store.exchange_sid("room", "bob", "a newer one")
    site.heartbeat.beat()
    assert site.outbox.closed == []
    site.seconds = SOCKET_TERM / 2
    site.heartbeat.beat()
    assert site.store.read_sid("room", "ann") == "sid-ann"
    assert site.outbox.closed == ["sid-bob"]


def test_a_store_that_fails_keeps_nobody_from_being_closed(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise OSError("gone")

    monkeypatch.setattr(Memory, "read", fail)
    monkeypatch.setattr(Memory, "write", fail)
    site.outbox.rooms.clear()
    site.heartbeat.beat()
    assert sorted(site.outbox.closed) == ["sid-ann", "sid-bob"]


# Several workers without a message queue


def other(beats: int, worker_id: str = "other") -> WorkerEntry:
    return WorkerEntry(worker_id, "web:2", NOW, "threading", False, "0.1.0", beats=beats)


def alone(site: Site, caplog: pytest.LogCaptureFixture, *entries: tuple[float, WorkerEntry]) -> int:
    """Let a worker without a queue beat beside others; return how often it says so."""
    outbox: Any = site.outbox
    outbox.is_alone = True
    registry = WorkerRegistry(site.store.guarded, lambda: site.seconds)
    for seconds, entry in entries:
        site.seconds = seconds
        registry.write(entry)
        site.heartbeat.beat()
    return caplog.text.count("Several processes serve this app, without a message queue")


def test_workers_that_never_meet_are_told_once(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    seen = [(OVERLAP * number, other(number)) for number in range(5)]
    assert alone(site, caplog, *seen) == 1
    assert "Pass message_queue=" in caplog.text


def test_a_worker_that_takes_the_place_of_another_is_none_of_several(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    # One that goes, another that has gone and is still listed, and the next that has come.
    going = [(0, other(1)), (OVERLAP, other(2))]
    assert alone(site, caplog, *going, (10 * OVERLAP, other(2))) == 0


def test_a_host_at_another_worker_is_out_of_reach_without_a_queue(site: Site) -> None:
    there = Session("room", 9, "eve", "sid-eve", None, host_worker="other")

    def bob(**changes: Any) -> Candidacy:
        return candidate("bob", worker="me", is_cut_off=site.workers.is_cut_off, **changes)

    assert out_of_reach(there, bob()) is None
    outbox: Any = site.outbox
    outbox.is_alone = True
    assert out_of_reach(there, bob()) == OutOfReach("other")
    assert out_of_reach(there, bob(dead_worker="other")) is None
    assert out_of_reach(there, bob(seat=Seat("room", "bob", 9))) is None
    assert out_of_reach(replace(there, host_worker="me"), bob()) is None
    assert out_of_reach(replace(there, host_sid=None), bob()) is None
    assert out_of_reach(None, bob()) is None


def test_which_workers_live(site: Site) -> None:
    there = Session("room", 9, "eve", "sid-eve", None, host_worker="other")
    assert site.workers.has_lost(there)
    assert not site.workers.has_lost(replace(there, host_worker="me"))
    WorkerRegistry(site.store.guarded, lambda: 0.0).write(other(1))
    assert not site.workers.has_lost(there)
    assert site.workers.is_open("sid-eve", "other")
    assert not site.workers.is_open("sid-eve", "dead")
