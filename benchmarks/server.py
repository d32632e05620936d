"""A server in a process of its own, on one core where the system can say so."""

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.request import urlopen

MODES = ("eventlet", "gevent", "threading")
START_TIMEOUT = 120.0
SERVER_CORE = 0


@dataclass(frozen=True)
class Server:
    """A process that listens, and what it has used so far."""

    address: str
    pid: int

    def cpu_ms(self) -> float:
        """Return the milliseconds of CPU that it has used, threads that have ended included."""
        # The clock that clock_getcpuclockid(3) names, which Python has for threads only.
        return time.clock_gettime_ns((~self.pid << 3) | 2) / 1e6

    def held(self) -> dict[str, int]:
        """Return what it has: `sockets` and `threads`, and `rss_kb` of memory."""
        process = Path(f"/proc/{self.pid}")
        pages = int((process / "statm").read_text().split()[1])
        return {
            "sockets": sum(map(_is_socket, (process / "fd").iterdir())),
            "threads": len([*(process / "task").iterdir()]),
            "rss_kb": pages * os.sysconf("SC_PAGE_SIZE") // 1024,
        }


def _is_socket(descriptor: Path) -> bool:
    with suppress(OSError):
        return str(descriptor.readlink()).startswith("socket:")
    return False


def leave_a_core_to_servers() -> None:
    """Keep this process off the core that servers are put on from now on, if there is another."""
    if shutil.which("taskset"):
        os.sched_setaffinity(0, _cores() - {SERVER_CORE} or {SERVER_CORE})


def take_all_cores() -> None:
    """Let what is started from here run on any core, whatever was measured before."""
    os.sched_setaffinity(0, _cores())


def are_pinned() -> bool:
    """Whether servers have a core for themselves."""
    return SERVER_CORE not in os.sched_getaffinity(0)


def _cores() -> set[int]:
    return set(range(os.cpu_count() or 1))


def app_command(mode: str, config: str = "{}") -> list[str]:
    """Return the command of our app, but for its port."""
    return [sys.executable, "-m", "benchmarks.app", mode, config]


def peer_server_command() -> list[str]:
    """Return the command of PeerServer, but for its port."""
    return ["node", str(Path(__file__).parent / "peer_server.mjs")]


@contextmanager
def running(*command: str, pinned: bool = True) -> Iterator[Server]:
    """Run a server, which gets its port as its last argument, until the block is left."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    # One that isn't pinned may run anywhere, though the load's process may not.
    cores = str(SERVER_CORE) if pinned else ",".join(map(str, _cores()))
    process = subprocess.Popen(
        [*(["taskset", "-c", cores] if are_pinned() else []), *command, str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait_for(process, port)
        yield Server(f"127.0.0.1:{port}", process.pid)
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
