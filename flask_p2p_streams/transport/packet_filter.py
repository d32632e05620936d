"""Counts packets that no client of ours sends, and closes a connection that sends too many.

Without this, Engine.IO logs a traceback for each of them.
"""

import logging
import re
from collections.abc import Callable
from functools import partial
from traceback import walk_tb
from typing import Any

from ..limits.throttle import Throttle
from ..metrics import Metrics
from ..protocol.errors import ErrorCode
from .attachments import Attachments
from .connections import is_handled
from .engineio_packets import CheckedWebSocket
from .metering import Meter, Standing
from .websockets import connection_of, metered

logger = logging.getLogger("flask_p2p_streams")

# What a client sends to a namespace: a connect, an event or an answer. "/" isn't written.
PACKET = re.compile(r"(?P<kind>[023])(?:[0-9]+-)?(?P<namespace>/[^,?]*)?")
CONNECT = "0"
# The header in which browsers offer compression (RFC 7692, section 7.1); wrong numbers in it
# make libraries fail.
EXTENSIONS = "HTTP_SEC_WEBSOCKET_EXTENSIONS"
OFFER = re.compile(
    "permessage-deflate"
    "(; ?((client|server)_no_context_takeover|(client|server)_max_window_bits(=(9|1[0-5]))?))*"
)
# The methods of python-socketio that call the app's handlers for a packet.
DISPATCHERS = ("_trigger_event", "trigger_callback")

Evict = Callable[[str, ErrorCode], None]
Standings = Callable[[str], Standing]
Handle = Callable[[str, Any], object]


class PacketFilter:
    """Checks each packet of one Socket.IO server, when it comes and after it was handled.

    :param namespace: the namespace of signaling, which accepts no attachments.
    :param evict: closes a connection, with the code that tells why.
    :param standing: returns whether a connection has joined a namespace.
    :param compress: whether WebSockets may be compressed (RFC 7692). Signaling needs none: its
        messages are few and small, and the tables for it more than double the memory of an
        open WebSocket.
    """

    def __init__(
        self,
        server: Any,
        namespace: str,
        throttle: Throttle,
        metrics: Metrics,
        evict: Evict,
        standing: Standings,
        *,
        compress: bool,
    ) -> None:
        self._server = server
        self._namespace = namespace
        self._throttle = throttle
        self._metrics = metrics
        self._evict = evict
        self._standing = standing
        self._attachments = Attachments(server, namespace)
        self._compress = compress

    def refuse(self, eio_sid: str) -> bool:
        """Count a packet that no client of ours sends; return whether its sender may stay."""
        self._throttle.bad_packet(eio_sid)
        return not self._end_if_flooding(eio_sid)

    def take(self, eio_sid: str, data: Any, handle: Handle) -> None:
        """Hand a packet on if it is expected; count it against its sender otherwise."""
        if self._attachments.refuses(eio_sid, data):
            self._refuse_attachments(eio_sid)
        else:
            self._charge_for_strays(eio_sid, data)
            self._hand_on(eio_sid, data, handle)
            if not self._attachments.takes_announced(eio_sid):
                self._refuse_attachments(eio_sid)
        self._end_if_flooding(eio_sid)

    def _refuse_attachments(self, eio_sid: str) -> None:
        self._attachments.forget(eio_sid)
        self._throttle.bad_packet(eio_sid)

    def _charge_for_strays(self, eio_sid: str, data: Any) -> None:
        # Socket.IO drops or refuses these packets, but only after it has spent time to read them.
        packet = PACKET.match(data) if isinstance(data, str) else None
        if packet is None:
            return
        namespace = packet["namespace"] or "/"
        is_wish = packet["kind"] == CONNECT
        if not is_handled(self._server, namespace):
            charge = self._throttle.stray_packet if is_wish else self._throttle.bad_packet
            charge(eio_sid)
        elif not is_wish and not self._server.manager.sid_from_eio_sid(eio_sid, namespace):
            self._throttle.stray_packet(eio_sid)

    def _end_if_flooding(self, eio_sid: str) -> bool:
        code = self._throttle.pop_flooding(eio_sid)
        if code is None:
            return False
        logger.info("Closing connection %s, which goes on sending: %s.", eio_sid, code.value)
        self._metrics.evicted()
        self._evict(eio_sid, code)
        return True

    def _hand_on(self, eio_sid: str, data: Any, handle: Handle) -> None:
        try:
            handle(eio_sid, data)
        except Exception as error:
            if _is_the_apps(error):
                raise
            self._throttle.bad_packet(eio_sid)

    def forget(self, eio_sid: str) -> None:
        """Forget what is kept for a connection."""
        self._throttle.forget(eio_sid)
        self._attachments.forget(eio_sid)

    def checked(self, open_socket: Callable[..., Any]) -> Callable[..., Any]:
        """Wrap the function that opens WebSockets, so that each frame that comes is checked."""
        def open_checked(handler: Any, server: Any) -> Any:
            connection = connection_of(handler)

            def serve(environ: dict[str, Any], start_response: Any) -> Any:
                if not self._compress or not OFFER.fullmatch(environ.get(EXTENSIONS, "")):
                    environ.pop(EXTENSIONS, None)

                def handle(websocket: Any) -> Any:
                    return handler(self._checked(websocket, connection))

                meter = self._meter(connection.sid)
                answer = metered(open_socket, handle, server, meter)(environ, start_response)
                if not connection.connected:
                    # The handshake was invalid, so nothing will ever be sent on this connection.
                    connection.close(wait=False, abort=True)
                return answer

            return serve

        return open_checked

    def _checked(self, websocket: Any, connection: Any) -> CheckedWebSocket:
        refuse = partial(self.refuse, connection.sid)
        give_way = partial(self._server.sleep, 0)
        return CheckedWebSocket(websocket, connection, self._metrics, refuse, give_way)

    def _meter(self, eio_sid: str) -> Meter:
        most = self._server.eio.max_http_buffer_size
        standing = partial(self._standing, eio_sid)
        return Meter(standing, most, self._server.sleep, self._metrics)


def _is_the_apps(error: Exception) -> bool:
    frames = [frame for frame, _ in walk_tb(error.__traceback__)]
    while frames and frames.pop(0).f_code.co_name not in DISPATCHERS:
        pass
    return any(not frame.f_globals["__name__"].startswith("socketio.") for frame in frames)
