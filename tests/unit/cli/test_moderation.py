from typing import Any

import pytest
from flask import Flask
from flask_socketio import SocketIO

from flask_p2p_streams import P2PStreams
from flask_p2p_streams.testing import join
from tests.conftest import AppFactory
from tests.unit.stores.test_session_store import Memory

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


@pytest.mark.parametrize(
    ("arguments", "second"),
    [
        ([], "It isn't banned, should it come; --ban-for SECONDS would ban it."),
        (["--ban-for", "600"], "Should it come, it is refused for 10m 0s all the same."),
    ],
)
def test_who_is_not_known(shared: Flask, arguments: list[str], second: str) -> None:
    result = run(shared, "kick", "room", "bbo", *arguments)
    assert result.exit_code == 0
    assert result.output.splitlines() == ["No open session room is known.", second]
    join(shared, "room", "ann")
    result = run(shared, "kick", "room", "bbo", *arguments)
    assert result.exit_code == 0
    assert result.output.splitlines() == ["bbo isn't known to be in room.", second]
    assert (join(shared, "room", "bbo").refusal is not None) == bool(arguments)


def test_who_is_known_by_the_roster_alone(shared: Flask) -> None:
    ann = join(shared, "room", "ann")
    ann.report({"cid": "connected"})
    assert run(shared, "kick", "room", "cid").output == "Removed cid from room.\n"


def test_a_host_that_is_known(shared: Flask) -> None:
    join(shared, "room", "ann").drop()
    assert run(shared, "kick", "room", "ann").output == "Removed ann from room.\n"


def test_an_earlier_ban_that_lasts_longer(shared: Flask) -> None:
    join(shared, "room", "ann")
    join(shared, "room", "bob")
    run(shared, "kick", "room", "bob", "--ban-for", "7200")
    for arguments in ([], ["--ban-for", "60"]):
        first, second = run(shared, "kick", "room", "bob", *arguments).output.splitlines()
        assert first == "Removed bob from room."
        assert second == "An earlier ban refuses it for 1h 59m; flask p2p unban lifts it."


def test_close_where_nobody_is(shared: Flask) -> None:
    token = shared.extensions["p2p_streams"].issuer.token("room", "ann", 60, 60)
    for _ in range(2):
        result = run(shared, "close", "room")
        assert result.exit_code == 0
        assert result.output.splitlines() == [
            "No open session room is known.",
            "Pages that were rendered before now can't join it all the same; later ones can.",
        ]
    refusal = join(shared, "room", "ann", token=token).refusal
    assert refusal is not None
    assert refusal["code"] == "session_expired"
    assert join(shared, "room", "ann").is_host


def test_lock_where_nobody_is(shared: Flask) -> None:
    for _ in range(2):
        result = run(shared, "lock", "room")
        assert result.exit_code == 0
        assert result.output.splitlines() == [
            "No open session room is known.",
            "Nobody new gets in all the same, not even to open it; --unlock ends that.",
        ]
    assert join(shared, "room", "ann").refusal is not None
    assert run(shared, "lock", "room", "--unlock").output == "Unlocked room.\n"
    assert join(shared, "room", "ann").is_host


def test_unlock_where_nobody_is(shared: Flask) -> None:
    result = run(shared, "lock", "room", "--unlock")
    assert result.exit_code == 0
    assert result.output == "No open session room is known, and none that is locked.\n"


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
