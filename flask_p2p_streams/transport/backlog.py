"""Counts the bytes that wait until one client reads them, and limits them."""

import sys
import threading
from collections import deque
from collections.abc import Callable
from typing import Any

from ..limits.budgets import APP_SHARE, PACKET_BYTES, RELAY_DROPPED_PART

Cost = Callable[[Any], int]
IsRelayed = Callable[[Any], bool]


class Backlog:
    """The bytes that wait for one connection: in its queue, or taken from there to be written.

    :param limit: the bytes that may wait; a single packet may cost more.
    :param cost: a function that returns how many bytes a packet counts for.
    """

    def __init__(self, limit: int, cost: Cost) -> None:
        self._limit = limit
        self._cost = cost
        self._bytes = 0
        self._taken: deque[int] = deque()
        self._mutex = threading.Lock()
        self.tcp_sockets: set[Any] = set()
        """The TCP sockets by which the bytes are to be sent."""
        self._is_full = self._is_told = False

    @property
    def bytes(self) -> int:
        """The bytes that wait now."""
        return self._bytes

    def admit(self, packet: Any) -> bool:
        """Count a packet if it may wait, and tell whether it may; after a refused one, none may."""
        cost = self._cost(packet)
        with self._mutex:
            over = self._bytes > 0 and self._bytes + cost > self._limit
            self._is_full = self._is_full or over
            if not self._is_full:
                self._bytes += cost
            return not self._is_full

    def overflows(self) -> bool:
        """Tell whether more than the limit has come; True only once."""
        with self._mutex:
            is_news = self._is_full and not self._is_told
            self._is_told = self._is_full
            return is_news

    def take(self, packet: Any) -> None:
        """Count a packet as taken from the queue; it still waits to be written."""
        with self._mutex:
            self._taken.append(self._cost(packet))

    def written(self) -> None:
        """Count the packet that was taken first as written."""
        with self._mutex:
            if self._taken:
                self._bytes -= self._taken.popleft()

    def answered(self, size: int) -> None:
        """Count all that was taken as one answer of ``size`` bytes, which is being written."""
        with self._mutex:
            self._bytes += size - sum(self._taken)
            self._taken.clear()

    def answer_written(self, size: int) -> None:
        """Count an answer of ``size`` bytes as written."""
        with self._mutex:
            self._bytes -= size


def cost_in(namespace: str) -> Cost:
    """Return a function that returns a packet's cost: its bytes, or a share for the app's own."""
    ours = tuple(f"{kind}{namespace}," for kind in range(5))

    def cost(packet: Any) -> int:
        data = packet.data
        size = PACKET_BYTES + sys.getsizeof(data)
        is_ours = isinstance(data, str) and data.startswith(ours)
        return size if is_ours else size // APP_SHARE

    return cost


def relayed_in(namespace: str) -> IsRelayed:
    """Return a function that tells whether a packet is a relayed batch, which may get lost."""
    head = f'2{namespace},["relay",'

    def is_relayed(packet: Any) -> bool:
        return isinstance(packet.data, str) and packet.data.startswith(head)

    return is_relayed


def bounded(
    queue_class: Any,
    limit: int,
    cost: Cost,
    overflow: Callable[[Any], object],
    is_relayed: IsRelayed,
    dropped: Callable[[], object],
) -> Any:
    """Return a class of queues that refuse packets when too much waits.

    :param queue_class: the class of queues of the async mode.
    :param overflow: called once with a queue that is full.
    :param dropped: called for each relayed batch that is left out, so that others find room.
    """
    most_relayed = limit // RELAY_DROPPED_PART

    class BoundedQueue(queue_class):  # type: ignore[misc]
        def __init__(self, *arguments: Any) -> None:
            super().__init__(*arguments)
            self.backlog = Backlog(limit, cost)

        def put(self, item: Any, block: bool = True, timeout: float | None = None) -> None:
            if item is not None and self.backlog.bytes > most_relayed and is_relayed(item):
                dropped()
                return
            # None means that no more packets come.
            if item is None or self.backlog.admit(item):
                super().put(item, block, timeout)
            elif self.backlog.overflows():
                overflow(self)

        def get(self, block: bool = True, timeout: float | None = None) -> Any:
            item = super().get(block, timeout)
            if item is not None:
                self.backlog.take(item)
            return item

    return BoundedQueue
