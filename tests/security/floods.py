"""What a program sends that wants the server to keep it, or to be busy with it, for ever.

Each flood is a list of pieces, sent one after the other for as long as the server reads.
"""

from collections.abc import Callable, Iterator
from functools import partial

from tests.kit.frames import BINARY, CONTINUATION, PING, PONG, TEXT, frame, head, text

MIB = 1024 * 1024
NAMESPACES = ("/", "/p2p", "/made-up")


def attachments(namespace: str, size: int, total: int = 8 * MIB) -> Iterator[bytes]:
    """More attachments are announced than there is memory, and then come."""
    place = "" if namespace == "/" else f"{namespace},"
    yield text(f"40{place}")
    yield text(f'459999999999-{place}["x",{{"_placeholder":true,"num":0}}]')
    for _ in range(total // size):
        yield frame(BINARY, b"a" * size)


def endless_frame(opcode: int = BINARY, total: int = 20 * MIB) -> Iterator[bytes]:
    """A frame says that it has 10^12 bytes."""
    yield head(opcode, 10**12)
    for _ in range(total // 65_536):
        yield b"4" * 65_536


def endless_message(size: int, total: int = 20 * MIB) -> Iterator[bytes]:
    """A message in parts, none of them the last."""
    yield frame(TEXT, b"42", first=0)
    for _ in range(total // size):
        yield frame(CONTINUATION, b"4" * size, first=0)


def wide_message(total: int = 20 * MIB) -> Iterator[bytes]:
    """The same of characters that take four bytes each."""
    yield frame(TEXT, b"42", first=0)
    for _ in range(total // 4_000):
        yield frame(CONTINUATION, "\U0001f600".encode() * 1_000, first=0)


def empty_parts(count: int = 200_000) -> Iterator[bytes]:
    """A message of nothing, in many parts."""
    yield frame(TEXT, b"", first=0)
    for _ in range(count // 1_000):
        yield frame(CONTINUATION, b"", first=0) * 1_000


def pings(count: int = 60_000) -> Iterator[bytes]:
    """Pings of the WebSocket itself, each of which is answered."""
    for _ in range(count // 100):
        yield frame(PING, b"p" * 125) * 100


def pongs(count: int = 60_000) -> Iterator[bytes]:
    for _ in range(count // 100):
        yield frame(PONG, b"p" * 125) * 100


def packets(packet: str, count: int) -> Iterator[bytes]:
    """One packet again and again."""
    for _ in range(count // 100):
        yield text(packet) * 100


Flood = Callable[[], Iterator[bytes]]
OF_A_STRANGER: dict[str, Flood] = {
    **{f"attachments on {each}": partial(attachments, each, 8_000) for each in NAMESPACES},
    **{f"large attachments on {each}": partial(attachments, each, 100_000) for each in NAMESPACES},
    "endless binary frame": endless_frame,
    "endless text frame": partial(endless_frame, TEXT),
    "endless message": partial(endless_message, 60_000),
    "endless message of small parts": partial(endless_message, 1_000),
    "endless message of the smallest parts": partial(endless_message, 1, 200_000),
    "endless message of wide characters": wide_message,
    "a message of nothing": empty_parts,
    "pings": pings,
    "pongs": pongs,
    "pongs of Engine.IO": partial(packets, "3", 20_000),
    "pings of Engine.IO": partial(packets, "2", 20_000),
    "noops of Engine.IO": partial(packets, "6", 20_000),
    "upgrades of Engine.IO": partial(packets, "5", 20_000),
    "events to nobody": partial(packets, '42["x",{}]', 20_000),
    "wishes to join nothing": partial(packets, "40/made-up,", 20_000),
    "long events": partial(packets, f'42/p2p,["x","{"y" * 2_000}"]', 10_000),
}
OF_A_MEMBER: dict[str, Flood] = {
    "attachments on /p2p": partial(attachments, "/p2p", 8_000),
    "attachments on /": partial(attachments, "/", 8_000),
    "endless binary frame": endless_frame,
    "endless message": partial(endless_message, 60_000),
    "endless message of small parts": partial(endless_message, 100),
    "a message of nothing": empty_parts,
    "pings": pings,
    "pongs of Engine.IO": partial(packets, "3", 20_000),
    "events": partial(packets, '42/p2p,["hello",{}]', 20_000),
    "long events": partial(packets, f'42/p2p,["hello","{"y" * 2_000}"]', 10_000),
    "longest events": partial(packets, f'42/p2p,["hello","{"y" * 100_000}"]', 300),
}
