"""A browser's side of Socket.IO, packet by packet, so that it can also misbehave."""

import json
import time
from collections.abc import Callable, Sequence
from typing import Any
from urllib.request import urlopen

import websocket

TIMEOUT = 20.0
NAMESPACE = "/p2p"


def get(url: str) -> str:
    with urlopen(url, timeout=TIMEOUT) as response:
        return str(response.read().decode())


def until(condition: Callable[[], bool], problem: Callable[[], str]) -> None:
    """Wait for a condition; fail with the problem if it doesn't come."""
    deadline = time.monotonic() + TIMEOUT
    while not condition():
        assert time.monotonic() < deadline, problem()
        time.sleep(0.02)


class Wire:
    """One WebSocket, with Engine.IO's handshake done (Engine.IO 4, Socket.IO 5)."""

    SOCKET_OPTIONS: Sequence[tuple[int, int, int]] = ()

    def __init__(self, url: str, address: str | None = None) -> None:
        self.events: list[tuple[str, Any]] = []
        self.refusal: Any = None
        self.joined = False
        self.dismissed = False
        self.token = ""
        self._answers: dict[int, Any] = {}
        self._url = url
        self._socket = websocket.create_connection(
            url.replace("http", "ws", 1) + "/socket.io/?EIO=4&transport=websocket",
            timeout=TIMEOUT,
            sockopt=self.SOCKET_OPTIONS,
            header={} if address is None else {"X-Forwarded-For": address},
        )
        assert self._recv().startswith("0{")

    # Saying

    def send(self, text: str) -> None:
        self._socket.send(text)

    def send_frame(self, data: bytes, opcode: int) -> None:
        self._socket.send(data, opcode)

    def connect(self, auth: Any, namespace: str = NAMESPACE) -> None:
        """Ask to join, and wait for the verdict."""
        self.send(f"40{namespace},{json.dumps(auth)}")
        self.read(lambda: self.joined or self.refusal is not None)

    def join(self, session_id: str, peer_id: str, **shown: Any) -> "Wire":
        self.token = get(f"{self._url}/token/{session_id}/{peer_id}")
        self.connect({"token": self.token, **shown})
        return self

    def ask(self, event: str, payload: str, namespace: str = NAMESPACE) -> Any:
        """Send an event with its payload as raw JSON, and wait for the answer."""
        number = len(self._answers)
        self._answers[number] = None
        self.send(f'42{namespace},{number}["{event}",{payload}]')
        self.read(lambda: self._answers[number] is not None)
        return self._answers[number][0]

    def close(self) -> None:
        self._socket.close()
        # close() leaves the socket open where the server has said goodbye first.
        self._socket.shutdown()

    def drop(self) -> None:
        """End the connection without any goodbye."""
        self._socket.shutdown()

    # Hearing

    def received(self, event: str) -> list[Any]:
        return [payload for name, payload in self.events if name == event]

    def answered(self, number: int) -> Any:
        """Return the last answer to the event of this number."""
        return self._answers[number][0]

    def wait_for(self, event: str, count: int = 1) -> Any:
        """Wait until an event has come so many times, and return the last."""
        self.read(lambda: len(self.received(event)) >= count)
        return self.received(event)[-1]

    def wait_for_end(self) -> None:
        """Wait until the server has ended the connection."""
        try:
            self.read(lambda: False)
        except (websocket.WebSocketConnectionClosedException, ConnectionError):
            return

    def read(self, enough: Callable[[], bool]) -> None:
        deadline = time.monotonic() + TIMEOUT
        while not enough():
            # A server that only pings must not keep a test waiting for ever.
            assert time.monotonic() < deadline, "What was awaited has not come."
            text = self._recv()
            if not text:
                raise websocket.WebSocketConnectionClosedException("The server has closed it.")
            self._take(text)

    def _recv(self) -> str:
        text = self._socket.recv()
        assert isinstance(text, str)
        return text

    def _take(self, text: str) -> None:
        if text == "2":
            self._socket.send("3")
        if not text.startswith("4"):
            return
        kind, (namespace, _, rest) = text[1], text[2:].partition(",")
        assert namespace.startswith("/")
        if kind == "0":
            self.joined = True
        elif kind == "1":
            self.dismissed = True
        elif kind == "2":
            number, _, body = rest.partition("[")
            name, *payload = json.loads(f"[{body}")
            if name == "host_probe":
                # A host says that it lives, as a page's script does.
                answer = json.dumps([{"ok": True, **payload[0]}])
                self._socket.send(f"43{namespace},{number}{answer}")
            else:
                self.events.append((name, payload[0]))
        elif kind == "3":
            number, _, answer = rest.partition("[")
            self._answers[int(number)] = json.loads(f"[{answer}")
        elif kind == "4":
            self.refusal = json.loads(rest)
