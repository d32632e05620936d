"""Puts all checks of connections, requests and packets around Engine.IO, in a fixed order.

Engine.IO calls a handler for each of its events, opens WebSockets with a class that its async
mode names, and answers requests in one method. These are wrapped here and nowhere else.
"""

from dataclasses import dataclass
from typing import Any

from .connections import Connections
from .endings import Endings
from .outbound import Outbound
from .packet_filter import PacketFilter
from .request_filter import RequestFilter
from .server_support import ServerSupport


@dataclass(frozen=True)
class Guard:
    """The checks of one Socket.IO server's connections, requests and packets.

    A request passes ``server_support`` first and then ``requests``; a packet passes ``connections``
    first and then ``packets``. ``outbound`` counts what is sent, and is the outermost.
    """

    server: Any
    connections: Connections
    packets: PacketFilter
    outbound: Outbound
    requests: RequestFilter
    server_support: ServerSupport

    def install(self) -> None:
        """Check everything from now on. Call it once, before the first connection."""
        self._wrap_events()
        self._wrap_parts()
        self._wrap_requests()

    def _wrap_events(self) -> None:
        eio = self.server.eio
        connect, message = eio.handlers["connect"], eio.handlers["message"]
        disconnect = eio.handlers["disconnect"]

        def on_connect(eio_sid: str, environ: dict[str, Any]) -> Any:
            self.outbound.opened(eio_sid)
            self.connections.opened(eio_sid, environ)
            return connect(eio_sid, environ)

        def on_message(eio_sid: str, data: Any) -> None:
            # Socket.IO would let a connection that it has just closed join, and keep it for ever.
            if self.connections.is_open(eio_sid):
                self.packets.take(eio_sid, data, message)

        def on_disconnect(eio_sid: str, reason: str) -> Any:
            self.outbound.closed(eio_sid)
            try:
                return disconnect(eio_sid, reason)
            finally:
                self.packets.forget(eio_sid)

        eio.on("connect", on_connect)
        eio.on("message", on_message)
        eio.on("disconnect", on_disconnect)

    def _wrap_parts(self) -> None:
        eio = self.server.eio
        queue, websocket = eio._async["queue"], eio._async["websocket"]
        parts = {"queue": self.outbound.bounded_queue(queue)}
        if websocket is not None:
            parts["websocket"] = self.outbound.counted(self.packets.checked(websocket))
        eio._async = {**eio._async, **parts}

    def _wrap_requests(self) -> None:
        eio = self.server.eio
        handle = self.outbound.with_answers_counted(self.requests.before(eio.handle_request))
        eio.handle_request = self.server_support.before(Endings(handle))
