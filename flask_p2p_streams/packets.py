"""Packets that no client of ours sends: counted, and closed upon, in silence.

Without this, Engine.IO writes a traceback into the log for each of them.
"""

import logging
import re
from collections.abc import Callable
from traceback import walk_tb
from typing import Any

from .errors import ErrorCode
from .metrics import Metrics
from .throttle import Throttle

logger = logging.getLogger("flask_p2p_streams")

# A message holds a Socket.IO packet, which begins with its type. Everything else is short
# ("2probe" is the longest), and Engine.IO would read any other text as JSON, however deep.
FRAME = re.compile(r"4[0-9]|[0-35-6][^\[{]{0,15}\Z")
# A packet that announces attachments; Socket.IO would keep as many as it says.
BINARY_PACKET = re.compile(r"[56][0-9]*-?(?P<namespace>/[^,?]*)?")
# What hands a packet to the app's handlers in python-socketio.
DISPATCHERS = ("_trigger_event", "trigger_callback")

Evict = Callable[[str, ErrorCode], None]


class Packets:
    """A look at each packet of one Socket.IO server, as it comes and when it was handled.

    :param namespace: the one of signaling, which knows no attachments.
    :param evict: closes the connection that is named, with the code that tells why.
    :param compress: whether WebSockets may be compressed (RFC 7692); signals are few and
        small, and the tables for it more than double what an open WebSocket takes.
    """

    def __init__(
        self,
        server: Any,
        namespace: str,
        throttle: Throttle,
        metrics: Metrics,
        evict: Evict,
        *,
        compress: bool,
    ) -> None:
        self._server = server
        self._namespace = namespace
        self._throttle = throttle
        self._metrics = metrics
        self._evict = evict
        self._compress = compress
        self._message: Any = None
        self._disconnect: Any = None

    def install(self) -> None:
        """Look at each packet from now on."""
        eio = self._server.eio
        self._message = eio.handlers["message"]
        self._disconnect = eio.handlers["disconnect"]
        eio.on("message", self._on_message)
        eio.on("disconnect", self._on_disconnect)
        open_socket = eio._async["websocket"]
        if open_socket is not None:
            eio._async = {**eio._async, "websocket": self._with_frames_checked(open_socket)}

    def _on_message(self, eio_sid: str, data: Any) -> None:
        if self._has_attachments(data):
            self._throttle.bad_packet(eio_sid)
        else:
            self._hand_on(eio_sid, data)
        code = self._throttle.pop_flooding(eio_sid)
        if code is not None:
            logger.info("Closing connection %s, which goes on sending: %s.", eio_sid, code.value)
            self._metrics.evicted()
            self._evict(eio_sid, code)

    def _has_attachments(self, data: Any) -> bool:
        announced = BINARY_PACKET.match(data) if isinstance(data, str) else None
        return announced is not None and announced["namespace"] == self._namespace

    def _hand_on(self, eio_sid: str, data: Any) -> None:
        try:
            self._message(eio_sid, data)
        except Exception as error:
            if _is_the_apps(error):
                raise
            self._throttle.bad_packet(eio_sid)

    def _on_disconnect(self, eio_sid: str, reason: str) -> None:
        try:
            self._disconnect(eio_sid, reason)
        finally:
            self._throttle.forget(eio_sid)

    def _with_frames_checked(self, open_socket: Callable[..., Any]) -> Callable[..., Any]:
        def open_checked(handler: Callable[[Any], Any], server: Any) -> Any:
            def serve(environ: dict[str, Any], start_response: Any) -> Any:
                if not self._compress:
                    environ.pop("HTTP_SEC_WEBSOCKET_EXTENSIONS", None)

                def handle(websocket: Any) -> Any:
                    return handler(_CheckedWebSocket(websocket, self._metrics))

                return open_socket(handle, server)(environ, start_response)

            return serve

        return open_checked


class _CheckedWebSocket:
    # A frame that Engine.IO can't read would leave a connection that is closed but not
    # ended for the time of a ping; one that can't be received is ended properly.

    def __init__(self, websocket: Any, metrics: Metrics) -> None:
        self._websocket = websocket
        self._metrics = metrics

    def __getattr__(self, name: str) -> Any:
        return getattr(self._websocket, name)

    def wait(self) -> Any:
        data = self._websocket.wait()
        if isinstance(data, str) and not FRAME.match(data):
            self._metrics.bad_packet()
            raise ValueError("This is no frame of Engine.IO's.")
        return data


def _is_the_apps(error: Exception) -> bool:
    frames = [frame for frame, _ in walk_tb(error.__traceback__)]
    while frames and frames.pop(0).f_code.co_name not in DISPATCHERS:
        pass
    return any(not frame.f_globals["__name__"].startswith("socketio.") for frame in frames)
