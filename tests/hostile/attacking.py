"""What attacks on a server are made of: whom they are for, and the bare wire."""

import contextlib
import select
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from secrets import token_hex

from tests.kit import packets
from tests.kit.frames import frame
from tests.kit.http import get
from tests.kit.packets import Closed
from tests.kit.wire import Wire

LIMIT = 5.0
"""Seconds after which an attack has lasted long enough."""
PATIENCE = 2.0
"""Seconds after which somebody who isn't read gives up."""
PIECE = 65_536
ENDED = (*packets.ENDED, AssertionError)
"""What becomes of somebody whom the server has had enough of."""


@dataclass
class Target:
    """A server, or some workers; and the session of those who are to notice nothing."""

    urls: list[str]
    session_id: str
    epoch: int
    sockets: list[Wire] = field(default_factory=list)

    def open(self, address: str | None = None) -> Wire:
        """Open a WebSocket, from an address of its own unless one is given."""
        url = self.urls[len(self.sockets) % len(self.urls)]
        wire = Wire(url, address or an_address())
        self.sockets.append(wire)
        return wire

    def client(self, peer_id: str | None = None) -> Wire:
        """Join the bystanders' session, with a token of one's own."""
        return self.open().join(self.session_id, peer_id or f"eve-{token_hex(4)}")

    def pair(self) -> tuple[Wire, Wire, int]:
        """Return a host and a client of another session, and its epoch."""
        name = token_hex(4)
        host = self.open().join(name, "host")
        epoch = int(host.wait_for("session_ready")["epoch"])
        return host, self.open().join(name, "client"), epoch

    def token(self, kind: str, peer_id: str) -> str:
        return get(f"{self.urls[0]}/{kind}/{self.session_id}/{peer_id}")


Attack = Callable[[Target, int], "str | None"]
ATTACKS: dict[str, Attack] = {}
CONTROLS: dict[str, Attack] = {}
"""What does harm and may: by this it is seen that harm is noticed."""


def attack(function: Attack) -> Attack:
    ATTACKS[function.__name__.replace("_", "-")] = function
    return function


def control(function: Attack) -> Attack:
    CONTROLS[function.__name__.replace("_", "-")] = function
    return function


def an_address() -> str:
    return f"2001:db8:{token_hex(2)}:{token_hex(2)}::1"


def repeat(times: int) -> Iterator[int]:
    """Count to so many, but for no longer than is worth it."""
    deadline = time.monotonic() + LIMIT
    for number in range(times):
        if time.monotonic() > deadline:
            return
        yield number


def pour(wire: Wire, pieces: Iterator[bytes]) -> None:
    """Send as fast as is read, until the server ends it, or reads no more for a while."""
    wire.settimeout(PATIENCE)
    with contextlib.suppress(*ENDED):
        for piece in pieces:
            wire.send_raw(piece)


def say_often(wire: Wire, times: int, text: Callable[[int], str]) -> None:
    """Say so much as fast as it is read, and take what is answered."""
    wire.settimeout(PATIENCE)
    with contextlib.suppress(*ENDED):
        connection = wire.raw_socket
        for number in repeat(times):
            wire.send_raw(frame(1, text(number).encode()))
            while select.select([connection], [], [], 0)[0] and connection.recv(PIECE):
                pass


def drain(wire: Wire) -> None:
    """Take what still comes, until the end or for a moment."""
    with contextlib.suppress(Closed):
        connection = wire.raw_socket
        connection.settimeout(0.2)
        while connection.recv(PIECE):
            pass


def alive(wires: list[Wire], seconds: float) -> list[Wire]:
    """Say that they live for so long; return those that the server hasn't closed."""
    deadline = time.monotonic() + seconds
    left = {wire.raw_socket.fileno(): wire for wire in wires}
    while left and time.monotonic() < deadline:
        for number in select.select([*left], [], [], 0.1)[0]:
            try:
                if left[number].hear() == "2":
                    left[number].send("3")
            except ENDED:
                del left[number]
    return [*left.values()]
