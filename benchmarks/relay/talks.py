"""Talks in which messages go over a server: by our relay, and by a naive chat.

Our batches hold what is said within 10 ms, as the client's `server_path.js` makes them, and name
what has arrived. The chat's client has no batches: each message is an event.
"""

import json
import random
import select
import string
import time
from collections.abc import Sequence

from benchmarks.exchange import compact
from benchmarks.joins.rooms import tokens
from benchmarks.peer import Peer, say
from benchmarks.server import Server
from benchmarks.wire import TIMEOUT, Wire

CHAT_PATH = "/socket.io/?EIO=4&transport=websocket"


def text_of(size: int) -> str:
    """Return words, of so many characters together, that nobody has said before."""
    words = ("".join(random.choices(string.ascii_lowercase, k=5)) for _ in range(size // 6 + 1))
    return " ".join(words)[:size].ljust(size, ".")


class Talk:
    """Peers of one room. One begins, and then all is said that follows from it.

    :param wires: theirs, of which the first is the host's.
    """

    def __init__(self, wires: Sequence[Wire], size: int) -> None:
        self.wires = wires
        self.size = size
        self.said = self.heard = self.expected = 0

    def begin(self) -> None:
        """Let the first client say something."""
        raise NotImplementedError

    def hear(self, wire: Wire, text: str) -> None:
        """Take a packet of the server's, and say what follows from it."""
        if text == "2":
            wire.send("3")
        else:
            self.take(wire, text)

    def take(self, wire: Wire, text: str) -> None:
        raise NotImplementedError

    def close(self) -> None:
        for wire in self.wires:
            wire.drop()


class RelayedTalk(Talk):
    """A host, and clients that reach it over the server only.

    :param together: how many messages travel in one batch.

    Of two, each says its part. Of more, the host passes on to all clients what one of them says,
    with its sender and its place, and to that one as well, as our client does.
    """

    def __init__(
        self, server: Server, session_id: str, size: int, *, peers: int = 2, together: int = 1
    ) -> None:
        names = tokens(server.address, session_id, "peer", peers)
        self._peers = [Peer(server.address, each) for each in names]
        super().__init__([each.wire for each in self._peers], size)
        self._together = together
        self._sent = [0] * peers
        self._received = [0] * peers
        self._ids = {each.name: place for place, each in enumerate(self._peers)}

    def begin(self) -> None:
        self.said += self._together
        self.expected += self._together * len(self._peers)
        self._send(1, 0, [self._message() for _ in range(self._together)])

    def take(self, wire: Wire, text: str) -> None:
        if text.startswith("43/p2p,"):
            assert text.endswith('[{"ok":true}]'), text
        if not text.startswith('42/p2p,["relay"'):
            return
        place = self.wires.index(wire)
        batch = json.loads(text.partition(",")[2])[1]
        link = place or self._ids[batch["from"]]
        self._received[place] = batch["n"]
        self.heard += len(batch["packets"])
        if place == 0:
            self._answer(link, batch["packets"])

    def _answer(self, link: int, packets: list[str]) -> None:
        if len(self._peers) == 2:
            self.said += len(packets)
            return self._send(0, 1, [self._message() for _ in packets])
        name = self._peers[link].name
        passed = [
            compact({**json.loads(each), "senderId": name, "inc": "k3v9x2", "n": self.said})
            for each in packets
        ]
        for client in range(1, len(self._peers)):
            self._send(0, client, passed)
        return None

    def _send(self, sender: int, to: int, packets: list[str]) -> None:
        client = sender or to
        # A number of its own for each link and direction; the bytes are what counts here.
        self._sent[client if sender == 0 else 0] += 1
        peer = self._peers[sender]
        batch = {
            "to": self._peers[to].name,
            "epoch": peer.ready["epoch"],
            "negotiation": f"0f8a6c1e-{client:04}/1",
            "n": self._sent[client if sender == 0 else 0],
            "ack": self._received[sender],
            "packets": packets,
        }
        peer.wire.send(say("relay", batch, self.said))

    def _message(self) -> str:
        return compact({"type": "Data", "id": self.said, "data": text_of(self.size)})


class ChatTalk(Talk):
    """The same by events that the server passes on to the others in the room."""

    def __init__(self, server: Server, room: str, size: int, *, peers: int = 2) -> None:
        super().__init__([Wire(server.address, CHAT_PATH) for _ in range(peers)], size)
        self._room = room
        for wire in self.wires:
            wire.receive()
            wire.send("40")
            while not wire.receive().startswith("40{"):
                pass
            wire.send(f"42{compact(['enter', room])}")
        self._await_all()

    def begin(self) -> None:
        self.said += 1
        self.expected += 2 if len(self.wires) == 2 else len(self.wires) - 1
        self._say(self.wires[1])

    def take(self, wire: Wire, text: str) -> None:
        if not text.startswith('42["message"'):
            return
        self.heard += 1
        if len(self.wires) == 2 and wire is self.wires[0]:
            self.said += 1
            self._say(wire)

    def _say(self, wire: Wire) -> None:
        body = {"room": self._room, "data": {"id": self.said, "data": text_of(self.size)}}
        wire.send(f"42{compact(['message', body])}")

    def _await_all(self) -> None:
        # Each enters in a thread or greenlet of its own: say something until all have heard it.
        deadline = time.monotonic() + TIMEOUT
        for wire in self.wires[1:]:
            while not wire.has_more and time.monotonic() < deadline:
                self._say(self.wires[0])
                select.select([wire], [], [], 0.1)
        while not self.wires[0].has_more and time.monotonic() < deadline:
            self._say(self.wires[1])
            select.select([self.wires[0]], [], [], 0.1)
        _drain(self.wires)


def _drain(wires: Sequence[Wire]) -> None:
    while select.select(wires, [], [], 0.3)[0]:
        for wire in wires:
            while wire.has_more:
                wire.receive()


def converse(talks: Sequence[Talk], per_second: float, seconds: float) -> None:
    """Let each talk begin so often, one after the other, and wait until all is heard.

    :raises TimeoutError: if something isn't.
    """
    owners = {wire: talk for talk in talks for wire in talk.wires}
    pause = 1 / per_second / len(talks)
    due = time.monotonic()
    over = due + seconds
    turn = 0
    while (now := time.monotonic()) < over:
        if now >= due:
            talks[turn % len(talks)].begin()
            turn += 1
            due += pause
        hear(owners, max(0.0, due - time.monotonic()))
    deadline = time.monotonic() + TIMEOUT
    while any(talk.heard < talk.expected for talk in talks):
        hear(owners, 0.1)
        if time.monotonic() > deadline:
            raise TimeoutError("Not all that was said has been heard.")


def hear(owners: dict[Wire, Talk], timeout: float) -> None:
    """Take what has come, and what comes within so many seconds."""
    for wire in select.select(owners, [], [], timeout)[0]:
        while True:
            owners[wire].hear(wire, wire.receive())
            if not wire.has_more:
                break
