"""Relayed clients that say as much as they may, or more, in a process of its own.

What they send is made once, and what they get is thrown away, so that they hardly use the core
that they share with those who are measured.
"""

import multiprocessing
import socket
import struct
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from benchmarks.exchange import compact
from benchmarks.peer import Peer, say

from .talks import text_of

TICK = 0.05
BATCHES_A_SECOND = 118.0
"""A little less than a client's limit."""
PACKET_BYTES = 140
"""With it, twenty clients say what a session may relay."""
SMALL = 65_535
RELAYED = b'["relay"'


@dataclass(frozen=True)
class Flood:
    """So many clients, and how many batches each sends a second."""

    clients: int
    per_second: float = BATCHES_A_SECOND


FLOODS = {
    "one client, as much as it may": Flood(1),
    "twenty clients, as much as they may": Flood(20),
    "one client, far more than it may": Flood(1, 5_000.0),
}


class Flooding:
    """A flood for as long as the block lasts.

    :param tokens: the host's, the clients', and more for those that are closed and come again.
    """

    def __init__(self, address: str, tokens: list[str], flood: Flood) -> None:
        context = multiprocessing.get_context("spawn")
        self._over, self._ready = context.Event(), context.Event()
        self._counts = context.Value("q", 0), context.Value("q", 0)
        arguments = (address, tokens, flood, self._ready, self._over, self._counts)
        self._process = context.Process(target=_run, args=arguments)

    @property
    def counts(self) -> tuple[int, int]:
        """How many batches were sent, and how many of them passed on."""
        sent, passed = self._counts
        return int(sent.value), int(passed.value)

    def __enter__(self) -> "Flooding":
        self._process.start()
        assert self._ready.wait(60)
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._process.join(20)
        assert self._process.exitcode == 0


def _run(address: str, tokens: list[str], flood: Flood, ready: Any, over: Any, counts: Any) -> None:
    host, *rest = tokens
    more = iter(rest)
    sent, passed = counts
    listener = _Sender(address, host, None)
    senders = [_Sender(address, next(more), listener.peer) for _ in range(flood.clients)]
    ready.set()
    started, done = time.monotonic(), 0
    while not over.is_set():
        due = int((time.monotonic() - started) * flood.per_second) - done
        done += due
        passed.value += listener.hear()
        for place, sender in enumerate(senders):
            taken = sender.send(due)
            if taken is None:
                senders[place] = _again(address, more, listener.peer) or sender
            else:
                sent.value += taken
        over.wait(TICK)
    for each in listener, *senders:
        each.hang_up()


def _again(address: str, tokens: Iterator[str], host: Peer) -> "_Sender | None":
    # It may be refused for a while: who was closed may not come again at once for ever.
    with suppress(ConnectionError, OSError, StopIteration):
        return _Sender(address, next(tokens), host)
    return None


class _Sender:
    def __init__(self, address: str, token: str, host: Peer | None) -> None:
        self.peer = Peer(address, token)
        self._socket: socket.socket = self.peer.wire.detach()
        self._socket.setblocking(False)
        self._left = bytearray()
        batch = {
            "to": host.name if host else "",
            "epoch": self.peer.ready["epoch"],
            "negotiation": "0f8a6c1e/1",
            "n": 1,
            "ack": 1,
            "packets": [compact({"type": "Data", "id": 1, "data": text_of(PACKET_BYTES - 40)})],
        }
        self._frame = _masked(say("relay", batch, 7).encode())

    def send(self, count: int) -> int | None:
        """Send so many batches, or as many as the server reads; return None if it has hung up."""
        if len(self._left) < SMALL:
            self._left += self._frame * count
        queued = len(self._left)
        try:
            self.hear()
            del self._left[: self._socket.send(self._left)]
        except BlockingIOError:
            pass
        except OSError:
            self._socket.close()
            return None
        return round((queued - len(self._left)) / len(self._frame))

    def hang_up(self) -> None:
        """Close so that the server also forgets what it hasn't read yet."""
        with suppress(OSError):
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._socket.close()

    def hear(self) -> int:
        """Return how many batches have come.

        :raises OSError: if the server has hung up.
        """
        count = 0
        with suppress(BlockingIOError):
            while data := self._socket.recv(1 << 18):
                count += data.count(RELAYED)
            raise ConnectionResetError
        return count


def _masked(text: bytes) -> bytes:
    """Return a WebSocket frame of a client's, whose mask changes nothing (RFC 6455, 5.3)."""
    assert 125 < len(text) <= SMALL
    return b"\x81\xfe" + struct.pack("!H", len(text)) + bytes(4) + text
