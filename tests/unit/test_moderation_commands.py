from typing import Any

import pytest
from flask import Flask
from flask_socketio import SocketIO

from flask_p2p_streams import P2PStreams
from flask_p2p_streams.testing import join
from tests.conftest import AppFactory
from tests.unit.test_store import Memory

NEED_A_QUEUE = [["kick", "room", "ann"], ["close", "room"], ["lock", "room"]]
COMMANDS = [*NEED_A_QUEUE, ["unban", "room", "ann"]]


def run(app: Flask, *arguments: str) -> Any:
    return app.test_cli_runner().invoke(args=["p2p", *arguments])


@pytest.fixture
def shared(monkeypatch: pytest.MonkeyPatch) -> Flask:
    """An app whose sessions and sockets another process would reach too."""
    app = Flask("an_app")
    app.config["SECRET_KEY"] = "a key for tests"
    P2PStreams(app, store=Memory())
    outbox = app.extensions["p2p_streams"].signaling.moderation._outbox
    monkeypatch.setattr(outbox, "_alone", False)
    return app


@pytest.mark.parametrize("command", COMMANDS)
def test_sessions_in_the_server_s_own_process(app: Flask, command: list[str]) -> None:
    result = run(app, *command)
    assert result.exit_code == 1
    assert "RedisCache" in result.output


@pytest.mark.parametrize("command", NEED_A_QUEUE)
def test_no_message_queue(command: list[str]) -> None:
    app = Flask("an_app")
    app.config["SECRET_KEY"] = "a key for tests"
    SocketIO(app, async_mode="threading", async_handlers=False)
    P2PStreams(app, store=Memory())
    result = run(app, *command)
    assert result.exit_code == 1
    assert "message_queue" in result.output


def test_a_ban_is_lifted_without_a_message_queue() -> None:
    app = Flask("an_app")
    app.config["SECRET_KEY"] = "a key for tests"
    P2PStreams(app, store=Memory())
    app.extensions["p2p_streams"].signaling.moderation.kick("room", "bob", 60)
    assert join(app, "room", "bob").refusal is not None
    assert run(app, "unban", "room", "bob").output == "bob may join room again.\n"
    assert join(app, "room", "bob").is_host


def test_no_ban_to_lift(shared: Flask) -> None:
    result = run(shared, "unban", "room", "bob")
    assert result.exit_code == 0
    assert result.output == "bob isn't banned from room; nothing has changed.\n"


def test_a_cache_that_others_do_not_see(make_app: AppFactory) -> None:
    result = run(make_app(CACHE_TYPE="SimpleCache"), "close", "room")
    assert "RedisCache" in result.output


def test_kick(shared: Flask) -> None:
    join(shared, "room", "ann")
    bob = join(shared, "room", "bob")
    result = run(shared, "kick", "room", "bob", "--ban-for", "60")
    assert (result.exit_code, result.output) == (0, "Removed bob from room.\n")
    assert not bob.is_connected
    assert join(shared, "room", "bob").refusal is not None


def test_close(shared: Flask) -> None:
    ann = join(shared, "room", "ann")
    assert run(shared, "close", "room").output == "Closed room.\n"
    assert ann.received("session_error")[0]["code"] == "session_expired"


def test_lock_and_unlock(shared: Flask) -> None:
    join(shared, "room", "ann")
    assert run(shared, "lock", "room").output == "Locked room.\n"
    assert join(shared, "room", "bob").refusal is not None
    assert run(shared, "lock", "room", "--unlock").output == "Unlocked room.\n"
    assert join(shared, "room", "bob").is_connected


@pytest.mark.parametrize(
    "arguments",
    [
        ["kick", "room", "x" * 129],
        ["kick", "", "ann"],
        ["kick", "room", "ann", "--ban-for", "-1"],
        ["unban", "room"],
        ["unban", "room", "x" * 129],
    ],
)
def test_wrong_arguments(shared: Flask, arguments: list[str]) -> None:
    assert run(shared, *arguments).exit_code == 2


def test_a_store_that_fails(shared: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(store: Memory, key: str) -> None:
        raise OSError("gone")

    monkeypatch.setattr(Memory, "read", fail)
    result = run(shared, "close", "room")
    assert result.exit_code == 1
    assert "unavailable" in result.output
