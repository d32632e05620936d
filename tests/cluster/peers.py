"""A peer as a browser is one, as far as signaling goes: it comes back, waits, claims a loss."""

import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

from flask_p2p_streams.tokens import Signer
from tests.cluster.claims import Claims
from tests.cluster.line import Address, Line
from tests.kit.packets import Packet, Packets
from tests.kit.waiting import until

KEYS, AUDIENCE = ["a key for tests"], "the workers"
DAY = 86_400.0
"""Seconds that tokens are good for: also at a worker whose clock is an hour ahead."""

MEETING_TIMEOUT = 30.0
"""Seconds that those who join together wait for each other's sockets."""
REPEAT = 2.0
"""Seconds after which a host repeats an offer that nobody has answered."""
ROSTER_PAUSE = 0.3
"""Seconds after which a host tells the server of a change."""
OFFER_TIMEOUT = 3.0
"""Seconds without an offer after which a client claims that its host is lost."""


def token(session_id: str, peer_id: str, age: float = 0) -> str:
    """Return the token of a page that was rendered so many seconds ago."""
    signer = Signer(KEYS, AUDIENCE, lambda: time.time() - age)
    return signer.token(session_id, peer_id, DAY, 600)


class Peer(Line):
    """One peer of a session.

    Its connections are made of an offer and an answer; they last whatever becomes of its socket,
    until `lose_host()`, or until it follows another host.

    :param obeys: whether it goes when it is told to.
    :param shown: the token that it comes with, in place of one from a right clock.
    :param start: where it meets those with whom it joins at the same moment.
    """

    def __init__(
        self,
        claims: Claims,
        session_id: str,
        peer_id: str,
        workers: Sequence[Address],
        *,
        returns: bool = True,
        obeys: bool = True,
        shown: str | None = None,
        start: threading.Barrier | None = None,
    ) -> None:
        super().__init__(peer_id, workers, returns=returns)
        self.session_id = session_id
        self.peer_id = peer_id
        self.role: str | None = None
        self.host: str | None = None
        self.epoch = 0
        self.seat: str | None = None
        self.lost_epoch: int | None = None
        self.linked: dict[str, int] = {}
        """The peers that this one is connected with, and the epoch of each connection."""
        self.events: list[tuple[str, Any]] = []
        self.refusals: list[dict[str, Any]] = []
        self.dismissals = 0
        self.told: set[str] = set()
        """The peers of which the server knows by this host that they are connected."""
        self._rosters: dict[int, set[str]] = {}
        self._claims = claims
        self._obeys = obeys
        self._token = token(session_id, peer_id) if shown is None else shown
        self._start = start
        self._offers: dict[str, dict[str, Any]] = {}

    # What it does

    def lose_host(self) -> None:
        """Lose the connection to the host, and say so to the server."""
        self.lost_epoch = self.epoch
        self.linked.clear()
        self.ask("session_join", self._shown())

    def credentials(self) -> dict[str, Any]:
        start, self._start = self._start, None
        if start is not None:
            start.wait(MEETING_TIMEOUT)
        return {"token": self._token, **self._shown()}

    # What it waits for

    def wait(self, condition: Callable[["Peer"], object], what: str) -> "Peer":
        until(lambda: self.trouble or condition(self), lambda: f"{self} is not {what}.")
        assert self.trouble is None, self.trouble
        return self

    def wait_for_role(self, role: str) -> "Peer":
        """Wait until it is the host, or a client that is connected with its host."""
        if role == "host":
            return self.wait(lambda peer: peer.role == "host", "host")
        return self.wait(lambda peer: peer.role == "client" and peer.host in peer.linked, "linked")

    def wait_until_told(self, *peers: "Peer") -> None:
        """Wait until the server knows by this host that these are connected."""
        names = {peer.peer_id for peer in peers}
        self.wait(lambda peer: peer.told >= names, f"known to be connected with {names}")

    def received(self, event: str) -> list[Any]:
        return [payload for name, payload in self.events if name == event]

    def __str__(self) -> str:
        return (
            f"{self.peer_id} ({self.role} of {self.host} in {self.epoch}, linked with "
            f"{list(self.linked)[-3:]}, refused {self.refusals[-2:]}, heard {self.events[-4:]})"
        )

    # What it hears

    def take(self, wire: Packets, packet: Packet) -> None:
        self._claims.hear(self.session_id, self.peer_id, packet.payload)
        if packet.kind == "ack" and packet.number is not None:
            self._take_answer(wire, packet.number, packet.payload)
        elif packet.kind == "connect_error":
            self._refused(wire, packet.payload["data"])
        elif packet.kind == "disconnect":
            self.dismissals += 1
            self._over = self._obeys
        elif packet.kind == "event":
            self.events.append((packet.event, packet.payload))
            self._take_event(wire, packet)

    def _take_answer(self, wire: Packets, number: int, answer: Any) -> None:
        error = answer.get("error") if isinstance(answer, dict) else None
        if error and error.get("retry_after_ms") is not None:
            self.refusals.append(error)
            self.after(error["retry_after_ms"] / 1000, "join", lambda: self._join_again(wire))
        if number in self._rosters and answer.get("ok"):
            self.told = self._rosters.pop(number)
        self.answers[number] = answer

    def _refused(self, wire: Packets, error: dict[str, Any]) -> None:
        self.refusals.append(error)
        if not error["retry"]:
            self._over = True
            return
        # A socket of its own for each attempt, as Socket.IO's client does it.
        self.after(error.get("retry_after_ms", 300) / 1000, "join", self.come_again)

    def _take_event(self, wire: Packets, packet: Packet) -> None:
        name, payload = packet.event, packet.payload
        if name == "session_ready":
            self._ready(wire, payload)
        elif name == "host_probe" and packet.number is not None:
            wire.answer(packet.number, {"ok": self.role == "host", "epoch": self.epoch})
        elif name == "sdp_offer" and payload["epoch"] == self.epoch:
            self._answer_offer(wire, payload)
        elif name == "sdp_answer" and payload["epoch"] == self.epoch:
            self.linked[payload["from"]] = self.epoch
            self._offers.pop(payload["from"], None)
            self.after(ROSTER_PAUSE, "roster", lambda: self._report(wire))
        elif name == "host_changed" and payload["host_peer_id"] not in (None, self.peer_id):
            if payload["epoch"] > self.epoch > 0:
                self._join_again(wire)
        elif name == "session_error" and self._obeys:
            self._over = True

    def _ready(self, wire: Packets, ready: dict[str, Any]) -> None:
        if ready["epoch"] < self.epoch:
            return
        if ready["epoch"] > self.epoch or ready["host_peer_id"] != self.host:
            self.linked.clear()
        self.epoch, self.host = ready["epoch"], ready["host_peer_id"]
        self.role = "host" if self.host == self.peer_id else "client"
        if self.role == "host":
            self.seat = ready.get("seat") or self.seat
            self.lost_epoch = None
            self.forget("claim")
            if ready["peer_id"] != self.peer_id:
                self._offer(wire, ready["peer_id"])
        else:
            self.seat = None
            if self.host not in self.linked:
                self.after(OFFER_TIMEOUT, "claim", lambda: self._claim(wire))

    def _claim(self, wire: Packets) -> None:
        self.lost_epoch = self.epoch
        self._join_again(wire)
        self.after(OFFER_TIMEOUT, "claim", lambda: self._claim(wire))

    def _join_again(self, wire: Packets) -> None:
        wire.emit("session_join", self._shown())

    def _shown(self) -> dict[str, Any]:
        if self.seat:
            return {"seat": self.seat}
        if self.host in self.linked:
            return {"connected_epoch": self.epoch}
        return {} if self.lost_epoch is None else {"lost_epoch": self.lost_epoch}

    # How it gets connected

    def _offer(self, wire: Packets, to: str) -> None:
        head = {"to": to, "epoch": self.epoch, "negotiation": f"n-{time.monotonic()}"}
        self._offers[to] = {**head, "description": {"type": "offer", "sdp": "v=0"}}
        wire.emit("sdp_offer", self._offers[to])
        self.after(REPEAT, "offers", lambda: self._repeat_offers(wire))

    def _report(self, wire: Packets) -> None:
        if self.role == "host":
            peers = {self.peer_id, *self.linked}
            roster = {"epoch": self.epoch, "peers": dict.fromkeys(peers, "connected")}
            self._rosters[wire.emit("session_roster", roster)] = peers

    def _repeat_offers(self, wire: Packets) -> None:
        waiting = [offer for offer in self._offers.values() if offer["epoch"] == self.epoch]
        for offer in waiting:
            wire.emit("sdp_offer", offer)
        if waiting:
            self.after(REPEAT, "offers", lambda: self._repeat_offers(wire))

    def _answer_offer(self, wire: Packets, offer: dict[str, Any]) -> None:
        head = {"to": offer["from"], "epoch": self.epoch, "negotiation": offer["negotiation"]}
        wire.emit("sdp_answer", {**head, "description": {"type": "answer", "sdp": "v=0"}})
        self.linked[offer["from"]] = self.epoch
        self.lost_epoch = None
        self.forget("claim")
