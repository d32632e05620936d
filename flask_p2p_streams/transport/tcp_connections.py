"""The TCP connections beneath requests: how to find one, speed it up, and end it."""

import socket
import struct
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

RESET_ON_CLOSE = struct.pack("ii", 1, 0)
BLOCK = 65_536


def tcp_socket_of(environ: Mapping[str, Any]) -> Any:
    """Return the socket that a request came by; None where its server hides it."""
    for key in ("werkzeug.socket", "gunicorn.socket"):
        if key in environ:
            return environ[key]
    if "eventlet.input" in environ:
        return environ["eventlet.input"].get_socket()
    return getattr(getattr(_reader_of(environ), "raw", None), "_sock", None)


def set_no_delay(environ: Mapping[str, Any]) -> bool:
    """Set ``TCP_NODELAY`` on a request's socket; return whether there was one to set it on."""
    tcp_socket = tcp_socket_of(environ)
    if tcp_socket is None:
        return False
    try:
        tcp_socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    except OSError:
        # A Unix socket, or one that has gone already: there is nothing to gain.
        return False
    return True


def shut(tcp_socket: Any) -> None:
    """End a connection in both directions, whoever waits for it now."""
    if tcp_socket is not None:
        with suppress(OSError):
            tcp_socket.shutdown(socket.SHUT_RDWR)


def cut(tcp_socket: Any) -> None:
    """End a connection at once, and throw away what its client hasn't read."""
    if tcp_socket is not None:
        with suppress(OSError):
            # Else the kernel keeps that, and offers it for minutes.
            tcp_socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
    shut(tcp_socket)


def end(environ: Mapping[str, Any]) -> bool:
    """End a request's connection, so that its server reads no further request from it.

    As a server does after a WebSocket (RFC 6455, section 7.1.1). What has come by then
    can still be read behind a shutdown, and a part may be in the server's buffer.
    Return whether the server has let the connection be found.
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
    # A server's own reader, without what keeps an app within the body of its request.
    stream = environ.get("wsgi.input")
    if "gunicorn.socket" in environ:
        reader = getattr(stream, "reader", None)
        return getattr(getattr(reader, "req", reader), "unreader", None)
    return getattr(stream, "rfile", stream)
