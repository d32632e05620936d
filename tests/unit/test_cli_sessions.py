import json
from typing import Any

import pytest
from flask import Flask

from flask_p2p_streams import P2PStreams
from flask_p2p_streams.cli_sessions import _age
from tests.conftest import AppFactory
from tests.unit.test_store import Memory


def run(app: Flask, *arguments: str) -> Any:
    return app.test_cli_runner().invoke(args=["p2p", "sessions", *arguments])


@pytest.fixture
def shared() -> Flask:
    app = Flask("an_app")
    app.config["SECRET_KEY"] = "a key for tests"
    P2PStreams(app, store=Memory())
    return app


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
