"""Engine.IO's own packets on a WebSocket: those that nobody has asked for are refused."""

import re
from collections.abc import Callable
from typing import Any

from ..metrics import Metrics

# A message holds a Socket.IO packet, which begins with its type. Everything else is short
# ("2probe" is the longest), and Engine.IO would read any other text as JSON, however deep.
FRAME = re.compile(r"4[0-9]|[0-35-6][^\[{]{0,15}\Z")
CLOSE, PONG, MESSAGE, NOOP = "1", "3", "4", "6"
MESSAGES_IN_A_ROW = 16
"""The messages of one connection that are handled before others get their turn."""


def is_asked_for(connection: Any, packet: str) -> bool:
    """Tell whether a client of an Engine.IO connection has a reason to send a packet.

    A pong answers a ping; the other kinds are the server's, or belong to an upgrade.
    """
    if packet[:1] == PONG:
        return connection.last_ping is not None
    return packet[:1] in (MESSAGE, CLOSE)


class CheckedWebSocket:
    """A WebSocket of which Engine.IO hears only what a client may say.

    A frame that Engine.IO can't read would leave a connection that is closed but not
    ended for the time of a ping; one that can't be received is ended properly.

    :param connection: Engine.IO's.
    :param refuse: takes note of a packet that nobody asked for, and returns whether the
        connection may stay.
    :param give_way: lets others run.
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

        :raises ValueError: if it can't be read, or too many were rubbish.
        """
        while True:
            self._take_turns()
            data = self._websocket.wait()
            if not isinstance(data, str):
                return data
            is_frame = FRAME.match(data) is not None
            if not self._connection.upgraded:
                # Engine.IO looks at the two packets of an upgrade itself.
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
