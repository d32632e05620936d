"""The TCP connections of requests: how to find one, speed it up and end it."""

import socket
import struct
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

RESET_ON_CLOSE = struct.pack("ii", 1, 0)
BLOCK = 65_536


def tcp_socket_of(environ: Mapping[str, Any]) -> Any:
    """Return the TCP socket that a request came by; None if the server doesn't give it out."""
    for key in ("werkzeug.socket", "gunicorn.socket"):
        if key in environ:
            return environ[key]
    if "eventlet.input" in environ:
        return environ["eventlet.input"].get_socket()
    return getattr(getattr(_reader_of(environ), "raw", None), "_sock", None)


def set_no_delay(environ: Mapping[str, Any]) -> bool:
    """Set ``TCP_NODELAY`` on a request's TCP socket; return whether the socket was found."""
    tcp_socket = tcp_socket_of(environ)
    if tcp_socket is None:
        return False
    try:
        tcp_socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    except OSError:
        # It is a Unix socket, or closed already: there is nothing to gain.
        return False
    return True


def shut(tcp_socket: Any) -> None:
    """End a connection in both directions, even while other threads wait for it."""
    if tcp_socket is not None:
        with suppress(OSError):
            tcp_socket.shutdown(socket.SHUT_RDWR)


def cut(tcp_socket: Any) -> None:
    """End a connection at once, and drop the data that its client hasn't read."""
    if tcp_socket is not None:
        with suppress(OSError):
            # Otherwise the kernel keeps that data, and tries to send it for minutes.
            tcp_socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
    shut(tcp_socket)


def end(environ: Mapping[str, Any]) -> bool:
    """End a request's connection, so that its server reads no further request from it.

    A server does so after a WebSocket (RFC 6455, section 7.1.1). A shutdown alone isn't enough:
    data that has come before it can still be read, and some may be in the server's buffer.
    Return whether the TCP socket was found.
    """
    tcp_socket = tcp_socket_of(environ)
    if tcp_socket is None:
        return False
    shut(tcp_socket)
    reader = _reader_of(environ)
    with suppress(OSError, ValueError):
        while reader is not None and reader.read(BLOCK):
            pass
    return True


def _reader_of(environ: Mapping[str, Any]) -> Any:
    # The server's own reader, without the wrapper that limits an app to the body of its request.
    stream = environ.get("wsgi.input")
    if "gunicorn.socket" in environ:
        reader = getattr(stream, "reader", None)
        return getattr(getattr(reader, "req", reader), "unreader", None)
    return getattr(stream, "rfile", stream)
