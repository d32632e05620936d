import json
from typing import Any

import pytest
from flask import Flask

from flask_p2p_streams import P2PStreams
from flask_p2p_streams.cli.sessions import _age
from flask_p2p_streams.testing import join
from tests.conftest import AppFactory
from tests.unit.stores.test_session_store import Memory


def run(app: Flask, *arguments: str) -> Any:
    return app.test_cli_runner().invoke(args=["p2p", "sessions", *arguments])


def make_shared(**config: Any) -> Flask:
    app = Flask("an_app")
    app.config.update(SECRET_KEY="a key for tests", **config)
    P2PStreams(app, store=Memory())
    return app


@pytest.fixture
def shared() -> Flask:
    return make_shared()


def test_no_sessions(shared: Flask) -> None:
    assert run(shared).output == "0 sessions, 0 workers with sockets.\n"
    assert json.loads(run(shared, "--json").output) == []


def test_a_cache_in_the_server_s_own_process(make_app: AppFactory) -> None:
    result = run(make_app(), "--json")
    assert result.exit_code == 1
    assert "RedisCache" in result.output


@pytest.mark.parametrize(
    "arguments", [["--watch", "0"], ["--watch", "soon"], ["--json", "--watch"], ["x" * 129]]
)
def test_wrong_arguments(shared: Flask, arguments: list[str]) -> None:
    assert run(shared, *arguments).exit_code == 2


def test_an_app_without_the_extension(shared: Flask) -> None:
    group = shared.cli.commands["p2p"]
    other = Flask("another_app")
    other.cli.add_command(group)
    result = run(other)
    assert result.exit_code == 1
    assert "P2PStreams(app)" in result.output


@pytest.mark.parametrize(
    ("grace", "expected"), [(60, ("dropped", "ann", 2)), (0, ("empty", None, 0))]
)
def test_everybody_has_left(grace: float, expected: tuple[str, str | None, int]) -> None:
    app = make_shared(P2P_HOST_GRACE=grace)
    ann, bob = join(app, "room", "ann"), join(app, "room", "bob")
    ann.report({"bob": "connected"})
    bob.drop()
    ann.drop()
    [row] = json.loads(run(app, "room", "--json").output)
    assert (row["state"], row["host"], row["peers"]) == expected


def test_who_is_banned(shared: Flask) -> None:
    p2p = shared.extensions["p2p_streams"].signaling.moderation
    p2p.kick("room", "bob\x1b[2J", 3600.5)
    [row] = json.loads(run(shared, "room", "--json").output)
    [(peer_id, seconds)] = row["banned"].items()
    assert peer_id == "bob\x1b[2J"
    assert 3590 < seconds <= 3600.5
    lines = run(shared, "room").output.splitlines()
    assert ["BANNED", "FROM", "PEER", "FOR"] in [line.split() for line in lines]
    assert any(line.startswith("room         bob\ufffd[2J  ") for line in lines)
    p2p.unban("room", "bob\x1b[2J")
    assert "BANNED" not in run(shared, "room").output


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, "-"),
        (0.4, "0s"),
        (59.9, "59s"),
        (60, "1m 0s"),
        (3599, "59m 59s"),
        (7260, "2h 1m"),
        (2 * 86_400 + 3600, "2d 1h"),
    ],
)
def test_ages(seconds: float | None, text: str) -> None:
    assert _age(seconds) == text
