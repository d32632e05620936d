"""Engine.IO connections; one that joins no namespace is closed after a while."""

import logging
import time
from collections.abc import Callable
from typing import Any

from ..runtime.deadlines import Deadlines
from .metering import Standing
from .tcp_connections import set_no_delay

logger = logging.getLogger("flask_p2p_streams")


class Connections:
    """The Engine.IO connections of one Socket.IO server.

    Each gets ``TCP_NODELAY``: without it, an event and an answer to the same client wait 40 ms
    for each other, by Nagle's algorithm (RFC 896) and delayed acknowledgements (RFC 1122,
    section 4.2.3.2). A connection that is in no namespace with handlers after ``timeout``
    seconds is closed; a connection that the app uses for anything else is never touched.
    """

    def __init__(
        self, server: Any, timeout: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._server = server
        self._deadlines = Deadlines[str](server, timeout, self._decide, clock)

    def opened(self, eio_sid: str, environ: dict[str, Any]) -> None:
        """Prepare a new connection, before Socket.IO is told of it."""
        set_no_delay(environ)
        self.watch(eio_sid)

    def watch(self, eio_sid: str) -> None:
        """Close a connection after the time-out, if it is in no namespace by then."""
        self._deadlines.put(eio_sid)

    def watch_again(self, eio_sid: str) -> None:
        """Watch a connection that has left a namespace, unless it is being closed anyway."""
        connection = self._server.eio.sockets.get(eio_sid)
        if connection is not None and not connection.closing:
            self.watch(eio_sid)

    def close_if_idle(self, eio_sid: str) -> None:
        """Close a connection if it is in no namespace with handlers."""
        connection = self._server.eio.sockets.get(eio_sid)
        if connection is None or connection.closed or self.standing(eio_sid) != "stranger":
            return
        logger.info("Closing connection %s, which has joined nothing.", eio_sid)
        # Engine.IO's own disconnect() waits until the queue is empty, which a client that reads
        # nothing would delay for ever.
        connection.close(wait=False)

    def _decide(self, eio_sid: str) -> None:
        if self.standing(eio_sid) == "joining":
            # It is just joining, and may still be refused.
            self.watch_again(eio_sid)
        else:
            self.close_if_idle(eio_sid)

    def is_open(self, eio_sid: str | None) -> bool:
        """Tell whether Socket.IO still knows this connection."""
        return eio_sid in self._server.environ

    def standing(self, eio_sid: str) -> Standing:
        """Return whether a connection is in a namespace with handlers, or is just joining one."""
        manager = self._server.manager
        standing: Standing = "stranger"
        for namespace in list(manager.get_namespaces()):
            sid = manager.sid_from_eio_sid(eio_sid, namespace)
            if sid is None or not is_handled(self._server, namespace):
                continue
            if not manager.is_pre_connected(sid, namespace):
                return "member"
            standing = "joining"
        return standing


def is_handled(server: Any, namespace: str) -> bool:
    """Tell whether a namespace has handlers; the app may add some at any time."""
    return any(
        name in handlers
        for handlers in (server.handlers, server.namespace_handlers)
        for name in (namespace, "*")
    )
