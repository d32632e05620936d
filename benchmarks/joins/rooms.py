"""Sessions that newcomers join one after the other, at our server and at PeerServer."""

import json

from benchmarks import peer
from benchmarks.exchange import INTERNET, Batches
from benchmarks.peer import Peer
from benchmarks.server import Server, get

from . import peerjs
from .peerjs import PeerJs

CONFIG = {
    "P2P_JOIN_RATE": 1e6,
    "P2P_SIGNAL_RATE": 1e6,
    "P2P_SESSION_SIGNAL_RATE": 1e6,
    "P2P_SOCKETIO_OPTIONS": {"ping_timeout": 120},
}
"""The limits stay on, but out of the way of one host that has all newcomers; and whoever has to
wait for its turn may answer its pings late."""


def tokens(address: str, session_id: str, prefix: str, count: int) -> list[str]:
    return list(json.loads(get(address, f"/tokens/{session_id}/{prefix}/{count}")))


class Room:
    """A session that newcomers join, each after the one before it has been released."""

    def __init__(self, server: Server) -> None:
        self.server = server

    def prepare(self, count: int) -> None:
        """Do what has to be done before so many newcomers join."""

    def join(self, count: int) -> None:
        raise NotImplementedError

    def report(self) -> None:
        """Do what the host does when its peers have changed."""

    def tend(self) -> None:
        """Do what a member does that only waits."""

    def close(self) -> None:
        raise NotImplementedError


class OurRoom(Room):
    """A session of ``size`` peers: the host, the newcomer, and others, with or without sockets."""

    def __init__(
        self, server: Server, size: int, *, kept: bool = False, batches: Batches = INTERNET
    ) -> None:
        super().__init__(server)
        self._session = f"room-{size}-{len(batches)}"
        self._batches = batches
        self._rounds = 0
        self._host = Peer(server.address, tokens(server.address, self._session, "host", 1)[0])
        others = tokens(server.address, self._session, "member", size - 2)
        self._members = [Peer(server.address, each) for each in others] if kept else []
        self._roster = {"host-0": "connected"}
        self._roster |= {f"member-{each}": "connected" for each in range(size - 2)}
        self.report()
        self._tokens: list[str] = []

    def prepare(self, count: int) -> None:
        """Get the tokens of the next newcomers, which real ones find in their page."""
        prefix = f"newcomer-{self._rounds}"
        self._tokens = tokens(self.server.address, self._session, prefix, count)
        self._rounds += 1

    def join(self, count: int) -> None:
        for token in self._tokens:
            newcomer = Peer(self.server.address, token)
            peer.negotiate(self._host, newcomer, self._batches)
            newcomer.leave()

    def report(self) -> None:
        """Say who is here; the newcomers of before are not any more."""
        self._host.report(self._roster)

    def tend(self) -> None:
        for each in self._host, *self._members:
            each.tend()

    def close(self) -> None:
        for each in self._host, *self._members:
            each.wire.drop()


class PeerServerRoom(Room):
    """The same at PeerServer, which knows of no sessions, and has nobody tended within 90 s.

    :param asked: whether newcomers ask the server for their name first, as PeerJS does
        where the page gives it none.
    """

    def __init__(self, server: Server, *, asked: bool = False, batches: Batches = INTERNET) -> None:
        super().__init__(server)
        self._asked = asked
        self._batches = batches
        self._name = f"{asked}-{len(batches)}"
        self._host = PeerJs(server.address, f"host-{self._name}")
        self._count = 0

    def join(self, count: int) -> None:
        for _ in range(count):
            self._count += 1
            given = f"newcomer-{self._name}-{self._count}"
            name = get(self.server.address, "/peerjs/id") if self._asked else given
            newcomer = PeerJs(self.server.address, name)
            peerjs.negotiate(self._host, newcomer, self._batches)
            newcomer.wire.close()

    def close(self) -> None:
        self._host.wire.drop()
