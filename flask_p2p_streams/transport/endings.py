"""Ends the connection after a WebSocket, so that nothing that follows is read as HTTP.

A proxy that has passed on a WebSocket doesn't look at what follows it. If the server read that
as HTTP, a client could send requests past the proxy's rules, with any headers.
"""

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any

from simple_websocket.errors import SimpleWebsocketError
from wsproto.utilities import ProtocolError

from .tcp_connections import end

Wsgi = Callable[[dict[str, Any], Any], Any]


class Answer(list[bytes]):
    """A response's body, with a function to call when it has been written or can't be."""

    def __init__(self, body: Iterable[bytes], then: Callable[[], object]) -> None:
        super().__init__(body)
        self._then = then

    def close(self) -> None:
        """Call the function; a server calls this at the end of each response (PEP 3333)."""
        self._then()


class Endings:
    """Pass requests on, and end the connection after each request for an upgrade."""

    def __init__(self, handle: Wsgi) -> None:
        self._handle = handle

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        """Serve a request."""
        if "HTTP_UPGRADE" not in environ:
            return self._handle(environ, start_response)
        start = _LastStart(start_response)
        body = self._upgrade(environ, start)
        if start.called:
            return Answer(body, partial(end, environ))
        if end(environ):
            # This status is never sent; it makes Werkzeug and gevent stop reading.
            start("101 Switching Protocols", [])
        return ()

    def _upgrade(self, environ: dict[str, Any], start: "_LastStart") -> Any:
        if not _is_handshake(environ):
            start("426 Upgrade Required", [("Sec-WebSocket-Version", "13")])
            return [b"This needs a WebSocket of version 13."]
        try:
            return self._handle(environ, start)
        except (SimpleWebsocketError, ProtocolError):
            start("400 Bad Request", [("Content-Type", "text/plain")])
            return [b"This is no handshake of a WebSocket."]
        except ConnectionError:
            # The way in which Engine.IO tells Werkzeug that there is nothing to answer.
            return ()


class _LastStart:
    # A start_response that makes its answer the last one on a connection.

    def __init__(self, start_response: Any) -> None:
        self._start_response = start_response
        self.called = False

    def __call__(self, status: str, headers: list[tuple[str, str]], *error: Any) -> Any:
        self.called = True
        others = [(name, value) for name, value in headers if name.lower() != "connection"]
        return self._start_response(status, [*others, ("Connection", "close")], *error)


def _is_handshake(environ: Mapping[str, Any]) -> bool:
    # Engine.IO would open a connection for an invalid handshake, and eventlet would speak drafts
    # of the protocol, in which nothing is bounded.
    tokens = environ.get("HTTP_CONNECTION", "").lower().split(",")
    return environ["HTTP_UPGRADE"].lower() != "websocket" or (
        "upgrade" in (token.strip() for token in tokens)
        and environ.get("HTTP_SEC_WEBSOCKET_VERSION") == "13"
    )
