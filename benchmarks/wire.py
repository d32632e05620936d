"""A WebSocket as a browser has it, on a bare socket, so that the load costs little itself.

permessage-deflate is offered and used (RFC 7692), as all browsers do; a server that doesn't
take it gets plain frames. Frames are masked (RFC 6455, section 5.3), always alike.
"""

import socket
import struct
import zlib
from collections.abc import Callable
from contextlib import suppress
from typing import Any

TIMEOUT = 15.0
MASK = b"\x5a\xa5\x3c\xc3"
TEXT, CLOSE, PING, PONG = 1, 8, 9, 10
COMPRESSED = 0x40
# What a compressed message would end with, and doesn't.
TAIL = b"\0\0\xff\xff"

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
        self._buffer = b""
        self._deflate: Any = None
        self._inflate: Any = None
        self._socket.sendall(
            (
                f"GET {path} HTTP/1.1\r\nHost: {address}\r\n"
                "Connection: Upgrade\r\nPragma: no-cache\r\nCache-Control: no-cache\r\n"
                "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like "
                "Gecko) Chrome/142.0.0.0 Safari/537.36\r\n"
                f"Upgrade: websocket\r\nOrigin: http://{address}\r\n"
                "Sec-WebSocket-Version: 13\r\nAccept-Encoding: gzip, deflate, br, zstd\r\n"
                "Accept-Language: en-US,en;q=0.9\r\n"
                "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n\r\n"
            ).encode()
        )
        while b"\r\n\r\n" not in self._buffer:
            self._fill()
        head, self._buffer = self._buffer.split(b"\r\n\r\n", 1)
        if b" 101 " not in head.split(b"\r\n", 1)[0]:
            raise ConnectionError(head.decode(errors="replace"))
        if b"permessage-deflate" in head:
            self._deflate = zlib.compressobj(zlib.Z_DEFAULT_COMPRESSION, zlib.DEFLATED, -15)
            self._inflate = zlib.decompressobj(-15)

    @property
    def is_compressed(self) -> bool:
        return self._deflate is not None

    @property
    def has_more(self) -> bool:
        """Whether something has been read that was not asked for yet."""
        return bool(self._buffer)

    def fileno(self) -> int:
        return int(self._socket.fileno())

    def send(self, *texts: str) -> None:
        """Send messages, each in a frame; what is sent together leaves together."""
        self._socket.sendall(b"".join(self._frame(text) for text in texts))

    def receive(self) -> str:
        """Return the next message.

        :raises ConnectionError: if the server has closed.
        """
        while True:
            first, payload = self._read_frame()
            kind = first & 0x0F
            if kind == PING:
                self._socket.sendall(_frame(0x80 | PONG, payload))
            elif kind == CLOSE:
                raise ConnectionError("The server has closed the WebSocket.")
            elif kind == TEXT:
                if first & COMPRESSED:
                    payload = self._inflate.decompress(payload + TAIL)
                return payload.decode()

    def close(self) -> None:
        """Say goodbye, wait for the server's, and hang up."""
        with suppress(OSError):
            self._socket.sendall(_frame(0x80 | CLOSE, b"\x03\xe8"))
            while True:
                self.receive()
        self._socket.close()

    def drop(self) -> None:
        """Hang up."""
        self._socket.close()

    def _frame(self, text: str) -> bytes:
        data = text.encode()
        if self._deflate is None:
            return _frame(0x80 | TEXT, data)
        packed = self._deflate.compress(data) + self._deflate.flush(zlib.Z_SYNC_FLUSH)
        return _frame(0x80 | COMPRESSED | TEXT, packed.removesuffix(TAIL))

    def _read_frame(self) -> tuple[int, bytes]:
        self._need(2)
        first, length = self._buffer[0], self._buffer[1]
        start = 2
        if length == 126:
            start = 4
            self._need(start)
            length = struct.unpack_from("!H", self._buffer, 2)[0]
        elif length == 127:
            start = 10
            self._need(start)
            length = struct.unpack_from("!Q", self._buffer, 2)[0]
        end = start + length
        self._need(end)
        payload, self._buffer = self._buffer[start:end], self._buffer[end:]
        return first, payload

    def _need(self, size: int) -> None:
        while len(self._buffer) < size:
            self._fill()

    def _fill(self) -> None:
        data = self._socket.recv(65_536)
        if not data:
            raise ConnectionError("The server has hung up.")
        self._buffer += data


def _frame(first: int, payload: bytes) -> bytes:
    size = len(payload)
    if size < 126:
        head = struct.pack("!BB", first, 0x80 | size)
    elif size < 65_536:
        head = struct.pack("!BBH", first, 0x80 | 126, size)
    else:
        head = struct.pack("!BBQ", first, 0x80 | 127, size)
    mask = int.from_bytes((MASK * (size // 4 + 1))[:size], "little")
    masked = int.from_bytes(payload, "little") ^ mask
    return head + MASK + masked.to_bytes(size, "little")
