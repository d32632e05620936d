"""What is asked of each new connection, before it joins anything."""

import logging
import socket
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from .metering import Standing

logger = logging.getLogger("flask_p2p_streams")


class Sockets:
    """The Engine.IO connections of one Socket.IO server.

    Each gets ``TCP_NODELAY``, as an event and an answer to the same client
    otherwise wait 40 ms for each other (RFC 896 against RFC 1122, section 4.2.3.2).
    One that is in no namespace that anybody handles ``timeout`` seconds later is
    closed; a connection that the app uses for anything else is never touched.
    """

    def __init__(
        self, server: Any, timeout: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._server = server
        self._timeout = timeout
        self._clock = clock
        # In order of time, as the time-out is the same for all.
        self._deadlines: dict[str, float] = {}
        self._sweeping = False
        self._mutex = threading.Lock()

    def install(self) -> None:
        """Look at each connection and each packet from now on, before Socket.IO does."""
        connect = self._server.eio.handlers["connect"]
        message = self._server.eio.handlers["message"]

        def first_look(eio_sid: str, environ: dict[str, Any]) -> Any:
            set_no_delay(environ)
            self.watch(eio_sid)
            return connect(eio_sid, environ)

        def if_open(eio_sid: str, data: Any) -> Any:
            # Socket.IO would let a connection join that it has just closed, and hold it for ever.
            return message(eio_sid, data) if self.is_open(eio_sid) else None

        self._server.eio.on("connect", first_look)
        self._server.eio.on("message", if_open)

    def watch(self, eio_sid: str) -> None:
        """Close this connection after the time-out if it is in no namespace then."""
        with self._mutex:
            self._deadlines.pop(eio_sid, None)
            self._deadlines[eio_sid] = self._clock() + self._timeout
            start, self._sweeping = not self._sweeping, True
        if start:
            self._server.start_background_task(self._sweep)

    def watch_again(self, eio_sid: str) -> None:
        """Watch a connection that has left a namespace, unless it is closing anyway."""
        connection = self._server.eio.sockets.get(eio_sid)
        if connection is not None and not connection.closing:
            self.watch(eio_sid)

    def close_if_idle(self, eio_sid: str) -> None:
        """Close a connection that is in no namespace that anybody handles."""
        connection = self._server.eio.sockets.get(eio_sid)
        if connection is None or connection.closed or self.standing(eio_sid) != "stranger":
            return
        logger.info("Closing connection %s, which has joined nothing.", eio_sid)
        # Engine.IO's own disconnect() waits for the queue, which a stalled client never empties.
        connection.close(wait=False)

    def is_open(self, eio_sid: str | None) -> bool:
        """Tell whether Socket.IO still knows this connection."""
        return eio_sid in self._server.environ

    def standing(self, eio_sid: str) -> Standing:
        """Return whether a connection is in a namespace that anybody handles, or about to be."""
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

    # The one background task: it ends when there is nothing left to watch

    def _sweep(self) -> None:
        while (delay := self._delay()) is not None:
            self._server.sleep(delay)
            for eio_sid in self._due():
                self._close(eio_sid)

    def _delay(self) -> float | None:
        with self._mutex:
            if not self._deadlines:
                self._sweeping = False
                return None
            return max(0.0, next(iter(self._deadlines.values())) - self._clock())

    def _due(self) -> list[str]:
        with self._mutex:
            now = self._clock()
            due = [eio_sid for eio_sid, deadline in self._deadlines.items() if deadline <= now]
            for eio_sid in due:
                del self._deadlines[eio_sid]
            return due

    def _close(self, eio_sid: str) -> None:
        try:
            if self.standing(eio_sid) == "joining":
                # It may still be refused.
                self.watch_again(eio_sid)
            else:
                self.close_if_idle(eio_sid)
        except Exception:
            logger.exception("Connection %s could not be closed.", eio_sid)


def is_handled(server: Any, namespace: str) -> bool:
    """Tell whether anybody has handlers in a namespace; the app may add some at any time."""
    return any(
        name in handlers
        for handlers in (server.handlers, server.namespace_handlers)
        for name in (namespace, "*")
    )


def set_no_delay(environ: Mapping[str, Any]) -> bool:
    """Set ``TCP_NODELAY`` on a request's socket; return whether there was one to set it on."""
    connection = _connection(environ)
    if connection is None:
        return False
    try:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    except OSError:
        # A Unix socket, or one that has gone already: there is nothing to gain.
        return False
    return True


def end_connection(environ: Mapping[str, Any]) -> None:
    """End a request's TCP connection, as a server does after a WebSocket (RFC 6455, section 7.1.1).

    simple-websocket leaves that to the client, which may take its time.
    """
    connection = _connection(environ)
    try:
        if connection is not None:
            connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        # It has ended already.
        pass


def _connection(environ: Mapping[str, Any]) -> Any:
    for key in ("werkzeug.socket", "gunicorn.socket"):
        if key in environ:
            return environ[key]
    if "eventlet.input" in environ:
        return environ["eventlet.input"].get_socket()
    stream = environ.get("wsgi.input")
    raw = getattr(getattr(stream, "rfile", stream), "raw", None)
    return getattr(raw, "_sock", None)
