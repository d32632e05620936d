"""What somebody does who has a token of his own."""

import contextlib
import json
import socket
import sys
import time
from secrets import token_hex

from tests.hostile.attacking import (
    ENDED,
    Target,
    an_address,
    attack,
    control,
    pour,
    repeat,
    say_often,
)
from tests.kit.frames import frame
from tests.kit.wire import Wire

CANDIDATE = "candidate:1 1 udp 2122260223 127.0.0.1 50000 typ host"


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
            wire = Wire(target.urls[number % len(target.urls)], an_address())
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
                    client.raw_socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
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
            wire = Wire(target.urls[0], an_address())
            wire.join(token_hex(8), "host")
            wire.close()


@control
def the_place_of_another(target: Target, times: int) -> None:
    """Join as somebody else, with a token that the app has given for him."""
    target.client("bob")
