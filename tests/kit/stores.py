"""Redis, Sentinel, a cluster and memcached: real ones, on loopback and free ports."""

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.kit.servers import free_port, listens
from tests.kit.waiting import PATIENCE, until


class StoreServer:
    """A server that can be paused, stopped, and started again, empty, on the same port."""

    def __init__(self, scheme: str, port: int, command: Callable[[], Sequence[str]]) -> None:
        self.port = port
        self.address = f"127.0.0.1:{port}"
        self.url = f"{scheme}://{self.address}" + ("/0" if scheme == "redis" else "")
        self._command = command
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Run it, and wait until it listens."""
        self._process = subprocess.Popen(
            self._command(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        until(lambda: listens(self.port), f"Nothing listens at {self.address}.")

    def stop(self) -> None:
        """End it, paused or not; what it held is lost."""
        if self._process is None:
            return
        self._process.kill()
        self._process.wait(PATIENCE)
        self._process = None

    def pause(self) -> None:
        """Make it answer nobody, though connections to it still open."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        self._signal(signal.SIGCONT)

    def _signal(self, number: signal.Signals) -> None:
        assert self._process is not None, "It isn't running."
        self._process.send_signal(number)


def program(name: str) -> str:
    """Return where a program is; without it, skip at home and fail in CI."""
    path = shutil.which(name)
    if path is None:
        if "CI" in os.environ:
            pytest.fail(f"There is no {name}.")
        pytest.skip(f"There is no {name}.")
    return path


def shared(redis_url: str, *, channel: str = "flask-socketio", **chosen: Any) -> dict[str, Any]:
    """Return what to choose for an app that workers in threads share through a Redis."""
    return {
        "cache": redis_url,
        "queue": redis_url,
        "own_socketio": True,
        "options": {"async_handlers": False, "transports": ["websocket"], "channel": channel},
        **chosen,
    }


@contextlib.contextmanager
def running_redis(*options: str) -> Iterator[StoreServer]:
    """Run a Redis that keeps nothing on disk."""
    path = program("redis-server")
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        arguments = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", folder]
        yield from _while_running("redis", port, lambda: [path, *arguments, *options])


def _while_running(
    scheme: str, port: int, command: Callable[[], Sequence[str]]
) -> Iterator[StoreServer]:
    server = StoreServer(scheme, port, command)
    try:
        server.start()
        yield server
    finally:
        server.stop()


@contextlib.contextmanager
def running_memcached(*options: str) -> Iterator[StoreServer]:
    """Run a memcached."""
    path = program("memcached")
    port = free_port()
    arguments = ["-l", "127.0.0.1", "-p", str(port), "-U", "0", "-m", "64", "-u", "nobody"]
    yield from _while_running("memcached", port, lambda: [path, *arguments, *options])


@contextlib.contextmanager
def running_sentinel(master: StoreServer, name: str = "mymaster") -> Iterator[StoreServer]:
    """Run a Sentinel that watches a Redis under a name."""
    path = program("redis-server")
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        # A Sentinel writes into its configuration.
        file = Path(folder, "sentinel.conf")
        file.write_text(
            f"port {port}\nbind 127.0.0.1\ndir {folder}\n"
            f"sentinel monitor {name} 127.0.0.1 {master.port} 1\n"
            f"sentinel down-after-milliseconds {name} 60000\n"
        )
        yield from _while_running("redis", port, lambda: [path, str(file), "--sentinel"])


@contextlib.contextmanager
def running_cluster() -> Iterator[StoreServer]:
    """Run a Redis Cluster of one node, which holds all slots."""
    import redis

    bus = free_port()
    options = ["--cluster-enabled", "yes", "--cluster-port", str(bus)]
    with running_redis(*options) as server, redis.Redis(port=server.port) as client:
        client.execute_command("CLUSTER", "ADDSLOTSRANGE", 0, 16383)
        until(
            lambda: "cluster_state:ok" in str(client.execute_command("CLUSTER", "INFO")),
            "The cluster isn't ready.",
        )
        yield server
