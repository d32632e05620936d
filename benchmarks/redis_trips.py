"""A Redis of our own, and a way to it that counts how often somebody waits for an answer."""

import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from .server import Server

START_TIMEOUT = 10.0


@contextmanager
def running_redis() -> Iterator[Server]:
    """Run a Redis that keeps nothing, until the block is left.

    :raises RuntimeError: if there is none to run.
    """
    program = shutil.which("redis-server")
    if program is None:
        raise RuntimeError("There is no redis-server; install Debian's package of that name.")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [program, "--port", str(port), "--bind", "127.0.0.1", "--save", ""]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + START_TIMEOUT
        while time.monotonic() < deadline:
            with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                break
            time.sleep(0.02)
        yield Server(f"127.0.0.1:{port}", process.pid)
    finally:
        process.terminate()
        process.wait(10)


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

    def close(self) -> None:
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                far = socket.create_connection(self._target)
                for each in near, far:
                    each.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                _Way(self, near, far).start()

    def add(self) -> None:
        with self._mutex:
            self.count += 1


class _Way:
    # One connection: a trip begins where somebody asks after the last answer.

    def __init__(self, trips: Trips, near: socket.socket, far: socket.socket) -> None:
        self._trips = trips
        self._near = near
        self._far = far
        self._answered = True

    def start(self) -> None:
        threading.Thread(target=self._ask, daemon=True).start()
        threading.Thread(target=self._answer, daemon=True).start()

    def _ask(self) -> None:
        with suppress(OSError):
            while data := self._near.recv(65_536):
                if self._answered:
                    self._answered = False
                    self._trips.add()
                self._far.sendall(data)
        self._end()

    def _answer(self) -> None:
        with suppress(OSError):
            while data := self._far.recv(65_536):
                self._answered = True
                self._near.sendall(data)
        self._end()

    def _end(self) -> None:
        for each in self._near, self._far:
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
