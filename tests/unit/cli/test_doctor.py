import json
from typing import Any

import pytest
from flask import Flask
from flask.cli import ScriptInfo

from flask_p2p_streams import P2PStreams
from flask_p2p_streams.cli.group import p2p

KEY = "5f0c7b127da1bfa3e9b2d1c1"


def make_app(**config: Any) -> Flask:
    app = Flask("an_app")
    app.config.update({"SECRET_KEY": KEY, **config})
    P2PStreams(app)
    return app


def run(app: Flask, *arguments: str) -> Any:
    return app.test_cli_runner().invoke(args=["p2p", "doctor", *arguments])


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("WEB_CONCURRENCY", "GUNICORN_CMD_ARGS"):
        monkeypatch.delenv(name, raising=False)


def test_findings_are_lines_with_a_hint() -> None:
    result = run(make_app(), "--offline")
    *lines, empty, total = result.output.splitlines()
    assert (result.exit_code, empty, total) == (0, "", "0 errors, 1 warning.")
    [ice] = [line for line in lines if line.startswith("warning  ice")]
    assert "P2P_ICE_SERVERS" in ice


def test_a_warning_is_enough_where_it_is_strict() -> None:
    assert run(make_app(), "--offline", "--strict").exit_code == 1


def test_an_error_is_told_by_the_exit_status() -> None:
    result = run(make_app(SECRET_KEY="dev"), "--offline", "--json")
    assert result.exit_code == 1
    first = json.loads(result.output)[0]
    assert list(first) == ["level", "check", "problem", "hint"]
    assert (first["level"], first["check"]) == ("error", "secret key")


def test_a_cache_in_the_process_is_not_asked() -> None:
    result = run(make_app(), "--json")
    assert [each["level"] for each in json.loads(result.output) if each["check"] == "cache"] == [
        "ok"
    ]


@pytest.mark.parametrize("cache", ["NullCache", "FileSystemCache"])
def test_an_app_that_refuses_to_start(cache: str, tmp_path: Any) -> None:
    def create_app() -> Flask:
        return make_app(CACHE_TYPE=cache, CACHE_DIR=str(tmp_path), CACHE_NO_NULL_WARNING=True)

    runner = Flask("runner").test_cli_runner()
    info = ScriptInfo(create_app=create_app)
    result = runner.invoke(p2p, ["doctor", "--json"], obj=info)
    assert result.exit_code == 1
    [finding] = json.loads(result.output)
    assert (finding["level"], finding["check"]) == ("error", "CACHE_TYPE")
    for arguments in (["sessions"], ["close", "room"]):
        result = runner.invoke(p2p, arguments, obj=info)
        assert result.exit_code == 1
        assert result.output.startswith(f"Error: CACHE_TYPE is {cache}")
