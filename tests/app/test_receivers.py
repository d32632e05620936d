"""The app's receivers: each hears of all, in order, whatever one of them does or causes."""

import logging
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from flask import Flask

import flask_p2p_streams as signals
from flask_p2p_streams import P2PStreams
from flask_p2p_streams.signaling.receivers import MOST_CAUSED
from flask_p2p_streams.testing import join

Heard = list[tuple[str, str | None]]
Log = pytest.LogCaptureFixture
NAMES = (
    "session_opened",
    "peer_joined",
    "host_elected",
    "peer_connected",
    "peer_kicked",
    "session_closed",
    "host_lost",
    "peer_left",
)
COMING: Heard = [
    ("session_opened", None),
    ("peer_joined", "eve"),
    ("peer_connected", "eve"),
    ("host_elected", "eve"),
]
GOING: Heard = [("host_lost", "eve"), ("peer_left", "eve")]


@pytest.fixture
def app(p2p: P2PStreams) -> Flask:
    app = Flask("an_app")
    app.config.update(SECRET_KEY="a key for tests", P2P_HOST_GRACE=0)
    p2p.init_app(app)
    return app


@pytest.fixture
def connect(app: Flask) -> Iterator[Callable[[str, Any], None]]:
    """Connect a receiver to one of the signals, for this test."""
    with ExitStack() as ends:
        yield lambda name, do: ends.enter_context(getattr(signals, name).connected_to(do, app))


@pytest.fixture
def heard(connect: Callable[[str, Any], None]) -> Heard:
    heard: Heard = []
    for name in NAMES:

        def receive(_: Flask, _name: str = name, **details: Any) -> None:
            heard.append((_name, details.get("peer_id")))

        connect(name, receive)
    return heard


def fail(*_: object, **__: object) -> None:
    raise RuntimeError("no")


@pytest.mark.parametrize("number", range(4))
def test_one_that_fails_keeps_nothing_from_the_others(
    app: Flask, connect: Any, caplog: Log, number: int
) -> None:
    # In which order they are called is chance.
    heard: list[int] = []
    for each in range(4):
        if each == number:
            connect("peer_joined", fail)
        connect("peer_joined", lambda *_, _each=each, **__: heard.append(_each))
    assert join(app, "room", "ann").is_host
    assert sorted(heard) == [0, 1, 2, 3]
    [record] = caplog.records
    assert record.levelno == logging.ERROR
    assert "fail" in record.getMessage()
    assert record.exc_info


def test_one_that_awaits_needs_what_async_views_need(
    app: Flask, connect: Any, heard: Heard, caplog: Log
) -> None:
    async def receive(*_: object, **__: object) -> None:
        raise AssertionError("Nobody can wait for it.")

    connect("peer_joined", receive)
    join(app, "room", "eve")
    assert heard == COMING
    [record] = caplog.records
    assert record.exc_info
    assert "'async' extra" in str(record.exc_info[1])


def test_an_end_of_a_context_that_fails(app: Flask, heard: Heard, caplog: Log) -> None:
    app.teardown_appcontext(fail)
    app.extensions["p2p_streams"].signaling.moderation.kick("room", "eve")
    assert heard == [("peer_kicked", "eve")]
    [record] = caplog.records
    assert record.levelno == logging.ERROR


def test_none_while_signals_are_muted(app: Flask, heard: Heard) -> None:
    with signals.peer_joined.muted():
        join(app, "room", "eve")
    assert heard == [each for each in COMING if each[0] != "peer_joined"]


@pytest.mark.parametrize("name", ["peer_joined", "peer_connected", "host_elected"])
def test_one_that_kicks(app: Flask, p2p: P2PStreams, heard: Heard, connect: Any, name: str) -> None:
    connect(name, lambda _, session_id, peer_id, **__: p2p.kick(session_id, peer_id))
    join(app, "room", "eve")
    assert heard == [*COMING, ("peer_kicked", "eve"), *GOING]


def test_one_that_closes(app: Flask, p2p: P2PStreams, heard: Heard, connect: Any) -> None:
    connect("session_opened", lambda _, session_id: p2p.close(session_id))
    join(app, "room", "eve")
    assert heard == [*COMING, ("session_closed", None), *GOING]


def test_one_that_kicks_again_and_again(
    app: Flask, p2p: P2PStreams, heard: Heard, connect: Any, caplog: Log
) -> None:
    connect("peer_kicked", lambda _, session_id, peer_id, **__: p2p.kick(session_id, peer_id))
    p2p.kick("room", "eve")
    assert heard.count(("peer_kicked", "eve")) == MOST_CAUSED + 1
    assert [record.levelname for record in caplog.records] == ["ERROR"]
    join(app, "room", "eve")
    assert heard[-1] == ("host_elected", "eve")
