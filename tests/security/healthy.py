"""A session that negotiates all the time, and must not notice the attack beside it."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from secrets import token_hex
from typing import Any

from tests.kit.waiting import PATIENCE
from tests.kit.wire import Wire

PAUSE = 0.02
CANDIDATE = "candidate:%s 1 udp 2122260223 127.0.0.1 50000 typ host"


class Healthy:
    """A host and a client whose every signal is numbered, and counted at the other end."""

    def __init__(self, host: Wire, client: Wire, session_id: str) -> None:
        self.session_id = session_id
        self.host = host.join(session_id, "host")
        self.client = client.join(session_id, "client")
        self.epoch: int = self.host.wait_for("session_ready", 2)["epoch"]
        self.rounds = 0
        self.slowest = 0.0
        self._failure: BaseException | None = None
        self._over = threading.Event()

    @contextmanager
    def negotiating(self) -> Iterator["Healthy"]:
        """Negotiate in a thread until the block is left; then look at what has arrived."""
        thread = threading.Thread(target=self._negotiate)
        thread.start()
        try:
            yield self
        finally:
            self._over.set()
            thread.join(PATIENCE)
        assert not thread.is_alive()
        if self._failure is not None:
            raise self._failure
        self.assert_nothing_is_missing()

    def assert_nothing_is_missing(self) -> None:
        numbers = [str(number) for number in range(self.rounds)]
        assert self.rounds > 0
        for wire, sender in ((self.client, "host"), (self.host, "client")):
            kinds = ["sdp_offer" if sender == "host" else "sdp_answer", "ice_candidate"]
            for kind in kinds:
                signals = wire.received(kind)
                assert [signal["negotiation"] for signal in signals] == numbers
                assert {signal["from"] for signal in signals} == {sender}
                assert {signal["epoch"] for signal in signals} == {self.epoch}
        known = {"session_ready", "sdp_offer", "ice_candidate"}
        assert {name for name, _ in self.client.events} == known
        allowed = {"session_ready", "sdp_answer", "ice_candidate", "peer_left", "host_changed"}
        assert {name for name, _ in self.host.events} <= allowed
        assert [each["reason"] for each in self.host.received("host_changed")] == ["elected"]

    def _negotiate(self) -> None:
        try:
            while not self._over.is_set():
                started = time.monotonic()
                self._round(str(self.rounds))
                self.rounds += 1
                self.slowest = max(self.slowest, time.monotonic() - started)
                time.sleep(PAUSE)
        except BaseException as error:
            self._failure = error

    def _round(self, number: str) -> None:
        count = int(number) + 1
        self._ask(self.host, "sdp_offer", "client", number)
        self.client.wait_for("sdp_offer", count)
        self._ask(self.client, "sdp_answer", "host", number)
        self.host.wait_for("sdp_answer", count)
        for sender, receiver in ((self.host, "client"), (self.client, "host")):
            self._ask(sender, "ice_candidate", receiver, number)
        for wire in (self.host, self.client):
            wire.wait_for("ice_candidate", count)

    def _ask(self, wire: Wire, event: str, to: str, number: str) -> None:
        body: dict[str, Any] = (
            {"candidates": [{"candidate": CANDIDATE % number}]}
            if event == "ice_candidate"
            else {"description": {"type": event.removeprefix("sdp_"), "sdp": f"v=0 {number}"}}
        )
        signal = {"to": to, "epoch": self.epoch, "negotiation": number, **body}
        assert wire.ask(event, json.dumps(signal)) == {"ok": True}


def name_of_a_session() -> str:
    return token_hex(4)
