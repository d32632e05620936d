"""A Redis of our own, and a way to it that counts how often somebody waits for an answer."""

import shutil
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from benchmarks.server import Server, running


@contextmanager
def running_redis() -> Iterator[Server]:
    """Run a Redis that keeps nothing, until the block is left.

    :raises RuntimeError: if there is none to run.
    """
    program = shutil.which("redis-server")
    if program is None:
        raise RuntimeError("There is no redis-server; install Debian's package of that name.")
    options = ["--bind", "127.0.0.1", "--save", "", "--port"]
    with running(program, *options, pinned=False) as redis:
        yield redis


class Trips:
    """A way to a server that counts round trips; what is sent at once is one, as a pipeline is."""

    def __init__(self, target: str) -> None:
        host, port = target.split(":")
        self._target = host, int(port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._listener.getsockname()[1]}"
        self.count = 0
        self._mutex = threading.Lock()
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self) -> "Trips":
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.close()

    def add(self) -> None:
        with self._mutex:
            self.count += 1

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                far = socket.create_connection(self._target)
                for each in near, far:
                    each.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                _Way(self, near, far)


class _Way:
    # One connection: a trip begins where somebody asks after the last answer.

    def __init__(self, trips: Trips, near: socket.socket, far: socket.socket) -> None:
        self._trips = trips
        self._answered = True
        for pair in (near, far, self._asked), (far, near, self._answer):
            threading.Thread(target=self._carry, args=pair, daemon=True).start()

    def _carry(
        self, source: socket.socket, target: socket.socket, passed: Callable[[], None]
    ) -> None:
        with suppress(OSError):
            while data := source.recv(65_536):
                passed()
                target.sendall(data)
        for each in source, target:
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    def _asked(self) -> None:
        if self._answered:
            self._answered = False
            self._trips.add()

    def _answer(self) -> None:
        self._answered = True
