"""No error shows what an app keeps secret."""

import json
import traceback
from functools import partial
from typing import Any

import pytest
from flask import Flask

from flask_p2p_streams import ArgumentError, ConfigurationError, P2PStreams
from flask_p2p_streams.config import Config
from flask_p2p_streams.web.frame_config import frame_options

SECRET = "s3cr3t"
TURN = {"urls": "turn:t.example", "username": SECRET, "credential": SECRET}
SERVERS: list[Any] = [
    TURN,
    SECRET,
    [SECRET],
    [{**TURN, "urls": []}],
    [{**TURN, "urls": f"turn:u:{SECRET}@t.example"}],
    [{**TURN, "urls": [f"https://u:{SECRET}@t.example"]}],
    [{**TURN, "urls": SECRET}],
    [{**TURN, "urls": [TURN]}],
    [{**TURN, "credential": [SECRET]}],
    [{**TURN, "credential": None}],
    [{**TURN, "credentials": SECRET}],
    [{**TURN, ("credential", SECRET): 1}],
    [TURN, "stun:s.example"],
    [TURN, {"urls": "turn:t.example", "username": SECRET}],
]


def told(error: BaseException) -> str:
    """Return all that a log or a service that collects errors would get."""
    texts = [*traceback.format_exception(error), repr(error), repr(vars(error))]
    return "".join(texts).replace(__file__, "")


def own_lines_left_out(text: str) -> str:
    # A traceback quotes the lines of the code that has failed, but no line of the app's here.
    return "\n".join(line for line in text.splitlines() if "SECRET" not in line)


@pytest.mark.parametrize("servers", SERVERS)
def test_wrong_ice_servers(servers: Any) -> None:
    with pytest.raises(ConfigurationError, match="P2P_ICE_SERVERS") as raised:
        Config.from_app_config({"P2P_ICE_SERVERS": servers})
    assert SECRET not in own_lines_left_out(told(raised.value))


@pytest.mark.parametrize("servers", SERVERS)
def test_wrong_ice_servers_of_a_frame(servers: Any) -> None:
    with pytest.raises(ArgumentError, match="ice_servers") as raised:
        frame_options({"ice_servers": servers})
    assert SECRET not in own_lines_left_out(told(raised.value))


@pytest.mark.parametrize("config", [[TURN], ({"ice_servers": [TURN]},), {"heartbeat": [TURN]}])
def test_a_frame_s_config_of_another_shape(config: Any) -> None:
    with pytest.raises(ArgumentError, match="config") as raised:
        frame_options(config)
    assert SECRET not in own_lines_left_out(told(raised.value))


@pytest.mark.parametrize(
    "config",
    [
        {"P2P_ICE_SERVER": [TURN]},
        {"P2P_SOCKETIO_OPTIONS": [f"redis://:{SECRET}@h"]},
        {"P2P_SOCKETIO_OPTIONS": {"message_queue": f"redis://:{SECRET}/x@h"}},
        {"P2P_SOCKETIO_OPTIONS": {1: f"redis://:{SECRET}@h"}},
        {"P2P_MAX_PEERS": [SECRET]},
        {"P2P_NAMESPACE": {"key": SECRET}},
        {"CACHE_TYPE": "RedisCache", "CACHE_REDIS_URL": f"redis://:{SECRET}/x@h"},
        {"CACHE_TYPE": "RedisCache", "CACHE_REDIS_URL": f"redis://:{SECRET}@[h/0"},
    ],
)
def test_other_mistakes_at_start(config: dict[str, Any]) -> None:
    app = Flask("an_app")
    app.config.update(SECRET_KEY="a key for tests", **config)
    with pytest.raises(ConfigurationError) as raised:
        P2PStreams(app)
    assert SECRET not in own_lines_left_out(told(raised.value))


def test_the_options_that_an_app_s_own_socketio_should_get() -> None:
    from flask_socketio import SocketIO

    app = Flask("an_app")
    options = {"message_queue": f"redis://:{SECRET}@h"}
    app.config.update(SECRET_KEY="a key for tests", P2P_SOCKETIO_OPTIONS=options)
    SocketIO(app, async_mode="threading")
    with pytest.raises(ConfigurationError, match="SocketIO") as raised:
        P2PStreams(app)
    assert SECRET not in own_lines_left_out(told(raised.value))


def test_a_configuration_that_is_printed() -> None:
    options = {"message_queue": f"redis://:{SECRET}@h"}
    config = Config.from_app_config({"P2P_ICE_SERVERS": [TURN], "P2P_SOCKETIO_OPTIONS": options})
    assert config.ice_servers[0]["credential"] == SECRET
    assert SECRET not in repr(config)


def test_an_authorizer_with_a_key_of_its_own() -> None:
    async def check(*_: object, key: str) -> bool:
        return bool(key)

    with pytest.raises(ArgumentError, match="plain function") as raised:
        P2PStreams().authorize(partial(check, key=SECRET))  # type: ignore[type-var]
    assert SECRET not in own_lines_left_out(told(raised.value))


def test_doctor_tells_of_a_wrong_list_without_it() -> None:
    from click.testing import CliRunner
    from flask.cli import ScriptInfo

    from flask_p2p_streams.cli.doctor import doctor

    def create_app() -> Flask:
        app = Flask("an_app")
        servers = [{**TURN, "urls": f"turn:u:{SECRET}@t.example"}]
        app.config.update(SECRET_KEY="a key for tests", P2P_ICE_SERVERS=servers)
        P2PStreams(app)
        return app

    result = CliRunner().invoke(doctor, ["--json"], obj=ScriptInfo(create_app=create_app))
    assert "P2P_ICE_SERVERS" in result.output
    assert json.loads(result.output)[0]["level"] == "error"
    assert SECRET not in result.output
