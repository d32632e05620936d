"""A WebSocket on which anything can be said, down to the single byte."""

import socket
from typing import Any

from tests.server.wire import Wire


class Attacker(Wire):
    def join(self, session_id: str, peer_id: str, **shown: Any) -> "Attacker":
        super().join(session_id, peer_id, **shown)
        return self

    def try_out(self, event: str, arguments: str) -> Any:
        """Send an event, and return the answer, or None where it was dropped."""
        number = len(self._answers)
        self._answers[number] = None
        self.send(f'42/p2p,{number}["{event}",{arguments}]')
        # Answers keep their order, so that none comes after this one.
        assert self.ask("hello", "{}")["error"]["code"] == "bad_request"
        answer = self._answers[number]
        return answer and answer[0]

    def send_raw(self, data: bytes) -> None:
        """Send bytes below the WebSocket protocol."""
        assert self._socket.sock is not None
        self._socket.sock.sendall(data)

    @property
    def raw_socket(self) -> socket.socket:
        """The socket below the WebSocket protocol, for as long as it is open."""
        connection = self._socket.sock
        assert isinstance(connection, socket.socket)
        return connection

    def hear(self) -> str:
        """Return the next packet as it came, whatever it is; empty at the end."""
        text = self._socket.recv()
        assert isinstance(text, str)
        return text
