from collections.abc import Callable
from types import SimpleNamespace

import pytest

from flask_p2p_streams.transport.connections import Connections
from tests.conftest import Clock


class Connection:
    def __init__(self) -> None:
        self.closed = self.closing = False

    def close(self, wait: bool) -> None:
        assert not wait
        self.closed = True


class FakeServer:
    """What of a Socket.IO server is asked for; a sleep moves the clock."""

    def __init__(self, clock: Clock) -> None:
        self.sleep = clock.advance
        self.tasks: list[Callable[[], None]] = []
        self.start_background_task = self.tasks.append
        self.joined: set[str] = set()
        self.environ: dict[str, object] = {}
        self.handlers: dict[str, object] = {}
        self.namespace_handlers: dict[str, object] = {"/p2p": object()}
        self.namespace = "/p2p"
        self.is_joining = False
        self.manager = SimpleNamespace(
            get_namespaces=lambda: ["/", "/p2p", "/chat", "/made-up"],
            sid_from_eio_sid=self.sid,
            is_pre_connected=lambda *_: self.is_joining,
        )
        self.eio = SimpleNamespace(sockets={})
        self.connections = Connections(self, 10.0, clock)

    def sid(self, eio_sid: str, namespace: str) -> str | None:
        return "sid" if eio_sid in self.joined and namespace == self.namespace else None

    def arrive(self, eio_sid: str) -> Connection:
        connection = self.eio.sockets[eio_sid] = Connection()
        self.connections.opened(eio_sid, {})
        self.environ[eio_sid] = {}
        return connection


@pytest.fixture
def server(clock: Clock) -> FakeServer:
    return FakeServer(clock)


@pytest.fixture
def connections(server: FakeServer) -> Connections:
    return server.connections


def test_a_connection_that_joins_nothing_is_closed(
    server: FakeServer, connections: Connections, clock: Clock
) -> None:
    started = clock()
    connection = server.arrive("a")
    assert connections.is_open("a")
    server.tasks.pop()()
    assert connection.closed
    assert clock() == started + 10


@pytest.mark.parametrize("namespace", ["/p2p", "/", "/chat"])
def test_a_connection_where_somebody_handles_it_is_left_alone(
    server: FakeServer, connections: Connections, caplog: pytest.LogCaptureFixture, namespace: str
) -> None:
    server.namespace, server.handlers = namespace, {"/": object(), "/chat": object()}
    connection = server.arrive("a")
    server.joined.add("a")
    server.tasks.pop()()
    assert not connection.closed
    assert not caplog.records


@pytest.mark.parametrize("namespace", ["/", "/made-up"])
def test_a_connection_where_nobody_handles_it_is_closed(
    server: FakeServer, connections: Connections, namespace: str
) -> None:
    server.namespace = namespace
    connection = server.arrive("a")
    server.joined.add("a")
    server.tasks.pop()()
    assert connection.closed


def test_a_connection_that_is_being_let_in_is_watched_on(
    server: FakeServer, connections: Connections, clock: Clock
) -> None:
    started = clock()
    connection = server.arrive("a")
    server.joined.add("a")
    server.is_joining = True

    def sleep(seconds: float) -> None:
        assert not connection.closed
        if clock() > started:
            server.joined.clear()
        clock.advance(seconds)

    server.sleep = sleep
    server.tasks.pop()()
    assert connection.closed
    assert clock() == started + 20


def test_one_task_watches_them_all_and_then_ends(
    server: FakeServer, connections: Connections, clock: Clock
) -> None:
    arrived = [server.arrive(name) for name in "abc"]
    clock.advance(3)
    arrived.append(server.arrive("d"))
    assert len(server.tasks) == 1
    server.tasks.pop()()
    assert all(connection.closed for connection in arrived)
    server.arrive("e")
    assert len(server.tasks) == 1


def test_a_connection_that_has_gone_is_no_error(server: FakeServer) -> None:
    server.arrive("a")
    server.eio.sockets.clear()
    server.tasks.pop()()


def test_a_failure_does_not_stop_the_watch(
    server: FakeServer, connections: Connections, caplog: pytest.LogCaptureFixture
) -> None:
    server.arrive("a").close = None  # type: ignore[method-assign, assignment]
    connection = server.arrive("b")
    server.tasks.pop()()
    assert connection.closed
    assert "What was due" in caplog.text


def test_who_leaves_its_namespace_is_watched_again(
    server: FakeServer, connections: Connections
) -> None:
    connection = server.arrive("a")
    server.joined.add("a")
    server.tasks.pop()()
    server.joined.clear()
    connections.watch_again("a")
    server.tasks.pop()()
    assert connection.closed


def test_who_is_closing_is_not_watched_again(server: FakeServer, connections: Connections) -> None:
    server.arrive("a").closing = True
    server.tasks.pop()()
    connections.watch_again("a")
    connections.watch_again("unknown")
    assert server.tasks == []
