"""The same join by way of PeerServer, packet by packet as PeerJS sends it."""

import json
from typing import Any

from benchmarks.exchange import INTERNET, SDP, Batch, Batches, compact
from benchmarks.wire import Wire

# A version of PeerJS; the server reads it and does nothing with it.
PATH = "/peerjs?key=peerjs&id={0}&token={0}&version=1.5.5"
CONNECTION = {"type": "data", "connectionId": "dc_8x2kq0v7w1m"}


class PeerJs:
    """A socket that PeerServer knows by a name."""

    def __init__(self, address: str, name: str) -> None:
        self.name = name
        self.wire = Wire(address, PATH.format(name))
        self.wait_for("OPEN")

    def say(self, kind: str, to: str, payload: dict[str, Any]) -> str:
        return compact({"type": kind, "payload": {**payload, **CONNECTION}, "dst": to})

    def wait_for(self, kind: str) -> None:
        while True:
            message = json.loads(self.wire.receive())
            if message["type"] == kind:
                return
            if message["type"] in ("ERROR", "ID-TAKEN", "INVALID-KEY", "EXPIRE"):
                raise ConnectionError(message)


def negotiate(host: PeerJs, client: PeerJs, batches: Batches = INTERNET) -> None:
    """Connect two; here the newcomer offers, and each candidate is a message of its own."""
    extra = {"metadata": None, "label": "dc_8x2kq0v7w1m", "reliable": True}
    offer = {"sdp": {"type": "offer", "sdp": SDP}, "serialization": "json", **extra}
    first, *others = batches
    client.wire.send(client.say("OFFER", host.name, offer), *_candidates(client, host.name, first))
    host.wait_for("OFFER")
    answer = {"sdp": {"type": "answer", "sdp": SDP}}
    host.wire.send(host.say("ANSWER", client.name, answer), *_candidates(host, client.name, first))
    client.wait_for("ANSWER")
    for batch in others:
        client.wire.send(*_candidates(client, host.name, batch))
        host.wire.send(*_candidates(host, client.name, batch))
    for peer in host, client:
        for _ in range(sum(map(len, batches))):
            peer.wait_for("CANDIDATE")


def _candidates(peer: PeerJs, to: str, batch: Batch) -> list[str]:
    return [peer.say("CANDIDATE", to, {"candidate": candidate}) for candidate in batch]
