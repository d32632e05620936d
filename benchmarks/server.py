"""A server in a process of its own, on one core where the system can say so."""

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from urllib.request import urlopen

START_TIMEOUT = 30.0
SERVER_CORE = 0


def pinning() -> list[str]:
    """Return the command that keeps a program on the server's core; empty where there is none."""
    taskset = shutil.which("taskset")
    return [taskset, "-c", str(SERVER_CORE)] if taskset and (os.cpu_count() or 1) > 1 else []


def leave_the_core_to_the_server() -> None:
    if pinning():
        os.sched_setaffinity(0, set(range(os.cpu_count() or 1)) - {SERVER_CORE})


@contextmanager
def running(mode: str, config: str) -> Iterator[str]:
    """Run the app until the block is left; yield its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [*pinning(), sys.executable, "-m", "benchmarks.app", mode, config, str(port)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _wait_for(process, port)
        yield f"127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(10)


def get(address: str, path: str) -> str:
    with urlopen(f"http://{address}{path}", timeout=10) as response:
        return str(response.read().decode())


def _wait_for(process: "subprocess.Popen[bytes]", port: int) -> None:
    deadline = time.monotonic() + START_TIMEOUT
    while time.monotonic() < deadline and process.poll() is None:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.02)
    raise RuntimeError(f"The server doesn't listen; its exit status is {process.poll()}.")
