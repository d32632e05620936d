"""A WebSocket that speaks Socket.IO packet by packet (Engine.IO 4, Socket.IO 5)."""

import contextlib
import itertools
import json
import select
import socket
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import websocket

from tests.kit.waiting import PATIENCE

NAMESPACE = "/p2p"
PATH = "/socket.io/?EIO=4&transport=websocket"
KINDS = ("connect", "disconnect", "event", "ack", "connect_error")
ENDED = (websocket.WebSocketException, OSError, AttributeError, ValueError)
"""What the WebSocket library raises when a connection has ended, or is used after that."""


class Closed(ConnectionError):
    """The connection has ended."""


@dataclass(frozen=True)
class Packet:
    """What came: `kind` is Socket.IO's packet type, by its name in the protocol."""

    kind: str
    namespace: str = NAMESPACE
    event: str = ""
    payload: Any = None
    number: int | None = None


class Packets:
    """One connection, with Engine.IO's handshake done. It keeps nothing of what it hears.

    :param address: whom a proxy would say that the client is.
    :raises websocket.WebSocketException: if the handshake is refused.
    :raises OSError: if the server can't be reached, or says goodbye at once.
    """

    SOCKET_OPTIONS: Sequence[tuple[int, int, int]] = ()

    def __init__(self, url: str, address: str | None = None) -> None:
        self._numbers = itertools.count()
        self._socket = websocket.create_connection(
            url.replace("http", "ws", 1) + PATH,
            timeout=PATIENCE,
            sockopt=self.SOCKET_OPTIONS,
            header={} if address is None else {"X-Forwarded-For": address},
        )
        if not self.hear().startswith("0{"):
            # A server that goes may say goodbye first.
            self._socket.shutdown()
            raise Closed("There was no greeting.")

    # Saying

    def send(self, text: str) -> None:
        """Send a packet as it is to be on the wire.

        :raises Closed: if the connection has ended.
        """
        self.send_frame(text.encode(), websocket.ABNF.OPCODE_TEXT)

    def send_frame(self, data: bytes, opcode: int) -> None:
        try:
            self._socket.send(data, opcode)
        except ENDED as error:
            raise Closed from error

    def enter(self, auth: object, namespace: str = NAMESPACE) -> None:
        """Ask to join; the verdict comes as a packet."""
        self.send(f"40{namespace},{json.dumps(auth)}")

    def emit(self, event: str, payload: object, namespace: str = NAMESPACE) -> int:
        """Send an event that asks for an answer; return its number."""
        return self._emit(event, json.dumps(payload), namespace)

    def answer(self, number: int, payload: object, namespace: str = NAMESPACE) -> None:
        self.send(f"43{namespace},{number}{json.dumps([payload])}")

    def leave(self) -> None:
        """Leave the namespace; the connection stays."""
        self.send(f"41{NAMESPACE},")

    def close(self) -> None:
        """Say goodbye, as far as there is anybody to hear it, and let go of the connection."""
        with contextlib.suppress(*ENDED):
            self._socket.close()
        # close() leaves the socket open where the server has said goodbye first.
        self._socket.shutdown()

    def drop(self) -> None:
        """End the connection without any goodbye; whoever receives on it notices."""
        with contextlib.suppress(*ENDED):
            # First, so that a thread that waits on it wakes up.
            self.raw_socket.shutdown(socket.SHUT_RDWR)
        self._socket.shutdown()

    # Hearing

    def receive(self, timeout: float) -> Packet | None:
        """Return the next packet of Socket.IO; None where none came in so many seconds.

        :raises Closed: if there will be none.
        """
        deadline = time.monotonic() + timeout
        while self._can_read(deadline - time.monotonic()):
            text = self.hear()
            if not text:
                raise Closed
            if text == "2":
                self.send("3")
            elif text.startswith("4"):
                return parse(text)
        return None

    def hear(self) -> str:
        """Return the next packet as it came, whatever it is; empty at the end.

        :raises Closed: if the connection has ended without a goodbye.
        """
        try:
            text = self._socket.recv()
        except websocket.WebSocketTimeoutException:
            raise
        except ENDED as error:
            raise Closed from error
        assert isinstance(text, str)
        return text

    # Below the WebSocket

    @property
    def raw_socket(self) -> socket.socket:
        """The TCP socket, for as long as it is open."""
        connection = self._socket.sock
        if connection is None:
            raise Closed
        return connection

    def settimeout(self, seconds: float) -> None:
        self._socket.settimeout(seconds)

    def send_raw(self, data: bytes) -> None:
        self.raw_socket.sendall(data)

    # Private

    def _emit(self, event: str, payload: str, namespace: str = NAMESPACE) -> int:
        number = next(self._numbers)
        self.send(f'42{namespace},{number}["{event}",{payload}]')
        return number

    def _can_read(self, seconds: float) -> bool:
        # The library reads no further than the frame, so that poll() sees all that is left.
        try:
            poller = select.poll()
            poller.register(self.raw_socket, select.POLLIN)
            return bool(poller.poll(1000 * max(0.0, seconds)))
        except (OSError, ValueError) as error:
            raise Closed from error


def parse(text: str) -> Packet:
    """Read a packet of Socket.IO.

    >>> parse('42/p2p,7["news",{"x":1}]')
    Packet(kind='event', namespace='/p2p', event='news', payload={'x': 1}, number=7)
    """
    kind, (namespace, _, rest) = KINDS[int(text[1])], text[2:].partition(",")
    assert namespace.startswith("/"), text
    digits = rest[: len(rest) - len(rest.lstrip("0123456789"))]
    data = json.loads(rest[len(digits) :] or "null")
    number = int(digits) if digits else None
    if kind == "event":
        return Packet(kind, namespace, data[0], data[1] if len(data) > 1 else None, number)
    if kind == "ack":
        return Packet(kind, namespace, "", data[0] if data else None, number)
    return Packet(kind, namespace, "", data, number)
