"""What goes out to each connection: whole frames, and a limit on what waits."""

import logging
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs

from ..limits.budgets import APP_SHARE, GOODBYE_TIMEOUT, UNREAD_BYTES
from ..metrics import Metrics
from ..runtime.deadlines import Deadlines
from ..runtime.mutexes import Mutex, mutex_for
from .backlog import Backlog, bounded, cost_in
from .endings import Answer
from .pings import Pings
from .tcp_connections import cut, shut, tcp_socket_of
from .websockets import Handling, connection_of

logger = logging.getLogger("flask_p2p_streams")


class Outbound:
    """The outgoing side of the connections of one Socket.IO server.

    Engine.IO keeps whatever a client doesn't read, and a client that says pong for as
    long as it likes. Here it is closed when more than a limit waits for it.
    """

    def __init__(self, server: Any, namespace: str, metrics: Metrics) -> None:
        self._server = server
        self._metrics = metrics
        self._cost = cost_in(namespace)
        self._mutex = mutex_for(server.async_mode)
        self._pings = Pings(server)
        self._goodbyes = Deadlines[Any](server, GOODBYE_TIMEOUT, cut)

    def opened(self, eio_sid: str) -> None:
        """Take in a new connection, before Socket.IO hears of it."""
        self._pings.take_over(eio_sid)

    def closed(self, eio_sid: str) -> None:
        """Say nothing more to a connection, and see that it ends."""
        self._pings.forget(eio_sid)
        self._await_end(eio_sid)

    def bounded_queue(self, queue_class: Any) -> Any:
        """Return the kind of queue whose packets wait for a client no longer than is bounded."""
        return bounded(queue_class, UNREAD_BYTES, self._cost, self._on_overflow)

    def _await_end(self, eio_sid: str) -> None:
        # It is left to the client to end the connection, or even to read that it should.
        connection = self._server.eio.sockets.get(eio_sid)
        for tcp_socket in [] if connection is None else list(connection.queue.backlog.tcp_sockets):
            self._goodbyes.put(tcp_socket)

    # What is too much

    def _on_overflow(self, queue: Any) -> None:
        # Whoever has sent the last packet isn't kept waiting while the rules of a session run.
        self._server.start_background_task(self._close, queue)

    def _close(self, queue: Any) -> None:
        self._metrics.limited("unread")
        connections = list(self._server.eio.sockets.values())
        self._empty(queue)
        # First, as whoever writes to it now would write on while the rules run.
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
        # For whoever waits for a packet.
        queue.put(None)

    # How it goes out

    def counted(self, open_socket: Callable[..., Any]) -> Callable[..., Any]:
        """Return what opens WebSockets, with each write counted.

        It has to be the outermost of those: only that one sees whose WebSocket it is.
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
                        # Engine.IO forgets one under Werkzeug and gunicorn at its next round.
                        server.sockets.pop(connection.sid, None)
                # Engine.IO would make an HTTP answer of a list.
                return () if opened else answer

            return serve

        return open_counted

    def with_answers_counted(self, handle_request: Any) -> Any:
        """Return what serves requests, with the answers to long polls counted."""
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
        # Of a long poll; a WebSocket has no list for a body.
        if environ["REQUEST_METHOD"] != "GET":
            return None
        sid = parse_qs(environ.get("QUERY_STRING", "")).get("sid", [""])[0]
        connection = self._server.eio.sockets.get(sid)
        return None if connection is None or connection.upgraded else connection.queue.backlog


class _Writer:
    # Engine.IO's view of a WebSocket, with its writes counted.

    def __init__(self, websocket: Any, backlog: Backlog, mutex: Mutex) -> None:
        self._websocket = websocket
        self._backlog = backlog
        simple = getattr(websocket, "ws", None)
        if simple is not None:
            simple.sock = _WholeWrites(simple.sock, mutex)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._websocket, name)

    def send(self, message: Any) -> None:
        self._websocket.send(message)
        self._backlog.written()


class _WholeWrites:
    # A socket of simple-websocket's, which calls send() as if it wrote everything, from
    # two threads at once. It may write a part, and then frames would be torn.

    def __init__(self, tcp_socket: Any, mutex: Mutex) -> None:
        self._tcp_socket = tcp_socket
        self._mutex = mutex

    def __getattr__(self, name: str) -> Any:
        return getattr(self._tcp_socket, name)

    def send(self, data: bytes) -> int:
        with self._mutex:
            self._tcp_socket.sendall(data)
        return len(data)
