"""A client that writes HTTP where a WebSocket is, was, or was refused."""

import json
import struct
from urllib.request import urlopen

from tests.kit.frames import frame, text
from tests.kit.raw import Raw, handshake

SIZE = 64
"""The bytes of a smuggled request: servers read in powers of two, so that one begins there."""
BLOCK = 4096
"""The bytes that simple-websocket reads at a time; servers read twice as many."""


def smuggled(by: str) -> bytes:
    """Return a request that nginx would deny, told apart by who sends it."""
    head = f"GET /admin/?by={by} HTTP/1.1\r\nHost: a\r\n"
    text = f"{head}A: ".encode()
    assert len(text) + 4 <= SIZE
    return text + b"x" * (SIZE - 4 - len(text)) + b"\r\n\r\n"


PROBE = text("2probe")
UPGRADE = text("5")
LAST_WORDS = {
    "close frame": frame(8, struct.pack("!H", 1000)),
    "goodbye": frame(1, b"1"),
    "rubbish": frame(1, b"x"),
    "torn frame": bytes([0x81, 0xFF]) + b"\xff" * 8,
    # One more than the server has patience for.
    "eviction": frame(1, b'451-/p2p,["x"]') * 12,
}
"""What ends a WebSocket, or makes the server end it."""
REFUSED = {
    "origin": handshake(Origin="http://elsewhere.example"),
    "sid": handshake("&sid=nobody"),
    "version of Engine.IO": handshake().replace(b"EIO=4", b"EIO=3"),
    "no key": handshake(Sec_WebSocket_Key=None),
    "no version": handshake(Sec_WebSocket_Version=None),
    "old version": handshake(Sec_WebSocket_Version="7"),
    "no upgrade": handshake(Connection="keep-alive"),
    "chunks": handshake(Transfer_Encoding="chunked", Origin="http://elsewhere.example")
    + b"0\r\n\r\n",
    "body": handshake(Content_Length="2", Origin="http://elsewhere.example") + b"{}",
}
"""Requests for a WebSocket, none of which gets one."""


def opened(port: int) -> Raw:
    """Return one whose WebSocket is open, with Engine.IO's first packet read."""
    one = Raw(port, handshake())
    assert one.read_until(rb'"maxPayload":\d+\}')
    return one


def polling(port: int) -> str:
    """Begin with long polling; return the id of the connection."""
    with urlopen(f"http://127.0.0.1:{port}/socket.io/?EIO=4&transport=polling") as response:
        return str(json.loads(response.read()[1:])["sid"])


def upgraded(port: int) -> Raw:
    """Return one whose WebSocket has taken over from long polling."""
    one = Raw(port, handshake(f"&sid={polling(port)}"))
    assert one.read_until(rb"101 .*\r\n\r\n")
    one.write(PROBE)
    assert one.read_until(b"3probe")
    one.write(UPGRADE)
    return one


# The ways of sending requests behind a WebSocket; each tries one


def at_once(port: int, by: str, last: bytes) -> None:
    """Send what ends the WebSocket, and requests in the same segment."""
    one = opened(port)
    one.write(last + smuggled(by) * 3)
    finish(one)


def block_by_block(port: int, by: str, last: bytes) -> None:
    """Send what ends the WebSocket in the first block that a server reads, requests behind it."""
    one = opened(port)
    one.write(last + b"\0" * (BLOCK - len(last) % BLOCK) + smuggled(by) * 64)
    finish(one)


def afterwards(port: int, by: str, last: bytes) -> None:
    """Send requests when the server has said goodbye."""
    one = opened(port)
    one.write(last)
    one.read_rest(0.01)
    one.write(smuggled(by) * 3)
    finish(one)


def one_by_one(port: int, by: str, last: bytes) -> None:
    """Send requests while the server is ending the WebSocket."""
    one = opened(port)
    one.write(last)
    for _ in range(6):
        one.write(smuggled(by))
        one.read_rest(0.001)
    finish(one)


def with_the_handshake(port: int, by: str, last: bytes) -> None:
    """Send everything in one segment: the handshake, what ends the WebSocket, requests."""
    finish(Raw(port, handshake() + last + smuggled(by) * 64))


def instead_of_frames(port: int, by: str, last: bytes) -> None:
    """Send requests where frames are awaited."""
    one = opened(port)
    one.write(smuggled(by) * 256)
    finish(one)


def after_an_upgrade(port: int, by: str, last: bytes) -> None:
    """Send requests behind a WebSocket that has taken over from long polling."""
    one = upgraded(port)
    one.write(last + b"\0" * (BLOCK - len(last) % BLOCK) + smuggled(by) * 64)
    finish(one)


def after_half_an_upgrade(port: int, by: str, last: bytes) -> None:
    """Send requests behind a WebSocket that doesn't take over from long polling."""
    one = Raw(port, handshake(f"&sid={polling(port)}"))
    one.write(last + b"\0" * (BLOCK - len(last) % BLOCK) + smuggled(by) * 64)
    finish(one)


WAYS = [
    at_once,
    block_by_block,
    afterwards,
    one_by_one,
    with_the_handshake,
    instead_of_frames,
    after_an_upgrade,
    after_half_an_upgrade,
]


def finish(one: Raw) -> None:
    one.read_rest(0.05)
    one.drop()
