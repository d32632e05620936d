"""Workers in processes of their own, with one Redis as cache and another as message queue."""

import contextlib
import json
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.cluster.logs import complaints
from tests.kit.http import get, get_json, post
from tests.kit.servers import free_port, listening, listens, on
from tests.kit.stores import StoreServer, running_redis
from tests.kit.waiting import PATIENCE, until

MODES = ("eventlet", "gevent", "threading", "eventlet")
SETTINGS = {
    "P2P_AUDIENCE": "the workers",
    "P2P_JOIN_RATE": None,
    "P2P_SESSION_SIGNAL_RATE": None,
    # Long enough for a host to come back even where something gets no turn for three seconds.
    "P2P_HOST_GRACE": 6,
}
CONSTANTS = {
    # A host that a new record knows nothing of isn't late because other pages take long to open.
    "flask_p2p_streams.sessions.joining.RECOVERY": 120.0
}


class Worker:
    """One server process, which can be killed and started again at its port."""

    def __init__(self, mode: str, **config: Any) -> None:
        self.mode = mode
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        flask = {**SETTINGS, **config.pop("flask", {})}
        self._config = on(mode, flask=flask, constants=CONSTANTS, **config)
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
        arguments = [json.dumps(self._config), str(self.port)]
        with self._log.open("ab") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.kit.app", *arguments],
                stdout=output,
                stderr=output,
                stdin=subprocess.DEVNULL,
            )

    def wait(self) -> None:
        """Wait until it listens."""
        assert self._process is not None
        listening(self._process, self.port)

    def kill(self) -> None:
        """End it as `kill -9` does."""
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait(PATIENCE)
            self._process = None

    def close(self) -> None:
        self.kill()
        self._folder.cleanup()

    @property
    def log(self) -> str:
        return self._log.read_text(errors="replace")

    # What it says

    def get(self, path: str) -> Any:
        return get_json(f"{self.url}/{path}")

    def token(self, session_id: str, peer_id: str) -> str:
        """Return the token of a page that is rendered here."""
        return get(f"{self.url}/token/{session_id}/{peer_id}")

    def host_of(self, session_id: str) -> dict[str, Any]:
        """Return a session's host and epoch; nothing of a session that isn't known."""
        session = self.get(f"session/{session_id}")
        return {name: session[name] for name in ("host", "epoch") if name in session}

    def post(self, path: str) -> None:
        post(f"{self.url}/{path}")

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
