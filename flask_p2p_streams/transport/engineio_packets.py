"""Engine.IO's own packets on a WebSocket; those that a client has no reason for are refused."""

import re
from collections.abc import Callable
from typing import Any

from ..metrics import Metrics

# A message holds a Socket.IO packet, which begins with its type. All other packets are short
# ("2probe" is the longest). Engine.IO would read any other text as JSON, however deep it nests.
FRAME = re.compile(r"4[0-9]|[0-35-6][^\[{]{0,15}\Z")
CLOSE, PONG, MESSAGE, NOOP = "1", "3", "4", "6"
MESSAGES_IN_A_ROW = 16
"""Messages of one connection that are handled before other connections get their turn."""


def is_asked_for(connection: Any, packet: str) -> bool:
    """Tell whether a client of an Engine.IO connection has a reason to send a packet.

    A client may send messages and a close, and a pong in answer to a ping. All other kinds are
    sent by the server, or belong to an upgrade.
    """
    if packet[:1] == PONG:
        return connection.last_ping is not None
    return packet[:1] in (MESSAGE, CLOSE)


class CheckedWebSocket:
    """A WebSocket that hands Engine.IO only the packets that a client may send.

    If Engine.IO gets a frame that it can't read, the connection is closed but not ended until the
    next ping. An error while receiving ends it at once, so such frames raise one.

    :param connection: Engine.IO's connection.
    :param refuse: takes note of a refused packet, and returns whether the connection may stay.
    :param give_way: lets other threads or greenlets run.
    """

    def __init__(
        self,
        websocket: Any,
        connection: Any,
        metrics: Metrics,
        refuse: Callable[[], bool],
        give_way: Callable[[], object],
    ) -> None:
        self._websocket = websocket
        self._connection = connection
        self._metrics = metrics
        self._refuse = refuse
        self._give_way = give_way
        self._in_a_row = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._websocket, name)

    def wait(self) -> Any:
        """Return the next message; None at the end.

        :raises ValueError: if it can't be read, or too many were refused.
        """
        while True:
            self._take_turns()
            data = self._websocket.wait()
            if not isinstance(data, str):
                return data
            is_frame = FRAME.match(data) is not None
            if not self._connection.upgraded:
                # Engine.IO checks the two packets of an upgrade itself.
                return data if is_frame else NOOP
            if self._is_fine(data, is_frame):
                return data

    def _take_turns(self) -> None:
        self._in_a_row = (self._in_a_row + 1) % MESSAGES_IN_A_ROW
        if not self._in_a_row:
            self._give_way()

    def _is_fine(self, packet: str, is_frame: bool) -> bool:
        if not is_frame:
            self._metrics.bad_packet()
            raise ValueError("This is no frame of Engine.IO's.")
        if is_asked_for(self._connection, packet):
            return True
        if not self._refuse():
            raise ValueError("These are packets that nobody has asked for.")
        return False
