"""A STUN server for the tests of what looks for one: binding requests only (RFC 8489)."""

import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tests.kit.waiting import PATIENCE

COOKIE = 0x2112A442
Answer = Callable[[bytes], bytes | None]


def binding_success(request: bytes) -> bytes:
    """Answer with the mapped address of nobody in particular."""
    kind, _, cookie = struct.unpack("!HHI", request[:8])
    assert (kind, cookie) == (0x0001, COOKIE)
    attribute = struct.pack("!HHBBHI", 0x0020, 8, 0, 1, 0, 0)
    return struct.pack("!HHI", 0x0101, len(attribute), COOKIE) + request[8:20] + attribute


@contextmanager
def stun_server(answer: Answer = binding_success) -> Iterator[int]:
    """Run a server on loopback, and give its port."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        port = server.getsockname()[1]
        thread = threading.Thread(target=_serve, args=(server, answer))
        thread.start()
        try:
            yield port
        finally:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as last:
                last.sendto(b"", ("127.0.0.1", port))
            thread.join(PATIENCE)


def _serve(server: socket.socket, answer: Answer) -> None:
    while True:
        request, client = server.recvfrom(2048)
        if not request:
            return
        response = answer(request)
        if response is not None:
            server.sendto(response, client)
