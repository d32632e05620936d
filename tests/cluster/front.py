"""What stands between a page and the workers: a TCP forwarder that tests can turn."""

import contextlib
import socket
import threading
from typing import Protocol

from tests.kit.waiting import PATIENCE

CHUNK = 65_536


class Worker(Protocol):
    port: int


class Front:
    """One address, at which the first of its workers that listens answers."""

    def __init__(self, *workers: Worker) -> None:
        self.workers: tuple[Worker, ...] = workers
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._pairs: set[tuple[socket.socket, socket.socket]] = set()
        self._mutex = threading.Lock()
        self._acceptor = threading.Thread(target=self._accept, daemon=True)
        self._pumps: list[threading.Thread] = []
        self._acceptor.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def turn(self, *workers: Worker) -> None:
        """Send the connections that come from now on to other workers; none is nowhere."""
        self.workers = workers

    def drop(self) -> None:
        """End the connections that are open, without a goodbye."""
        with self._mutex:
            pairs = list(self._pairs)
        for pair in pairs:
            _shut(*pair)

    def close(self) -> None:
        self.turn()
        # A thread in accept() doesn't notice a close.
        _shut(self._listener)
        self._acceptor.join(PATIENCE)
        self.drop()
        for pump in self._pumps:
            pump.join(PATIENCE)
        self._listener.close()

    # Private

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            far = self._reach()
            if far is None:
                near.close()
            else:
                self._forward(near, far)

    def _reach(self) -> socket.socket | None:
        for worker in self.workers:
            with contextlib.suppress(OSError):
                return socket.create_connection(("127.0.0.1", worker.port), 5)
        return None

    def _forward(self, near: socket.socket, far: socket.socket) -> None:
        for each in (near, far):
            each.settimeout(None)
            each.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with self._mutex:
            self._pairs.add((near, far))
        pump = threading.Thread(target=self._pump_both, args=(near, far), daemon=True)
        self._pumps.append(pump)
        pump.start()

    def _pump_both(self, near: socket.socket, far: socket.socket) -> None:
        back = threading.Thread(target=_pump, args=(far, near), daemon=True)
        back.start()
        _pump(near, far)
        back.join()
        with self._mutex:
            self._pairs.discard((near, far))
        near.close()
        far.close()


def _pump(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(CHUNK):
            target.sendall(data)
    _shut(source, target)


def _shut(*sockets: socket.socket) -> None:
    for each in sockets:
        with contextlib.suppress(OSError):
            each.shutdown(socket.SHUT_RDWR)
