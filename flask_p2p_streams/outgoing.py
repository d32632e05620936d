"""What goes out to each connection: whole frames, and no more waiting than is bounded."""

import logging
from collections.abc import Callable
from functools import partial
from typing import Any
from urllib.parse import parse_qs

from .atomic import Mutex, mutex_for
from .backlog import Backlog, bounded
from .deadlines import Deadlines
from .endings import Answer, Endings
from .limits import UNREAD_BYTES
from .lines import cut, line_of, shut
from .metrics import Metrics

logger = logging.getLogger("flask_p2p_streams")

GOODBYE_TIMEOUT = 5.0
"""Seconds that a client may take to end a WebSocket to which the server has said goodbye."""


class Outgoing:
    """The outgoing side of the connections of one Socket.IO server.

    Engine.IO keeps whatever a client doesn't read, and a client that says pong for as
    long as it likes. Here it is closed when more than a limit waits for it.
    """

    def __init__(self, server: Any, metrics: Metrics, limit: int = UNREAD_BYTES) -> None:
        self._server = server
        self._metrics = metrics
        self._limit = limit
        self._mutex = mutex_for(server.async_mode)
        self._goodbyes = Deadlines[Any](server, GOODBYE_TIMEOUT, shut)

    def install(self) -> None:
        """Look at what goes out on each connection from now on."""
        eio = self._server.eio
        parts = {"queue": bounded(eio._async["queue"], self._limit, self._on_overflow)}
        if eio._async["websocket"] is not None:
            parts["websocket"] = self._with_writes_counted(eio._async["websocket"])
        eio._async = {**eio._async, **parts}
        eio.handle_request = Endings(self._with_answers_counted(eio.handle_request))

    # What is too much

    def _on_overflow(self, queue: Any) -> None:
        # Whoever has sent the last packet isn't kept waiting while the rules of a session run.
        self._server.start_background_task(self._close, queue)

    def _close(self, queue: Any) -> None:
        self._metrics.limited("unread")
        connections = list(self._server.eio.sockets.values())
        for connection in [each for each in connections if each.queue is queue]:
            logger.info("Closing connection %s, which reads too little.", connection.sid)
            connection.close(wait=False, abort=True)
        self._empty(queue)
        for line in list(queue.backlog.lines):
            cut(line)

    def _empty(self, queue: Any) -> None:
        try:
            while queue.get(block=False) is not None:
                pass
        except self._server.eio.get_queue_empty_exception():
            pass
        # For whoever waits for a packet.
        queue.put(None)

    # How it goes out

    def _with_writes_counted(self, open_socket: Callable[..., Any]) -> Callable[..., Any]:
        def open_counted(handler: Any, server: Any) -> Any:
            backlog: Backlog = handler.__self__.queue.backlog

            def serve(environ: dict[str, Any], start_response: Any) -> Any:
                line = line_of(environ)
                opened = []

                def handle(websocket: Any) -> Any:
                    opened.append(websocket)
                    say_goodbye = partial(self._goodbyes.put, line)
                    return handler(_Writer(websocket, backlog, say_goodbye, self._mutex()))

                backlog.lines.add(line)
                try:
                    answer = open_socket(handle, server)(environ, start_response)
                finally:
                    self._goodbyes.remove(line)
                    backlog.lines.discard(line)
                    if opened:
                        shut(line)
                # Engine.IO would make an HTTP answer of a list.
                return () if opened else answer

            return serve

        return open_counted

    def _with_answers_counted(self, handle_request: Any) -> Any:
        def handle(environ: dict[str, Any], start_response: Any) -> Any:
            body = handle_request(environ, start_response)
            backlog = self._backlog_of(environ) if isinstance(body, list) else None
            return body if backlog is None else _being_written(body, backlog, line_of(environ))

        return handle

    def _backlog_of(self, environ: dict[str, Any]) -> Backlog | None:
        # Of a long poll; a WebSocket has no list for a body.
        if environ["REQUEST_METHOD"] != "GET":
            return None
        sid = parse_qs(environ.get("QUERY_STRING", "")).get("sid", [""])[0]
        connection = self._server.eio.sockets.get(sid)
        return None if connection is None or connection.upgraded else connection.queue.backlog


def _being_written(body: list[bytes], backlog: Backlog, line: Any) -> Answer:
    size = sum(len(part) for part in body)

    def written() -> None:
        backlog.lines.discard(line)
        backlog.answer_written(size)

    backlog.answered(size)
    backlog.lines.add(line)
    return Answer(body, written)


class _Writer:
    # Engine.IO's view of a WebSocket, with its writes counted.

    def __init__(
        self, websocket: Any, backlog: Backlog, say_goodbye: Callable[[], object], mutex: Mutex
    ) -> None:
        self._websocket = websocket
        self._backlog = backlog
        self._say_goodbye = say_goodbye
        simple = getattr(websocket, "ws", None)
        if simple is not None:
            simple.sock = _WholeWrites(simple.sock, mutex)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._websocket, name)

    def send(self, message: Any) -> None:
        self._websocket.send(message)
        self._backlog.written()

    def close(self) -> None:
        # simple-websocket leaves it to the client to end the connection, who may not.
        self._say_goodbye()
        self._websocket.close()


class _WholeWrites:
    # A socket of simple-websocket's, which calls send() as if it wrote everything, from
    # two threads at once. It may write a part, and then frames would be torn.

    def __init__(self, line: Any, mutex: Mutex) -> None:
        self._line = line
        self._mutex = mutex

    def __getattr__(self, name: str) -> Any:
        return getattr(self._line, name)

    def send(self, data: bytes) -> int:
        with self._mutex:
            self._line.sendall(data)
        return len(data)
