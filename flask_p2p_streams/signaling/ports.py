"""What signaling needs of the transport, which implements it."""

from collections.abc import Set
from typing import Protocol

from ..protocol.fields import Payload


class Question(Protocol):
    """An event that was sent to one socket, which is to answer it."""

    @property
    def answer(self) -> object:
        """The answer; None before there is one."""

    def wait(self, timeout: float) -> bool:
        """Wait for at most ``timeout`` seconds; return whether there is an answer."""

    def end(self) -> None:
        """Stop waiting for the answer."""


class Outbox(Protocol):
    """How events reach sockets."""

    @property
    def is_alone(self) -> bool:
        """Whether this worker has no message queue, and so reaches its own sockets only."""

    def emit(self, event: str, payload: Payload, room: str) -> None:
        """Send an event to all sockets in a room, on every worker."""

    def tell(self, event: str, payload: Payload, room: str) -> None:
        """Send an event to the one socket in a room, wherever it is."""

    def ask(self, event: str, payload: Payload, sid: str) -> Question:
        """Send an event to one socket, which is to answer it."""

    def silence(self, sid: str) -> float:
        """Return for how many seconds a socket of this worker hasn't answered a ping."""

    def enter(self, sid: str, *rooms: str) -> None:
        """Put a socket of this worker into rooms."""

    def leave(self, sid: str, *rooms: str) -> None:
        """Take a socket of this worker out of rooms."""

    def reaches(self, room: str) -> bool:
        """Tell whether an event to this room may reach somebody."""

    def is_crowded(self, room: str) -> bool:
        """Tell whether so much waits on the way to a room that nothing should be relayed to it."""

    def is_here(self, sid: str, worker_id: str | None) -> bool:
        """Tell whether a socket is open, as far as this worker can know."""

    def present(self, room: str) -> Set[str]:
        """Return the sockets of this worker in a room."""

    def close(self, sid: str) -> None:
        """Disconnect a socket, also one of another worker where there is a message queue."""

    def empty(self, room: str) -> None:
        """Take all sockets out of a room, on every worker."""
