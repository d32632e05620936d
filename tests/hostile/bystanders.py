"""Five who only want to talk: `python -m tests.hostile.bystanders URLS SESSION`.

A host and four clients pass each other numbered signals through the server, over WebSockets
of their own, while somebody joins afresh all the time. In a process of its own, so that
nothing that an attacker does in his holds them up. URLS is JSON: the workers, of which
everybody takes the next.

It reads commands, a line each: `begin`, `busy SECONDS` (the host's page stands still), `end`,
and says `ready`, and what was measured, as JSON.
"""

import contextlib
import json
import sys
import threading
import time
from collections import Counter
from dataclasses import asdict
from typing import Any

from tests.hostile.tally import Tally
from tests.kit.http import get
from tests.kit.packets import ENDED
from tests.kit.wire import Wire

PAUSE = 0.1
PATIENCE = 10.0
"""Seconds after which a probe counts as lost."""
LOOK_AGAIN = 1.0
"""Seconds after which a line that hears nothing looks whether all is over."""
ANSWERS = 25
"""Answers of a client before it joins again: a worker without its host passes on 30."""
JOIN_PAUSE = 0.5
CLIENTS = ("bob", "cleo", "dan", "eva")
FRESH_ADDRESS = "203.0.113.9"
FRESH_TOKENS = 60


class Line(Wire):
    """A WebSocket that is read by a thread, for as long as it lasts."""

    def __init__(self, five: "Five", url: str, peer_id: str, address: str) -> None:
        super().__init__(url, address)
        self.peer_id = peer_id
        self._five = five
        self.busy_until = 0.0
        self.join(five.session_id, peer_id)
        self.epoch = int(self.wait_for("session_ready")["epoch"])

    def run(self) -> None:
        try:
            while not self._five.over.is_set():
                packet = self.receive(LOOK_AGAIN)
                if self.is_busy:
                    time.sleep(max(0.0, self.busy_until - time.monotonic()))
                if packet is not None:
                    self.take(packet)
                while self.events:
                    self._five.hear(self, *self.events.pop(0))
        except ENDED:
            pass
        self._five.line_ended(self)

    @property
    def is_busy(self) -> bool:
        return time.monotonic() < self.busy_until

    def signal(self, event: str, to: str, number: str) -> None:
        description = {"type": event.removeprefix("sdp_"), "sdp": "v=0"}
        payload = {"to": to, "epoch": self.epoch, "negotiation": number, "description": description}
        with contextlib.suppress(*ENDED):
            self.send(f"42/p2p,{json.dumps([event, payload])}")


class Five:
    """The host, its four clients, and those who come afresh."""

    def __init__(self, urls: list[str], session_id: str) -> None:
        self.session_id = session_id
        self.urls = urls
        self.over = threading.Event()
        self.tally = Tally()
        self.disconnects: list[str] = []
        self.changes: list[Any] = []
        self.heard: Counter[str] = Counter()
        self._rejoined: Counter[str] = Counter()
        self.joins: list[float] = []
        self.join_troubles: list[str] = []
        self.host = self._line("ann", 0)
        self.clients = {name: self._line(name, n) for n, name in enumerate(CLIENTS, 1)}
        for line in (self.host, *self.clients.values()):
            threading.Thread(target=line.run, daemon=True).start()
        tokens = range(FRESH_TOKENS)
        self._tokens = [get(f"{urls[0]}/token/{session_id}/fresh-{n}") for n in tokens]
        self._joined: Counter[str] = Counter()
        self._measuring = False
        threading.Thread(target=self._probe, daemon=True).start()
        threading.Thread(target=self._join_afresh, daemon=True).start()

    def _line(self, name: str, number: int) -> Line:
        return Line(self, self.urls[number % len(self.urls)], name, f"192.0.2.{number + 1}")

    # What they hear

    def hear(self, line: Line, event: str, payload: Any) -> None:
        if event == "sdp_offer" and payload["from"] == "ann":
            self._offered(line, payload["negotiation"])
        elif event == "sdp_answer" and payload["from"] in CLIENTS:
            way, number = payload["negotiation"].split(" ")
            self.tally.came(f"{way}-ann", int(number))
        elif event == "host_changed" or (event == "session_ready" and line is not self.host):
            if payload.get("epoch") != line.epoch:
                self.changes.append([line.peer_id, event, payload.get("host_peer_id")])
        elif event == "session_error":
            self.disconnects.append(f"{line.peer_id}: {payload}")
        elif event == "session_ready" and payload["peer_id"] in CLIENTS:
            self._rejoined[payload["peer_id"]] += 1
        elif not str(payload.get("peer_id", "")).startswith("fresh"):
            self.heard[event] += 1

    def _offered(self, line: Line, negotiation: str) -> None:
        way, number = negotiation.split(" ")
        self.tally.came(f"ann-{way}", int(number))
        self.tally.sent(f"{way}-ann", int(number))
        line.signal("sdp_answer", "ann", negotiation)
        if int(number) % ANSWERS == 0:
            with contextlib.suppress(*ENDED):
                line.send('42/p2p,["session_join",{}]')

    def line_ended(self, line: Line) -> None:
        if not self.over.is_set():
            self.disconnects.append(line.peer_id)

    # What they do

    def _probe(self) -> None:
        """Offer to everybody every 100 ms, but not before the last offer is answered."""
        numbers = dict.fromkeys(CLIENTS, 0)
        due = dict.fromkeys(CLIENTS, 0.0)
        while not self.over.wait(0.005):
            now = time.monotonic()
            for name in CLIENTS:
                last, is_late = numbers[name], now - due[name] > PATIENCE
                if now < due[name] or not (is_late or self._is_answered(name, last)):
                    continue
                if not self._measuring or self.host.is_busy:
                    continue
                numbers[name], due[name] = last + 1, now + PAUSE
                self.tally.sent(f"ann-{name}", last + 1)
                self.host.signal("sdp_offer", name, f"{name} {last + 1}")

    def _is_answered(self, name: str, number: int) -> bool:
        if number == 0:
            return True
        # Nobody is offered anything while he joins again.
        expected = self._joined[name] + number // ANSWERS
        return self.tally.has_come(f"{name}-ann", number) and self._rejoined[name] >= expected

    def _join_afresh(self) -> None:
        while not self.over.wait(JOIN_PAUSE):
            if self._measuring and self._tokens:
                self._join_once()

    def _join_once(self) -> None:
        begun = time.monotonic()
        token = self._tokens.pop()
        url = self.urls[len(self._tokens) % len(self.urls)]
        try:
            wire = Wire(url, FRESH_ADDRESS)
            wire.connect({"token": token})
            if wire.refusal is not None:
                self.join_troubles.append(str(wire.refusal["message"]))
            else:
                ready = wire.wait_for("session_ready")
                self.joins.append(time.monotonic() - begun)
                if ready["host_peer_id"] != "ann":
                    self.join_troubles.append(f"hosted by {ready['host_peer_id']}")
                wire.ask("session_leave", '{"reason":"closed"}')
            wire.close()
        except (*ENDED, AssertionError) as error:
            self.join_troubles.append(repr(error)[:200])

    # What they are told

    def begin(self) -> None:
        self._joined = Counter(self._rejoined)
        self._measuring = True

    def end(self) -> dict[str, Any]:
        """Stop, wait for what is under way, and say what was measured."""
        self._join_once()
        self._measuring = False
        deadline = time.monotonic() + PATIENCE
        while not self.tally.is_complete and time.monotonic() < deadline:
            time.sleep(0.02)
        self.over.set()
        return {
            **asdict(self.tally.figures()),
            "missing": self.tally.missing,
            "disconnects": self.disconnects,
            "changes": self.changes,
            "heard": self.heard,
            "join": 1000 * max(self.joins, default=float("nan")),
            "joins": len(self.joins),
            "join_troubles": self.join_troubles,
        }


def main() -> None:
    five = Five(json.loads(sys.argv[1]), sys.argv[2])
    say({"ready": True, "epoch": five.host.epoch})
    for command in sys.stdin:
        name, _, argument = command.strip().partition(" ")
        if name == "begin":
            five.begin()
        elif name == "busy":
            five.host.busy_until = time.monotonic() + float(argument)
        elif name == "end":
            say(five.end())


def say(what: object) -> None:
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
