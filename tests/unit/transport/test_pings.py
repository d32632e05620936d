from collections.abc import Callable
from types import SimpleNamespace

import pytest
from engineio.packet import PING, Packet

from flask_p2p_streams.transport.pings import Pings
from tests.conftest import Clock


class Connection:
    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.closing = False
        self.last_ping: float | None = 1.0
        self.sent: list[float] = []
        self.schedule_ping: Callable[[], None]

    def send(self, packet: Packet) -> None:
        assert packet.packet_type == PING
        self.sent.append(self.clock())


class FakeServer:
    def __init__(self, clock: Clock) -> None:
        self.sleep = clock.advance
        self.tasks: list[Callable[[], None]] = []
        self.start_background_task = self.tasks.append
        self.eio = SimpleNamespace(sockets={}, ping_interval=25)


@pytest.fixture
def server(clock: Clock) -> FakeServer:
    return FakeServer(clock)


@pytest.fixture
def pings(server: FakeServer, clock: Clock) -> Pings:
    return Pings(server, clock)


def arrive(server: FakeServer, pings: Pings, eio_sid: str, clock: Clock) -> Connection:
    connection = server.eio.sockets[eio_sid] = Connection(clock)
    pings.take_over(eio_sid)
    connection.schedule_ping()
    return connection


def test_the_interval_is_the_one_that_the_first_client_is_told(
    server: FakeServer, pings: Pings, clock: Clock
) -> None:
    server.eio.ping_interval = 3
    started = clock()
    connection = arrive(server, pings, "a", clock)
    (task,) = server.tasks
    task()
    assert connection.sent == [started + 3]


def test_each_gets_its_ping_from_one_task(server: FakeServer, pings: Pings, clock: Clock) -> None:
    started = clock()
    first = arrive(server, pings, "a", clock)
    clock.advance(5)
    second = arrive(server, pings, "b", clock)
    (task,) = server.tasks
    task()
    assert first.sent == [started + 25]
    assert second.sent == [started + 30]


def test_a_pong_that_nobody_asked_for_makes_no_ping(
    server: FakeServer, pings: Pings, clock: Clock
) -> None:
    connection = arrive(server, pings, "a", clock)
    clock.advance(20)
    connection.schedule_ping()
    server.tasks.pop()()
    assert len(connection.sent) == 1
    assert connection.last_ping
    connection.schedule_ping()
    server.tasks.pop()()
    assert len(connection.sent) == 2


def test_who_has_gone_or_is_going_gets_none(server: FakeServer, pings: Pings, clock: Clock) -> None:
    gone, going, forgotten = (arrive(server, pings, name, clock) for name in "abc")
    del server.eio.sockets["a"]
    going.closing = True
    pings.forget("c")
    server.tasks.pop()()
    assert gone.sent == going.sent == forgotten.sent == []
    gone.schedule_ping()
    assert server.tasks == []
