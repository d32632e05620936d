"""A browser's side of signaling, which can also misbehave: it keeps what it hears, and waits."""

import time
from collections.abc import Callable
from typing import Any, TypeVar

from tests.kit.http import get
from tests.kit.packets import NAMESPACE, Closed, Packet, Packets
from tests.kit.waiting import PATIENCE

Own = TypeVar("Own", bound="Wire")


class Wire(Packets):
    """A connection, what it has heard so far, and what it waits for."""

    def __init__(self, url: str, address: str | None = None) -> None:
        super().__init__(url, address)
        self.events: list[tuple[str, Any]] = []
        self.answers: dict[int, Any] = {}
        self.refusal: Any = None
        self.joined = False
        self.dismissed = False
        self.token = ""
        self._url = url

    # Saying

    def connect(self, auth: object, namespace: str = NAMESPACE) -> None:
        """Ask to join, and wait for the verdict."""
        self.enter(auth, namespace)
        self.read(lambda: self.joined or self.refusal is not None)

    def join(self: Own, session_id: str, peer_id: str, **shown: Any) -> Own:
        """Join with a token that the server's app gives out."""
        self.token = get(f"{self._url}/token/{session_id}/{peer_id}")
        self.connect({"token": self.token, **shown})
        return self

    def ask(self, event: str, payload: str, namespace: str = NAMESPACE) -> Any:
        """Send an event with its payload as raw JSON, and wait for the answer."""
        number = self._emit(event, payload, namespace)
        self.read(lambda: number in self.answers)
        return self.answers[number]

    def try_out(self, event: str, arguments: str) -> Any:
        """Send an event, and return the answer, or None where it was dropped."""
        number = self._emit(event, arguments)
        # Answers keep their order, so that none comes after this one.
        assert self.ask("hello", "{}")["error"]["code"] == "bad_request"
        return self.answers.get(number)

    # Hearing

    def received(self, event: str) -> list[Any]:
        return [payload for name, payload in self.events if name == event]

    def wait_for(self, event: str, count: int = 1) -> Any:
        """Wait until an event has come so many times, and return the last."""
        self.read(lambda: len(self.received(event)) >= count)
        return self.received(event)[-1]

    def wait_for_end(self) -> None:
        """Wait until the server has ended the connection."""
        try:
            self.read(lambda: False)
        except Closed:
            return

    def read(self, enough: Callable[[], bool]) -> None:
        """Hear what comes until it is enough.

        :raises Closed: if the connection ends before.
        """
        deadline = time.monotonic() + PATIENCE
        while not enough():
            # A server that only pings must not keep a test waiting for ever.
            packet = self.receive(deadline - time.monotonic())
            assert packet is not None, "What was awaited has not come."
            self.take(packet)

    def take(self, packet: Packet) -> None:
        """Keep what a packet says."""
        if packet.kind == "connect":
            self.joined = True
        elif packet.kind == "disconnect":
            self.dismissed = True
        elif packet.event == "host_probe" and packet.number is not None:
            # A host says that it lives, as a page's script does.
            self.answer(packet.number, {"ok": True, **packet.payload}, packet.namespace)
        elif packet.kind == "event":
            self.events.append((packet.event, packet.payload))
        elif packet.kind == "ack" and packet.number is not None:
            self.answers[packet.number] = packet.payload
        elif packet.kind == "connect_error":
            self.refusal = packet.payload
