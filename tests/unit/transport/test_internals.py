"""The internals of other packages that ``transport`` uses are where it looks for them.

None of these is promised to stay. A release that moves one fails here, by its name, before
anything fails in a way that is hard to understand.
"""

from typing import Any

import pytest
import simple_websocket
import socketio
from engineio.async_drivers._websocket_wsgi import SimpleWebSocketWSGI
from engineio.packet import PING
from engineio.packet import Packet as EngineIOPacket
from engineio.payload import Payload
from engineio.socket import Socket
from flask import Flask
from flask_socketio import SocketIO, SocketIOTestClient
from socketio.packet import EVENT, Packet
from wsproto.extensions import PerMessageDeflate


@pytest.fixture(params=["threading", "gevent", "eventlet"])
def server(request: pytest.FixtureRequest) -> Any:
    return socketio.Server(async_mode=request.param, namespaces=["/p2p"])


def missing(thing: object, *names: str) -> list[str]:
    return [name for name in names if not hasattr(thing, name)]


def test_the_server_of_socketio(server: Any) -> None:
    assert missing(
        server,
        "_binary_packet",
        "_handle_eio_disconnect",
        "_handle_eio_message",
        "_send_packet",
        "_trigger_event",
        "async_handlers",
        "environ",
        "handlers",
        "namespace_handlers",
        "namespaces",
        "packet_class",
        "start_background_task",
    ) == []
    assert server._binary_packet == {}
    assert server.packet_class.uses_binary_events is True
    packet = Packet(EVENT, data=["e", b"1"], namespace="/p2p")
    assert missing(packet, "attachment_count", "namespace", "packet_type", "data", "id") == []


def test_its_manager(server: Any) -> None:
    assert missing(
        server.manager,
        "callbacks",
        "eio_sid_from_sid",
        "get_namespaces",
        "get_participants",
        "is_connected",
        "is_pre_connected",
        "pending_connect",
        "sid_from_eio_sid",
        "trigger_callback",
    ) == []


def test_a_manager_with_a_message_queue() -> None:
    manager = socketio.RedisManager("redis://127.0.0.1:1")
    assert isinstance(manager, socketio.PubSubManager)
    assert missing(manager, "_get_logger", "_publish", "host_id", "redis_url", "write_only") == []


def test_the_server_of_engineio(server: Any) -> None:
    assert set(server.eio.handlers) == {"connect", "message", "disconnect"}
    assert {"queue", "websocket"} <= set(server.eio._async)
    assert missing(
        server.eio,
        "_ok",
        "cors_allowed_origins",
        "create_event",
        "get_queue_empty_exception",
        "handle_request",
        "max_http_buffer_size",
        "ping_interval",
        "ping_timeout",
        "sockets",
        "transports",
    ) == []


def test_a_connection_of_engineio(server: Any) -> None:
    connection = Socket(server.eio, "sid")
    assert missing(
        connection,
        "_websocket_handler",
        "close",
        "closed",
        "closing",
        "connected",
        "last_ping",
        "queue",
        "schedule_ping",
        "send",
        "sid",
        "upgraded",
    ) == []
    # A handler of WebSockets is known by the connection that it is a method of.
    assert connection._websocket_handler.__self__ is connection
    assert EngineIOPacket(PING).encode() == "2"
    assert Payload.max_decode_packets == 16


def test_the_driver_of_simple_websocket() -> None:
    assert issubclass(simple_websocket.Server, simple_websocket.ws.Base)
    driver = SimpleWebSocketWSGI(lambda websocket: None, None)
    assert missing(driver, "app", "server_args", "ws") == ["ws"] or driver.ws is None


def test_messages_of_wsproto_that_are_compressed() -> None:
    assert missing(
        PerMessageDeflate(),
        "_decompressor",
        "_inbound_compressed",
        "_inbound_is_compressible",
        "frame_inbound_complete",
        "frame_inbound_payload_data",
    ) == []


def test_flask_socketio() -> None:
    made: Any = SocketIO(Flask("an_app"), async_mode="threading")
    assert missing(made, "server", "sockio_mw") == []
    assert made.sockio_mw.engineio_path == "/socket.io/"
    assert missing(SocketIOTestClient, "clients", "connect") == []
