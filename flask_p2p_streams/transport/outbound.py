"""Limits what waits to be sent to each connection, and writes frames as a whole."""

import logging
from collections.abc import Callable
from functools import partial
from typing import Any
from urllib.parse import parse_qs

from ..limits.budgets import APP_SHARE, GOODBYE_TIMEOUT, UNREAD_BYTES
from ..metrics import Metrics
from ..runtime.deadlines import Deadlines
from ..runtime.mutexes import Mutex, mutex_for
from .backlog import Backlog, bounded, cost_in, relayed_in
from .endings import Answer
from .pings import Pings
from .tcp_connections import cut, shut, tcp_socket_of
from .websockets import Handling, connection_of
from .whole_writes import WholeWrites

logger = logging.getLogger("flask_p2p_streams")


class Outbound:
    """The outbound data of the connections of one Socket.IO server.

    Engine.IO keeps everything that a client doesn't read, without a limit, as long as the client
    answers pings. Here a connection is closed when more than a limit waits for it.
    """

    def __init__(self, server: Any, namespace: str, metrics: Metrics) -> None:
        self._server = server
        self._metrics = metrics
        self._cost = cost_in(namespace)
        self._is_relayed = relayed_in(namespace)
        self._mutex = mutex_for(server.async_mode)
        self._pings = Pings(server)
        self._goodbyes = Deadlines[Any](server, GOODBYE_TIMEOUT, cut)

    def opened(self, eio_sid: str) -> None:
        """Prepare a new connection, before Socket.IO is told of it."""
        self._pings.take_over(eio_sid)

    def closed(self, eio_sid: str) -> None:
        """Send nothing more to a connection, and make sure that it ends."""
        self._pings.forget(eio_sid)
        self._await_end(eio_sid)

    def bounded_queue(self, queue_class: Any) -> Any:
        """Return a class of queues that bound the packets waiting for a client."""
        return bounded(
            queue_class,
            UNREAD_BYTES,
            self._cost,
            self._on_overflow,
            self._is_relayed,
            partial(self._metrics.limited, "relay_unread"),
        )

    def _await_end(self, eio_sid: str) -> None:
        # Engine.IO leaves it to the client to end the connection, which may never happen.
        connection = self._server.eio.sockets.get(eio_sid)
        for tcp_socket in [] if connection is None else list(connection.queue.backlog.tcp_sockets):
            self._goodbyes.put(tcp_socket)

    # What is too much

    def _on_overflow(self, queue: Any) -> None:
        # In a task of its own: the sender of the last packet mustn't wait for the session's rules.
        self._server.start_background_task(self._close, queue)

    def _close(self, queue: Any) -> None:
        self._metrics.limited("unread")
        connections = list(self._server.eio.sockets.values())
        self._empty(queue)
        # The TCP sockets come first: a thread that is writing would go on while the rules run.
        for tcp_socket in list(queue.backlog.tcp_sockets):
            cut(tcp_socket)
        for connection in [each for each in connections if each.queue is queue]:
            logger.info("Closing connection %s, which reads too little.", connection.sid)
            connection.close(wait=False, abort=True)

    def _empty(self, queue: Any) -> None:
        try:
            while queue.get(block=False) is not None:
                pass
        except self._server.eio.get_queue_empty_exception():
            pass
        # This wakes a thread that waits for a packet.
        queue.put(None)

    # How it goes out

    def counted(self, open_socket: Callable[..., Any]) -> Callable[..., Any]:
        """Wrap the function that opens WebSockets, so that each write is counted.

        It has to be the outermost wrapper, as only that one is given the WebSocket's connection.
        """
        def open_counted(handler: Any, server: Any) -> Any:
            connection = connection_of(handler)
            backlog: Backlog = connection.queue.backlog

            def serve(environ: dict[str, Any], start_response: Any) -> Any:
                tcp_socket = tcp_socket_of(environ)
                opened = []

                def handle(websocket: Any) -> Any:
                    opened.append(True)
                    return handler(_Writer(websocket, backlog, self._mutex()))

                backlog.tcp_sockets.add(tcp_socket)
                try:
                    handling = Handling(connection, handle)
                    answer = open_socket(handling, server)(environ, start_response)
                finally:
                    self._forget(tcp_socket, backlog)
                    if opened:
                        shut(tcp_socket)
                    if connection.closed:
                        # Under Werkzeug and gunicorn, Engine.IO would forget it later only.
                        server.sockets.pop(connection.sid, None)
                # Engine.IO would turn a list into an HTTP answer.
                return () if opened else answer

            return serve

        return open_counted

    def with_answers_counted(self, handle_request: Any) -> Any:
        """Wrap the function that serves requests, so that answers to long polls are counted."""
        def handle(environ: dict[str, Any], start_response: Any) -> Any:
            body = handle_request(environ, start_response)
            backlog = self._backlog_of(environ) if isinstance(body, list) else None
            return body if backlog is None else self._answer(body, backlog, tcp_socket_of(environ))

        return handle

    def _answer(self, body: list[bytes], backlog: Backlog, tcp_socket: Any) -> Answer:
        size = sum(len(part) for part in body) // APP_SHARE

        def written() -> None:
            self._forget(tcp_socket, backlog)
            backlog.answer_written(size)

        backlog.answered(size)
        backlog.tcp_sockets.add(tcp_socket)
        return Answer(body, written)

    def _forget(self, tcp_socket: Any, backlog: Backlog) -> None:
        backlog.tcp_sockets.discard(tcp_socket)
        self._goodbyes.remove(tcp_socket)

    def _backlog_of(self, environ: dict[str, Any]) -> Backlog | None:
        # Only long polls get here, as the body of a WebSocket's answer isn't a list.
        if environ["REQUEST_METHOD"] != "GET":
            return None
        sid = parse_qs(environ.get("QUERY_STRING", "")).get("sid", [""])[0]
        connection = self._server.eio.sockets.get(sid)
        return None if connection is None or connection.upgraded else connection.queue.backlog


class _Writer:
    # A WebSocket for Engine.IO that counts each write.

    def __init__(self, websocket: Any, backlog: Backlog, mutex: Mutex) -> None:
        self._websocket = websocket
        self._backlog = backlog
        simple = getattr(websocket, "ws", None)
        if simple is not None:
            simple.sock = WholeWrites(simple.sock, simple.ws, mutex)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._websocket, name)

    def send(self, message: Any) -> None:
        self._websocket.send(message)
        self._backlog.written()
