"""A WebSocket whose frames are written by hand, and whose extensions are chosen."""

import contextlib
import socket


class Bare:
    """The handshake is done (RFC 6455, section 4.1); nothing that comes is looked at."""

    def __init__(self, url: str, **headers: str) -> None:
        host, port = url.removeprefix("http://").split(":")
        self.raw_socket = socket.create_connection((host, int(port)), 20)
        wanted = {
            "Host": f"{host}:{port}",
            "Connection": "Upgrade",
            "Upgrade": "websocket",
            "Sec-WebSocket-Version": "13",
            "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
            **headers,
        }
        # An empty one is left out.
        lines = [f"{name}: {value}\r\n" for name, value in wanted.items() if value]
        path = "/socket.io/?EIO=4&transport=websocket"
        self.raw_socket.sendall(f"GET {path} HTTP/1.1\r\n{''.join(lines)}\r\n".encode())
        answer = b""
        # It may come in parts; who is refused may have nothing more to hear.
        with contextlib.suppress(ConnectionError):
            while b"\r\n\r\n" not in answer and (part := self.raw_socket.recv(65_536)):
                answer += part
        self.answer = answer.decode(errors="replace")

    @property
    def is_open(self) -> bool:
        """Whether the server has accepted the handshake."""
        return self.answer.startswith("HTTP/1.1 101 ")

    def wait_for_end(self) -> None:
        """Wait until the server hangs up; a goodbye of its gets no answer."""
        while self.raw_socket.recv(65_536):
            pass

    def drop(self) -> None:
        self.raw_socket.close()
