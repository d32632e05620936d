"""Refuses requests that Engine.IO would keep, would hang on or would answer wrongly."""

import base64
import re
from collections.abc import Callable, Iterable
from io import BytesIO
from typing import Any
from urllib.parse import parse_qs

from engineio.payload import Payload

from ..limits.budgets import HANDSHAKE_BYTES, UNJOINED_BYTES
from .engineio_packets import FRAME, is_asked_for
from .metering import Standing
from .polls import Polls
from .tcp_connections import tcp_socket_of

WsgiApp = Callable[[dict[str, Any], Any], Iterable[bytes]]

BAD_REQUEST = "400 Bad Request"
TOO_MANY = "429 Too Many Requests"
TOO_LARGE = "413 Content Too Large"
HEAD_TOO_LARGE = "431 Request Header Fields Too Large"
ADDRESS = ("PATH_INFO", "QUERY_STRING")
BINARY, SEPARATOR = "b", "\x1e"


class Refused(Exception):
    """A request that is refused before it comes to Engine.IO."""

    def __init__(self, status: str, reason: str) -> None:
        super().__init__(reason)
        self.status = status


class RequestFilter:
    """Checks each request before Engine.IO gets it.

    :param refuse: takes note of a bad packet of a connection.
    :param standing: returns whether a connection has joined a namespace.
    :param polls: the limits of who polls.
    :param may_open: returns whether an address may open a connection that polls.
    """

    def __init__(
        self,
        eio: Any,
        refuse: Callable[[str], object],
        standing: Callable[[str], Standing],
        polls: Polls,
        may_open: Callable[[str | None], bool],
    ) -> None:
        self._eio = eio
        self._refuse = refuse
        self._standing = standing
        self._polls = polls
        self._may_open = may_open

    def before(self, handle: WsgiApp) -> WsgiApp:
        """Return a WSGI app that refuses a request, or passes it on to ``handle``."""

        def look_first(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
            try:
                with self._polls.turn(self._polling(environ), environ["REQUEST_METHOD"]) as is_free:
                    if not is_free:
                        raise Refused(TOO_MANY, "This session has such a request already.")
                    self._look_at(environ)
                    return handle(environ, start_response)
            except Refused as refused:
                start_response(refused.status, [("Content-Type", "text/plain")])
                return [str(refused).encode()]

        return look_first

    def _polling(self, environ: dict[str, Any]) -> Any:
        # The connection that polls by this request, if there is one.
        sid = parse_qs(environ.get("QUERY_STRING", "")).get("sid", [""])[0]
        return None if "HTTP_UPGRADE" in environ else self._eio.sockets.get(sid)

    def _look_at(self, environ: dict[str, Any]) -> None:
        if _head_bytes(environ) > HANDSHAKE_BYTES:
            raise Refused(HEAD_TOO_LARGE, "This is more than a handshake needs.")
        query = parse_qs(environ.get("QUERY_STRING", ""))
        if "sid" in query:
            self._look_at_session(environ, query["sid"][0])
        elif query.get("transport") == ["websocket"]:
            if not _is_upgrade(environ):
                # Engine.IO would open a connection for it, and then have no answer.
                raise Refused(BAD_REQUEST, "This is no WebSocket handshake.")
        elif environ["REQUEST_METHOD"] == "GET" and not self._may_open(environ.get("REMOTE_ADDR")):
            raise Refused(TOO_MANY, "Too many sessions begin at this address.")

    def _look_at_session(self, environ: dict[str, Any], sid: str) -> None:
        connection = self._eio.sockets.get(sid)
        if connection is None or connection.closed:
            raise Refused(BAD_REQUEST, "There is no such session.")
        if environ["REQUEST_METHOD"] == "POST":
            self._look_at_packets(environ, connection)

    def _look_at_packets(self, environ: dict[str, Any], connection: Any) -> None:
        length = environ.get("CONTENT_LENGTH") or "0"
        if not re.fullmatch("[0-9]{1,18}", length):
            raise Refused(BAD_REQUEST, "This is no Content-Length.")
        size = int(length)
        if connection.upgraded or "polling" not in self._eio.transports:
            # Engine.IO would refuse it as well, but would keep the body until then.
            raise Refused(BAD_REQUEST, "This session has a WebSocket.")
        if size > self._most(connection.sid):
            # Engine.IO would wait until the connection's queue is empty, which may never happen.
            connection.close(wait=False)
            raise Refused(TOO_LARGE, "These are too many bytes.")
        self._polls.wait(connection)
        body = _body(environ, connection, size)
        self._polls.spend(connection, size, 1 + body.count(SEPARATOR.encode()))
        if not _is_readable(connection, body):
            self._refuse(connection.sid)
            raise Refused(BAD_REQUEST, "These are no packets of Engine.IO.")
        environ["wsgi.input"] = BytesIO(body)

    def _most(self, sid: str) -> int:
        most: int = self._eio.max_http_buffer_size
        return most if self._standing(sid) == "member" else min(most, UNJOINED_BYTES)


def _body(environ: dict[str, Any], connection: Any, size: int) -> bytes:
    # While the body arrives, its TCP socket belongs to the connection, and is closed with it.
    tcp_socket = tcp_socket_of(environ)
    tcp_sockets = connection.queue.backlog.tcp_sockets
    tcp_sockets.add(tcp_socket)
    try:
        body: bytes = environ["wsgi.input"].read(size) if not connection.closed else b""
    except OSError:
        body = b""
    finally:
        tcp_sockets.discard(tcp_socket)
    if len(body) < size:
        raise Refused(BAD_REQUEST, "This is not all of it.")
    return body


def _head_bytes(environ: dict[str, Any]) -> int:
    texts = {key: value for key, value in environ.items() if isinstance(value, str)}
    kept = [key for key in texts if key.startswith("HTTP_") or key in ADDRESS]
    return sum(len(key) + len(texts[key]) for key in kept)


def _is_upgrade(environ: dict[str, Any]) -> bool:
    options = environ.get("HTTP_CONNECTION", "").lower().split(",")
    return "upgrade" in (option.strip() for option in options)


def _is_readable(connection: Any, body: bytes) -> bool:
    if not body:
        return True
    try:
        packets = body.decode().split(SEPARATOR)
        # If there are more, Engine.IO drops all of them and still answers "ok". The limit is read
        # each time, as the app may raise it.
        return len(packets) <= Payload.max_decode_packets and all(
            _is_packet(connection, each) for each in packets
        )
    except ValueError:
        return False


def _is_packet(connection: Any, packet: str) -> bool:
    if packet.startswith(BINARY):
        return base64.b64decode(packet[1:]) is not None
    return bool(FRAME.match(packet)) and is_asked_for(connection, packet)
