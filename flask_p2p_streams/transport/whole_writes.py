"""Writes the frames of a WebSocket as a whole, and none of data after its end."""

from typing import Any

from wsproto.connection import ConnectionState

from ..runtime.mutexes import Mutex

CONTROL = 0x08
"""The bit of a frame's first byte that control frames have (RFC 6455, section 5.5)."""


def may_follow_the_end(frame: bytes) -> bool:
    """Tell whether a frame may be written after a close frame.

    A frame of data may have been made before another thread has answered the client's close
    frame. Browsers report what comes after that as an error (RFC 6455, section 5.5.1).
    """
    return bool(frame[0] & CONTROL)


class WholeWrites:
    """The socket of a simple-websocket, which is written to by two threads.

    simple-websocket calls ``send()`` as if that always wrote everything. It may write a part only,
    and then frames would be mixed up.

    :param tcp_socket: the socket that is written to.
    :param protocol: the ``wsproto`` connection that makes the frames.
    :param mutex: held while a frame is written.
    """

    def __init__(self, tcp_socket: Any, protocol: Any, mutex: Mutex) -> None:
        self._tcp_socket = tcp_socket
        self._protocol = protocol
        self._mutex = mutex

    def __getattr__(self, name: str) -> Any:
        return getattr(self._tcp_socket, name)

    def send(self, data: bytes) -> int:
        """Write one frame, or several control frames; return how many bytes there were."""
        with self._mutex:
            if self._protocol.state is ConnectionState.OPEN or may_follow_the_end(data):
                self._tcp_socket.sendall(data)
        return len(data)
