"""A client that says pong, and reads nothing or at its own pace."""

import contextlib
import json
import socket
import struct
import threading
from collections.abc import Iterator, Sequence

from tests.kit.waiting import PATIENCE
from tests.kit.wire import Wire

# Often enough for the pings that it doesn't read, which may be answered within a minute; and
# too seldom to be closed as rubbish, however long a test takes: for that is all forgotten by then.
PAUSE = 15.0
SMALL = (socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
TEXT, PONG = 0x81, 0x8A
PING = 9


class Deaf(Wire):
    """One whose system keeps little of what it doesn't read."""

    SOCKET_OPTIONS: Sequence[tuple[int, int, int]] = (SMALL,)

    @contextlib.contextmanager
    def saying_pong(self) -> Iterator[None]:
        """Say pong unasked until it is left, or until nobody listens."""
        over = threading.Event()
        thread = threading.Thread(target=self._say_pong, args=[over])
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join(PATIENCE)

    def is_cut(self) -> bool:
        """Tell whether the server has ended the connection, without reading from it."""
        state: int = struct.unpack("B", self._tcp_state())[0]
        # TCP_ESTABLISHED
        return state != 1

    def read_frames(self, count: int) -> list[str]:
        """Read so many text frames byte by byte: each has to be whole, and at its place."""
        texts: list[str] = []
        while len(texts) < count:
            first, size = self._exactly(2)
            assert first in (TEXT, PONG), f"A frame begins with {first:x}."
            if size == 126:
                size = struct.unpack("!H", self._exactly(2))[0]
            elif size == 127:
                size = struct.unpack("!Q", self._exactly(8))[0]
            body = self._exactly(size)
            if first == TEXT:
                texts.append(body.decode())
        return texts

    def send_and_forget(self, text: str) -> None:
        """Send a packet, or nothing if the connection has ended."""
        with contextlib.suppress(OSError):
            self.send(text)

    def ping(self) -> None:
        """Send a WebSocket's own ping, which another thread of the server answers."""
        self.send_frame(b"are you there?", PING)

    # Private

    def _say_pong(self, over: threading.Event) -> None:
        with contextlib.suppress(OSError):
            while not over.wait(PAUSE):
                self.send("3")

    def _tcp_state(self) -> bytes:
        return self.raw_socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)

    def _exactly(self, size: int) -> bytes:
        data = b""
        while len(data) < size:
            part = self.raw_socket.recv(min(65_536, size - len(data)))
            assert part, "The server has ended the connection."
            data += part
        return data


class Late(Deaf):
    """One that reads late, with a system that keeps as much as others."""

    SOCKET_OPTIONS = ()


def offer(to: str, epoch: int, number: int, size: int = 60_000) -> str:
    """Return an offer that takes so many bytes."""
    description = {"type": "offer", "sdp": "v=0 " + "x" * size}
    signal = {"to": to, "epoch": epoch, "negotiation": str(number), "description": description}
    return json.dumps(signal)
