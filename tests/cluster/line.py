"""A peer's line to the workers: a socket that is opened again when it drops, and timers."""

import contextlib
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from tests.kit.packets import ENDED, Closed, Packet, Packets
from tests.kit.waiting import until

RECONNECT = 0.3
"""Seconds before a dropped socket is opened again."""
MAX_ATTEMPTS = 200


class Address(Protocol):
    """Where a worker answers."""

    url: str


class Line(threading.Thread):
    """One socket at a time, on the first of the workers that answers.

    :param returns: whether the socket is opened again when it has dropped.
    """

    def __init__(self, name: str, workers: Sequence[Address], *, returns: bool = True) -> None:
        super().__init__(daemon=True, name=name)
        self.workers = tuple(workers)
        self.worker: Address | None = None
        self.answers: dict[int, Any] = {}
        self.sockets = 0
        self.frozen = False
        self.trouble: BaseException | None = None
        self._returns = returns
        self._wire: Packets | None = None
        self._over = False
        self._comes_again = False
        self._timers: dict[str, tuple[float, Callable[[], None]]] = {}
        self._may_return = threading.Event()
        self._may_return.set()

    # What a peer adds

    def credentials(self) -> dict[str, Any]:
        """Return what is shown when a socket is opened."""
        raise NotImplementedError

    def take(self, wire: Packets, packet: Packet) -> None:
        """Hear what came."""
        raise NotImplementedError

    # What it does

    def ask(self, event: str, payload: Any) -> Any:
        """Send an event, and return the answer; None if the socket has gone meanwhile."""
        wire = self._wire
        if wire is None:
            return None
        try:
            number = wire.emit(event, payload)
        except Closed:
            return None
        until(
            lambda: number in self.answers or self._wire is not wire,
            lambda: f"{self.name} got no answer to {event}.",
        )
        return self.answers.get(number)

    def shout(self, event: str, payload: Any) -> None:
        """Send an event, and expect no answer."""
        wire = self._wire
        assert wire is not None
        wire.emit(event, payload)

    def drop(self) -> None:
        """Lose the socket, without a goodbye."""
        wire = self._wire
        if wire is not None:
            wire.drop()

    def come_again(self) -> None:
        """Try with another socket, as a server wanted that didn't let it in."""
        self._comes_again = True
        self.drop()

    def hold(self) -> None:
        """Lose the socket, and don't come back before `release()`."""
        self._may_return.clear()
        self.drop()
        until(lambda: self._wire is None, lambda: f"{self.name} still has a socket.")

    def release(self, *workers: Address) -> None:
        """Come back, to other workers if any are named."""
        self.workers = workers or self.workers
        self._may_return.set()

    def close(self) -> None:
        """Go without a goodbye, for good."""
        self._over = True
        self._may_return.set()
        self.drop()

    def after(self, seconds: float, name: str, act: Callable[[], None]) -> None:
        """Do something later, in place of what was to be done under this name."""
        self._timers[name] = (time.monotonic() + seconds, act)

    def forget(self, name: str) -> None:
        """Don't do what was to be done under this name."""
        self._timers.pop(name, None)

    # Its life

    def run(self) -> None:
        try:
            for _ in range(MAX_ATTEMPTS):
                self._come()
                again, self._comes_again = self._comes_again, False
                if self._over or not (self._returns or again):
                    return
                time.sleep(RECONNECT)
                self._may_return.wait()
        except BaseException as error:
            self.trouble = error

    def _come(self) -> None:
        """Live through one socket."""
        wire = self._open()
        if wire is None:
            return
        self._wire = wire
        self._timers.clear()
        self.sockets += 1
        try:
            wire.enter(self.credentials())
            while not self._over:
                self._live(wire)
        except Closed:
            pass
        finally:
            self._wire = None
            wire.close()

    def _live(self, wire: Packets) -> None:
        if self.frozen:
            # As a page does whose main thread is stopped, it doesn't even answer pings.
            time.sleep(0.05)
            return
        packet = wire.receive(0.05 if self._timers else 0.5)
        if packet is not None:
            self.take(wire, packet)
        now = time.monotonic()
        for name in [name for name, (due, _) in self._timers.items() if due <= now]:
            self._timers.pop(name)[1]()

    def _open(self) -> Packets | None:
        for worker in self.workers:
            with contextlib.suppress(*ENDED):
                wire = Packets(worker.url)
                self.worker = worker
                return wire
        return None
