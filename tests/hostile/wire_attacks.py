"""What a program does to the server, written against the public wire.

Each attack is a function of a target and of how often to repeat itself. It leaves its sockets
open, so that what they make the server keep is seen, and returns what it has achieved that it
should not have: nothing, if all is well. As a program of its own it runs one of them:
`python -m tests.hostile.wire_attacks NAME TARGET TIMES`.
"""

import contextlib
import json
import select
import socket
import struct
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from secrets import token_hex
from typing import Any
from urllib.error import URLError
from urllib.request import Request, urlopen

import websocket

from tests.hostile.bystanders import FRESH_ADDRESS
from tests.security.attacker import Attacker
from tests.server.wire import get

LIMIT = 5.0
"""Seconds after which an attack has lasted long enough."""
PATIENCE = 2.0
"""Seconds after which somebody who isn't read gives up."""
PIECE = 65_536
ENDED = (websocket.WebSocketException, OSError, AttributeError, AssertionError, ValueError)
"""What becomes of somebody whom the server has had enough of."""
CANDIDATE = "candidate:1 1 udp 2122260223 127.0.0.1 50000 typ host"


@dataclass
class Target:
    """A server, or some workers; and the session of those who are to notice nothing."""

    urls: list[str]
    session_id: str
    epoch: int
    sockets: list[Attacker] = field(default_factory=list)

    def open(self, address: str | None = None) -> Attacker:
        """Open a WebSocket, from an address of its own unless one is given."""
        url = self.urls[len(self.sockets) % len(self.urls)]
        wire = Attacker(url, address or an_address())
        self.sockets.append(wire)
        return wire

    def client(self, peer_id: str | None = None) -> Attacker:
        """Join the bystanders' session, with a token of one's own."""
        return self.open().join(self.session_id, peer_id or f"eve-{token_hex(4)}")

    def pair(self) -> tuple[Attacker, Attacker, int]:
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


def frame(opcode: int, payload: bytes, *, first: int = 0x80, size: int | None = None) -> bytes:
    """Return a WebSocket frame, which may promise more than it holds."""
    length = len(payload) if size is None else size
    if length < 126:
        head = bytes([first | opcode, 0x80 | length])
    elif length < 2**16:
        head = bytes([first | opcode, 0xFE]) + struct.pack("!H", length)
    else:
        head = bytes([first | opcode, 0xFF]) + struct.pack("!Q", length)
    return head + bytes(4) + payload


def pour(wire: Attacker, pieces: Iterator[bytes]) -> None:
    """Send as fast as is read, until the server ends it, or reads no more for a while."""
    wire._socket.settimeout(PATIENCE)
    with contextlib.suppress(*ENDED):
        for piece in pieces:
            wire.send_raw(piece)


def say_often(wire: Attacker, times: int, text: Callable[[int], str]) -> None:
    """Say so much as fast as it is read, and take what is answered."""
    wire._socket.settimeout(PATIENCE)
    connection = wire._socket.sock
    assert connection is not None
    with contextlib.suppress(*ENDED):
        for number in repeat(times):
            wire.send_raw(frame(1, text(number).encode()))
            while select.select([connection], [], [], 0)[0] and connection.recv(PIECE):
                pass


def drain(wire: Attacker) -> None:
    """Take what still comes, until the end or for a moment."""
    connection = wire._socket.sock
    if connection is not None:
        connection.settimeout(0.2)
        while connection.recv(PIECE):
            pass


# Strangers: memory


@attack
def attachments_on_the_root(target: Target, times: int) -> None:
    """Announce attachments on `/`, where anybody may be, and send them."""
    wire = target.open()
    wire.send("40")
    wire.send('459999999999-["x",{"_placeholder":true,"num":0}]')
    pour(wire, (frame(2, bytes(PIECE)) for _ in repeat(times)))


@attack
def attachments_to_nobody(target: Target, times: int) -> None:
    """Announce them to namespaces that there are not, and to the one that isn't joined."""
    for namespace in ("/nowhere,", "/p2p,", ""):
        wire = target.open()
        wire.send(f'459999999999-{namespace}["x",{{"_placeholder":true,"num":0}}]')
        pour(wire, (frame(2, bytes(PIECE)) for _ in repeat(times // 3)))


@attack
def attachments_of_a_client(target: Target, times: int) -> None:
    """Announce them with a token."""
    wire = target.client()
    wire.send('459999999999-/p2p,["sdp_offer",{"_placeholder":true,"num":0}]')
    pour(wire, (frame(2, bytes(PIECE)) for _ in repeat(times)))


@attack
def one_frame_without_an_end(target: Target, times: int) -> None:
    """Promise 10^12 bytes in one frame."""
    wire = target.open()
    pour(wire, iter([frame(1, b"4", size=10**12)]))
    pour(wire, (bytes(PIECE) for _ in repeat(times)))


@attack
def fragments_without_an_end(target: Target, times: int) -> None:
    """Send a message of fragments, of which none is the last."""
    wire = target.open()
    pour(wire, iter([frame(1, b"4", first=0)]))
    pour(wire, (frame(0, b"x" * PIECE, first=0) for _ in repeat(times)))


@attack
def empty_fragments_without_an_end(target: Target, times: int) -> None:
    """Send them with nothing, or next to nothing, in them: the least bytes for the most objects."""
    for payload in (b"", b"x"):
        wire = target.open()
        pour(wire, iter([frame(1, b"4", first=0)]))
        pour(wire, (frame(0, payload, first=0) * 500 for _ in repeat(times // 2)))


@attack
def half_a_frame(target: Target, times: int) -> None:
    """Begin a frame, and say no more."""
    for number in repeat(min(times, 50)):
        wire = target.open()
        with contextlib.suppress(*ENDED):
            wire.send_raw(frame(1, b"4", size=(100, 7_000, 10**12)[number % 3])[: 2 + number % 12])
    time.sleep(1)


@attack
def squatters(target: Target, times: int) -> str | None:
    """Stay on `/`, and never join."""
    wires = [target.open() for _ in repeat(min(times, 100))]
    for wire in wires:
        wire.send("40")
    stayed = len(alive(wires, 5))
    return f"{stayed} of {len(wires)} stay" if stayed else None


def alive(wires: list[Attacker], seconds: float) -> list[Attacker]:
    """Say that they live for so long; return those that the server hasn't closed."""
    deadline = time.monotonic() + seconds
    left = {wire.fileno: wire for wire in wires}
    while left and time.monotonic() < deadline:
        for number in select.select([*left], [], [], 0.1)[0]:
            try:
                if left[number].hear() == "2":
                    left[number].send("3")
            except ENDED:
                del left[number]
    return [*left.values()]


@attack
def events_on_the_root(target: Target, times: int) -> None:
    wire = target.open()
    wire.send("40")
    say_often(wire, 20 * times, lambda number: f'42{number}["x",{json.dumps("y" * 500)}]')


@attack
def ids_of_others(target: Target, times: int) -> str | None:
    """Ask for sessions of Engine.IO that there are not, and look for an echo."""
    echo = None
    for _ in repeat(times):
        url = f"{target.urls[0]}/socket.io/?EIO=4&transport=websocket&sid=%3Cscript%3E"
        try:
            get(url)
        except URLError as error:
            body = getattr(error, "read", bytes)()
            echo = "the answer repeats it" if b"<script>" in body else echo
        except OSError:
            pass
    return echo


@attack
def refused_joins(target: Target, times: int) -> None:
    for number in repeat(times):
        with contextlib.suppress(*ENDED):
            wire = Attacker(target.urls[number % len(target.urls)], an_address())
            wire.connect({"token": f"{token_hex(20)}.x"})
            wire.close()


# Strangers: the way past


@attack
def requests_behind_a_websocket(target: Target, times: int) -> str | None:
    """Send a request behind the end of a WebSocket."""
    count = smuggled(target)
    for number in repeat(times):
        with contextlib.suppress(*ENDED):
            wire = Attacker(target.urls[0], an_address())
            end = frame(8, struct.pack("!H", 1000))
            request = b"GET /smuggled HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
            # Each ends the WebSocket; the request comes with it, or behind the goodbye.
            ends = (end, frame(1, b"\xff"), b"\x83\x80\0\0\0\0", frame(1, b"41"), frame(1, b"1"))
            ending = ends[number // 2 % len(ends)]
            wire.send_raw(ending + request if number % 2 else ending)
            if number % 2 == 0:
                hear_goodbye(wire)
                wire.send_raw(request)
            drain(wire)
            wire.drop()
    time.sleep(0.5)
    ran = smuggled(target) - count
    return f"{ran} requests ran" if ran else None


def hear_goodbye(wire: Attacker) -> None:
    """Wait for the server's goodbye, and give no answer as a WebSocket would."""
    connection = wire._socket.sock
    assert connection is not None
    connection.settimeout(0.2)
    with contextlib.suppress(TimeoutError):
        connection.recv(PIECE)


def smuggled(target: Target) -> int:
    return int(json.loads(get(f"{target.urls[0]}/counts"))["smuggled"])


@attack
def tokens_of_others(target: Target, times: int) -> str | None:
    """Show a token of another app with the same key, and one that is issued in an hour."""
    taken = []
    for kind in ("foreign", "early"):
        wire = target.open()
        wire.connect({"token": target.token(kind, "eve")})
        if wire.joined:
            taken.append(kind)
    return f"taken: {', '.join(taken)}" if taken else None


@attack
def posts_of_a_foreign_page(target: Target, times: int) -> None:
    """Let a visitor's browser post, so that there are no joins left for it."""
    for number in repeat(times):
        headers = {
            "X-Forwarded-For": FRESH_ADDRESS,
            "Content-Type": "text/plain",
            "Origin": "https://evil.example",
        }
        url = f"{target.urls[number % len(target.urls)]}/p2p/token"
        with contextlib.suppress(OSError):
            urlopen(Request(url, b"{}", headers, method="POST"), timeout=5).close()


# Clients with a token


@attack
def the_host_is_lost_says_one(target: Target, times: int) -> None:
    """Say that the host is lost, while its page is busy."""
    wire = target.client()
    lost = json.dumps({"lost_epoch": target.epoch})
    sys.stdout.write('{"busy": 2.5}\n')
    sys.stdout.flush()
    deadline = time.monotonic() + 4
    for number in range(times):
        if time.monotonic() > deadline:
            return
        with contextlib.suppress(*ENDED):
            wire.send(f'42/p2p,{number + 1}["session_join",{lost}]')
        time.sleep(0.05)


@attack
def rejoins(target: Target, times: int) -> None:
    """Join again and again, so that the host begins with somebody new each time."""
    wire = target.client()
    for number in repeat(times):
        with contextlib.suppress(*ENDED):
            wire.send(f'42/p2p,{number}["session_join",{{}}]')
        time.sleep(0.02)  # within the rate of signals


@attack
def rejoins_on_new_sockets(target: Target, times: int) -> None:
    token = target.token("token", "eve")
    for number in repeat(times):
        with contextlib.suppress(*ENDED):
            wire = Attacker(target.urls[number % len(target.urls)], an_address())
            wire.connect({"token": token})
            wire.close()


@attack
def candidates(target: Target, times: int) -> None:
    """Send many candidates for one negotiation."""
    wire = target.client()
    one = {"candidate": CANDIDATE, "sdpMid": "0", "sdpMLineIndex": 0, "usernameFragment": "u"}
    signal = {"to": "ann", "epoch": target.epoch, "negotiation": "n", "candidates": [one] * 64}
    text = f'42/p2p,["ice_candidate",{json.dumps(signal)}]'
    for _ in repeat(times):
        with contextlib.suppress(*ENDED):
            wire.send(text)
        time.sleep(0.02)  # within the rate of signals


@attack
def who_never_reads(target: Target, times: int) -> None:
    """Let an accomplice send as much as is allowed, and read nothing of it."""
    pairs = [target.pair() for _ in range(5)]
    for number in repeat(times):
        for host, client, epoch in pairs:
            with contextlib.suppress(*ENDED):
                if number == 0:
                    assert client._socket.sock is not None
                    client._socket.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
                description = {"type": "offer", "sdp": "v" * 60_000}
                signal = {"to": "client", "epoch": epoch, "negotiation": f"n{number}"}
                text = json.dumps(["sdp_offer", {**signal, "description": description}])
                host.send(f"42/p2p,{text}")
        time.sleep(0.02)


@attack
def answers_that_nobody_reads(target: Target, times: int) -> None:
    """Ask for answers, and read none."""
    wire = target.client()
    pour(wire, (frame(1, f'42/p2p,{n}["hello",{{}}]'.encode()) for n in repeat(20 * times)))


@attack
def events_that_nobody_knows(target: Target, times: int) -> None:
    wire = target.client()
    say_often(wire, 20 * times, lambda number: f'42/p2p,["{number}",{{}}]')


@attack
def packets_that_mean_nothing(target: Target, times: int) -> None:
    """Send what is no packet, or one that costs only to read."""
    for text in ("6", "3", "2", "4", "x", "42/p2p,", "43/p2p,7[]", "42/p2p," + "[" * 20_000):
        say_often(target.client(), 2 * times, lambda number, text=text: text)  # type: ignore[misc]


@attack
def pings_below(target: Target, times: int) -> None:
    """Send pings of the WebSocket protocol, and other frames that Socket.IO never sees."""
    for opcode in (9, 10):
        wire = target.open()
        pour(wire, (frame(opcode, bytes(100)) for _ in repeat(10 * times)))


@attack
def rosters(target: Target, times: int) -> None:
    """Report a full house of peers with the longest names, in one session after the other."""
    peers = {"\U0001f4ac" * 120 + f"{number:08}": "connected" for number in range(1000)}
    text = json.dumps(peers, ensure_ascii=False)
    for _ in repeat(times // 5):
        with contextlib.suppress(*ENDED):
            host = target.open().join(token_hex(8), "host")
            epoch = host.wait_for("session_ready")["epoch"]
            host.ask("session_roster", f'{{"epoch":{epoch},"peers":{text}}}')


@attack
def sessions(target: Target, times: int) -> None:
    """Begin sessions until somebody else's is forgotten."""
    for _ in repeat(times):
        with contextlib.suppress(*ENDED):
            wire = Attacker(target.urls[0], an_address())
            wire.join(token_hex(8), "host")
            wire.close()


@control
def the_place_of_another(target: Target, times: int) -> None:
    """Join as somebody else, with a token that the app has given for him."""
    target.client("bob")


def main() -> None:
    name, target, times = sys.argv[1], Target(**json.loads(sys.argv[2])), int(sys.argv[3])
    result: dict[str, Any] = {"harm": (ATTACKS | CONTROLS)[name](target, times)}
    sys.stdout.write(json.dumps(result) + "\n")
    sys.stdout.flush()
    # Whoever has started this looks at the server now, and then closes.
    sys.stdin.read()


if __name__ == "__main__":
    main()
