"""A WebSocket as a browser has it: it offers permessage-deflate, which websocket-client can't."""

import select
import socket
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from wsproto import ConnectionType, WSConnection
from wsproto.connection import ConnectionState
from wsproto.events import CloseConnection, Ping, RejectConnection, Request, TextMessage
from wsproto.extensions import PerMessageDeflate

TIMEOUT = 15.0
Connect = Callable[..., Any]


class Wire:
    """One WebSocket of a client.

    :param path: with its query.
    :param connect: ``socket.create_connection``, or another library's.
    """

    def __init__(
        self, address: str, path: str, connect: Connect = socket.create_connection
    ) -> None:
        host, port = address.split(":")
        self._socket = connect((host, int(port)), TIMEOUT)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._connection = WSConnection(ConnectionType.CLIENT)
        self._texts: deque[str] = deque()
        self._begun = ""
        self._is_over = False
        self._say(Request(host=address, target=path, extensions=[PerMessageDeflate()]))
        while self._connection.state is ConnectionState.CONNECTING:
            self._read()

    def fileno(self) -> int:
        """Return the socket's descriptor, so that many may be waited for at once."""
        return int(self._socket.fileno())

    @property
    def has_more(self) -> bool:
        """Whether there is something to receive without waiting."""
        return bool(self._texts or select.select([self._socket], [], [], 0)[0])

    def send(self, *texts: str) -> None:
        """Send messages, each in a frame; what is sent together leaves together."""
        self._say(*map(TextMessage, texts))

    def receive(self) -> str:
        """Return the next message.

        :raises ConnectionError: if the server has closed, and has said nothing more before.
        """
        while not self._texts:
            self._read()
        return self._texts.popleft()

    def close(self) -> None:
        """Say goodbye, wait for the server's, and hang up."""
        with suppress(OSError):
            self._say(CloseConnection(1000))
            while True:
                self._read()
        self._socket.close()

    def detach(self) -> Any:
        """Return the socket, by which all goes on from now."""
        return self._socket

    def drop(self) -> None:
        """Hang up."""
        self._socket.close()

    def _say(self, *events: Any) -> None:
        self._socket.sendall(b"".join(map(self._connection.send, events)))

    def _read(self) -> None:
        data = b"" if self._is_over else self._socket.recv(65_536)
        if not data:
            raise ConnectionError("The server has closed the WebSocket, or refused it.")
        self._connection.receive_data(data)
        for event in self._connection.events():
            self._take(event)

    def _take(self, event: object) -> None:
        if isinstance(event, TextMessage):
            self._begun += event.data
            if event.message_finished:
                self._texts.append(self._begun)
                self._begun = ""
        elif isinstance(event, Ping):
            self._say(event.response())
        elif isinstance(event, CloseConnection | RejectConnection):
            self._is_over = True
