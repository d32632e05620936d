"""What an app may use Socket.IO for besides signaling, by the names that tests choose it with."""

from collections.abc import Callable
from typing import Any


def echo(data: object) -> object:
    return data


def fail(_: object) -> None:
    """Make a mistake, as apps do."""
    raise LookupError("a mistake")


def size(*parts: Any) -> int:
    """Take files."""
    return sum(map(len, parts))


def let_in() -> None:
    """Let everybody in."""


def on_other(socketio: Any) -> None:
    socketio.on_event("echo", echo, namespace="/other")
    socketio.on_event("fail", fail, namespace="/other")


HANDLERS: dict[str, Callable[[Any], None]] = {
    "other": on_other,
    "chat": lambda socketio: socketio.on_event("size", size, namespace="/chat"),
    "own": lambda socketio: socketio.on_event("connect", let_in, namespace="/own"),
    "root": lambda socketio: socketio.on_event("echo", echo),
}
