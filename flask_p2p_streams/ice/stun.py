"""Asks STUN and TURN servers whether they answer (RFC 8489)."""

import selectors
import socket
import struct
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from secrets import token_bytes
from typing import NamedTuple

from .servers import ice_url

MAGIC_COOKIE = 0x2112A442
BINDING_REQUEST = 0x0001
BINDING_ANSWERS = (0x0101, 0x0111)
"""The types of success and error responses (RFC 8489, section 6): an error is an answer, too."""
RESEND_AFTER = 0.5
"""Seconds after which a request is sent again (RFC 8489, section 6.2.1)."""
MAX_ADDRESSES = 4
"""The most addresses of one host name that are asked."""


class Endpoint(NamedTuple):
    """The address of a server, and the protocol to reach it: "udp", "tcp" or "dtls"."""

    host: str
    port: int
    transport: str


def endpoint(url: str) -> Endpoint:
    """Return the endpoint at which the server of an ICE URL listens.

    :raises ValueError: if the URL isn't valid.
    """
    parts = ice_url(url)
    is_secure = parts.scheme.endswith("s")
    transport = parts.transport or ("tcp" if is_secure else "udp")
    if is_secure and transport == "udp":
        transport = "dtls"
    return Endpoint(parts.host, parts.port or (5349 if is_secure else 3478), transport)


def answers(server: Endpoint, seconds: float) -> bool:
    """Tell whether a server answers a binding request within some seconds.

    Over TCP, it is enough that the server accepts a connection.

    :raises OSError: if its name can't be resolved, or a connection is refused.
    """
    if server.transport == "udp":
        return _answers_udp(server, seconds)
    with socket.create_connection((server.host, server.port), seconds):
        return True


def _answers_udp(server: Endpoint, seconds: float) -> bool:
    request = struct.pack("!HHI12s", BINDING_REQUEST, 0, MAGIC_COOKIE, token_bytes(12))
    deadline = time.monotonic() + seconds
    with ExitStack() as stack:
        selector = stack.enter_context(selectors.DefaultSelector())
        sockets = [stack.enter_context(each) for each in _sockets(server)]
        for each in sockets:
            selector.register(each, selectors.EVENT_READ)
        while (left := deadline - time.monotonic()) > 0:
            for each in sockets:
                with suppress(OSError):
                    each.send(request)
            if _is_answered(selector, request, min(left, RESEND_AFTER)):
                return True
    return False


def _is_answered(selector: selectors.BaseSelector, request: bytes, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while (left := deadline - time.monotonic()) > 0:
        for key, _ in selector.select(left):
            # For a closed port, the answer is an error here; another address may still answer.
            with suppress(OSError):
                if _matches(key.fileobj.recv(2048), request):  # type: ignore[union-attr]
                    return True
    return False


def _matches(answer: bytes, request: bytes) -> bool:
    if len(answer) < 20 or answer[4:20] != request[4:20]:
        return False
    return int.from_bytes(answer[:2], "big") in BINDING_ANSWERS


def _sockets(server: Endpoint) -> Iterator[socket.socket]:
    found = socket.getaddrinfo(server.host, server.port, type=socket.SOCK_DGRAM)
    for family, kind, protocol, _, address in found[:MAX_ADDRESSES]:
        one = socket.socket(family, kind, protocol)
        one.setblocking(False)
        try:
            one.connect(address)
        except OSError:
            # There is no route to the address, which is common for IPv6.
            one.close()
        else:
            yield one
