"""One Socket.IO client, packet by packet, so that the load costs little itself."""

import json
from typing import Any

import websocket

TIMEOUT = 20.0


class Packets:
    """A WebSocket with Engine.IO's handshake done."""

    def __init__(self, address: str) -> None:
        url = f"ws://{address}/socket.io/?EIO=4&transport=websocket"
        # Masks of one kind, or making them would be a good part of what is measured.
        connection: Any = websocket.WebSocket(skip_utf8_validation=True)
        connection.set_mask_key(lambda _: b"\0\0\0\0")
        connection.connect(url, timeout=TIMEOUT)
        self._socket = connection
        self.wait_for("0{")

    def send(self, text: str) -> None:
        self._socket.send(text)

    def wait_for(self, *starts: str) -> str:
        """Return the next packet that starts in one of these ways."""
        while True:
            text = str(self._socket.recv())
            if text == "2":
                self._socket.send("3")
            elif text.startswith(starts):
                return text
            elif not text:
                raise ConnectionError("The server has closed the connection.")

    def join(self, token: str) -> "dict[str, Any]":
        """Join, and return `session_ready`, or the refusal."""
        self.send(f"40/p2p,{json.dumps({'token': token})}")
        text = self.wait_for('42/p2p,["session_ready"', "44/p2p,")
        body = json.loads(text.partition(",")[2])
        return dict(body if isinstance(body, dict) else body[1])

    def close(self) -> None:
        self._socket.close(timeout=1)
        self._socket.shutdown()
