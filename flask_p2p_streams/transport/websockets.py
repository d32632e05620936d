"""The WebSockets of each supported server, with a meter for what they receive.

Each library limits the size of a frame or a message. None limits what it keeps of a client that
hasn't joined yet, or what waits to be handled.
"""

import zlib
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import simple_websocket
from engineio.async_drivers._websocket_wsgi import SimpleWebSocketWSGI
from wsproto.events import AcceptConnection, Request
from wsproto.extensions import PerMessageDeflate
from wsproto.frame_protocol import CloseReason
from wsproto.utilities import RemoteProtocolError

from .metered_sockets import MeteredSocket, WholeSocket
from .metering import LONGEST_PAUSE, Meter

Handler = Callable[[Any], Any]
WsgiApp = Callable[[dict[str, Any], Any], Any]

HANDSHAKE_HEADERS = (
    "HTTP_HOST",
    "HTTP_CONNECTION",
    "HTTP_UPGRADE",
    "HTTP_SEC_WEBSOCKET_EXTENSIONS",
    "HTTP_SEC_WEBSOCKET_KEY",
    "HTTP_SEC_WEBSOCKET_VERSION",
)
"""The header fields of a request that open a WebSocket (RFC 6455, section 4.2.1)."""


class Handling:
    """A function that serves a WebSocket, and the Engine.IO connection that it belongs to."""

    def __init__(self, connection: Any, handle: Handler) -> None:
        self.connection = connection
        self._handle = handle

    def __call__(self, websocket: Any) -> Any:
        """Serve the WebSocket, until it ends."""
        return self._handle(websocket)


def connection_of(handler: Any) -> Any:
    """Return the connection of a handler; Engine.IO's own handler is a method of it."""
    return handler.connection if isinstance(handler, Handling) else handler.__self__


def metered(driver: Any, handler: Handler, server: Any, meter: Meter) -> WsgiApp:
    """Return a WSGI app that serves one WebSocket with a meter, in place of Engine.IO's driver.

    :param driver: the class of Engine.IO's driver.
    """
    if isinstance(driver, type) and issubclass(driver, SimpleWebSocketWSGI):
        return MeteredWSGI(driver, handler, server, meter)
    return _metered_eventlet(driver, handler, server, meter)


# eventlet


def _metered_eventlet(driver: Any, handler: Handler, server: Any, meter: Meter) -> WsgiApp:
    def handle(websocket: Any) -> Any:
        websocket.socket = WholeSocket(websocket.socket, meter, lambda: websocket.websocket_closed)
        # eventlet's own function handles the bytes one by one in Python, and lets nobody else run.
        websocket._apply_mask = unmasked
        return handler(websocket)

    opened: Any = driver(handle, server)
    # Frames of the protocols from before the standard have no lengths, so nothing limits them.
    opened.support_legacy_versions = False
    return opened  # type: ignore[no-any-return]


def unmasked(data: bytes, mask: tuple[int, ...], length: int, offset: int = 0) -> bytes:
    """Return bytes without their mask (RFC 6455, section 5.3).

    It is sixty times faster than eventlet's own function.
    """
    start = offset % len(mask)
    key = bytes(mask[start:] + mask[:start]) * (length // len(mask) + 1)
    number = int.from_bytes(data[:length], "little") ^ int.from_bytes(key[:length], "little")
    return number.to_bytes(length, "little")


# simple-websocket


class MeteredWSGI(SimpleWebSocketWSGI):  # type: ignore[misc]
    """Engine.IO's driver of simple-websocket, with a meter.

    :param driver: the driver's class, which knows the threads and events of its async mode.
    """

    def __init__(self, driver: Any, handler: Handler, server: Any, meter: Meter) -> None:
        super().__init__(handler, server, **driver(handler, server).server_args)
        self._meter = meter
        self._longest_silence: float = server.ping_interval + server.ping_timeout

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        """Serve one WebSocket, until it ends."""
        try:
            self.ws = MeteredServer(environ, self._meter, **self.server_args)
        except RemoteProtocolError:
            start_response("400 Bad Request", [("Content-Type", "text/plain")])
            return [b"This is no WebSocket handshake."]
        try:
            ended = self.app(self)
        finally:
            # The messages aren't taken any more, and the reader must not wait for that.
            self.ws.connected = False
        # Each server has its own sign that a WebSocket has ended, as in Engine.IO.
        if self.ws.mode == "gunicorn":
            raise StopIteration
        if self.ws.mode == "werkzeug":
            raise ConnectionError
        return ended

    def wait(self) -> str | bytes | None:
        """Return the next message; None at the end, or if the client answers no pings any more."""
        try:
            message: str | bytes | None = self.ws.receive(self._longest_silence)
        except simple_websocket.ConnectionClosed:
            return None
        return message


class MeteredServer(simple_websocket.Server):  # type: ignore[misc]
    """A WebSocket that reads more only when what it has read before is being handled."""

    sock: Any
    connected: bool

    def __init__(self, environ: dict[str, Any], meter: Meter, **options: Any) -> None:
        self._meter = meter
        super().__init__(environ, **options)

    def handshake(self) -> None:
        """Answer the request; only the fields of the handshake are kept of it."""
        self.input_buffer = self._inbox = Inbox(type(self.event)())
        self.sock = MeteredSocket(self.sock, self._meter, self._has_room, lambda: self.connected)
        self.ws.receive_data(_request(self.environ))
        for event in self.ws.events():
            if isinstance(event, Request):
                accepted = AcceptConnection(extensions=[BoundedDeflate(self._meter)])
                self.sock.sendall(self.ws.send(accepted))
                self.connected = True

    def close(self, reason: Any = None, message: Any = None) -> None:
        """Say goodbye, and don't wait for a client that doesn't answer it."""
        try:
            # If the connection is lost, the goodbye can't be sent.
            with suppress(OSError):
                super().close(reason, message)
        finally:
            self.connected = False
            self.event.set()

    def _has_room(self) -> bool:
        return self._inbox.has_room(self._meter.read_ahead)


class Inbox(list[str | bytes]):
    """The messages that were read and wait to be handled.

    One thread appends and another one pops, so each of them has its own counter.

    :param changed: an event of the async mode.
    """

    def __init__(self, changed: Any) -> None:
        super().__init__()
        self._changed = changed
        self._came = 0
        self._went = 0

    def append(self, message: str | bytes) -> None:
        """Add a message."""
        self._came += _size(message)
        super().append(message)

    def pop(self, index: Any = -1) -> str | bytes:
        """Take a message out, and return it."""
        message = super().pop(index)
        self._went += _size(message)
        self._changed.set()
        return message

    def has_room(self, most: int) -> bool:
        """Return whether at most ``most`` bytes wait here; wait for a while if more do."""
        if self._came - self._went <= most:
            return True
        self._changed.clear()
        if self._came - self._went > most:
            self._changed.wait(LONGEST_PAUSE)
        return self._came - self._went <= most


class BoundedDeflate(PerMessageDeflate):
    """Compressed messages (RFC 7692), limited to the size that a message may have."""

    def __init__(self, meter: Meter) -> None:
        super().__init__()
        self._meter = meter
        self._swollen = 0

    def frame_inbound_payload_data(self, proto: Any, data: bytes) -> "bytes | CloseReason":
        """Inflate a part of a message, if there is still room for it."""
        if not self._inbound_compressed or not self._inbound_is_compressible:
            return data
        room = self._meter.message_bytes - self._swollen
        if room <= 0 or self._decompressor is None:
            return CloseReason.MESSAGE_TOO_BIG
        try:
            inflated: bytes = self._decompressor.decompress(data, room)
        except zlib.error:
            return CloseReason.INVALID_FRAME_PAYLOAD_DATA
        self._swollen += len(inflated)
        self._meter.swell(len(inflated))
        return CloseReason.MESSAGE_TOO_BIG if self._decompressor.unconsumed_tail else inflated

    def frame_inbound_complete(self, proto: Any, fin: bool) -> "bytes | CloseReason | None":
        """Inflate the rest of a message."""
        if fin and self._inbound_is_compressible:
            self._swollen = 0
        return super().frame_inbound_complete(proto, fin)


def _request(environ: dict[str, Any]) -> bytes:
    head = "GET / HTTP/1.1\r\n"
    for key in HANDSHAKE_HEADERS:
        if key in environ:
            head += f"{key.removeprefix('HTTP_').replace('_', '-')}: {environ[key]}\r\n"
    return f"{head}\r\n".encode("latin-1")


def _size(message: str | bytes) -> int:
    # The length of a text is in characters, and a character takes up to four bytes.
    return len(message) * (4 if isinstance(message, str) and not message.isascii() else 1)
