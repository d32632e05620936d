"""What somebody without a token does to the server."""

import contextlib
import json
import struct
import time
from secrets import token_hex
from urllib.error import URLError
from urllib.request import Request, urlopen

from tests.hostile.attacking import (
    ENDED,
    PIECE,
    Target,
    alive,
    an_address,
    attack,
    drain,
    pour,
    repeat,
    say_often,
)
from tests.hostile.bystanders import FRESH_ADDRESS
from tests.kit.frames import frame
from tests.kit.http import get, get_json
from tests.kit.wire import Wire


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
            wire = Wire(target.urls[number % len(target.urls)], an_address())
            wire.connect({"token": f"{token_hex(20)}.x"})
            wire.close()


# Strangers: the way past


@attack
def requests_behind_a_websocket(target: Target, times: int) -> str | None:
    """Send a request behind the end of a WebSocket."""
    count = smuggled(target)
    for number in repeat(times):
        with contextlib.suppress(*ENDED):
            wire = Wire(target.urls[0], an_address())
            end = frame(8, struct.pack("!H", 1000))
            request = b"GET /admin/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
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


def hear_goodbye(wire: Wire) -> None:
    """Wait for the server's goodbye, and give no answer as a WebSocket would."""
    connection = wire.raw_socket
    connection.settimeout(0.2)
    with contextlib.suppress(TimeoutError):
        connection.recv(PIECE)


def smuggled(target: Target) -> int:
    return len(get_json(f"{target.urls[0]}/visits"))


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
