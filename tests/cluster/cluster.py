"""Workers in processes of their own, with one Redis as cache and another as message queue."""

import contextlib
import json
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

from tests.cluster.logs import complaints
from tests.kit.servers import free_port
from tests.kit.stores import StoreServer, listens, running_redis

PATIENCE = 20.0
STARTING = 60.0
"""Seconds that a worker may take to start: four of them do so at once, on two cores."""
MODES = ("eventlet", "gevent", "threading", "eventlet")


def until(condition: Callable[[], object], problem: Callable[[], str], within: float = PATIENCE):
    """Wait for a condition; fail with the problem if it hasn't come in so many seconds."""
    deadline = time.monotonic() + within
    while not condition():
        assert time.monotonic() < deadline, problem()
        time.sleep(0.02)


class Worker:
    """One server process, which can be killed and started again at its port."""

    def __init__(self, mode: str, **config: Any) -> None:
        self.mode = mode
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._config = {"cache": None, "queue": None, "clock": 0, "app": {}, **config}
        self._folder = tempfile.TemporaryDirectory()
        self._log = Path(self._folder.name, "log")
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def is_running(self) -> bool:
        return self._process is not None

    def start(self) -> None:
        self.launch()
        self.wait()

    def launch(self) -> None:
        """Start it, and don't wait."""
        arguments = [self.mode, json.dumps(self._config), str(self.port)]
        with self._log.open("ab") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.cluster.worker", *arguments],
                stdout=output,
                stderr=output,
                stdin=subprocess.DEVNULL,
            )

    def wait(self) -> None:
        """Wait until it listens."""
        process = self._process
        assert process is not None
        until(
            lambda: process.poll() is not None or listens(self.port),
            lambda: "The worker isn't listening.",
            within=STARTING,
        )
        assert process.poll() is None, self.log

    def kill(self) -> None:
        """End it as `kill -9` does."""
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait(10)
            self._process = None

    def close(self) -> None:
        self.kill()
        self._folder.cleanup()

    @property
    def log(self) -> str:
        return self._log.read_text(errors="replace")

    # What it says

    def get(self, path: str) -> Any:
        with urlopen(f"{self.url}/{path}", timeout=PATIENCE) as response:
            return json.loads(response.read())

    def post(self, path: str) -> None:
        with urlopen(Request(f"{self.url}/{path}", method="POST"), timeout=PATIENCE) as response:
            assert response.status == 200

    def wait_for_peers(self, session_id: str, *peer_ids: str) -> None:
        """Wait until it holds the sockets of these peers, among others maybe."""
        held: list[str] = []

        def holds() -> bool:
            held[:] = self.get(f"held/{session_id}")
            return set(peer_ids) <= set(held)

        until(holds, lambda: f"The worker holds {held}, not all of {peer_ids}.")

    def wait_for_nobody(self, session_id: str, peer_id: str) -> None:
        """Wait until it holds no socket of this peer."""
        until(
            lambda: peer_id not in self.get(f"held/{session_id}"),
            lambda: f"The worker still holds a socket of {peer_id}.",
        )


class Cluster:
    """Some workers of different modes, their cache and their message queue."""

    def __init__(self, cache: StoreServer, queue: StoreServer) -> None:
        self.cache = cache
        self.queue = queue
        self.workers: list[Worker] = []
        self._read: dict[Worker, int] = {}

    def add(self, mode: str, **config: Any) -> Worker:
        """Add a worker, which has yet to be started."""
        worker = Worker(mode, cache=self.cache.url, queue=self.queue.url, **config)
        self.workers.append(worker)
        return worker

    def of_mode(self, mode: str) -> Worker:
        return next(worker for worker in self.workers if worker.mode == mode)

    def heal(self) -> None:
        """Start whatever a test has ended, and go on with what it has paused."""
        for store in (self.cache, self.queue):
            if listens(store.port):
                store.resume()
            else:
                store.start()
        ended = [worker for worker in self.workers if not worker.is_running]
        for worker in ended:
            worker.launch()
        for worker in ended:
            worker.wait()

    def new_complaints(self) -> list[str]:
        """Return what the logs should not say, as far as it came since this was asked last."""
        found = []
        for worker in self.workers:
            log = worker.log
            found += [
                f"{worker.mode}: {line}" for line in complaints(log[self._read.get(worker, 0) :])
            ]
            self._read[worker] = len(log)
        return found

    def close(self) -> None:
        for worker in self.workers:
            worker.close()


@contextlib.contextmanager
def running_cluster(*modes: str) -> Iterator[Cluster]:
    with running_redis() as cache, running_redis() as queue:
        cluster = Cluster(cache, queue)
        try:
            for mode in modes:
                cluster.add(mode).launch()
            for worker in cluster.workers:
                worker.wait()
            yield cluster
        finally:
            cluster.close()
