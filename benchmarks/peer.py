"""Our side of a join, packet by packet as our client sends it."""

import json
import socket
import time
from typing import Any

from .exchange import INTERNET, SDP, Batch, Batches, compact
from .wire import TIMEOUT, Connect, Wire

PATH = "/socket.io/?EIO=4&transport=websocket"


class Peer:
    """A socket that has joined a session; the ways to say and to hear something on it.

    :raises ConnectionError: if the server refuses the join; so do all that wait.
    """

    def __init__(
        self, address: str, token: str, connect: Connect = socket.create_connection, **shown: Any
    ) -> None:
        self.wire = Wire(address, PATH, connect)
        self._early: list[str] = []
        self.wait_for("0{")
        self.wire.send(join(token, **shown))
        self.ready = self.wait_for_event("session_ready")
        self.name = str(self.ready["peer_id"])
        # The host may be faster than the packet that says that the join is accepted.
        while not (text := self._next()).startswith("40/p2p,"):
            self._early.append(text)

    def wait_for(self, *starts: str) -> str:
        """Return the next packet that starts in one of these ways.

        :raises TimeoutError: if it doesn't come, though others may.
        """
        deadline = time.monotonic() + TIMEOUT
        while time.monotonic() < deadline:
            text = self._early.pop(0) if self._early else self._next()
            if text.startswith(starts):
                return text
            if text.startswith("44") or '"ok":false' in text[:40] or "session_error" in text[:40]:
                raise ConnectionError(text)
        raise TimeoutError(f"None of {starts} has come.")

    def wait_for_event(self, event: str) -> dict[str, Any]:
        text = self.wait_for(f'42/p2p,["{event}"')
        return dict(json.loads(text.partition(",")[2])[1])

    def report(self, peers: dict[str, str]) -> None:
        """Send a host's roster, and wait for the answer."""
        roster = {"epoch": self.ready["epoch"], "peers": peers}
        self.wire.send(say("session_roster", roster, 99))
        self.wait_for("43/p2p,99")

    def candidates(self, to: str, negotiation: str, batch: Batch) -> str:
        body = {"to": to, "epoch": self.ready["epoch"], "negotiation": negotiation}
        return say("ice_candidate", {**body, "candidates": batch})

    def description(self, event: str, to: str, negotiation: str, sdp: str = SDP) -> str:
        described = {"type": event.removeprefix("sdp_"), "sdp": sdp}
        body = {"to": to, "epoch": self.ready["epoch"], "negotiation": negotiation}
        return say(event, {**body, "description": described}, 1)

    def tend(self) -> None:
        """Answer the pings that have come while nobody was listening."""
        while self.wire.has_more:
            if self.wire.receive() == "2":
                self.wire.send("3")

    def leave(self) -> None:
        """Be released: all that is to say is said to the other peer from now on."""
        self.wire.send(say("session_leave", {"reason": "connected"}), "41/p2p,")
        self.wire.close()

    def _next(self) -> str:
        while (text := self.wire.receive()) == "2":
            self.wire.send("3")
        return text


def join(token: str, **shown: Any) -> str:
    return f"40/p2p,{compact({'token': token, **shown})}"


def say(event: str, payload: object, number: int | str = "") -> str:
    return f"42/p2p,{number}{compact([event, payload])}"


def negotiate(host: Peer, client: Peer, batches: Batches = INTERNET) -> None:
    """Connect a client that has joined to its host: offer, answer, candidates both ways."""
    name = client.name
    host.wait_for(f'42/p2p,["session_ready",{{"peer_id":"{name}"')
    first, *others = batches
    host.wire.send(host.description("sdp_offer", name, name), host.candidates(name, name, first))
    client.wait_for('42/p2p,["sdp_offer"')
    answer = client.description("sdp_answer", host.name, name)
    client.wire.send(answer, client.candidates(host.name, name, first))
    host.wait_for('42/p2p,["sdp_answer"')
    for batch in others:
        host.wire.send(host.candidates(name, name, batch))
        client.wire.send(client.candidates(host.name, name, batch))
    for peer in host, client:
        for _ in batches:
            peer.wait_for('42/p2p,["ice_candidate"')
