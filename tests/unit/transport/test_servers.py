import subprocess
import sys
from typing import Any

import pytest
import socketio
from flask import Flask
from flask_socketio import SocketIO

from flask_p2p_streams import P2PStreams
from flask_p2p_streams.errors import ConfigurationError
from flask_p2p_streams.transport import queue_checks, server_options, servers


def plain_app(**config: Any) -> Flask:
    app = Flask("an_app")
    app.config.update(SECRET_KEY="k", **config)
    return app


def test_the_app_s_own_is_used() -> None:
    app = plain_app()
    mine = SocketIO(app, async_mode="threading", async_handlers=False)
    assert P2PStreams(app).socketio is mine
    assert P2PStreams(app_with(socketio := SocketIO())).socketio is socketio


def app_with(mine: SocketIO) -> Flask:
    app = plain_app()
    mine.init_app(app, async_mode="threading", async_handlers=False)
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
    made: Any = P2PStreams(app).socketio
    assert made.server.eio.ping_interval == 9
    assert made.async_mode == "gevent"


BOTH = ["websocket", "polling"]


def test_long_polling_where_the_app_allows_it() -> None:
    server: Any = P2PStreams(plain_app(P2P_TRANSPORTS=BOTH)).socketio
    assert server.server.eio.transports == BOTH
    app = plain_app(P2P_TRANSPORTS=("websocket", "polling"))
    SocketIO(app, async_mode="threading", async_handlers=False)
    P2PStreams(app)


@pytest.mark.parametrize("transports", ["websocket", ["websocket"]])
def test_long_polling_that_the_server_would_refuse(transports: object) -> None:
    app = plain_app(P2P_TRANSPORTS=BOTH)
    own: dict[str, Any] = {"async_handlers": False, "transports": transports}
    SocketIO(app, async_mode="threading", **own)
    with pytest.raises(ConfigurationError, match="to SocketIO\\(\\)") as refused:
        P2PStreams(app)
    assert refused.value.key == "P2P_TRANSPORTS"
    options = {"transports": transports}
    with pytest.raises(ConfigurationError, match="to P2P_SOCKETIO_OPTIONS") as refused:
        P2PStreams(plain_app(P2P_TRANSPORTS=BOTH, P2P_SOCKETIO_OPTIONS=options))
    assert refused.value.key == "P2P_TRANSPORTS"


def test_a_server_without_websockets() -> None:
    app = plain_app()
    own: dict[str, Any] = {"async_handlers": False, "transports": ["polling"]}
    SocketIO(app, async_mode="threading", **own)
    with pytest.raises(ConfigurationError, match="'websocket'"):
        P2PStreams(app)


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
    mine = SocketIO(app, async_mode="threading", async_handlers=False)
    mine.on("connect", namespace="/p2p")(lambda: None)
    with pytest.raises(ConfigurationError, match="P2P_NAMESPACE"):
        P2PStreams(app)


# Options that it would drop, or choke on later


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"ping_intervall": 9}, "Did you mean ping_interval?"),
        ({"cors_alowed_origins": "*"}, "Did you mean cors_allowed_origins?"),
        ({"messagequeue": "redis://x"}, "Did you mean message_queue?"),
        ({"async_mode": "gevnt"}, "'threading', 'gevent' or 'eventlet'"),
        ({"async_mode": "gevent_uwsgi"}, "'threading', 'gevent' or 'eventlet'"),
        ({"async_mode": ["gevent"]}, "async_mode is a list"),
        ({"transports": ["websockets"]}, "'websocket' and 'polling'"),
        ({"transports": ["polling"]}, "lacks 'websocket'"),
        ({"transports": []}, "'websocket' and 'polling'"),
        ({"message_queue": 6379}, "must be an address, such as redis://"),
        ({"message_queue": "me:secret@127.0.0.1:6379"}, "must be an address, such as redis://"),
        ({"channel": 5, "message_queue": "redis://127.0.0.1:1"}, "channel in P2P_SOCKETIO"),
        ({"message_queue": "amqp://me:secret@host//"}, "Kombu package is not installed"),
        ({"serializer": "msgpak"}, "SocketIO doesn't take"),
        ({"client_manager": "redis://me:secret@host"}, "SocketIO doesn't take"),
    ],
)
def test_options_that_would_be_dropped(options: dict[str, Any], told: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        P2PStreams(plain_app(P2P_SOCKETIO_OPTIONS=options))
    assert told in str(refused.value)
    assert "secret" not in str(refused.value)
    assert refused.value.key == "P2P_SOCKETIO_OPTIONS"


def test_an_app_whose_options_are_mended_can_be_set_up() -> None:
    app = plain_app(P2P_SOCKETIO_OPTIONS={"message_queue": 6379})
    with pytest.raises(ConfigurationError):
        P2PStreams(app)
    app.config["P2P_SOCKETIO_OPTIONS"] = {"async_mode": None}
    server: Any = P2PStreams(app).socketio
    assert server.server.async_mode == "threading"


def test_options_of_each_layer_are_known() -> None:
    options = {
        "path": "live",
        "manage_session": False,
        "engineio_logger": False,
        "always_connect": False,
        "http_compression": False,
        "ping_interval": (5, 30),
        "transports": "websocket",
    }
    P2PStreams(plain_app(P2P_SOCKETIO_OPTIONS=options))


@pytest.mark.parametrize("is_own", [False, True])
@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"ping_interval": 0}, "ping_interval of SocketIO must be"),
        ({"ping_interval": "2"}, "ping_interval of SocketIO must be"),
        ({"ping_interval": -1}, "ping_interval of SocketIO must be"),
        ({"ping_interval": (2, "1")}, "second number of SocketIO's ping_interval must be"),
        ({"ping_timeout": None}, "ping_timeout of SocketIO must be"),
        ({"ping_timeout": 0}, "ping_timeout of SocketIO must be"),
        ({"max_http_buffer_size": 100}, "at least 8192 bytes"),
        ({"max_http_buffer_size": "1000000"}, "at least 8192 bytes"),
        ({"serializer": type("Mine", (socketio.packet.Packet,), {})}, "Leave serializer out"),
        ({"cors_allowed_origins": "example.org"}, "Write it as browsers do"),
        ({"cors_allowed_origins": ["https://example.org/"]}, "'https://example.org/'"),
        ({"cors_allowed_origins": ["https://*.example.org"]}, "Write it as browsers do"),
        ({"cors_allowed_origins": ["https://example.org:443"]}, "Write it as browsers do"),
        ({"cors_allowed_origins": [r"https://.*\.example\.org$"]}, "Write it as browsers do"),
        ({"cors_allowed_origins": 5}, "must be a list"),
    ],
)
def test_what_no_browser_could_speak_to(options: dict[str, Any], told: str, is_own: bool) -> None:
    app = plain_app(**({} if is_own else {"P2P_SOCKETIO_OPTIONS": options}))
    if is_own:
        SocketIO(app, async_mode="threading", async_handlers=False, **options)
    with pytest.raises(ConfigurationError) as refused:
        P2PStreams(app)
    assert told in str(refused.value)
    # What the extension has made doesn't stand in the way of the next.
    assert ("socketio" in app.extensions) == is_own


@pytest.mark.parametrize(
    "allowed",
    [
        None,
        [],
        "*",
        ["*"],
        "https://example.org",
        ["http://localhost:5000", "https://xn--bcher-kva.example", "http://[::1]:5000"],
        ("capacitor://localhost", "null", "chrome-extension://abcdef"),
        lambda origin: True,
    ],
)
def test_origins_that_pages_have(allowed: Any, caplog: pytest.LogCaptureFixture) -> None:
    P2PStreams(plain_app(P2P_SOCKETIO_OPTIONS={"cors_allowed_origins": allowed}))
    assert not caplog.text


def test_one_origin_among_others_that_no_page_has(caplog: pytest.LogCaptureFixture) -> None:
    allowed = ["https://example.org", "https://www.example.org/"]
    P2PStreams(plain_app(P2P_SOCKETIO_OPTIONS={"cors_allowed_origins": allowed}))
    assert caplog.text.count("'https://www.example.org/', which no page's origin is") == 1


@pytest.mark.parametrize("mode", ["gevent", "eventlet"])
def test_a_mode_whose_library_is_missing(monkeypatch: pytest.MonkeyPatch, mode: str) -> None:
    monkeypatch.setattr(server_options, "find_spec", lambda name: None)
    with pytest.raises(ConfigurationError, match=rf"flask-p2p-streams\[{mode}\]"):
        P2PStreams(plain_app(P2P_SOCKETIO_OPTIONS={"async_mode": mode}))


# The message queue


def with_manager(manager: Any) -> None:
    app = plain_app()
    SocketIO(app, async_mode="threading", async_handlers=False, client_manager=manager)
    P2PStreams(app)


def test_a_queue_that_is_not_listened_to() -> None:
    with pytest.raises(ConfigurationError, match="write_only"):
        with_manager(socketio.RedisManager("redis://127.0.0.1:1", write_only=True))


def test_a_queue_without_its_package(monkeypatch: pytest.MonkeyPatch) -> None:
    for url in ("redis://127.0.0.1:1", "rediss://127.0.0.1:1", "redis+sentinel://127.0.0.1:1/0/m"):
        with_manager(socketio.RedisManager(url))
    monkeypatch.setattr(queue_checks, "find_spec", lambda name: None)
    with pytest.raises(ConfigurationError, match=r"flask-p2p-streams\[redis\]"):
        with_manager(socketio.RedisManager("redis://127.0.0.1:1"))
    with pytest.raises(ConfigurationError, match="pip install valkey"):
        with_manager(socketio.RedisManager("valkey://127.0.0.1:1"))


def test_a_queue_at_an_address_of_no_known_kind() -> None:
    with pytest.raises(ConfigurationError, match="begins with 'http'"):
        with_manager(socketio.RedisManager("http://me:secret@127.0.0.1:1"))


# gevent-websocket


@pytest.mark.parametrize(("mode", "told"), [("fallback", 1), ("off", 0)])
def test_a_buffer_that_is_too_small_for_relaying(
    caplog: pytest.LogCaptureFixture, mode: str, told: int
) -> None:
    app = plain_app(P2P_RELAY=mode)
    SocketIO(app, async_mode="threading", async_handlers=False, max_http_buffer_size=65_536)
    P2PStreams(app)
    assert len([each for each in caplog.records if "Raise it to 73728" in each.message]) == told


def test_the_extensions_own_buffer_has_room_for_relaying(caplog: pytest.LogCaptureFixture) -> None:
    p2p = P2PStreams(plain_app(P2P_MAX_SIGNAL_BYTES=1024))
    assert servers.server_of(p2p.socketio).eio.max_http_buffer_size == 73_728
    assert not caplog.records


@pytest.mark.parametrize(("mode", "refused"), [("gevent", True), ("threading", False)])
def test_gevent_websocket_which_nothing_bounds(
    monkeypatch: pytest.MonkeyPatch, mode: str, refused: bool
) -> None:
    monkeypatch.setattr(servers, "find_spec", lambda _: object())
    assert refuses(mode) == refused


def refuses(mode: str) -> bool:
    server: Any = type("Server", (), {"async_mode": mode, "async_handlers": False, "manager": None})
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
    imported = "from flask_p2p_streams.runtime.async_mode import fitting_async_mode"
    program = f"{setup}\n{imported}\nprint(fitting_async_mode())"
    command = [sys.executable, "-W", "ignore", "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == mode
