import subprocess
import sys
from typing import Any

import pytest
from flask import Flask
from flask_socketio import SocketIO

from flask_p2p_streams import P2PStreams, servers
from flask_p2p_streams.errors import ConfigurationError


def plain_app(**config: Any) -> Flask:
    app = Flask("an_app")
    app.config.update(SECRET_KEY="k", **config)
    return app


def test_the_app_s_own_is_used() -> None:
    app = plain_app()
    socketio = SocketIO(app, async_mode="threading", async_handlers=False)
    assert P2PStreams(app).socketio is socketio
    assert P2PStreams(app_with(socketio := SocketIO())).socketio is socketio


def app_with(socketio: SocketIO) -> Flask:
    app = plain_app()
    socketio.init_app(app, async_mode="threading", async_handlers=False)
    return app


def test_where_there_is_none_one_is_made() -> None:
    server: Any = P2PStreams(plain_app()).socketio
    server = server.server
    assert server.async_mode == "threading"
    assert server.async_handlers is False
    assert server.eio.transports == ["websocket"]
    assert (server.eio.ping_interval, server.eio.ping_timeout) == (2, 5)


def test_it_is_made_with_the_app_s_options() -> None:
    app = plain_app(P2P_SOCKETIO_OPTIONS={"ping_interval": 9, "async_mode": "gevent"})
    socketio: Any = P2PStreams(app).socketio
    assert socketio.server.eio.ping_interval == 9
    assert socketio.async_mode == "gevent"


def test_options_for_nothing_are_an_error() -> None:
    app = plain_app(P2P_SOCKETIO_OPTIONS={"ping_interval": 9})
    SocketIO(app, async_mode="threading")
    with pytest.raises(ConfigurationError, match="P2P_SOCKETIO_OPTIONS"):
        P2PStreams(app)


def test_one_that_is_not_set_up() -> None:
    with pytest.raises(ConfigurationError, match="init_app"):
        P2PStreams(plain_app(), socketio=SocketIO())


def test_handlers_that_run_out_of_order_are_told(caplog: pytest.LogCaptureFixture) -> None:
    app = plain_app()
    SocketIO(app, async_mode="threading")
    P2PStreams(app)
    assert "async_handlers=False" in caplog.text


def test_a_namespace_that_is_taken() -> None:
    app = plain_app()
    socketio = SocketIO(app, async_mode="threading", async_handlers=False)
    socketio.on("connect", namespace="/p2p")(lambda: None)
    with pytest.raises(ConfigurationError, match="P2P_NAMESPACE"):
        P2PStreams(app)


# gevent-websocket


@pytest.mark.parametrize(("mode", "refused"), [("gevent", True), ("threading", False)])
def test_gevent_websocket_which_nothing_bounds(
    monkeypatch: pytest.MonkeyPatch, mode: str, refused: bool
) -> None:
    monkeypatch.setattr(servers, "find_spec", lambda _: object())
    assert refuses(mode) == refused


def refuses(mode: str) -> bool:
    server: Any = type("Server", (), {"async_mode": mode, "async_handlers": False})
    server.handlers = server.namespace_handlers = {}
    try:
        servers.check_server(server, "/p2p")
    except ConfigurationError:
        return True
    return False


# The async mode


@pytest.mark.parametrize(
    ("setup", "mode"),
    [
        ("", "threading"),
        ("import eventlet", "threading"),
        ("import gevent", "threading"),
        ("import eventlet; eventlet.monkey_patch()", "eventlet"),
        ("from gevent import monkey; monkey.patch_all()", "gevent"),
        ("import os; os.environ['FLASK_RUN_FROM_CLI'] = 'true'", "threading"),
    ],
)
def test_the_async_mode_that_the_process_is_patched_for(setup: str, mode: str) -> None:
    program = f"{setup}\nfrom flask_p2p_streams.servers import async_mode\nprint(async_mode())"
    command = [sys.executable, "-W", "ignore", "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == mode
