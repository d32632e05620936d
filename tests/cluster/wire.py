"""One WebSocket of a peer that is no browser: packets out, packets in (Socket.IO 5)."""

import contextlib
import json
import select
import socket
import threading
from dataclasses import dataclass
from typing import Any, Protocol

import websocket

NAMESPACE = "/p2p"
TIMEOUT = 10.0
HEAD = f"{NAMESPACE},"


class Address(Protocol):
    url: str


@dataclass(frozen=True)
class Packet:
    """What came: `kind` is Socket.IO's packet type, by its name in the protocol."""

    kind: str
    event: str = ""
    payload: Any = None
    number: int | None = None


KINDS = {"0": "connect", "1": "disconnect", "2": "event", "3": "ack", "4": "connect_error"}


class Closed(Exception):
    """The connection has ended."""


class Wire:
    """A WebSocket to one worker, with Engine.IO's handshake done.

    :raises OSError: if the worker can't be reached.
    """

    def __init__(self, address: Address) -> None:
        url = address.url.replace("http", "ws", 1) + "/socket.io/?EIO=4&transport=websocket"
        self._numbers = 0
        self._mutex = threading.Lock()
        try:
            self._socket = websocket.create_connection(url, timeout=TIMEOUT)
            greeting = self._socket.recv()
        except websocket.WebSocketException as error:
            raise ConnectionError("No handshake.") from error
        if not str(greeting).startswith("0{"):
            # A server that goes may say goodbye first.
            self.close()
            raise ConnectionError("No greeting.")

    def connect(self, auth: dict[str, Any]) -> None:
        self._send(f"40{HEAD}{json.dumps(auth)}")

    def emit(self, event: str, payload: Any) -> int:
        """Send an event that asks for an answer; return its number."""
        with self._mutex:
            self._numbers += 1
            number = self._numbers
        self._send(f"42{HEAD}{number}{json.dumps([event, payload])}")
        return number

    def answer(self, number: int, payload: Any) -> None:
        self._send(f"43{HEAD}{number}{json.dumps([payload])}")

    def leave(self) -> None:
        """Leave the namespace; the connection stays."""
        self._send(f"41{HEAD}")

    def receive(self, timeout: float) -> Packet | None:
        """Return the next packet of the namespace, or None where none came in time.

        :raises Closed: if there will be none.
        """
        while True:
            try:
                # The client library reads no further than the frame, so that select() sees all.
                if not select.select([self._socket.fileno()], [], [], timeout)[0]:
                    return None
                text = self._socket.recv()
            except (OSError, ValueError, AttributeError, websocket.WebSocketException) as error:
                raise Closed from error
            if not text:
                raise Closed
            if text == "2":
                self._send("3")
            elif isinstance(text, str) and text.startswith("4"):
                return parse(text)

    def drop(self) -> None:
        """End the connection without any goodbye; whoever receives on it notices."""
        connection = self._socket.sock
        if connection is not None:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """End the connection, and let go of it."""
        self._socket.shutdown()

    def _send(self, text: str) -> None:
        try:
            self._socket.send(text)
        except (OSError, AttributeError, websocket.WebSocketException) as error:
            raise Closed from error


def parse(text: str) -> Packet:
    kind, rest = KINDS[text[1]], text[2:].removeprefix(NAMESPACE).removeprefix(",")
    digits = rest[: len(rest) - len(rest.lstrip("0123456789"))]
    data = json.loads(rest[len(digits) :] or "null")
    number = int(digits) if digits else None
    if kind == "event":
        return Packet(kind, data[0], data[1] if len(data) > 1 else None, number)
    if kind == "ack":
        return Packet(kind, "", data[0] if data else None, number)
    return Packet(kind, "", data, number)
