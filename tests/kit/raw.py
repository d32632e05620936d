"""A TCP connection on which HTTP and WebSocket frames are written by hand (RFC 6455)."""

import contextlib
import re
import socket

from tests.kit.packets import PATH
from tests.kit.waiting import PATIENCE


def handshake(query: str = "", /, **changed: str | None) -> bytes:
    """Return a request for a WebSocket (section 4.1); a header that is None is left out."""
    headers: dict[str, str | None] = {
        "Host": "127.0.0.1",
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
        **{name.replace("_", "-"): value for name, value in changed.items()},
    }
    lines = [f"{name}: {value}\r\n" for name, value in headers.items() if value is not None]
    return f"GET {PATH}{query} HTTP/1.1\r\n{''.join(lines)}\r\n".encode()


class Raw:
    """One connection, read and written byte by byte."""

    def __init__(self, port: int, first: bytes) -> None:
        self.raw_socket = socket.create_connection(("127.0.0.1", port), PATIENCE)
        self.raw_socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._read = b""
        self.write(first)

    def write(self, data: bytes) -> None:
        """Send this, or nothing where the connection has ended."""
        with contextlib.suppress(OSError):
            self.raw_socket.sendall(data)

    def read_until(self, pattern: bytes) -> bool:
        """Read until this has come; return False if the connection ends before."""
        while not re.search(pattern, self._read, re.DOTALL):
            try:
                data = self.raw_socket.recv(65_536)
            except OSError:
                return False
            if not data:
                return False
            self._read += data
        return True

    def read_rest(self, within: float) -> bytes:
        """Read to the end, or until nothing has come for so many seconds; return all."""
        with contextlib.suppress(OSError):
            self.raw_socket.settimeout(within)
            while data := self.raw_socket.recv(65_536):
                self._read += data
        self.raw_socket.settimeout(PATIENCE)
        return self._read

    def drop(self) -> None:
        """End the connection without any goodbye."""
        self.raw_socket.close()


class Handshaken(Raw):
    """One whose handshake has been answered; nothing that comes after that is looked at.

    :param headers: of the handshake, in place of the usual ones.
    """

    def __init__(self, url: str, **headers: str | None) -> None:
        port = int(url.rpartition(":")[2])
        super().__init__(port, handshake(**{"Host": f"127.0.0.1:{port}", **headers}))
        # Who is refused may have nothing more to hear.
        self.read_until(rb"\r\n\r\n")

    @property
    def answer(self) -> str:
        return self._read.decode(errors="replace")

    @property
    def is_open(self) -> bool:
        """Whether the server has accepted the handshake."""
        return self.answer.startswith("HTTP/1.1 101 ")

    def wait_for_end(self) -> None:
        """Wait until the server hangs up; a goodbye of its gets no answer."""
        while self.raw_socket.recv(65_536):
            pass
